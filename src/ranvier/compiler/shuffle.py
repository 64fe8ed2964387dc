"""Random orders of rows in native code.

The algorithm is Fisher and Yates', inside out; `shuffled` in train/order.py explains it, and gives
the same orders in Python.
"""

from __future__ import annotations

import ctypes
from typing import Any

from .. import dtypes
from .build import Code, build
from .driver import address
from .emit import Function, V, index

_kept: list[tuple[Code, Any]] = []


def shuffle(bits: Any, out: Any) -> None:
    """Write the orders for `bits` (epochs, rows) of uint32 to the first columns of `out`.

    `out` is (epochs, at least rows) of int64; both arrays are in C order.
    """
    if not _kept:
        code = build(_text(), thorough=False)
        kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 3)
        _kept.append((code, kind(code.address("shuffle"))))
    epochs, rows = bits.shape
    call = _kept[0][1]
    call(address(bits), address(out), epochs, rows, out.shape[1])


def _text() -> str:
    """The two loops as LLVM IR."""
    arguments = ["ptr %bits", "ptr %out", "i64 %epochs", "i64 %rows", "i64 %width"]
    f = Function("shuffle", arguments, "")
    with f.loop(index(0), index("%epochs"), 1) as (e, _):
        line = f.let(f"mul i64 {e.text}, %width", dtypes.int64)
        order = f.pointer("%out", dtypes.int64, line)
        drawn = f.let(f"mul i64 {e.text}, %rows", dtypes.int64)
        bits = f.pointer("%bits", dtypes.uint32, drawn)
        with f.loop(index(0), index("%rows"), 1) as (i, _):
            _swap(f, order, bits, i)
    return f.text() + "\n\nattributes #0 = { nounwind }\n"


def _swap(f: Function, order: str, bits: str, i: V) -> None:
    random = f.let(f"load i32, ptr {f.pointer(bits, dtypes.uint32, i)}", dtypes.uint32)
    wide = f.let(f"zext {random} to i64", dtypes.int64)
    count = f.let(f"add i64 {i.text}, 1", dtypes.int64)
    product = f.let(f"mul i64 {wide.text}, {count.text}", dtypes.int64)
    j = f.let(f"lshr i64 {product.text}, 32", dtypes.int64)
    here = f.pointer(order, dtypes.int64, i)
    there = f.pointer(order, dtypes.int64, j)
    # NOTE: place i first gets i, so that j = i reads a row and not what was in memory.
    f.do(f"store i64 {i.text}, ptr {here}")
    moved = f.let(f"load i64, ptr {there}", dtypes.int64)
    f.do(f"store i64 {moved.text}, ptr {here}")
    f.do(f"store i64 {i.text}, ptr {there}")
