"""Random orders of rows in native code.

The algorithm is Fisher and Yates', inside out; `shuffled` in executors/reference.py explains it,
and gives the same orders in Python. The random bits are an argument, or drawn on the way: those of
`numpy.random.Philox` (Salmon et al., 2011: Philox-4x64-10).
"""

from __future__ import annotations

import ctypes
from typing import Any

from .. import dtypes
from ..base.aligned import address
from ..codegen.ir_builder import Function, V, index
from ..native.code_cache import code_of_text
from ..native.object_code import Code
from ..typing import Array

_PHILOX_FACTORS = 0xD2E7470EE14C6C93, 0xCA5A826395121157
_PHILOX_STEPS = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B
_PHILOX_ROUNDS = 10
_BLOCK_NUMBERS = 8  # numbers of 32 bits that Philox gives at once
_BLOCKS_AT_ONCE = 2  # blocks that are drawn at once: each is a long chain of products

_kept: list[tuple[Code, Any, Any]] = []


def shuffle(bits: Array, out: Array) -> None:
    """Write the orders for `bits` (epochs, rows) of uint32 to the first columns of `out`.

    `out` is (epochs, at least rows) of int64; both arrays are in C order. What is left of a line
    is filled up with the order from its beginning.
    """
    epochs, rows = bits.shape
    _functions()[1](address(bits), address(out), epochs, rows, out.shape[1])


def draw(key: int, first: int, rows: int, out: Array) -> None:
    """The same with the bits of Philox for this 64-bit key, from its 64-bit number `first` on;
    every order begins with an integer.
    """
    _functions()[2](key, first, address(out), len(out), rows, out.shape[1])


def draw_address() -> int:
    """Where the native function behind `draw` is."""
    code: Code = _functions()[0]
    return code.address("draw")


def _functions() -> tuple[Code, Any, Any]:
    if not _kept:
        text = "\n\n".join([_shuffle(), _draw(), "attributes #0 = { nounwind }"])
        code = code_of_text("shuffle", text + "\n", ("shuffle", "draw"), thorough=False)
        integer, pointer = ctypes.c_int64, ctypes.c_void_p
        from_bits = ctypes.CFUNCTYPE(None, pointer, pointer, integer, integer, integer)
        drawn = ctypes.CFUNCTYPE(None, ctypes.c_uint64, integer, pointer, integer, integer, integer)
        _kept.append((code, from_bits(code.address("shuffle")), drawn(code.address("draw"))))
    return _kept[0]


def _shuffle() -> str:
    """The two loops over an array of bits."""
    arguments = ["ptr %bits", "ptr %out", "i64 %epochs", "i64 %rows", "i64 %width"]
    f = Function("shuffle", arguments, "")
    with f.loop(index(0), index("%epochs"), 1) as (e, _):
        line = f.let(f"mul i64 {e.text}, %width", dtypes.int64)
        order = f.pointer("%out", dtypes.int64, line)
        drawn = f.let(f"mul i64 {e.text}, %rows", dtypes.int64)
        bits = f.pointer("%bits", dtypes.uint32, drawn)
        with f.loop(index(0), index("%rows"), 1) as (i, _):
            _swap(f, order, f.pointer(bits, dtypes.uint32, i), i)
        _fill(f, order)
    return f.text()


def _draw() -> str:
    """The loops over epochs, blocks of bits, and the rows that a block is for.

    Philox and the swaps wait for different things, so both in one loop cost little more than one.
    """
    arguments = ["i64 %key", "i64 %first", "ptr %out", "i64 %epochs", "i64 %rows", "i64 %width"]
    f = Function("draw", arguments, "")
    numbers = _BLOCK_NUMBERS * _BLOCKS_AT_ONCE
    bits = f.reserve(f"[{numbers} x i32]")
    up = f.let("add i64 %rows, 1", dtypes.int64)
    draws = f.let(f"lshr i64 {up.text}, 1", dtypes.int64)
    with f.loop(index(0), index("%epochs"), 1) as (e, _):
        line = f.let(f"mul i64 {e.text}, %width", dtypes.int64)
        order = f.pointer("%out", dtypes.int64, line)
        earlier = f.let(f"mul i64 {e.text}, {draws.text}", dtypes.int64)
        begin = f.let(f"add i64 %first, {earlier.text}", dtypes.int64)
        block = f.let(f"lshr i64 {begin.text}, 2", dtypes.int64)
        over = f.let(f"and i64 {begin.text}, 3", dtypes.int64)
        skipped = f.let(f"shl i64 {over.text}, 1", dtypes.int64)
        start = f.let(f"sub i64 0, {skipped.text}", dtypes.int64)
        with f.loop(start, index("%rows"), numbers) as (low, _):
            distance = f.let(f"sub i64 {low.text}, {start.text}", dtypes.int64)
            number = f.let(f"lshr i64 {distance.text}, 3", dtypes.int64)
            counter = f.let(f"add i64 {block.text}, {number.text}", dtypes.int64)
            _philox(f, counter, bits)
            end = f.let(f"add i64 {low.text}, {numbers}", dtypes.int64)
            high = f.let(_call(f, "smin", end.text, "%rows"), dtypes.int64)
            least = f.let(_call(f, "smax", low.text, "0"), dtypes.int64)
            with f.loop(least, high, 1) as (i, _):
                at = f.let(f"sub i64 {i.text}, {low.text}", dtypes.int64)
                _swap(f, order, f.pointer(bits, dtypes.uint32, at), i)
        _fill(f, order)
    return "\n".join([*sorted(f.needs), f.text()])


def _call(f: Function, name: str, x: str, y: str) -> str:
    return f.call(f"llvm.{name}.i64", "i64", f"i64 {x}", f"i64 {y}")


def _philox(f: Function, block: V, out: str) -> None:
    """`_BLOCKS_AT_ONCE` blocks of the key (%key, 0), four numbers of 64 bits each, from `block` on.

    NOTE: NumPy counts up before it draws, so its first block is number 1.
    """
    states = [[f.iadd(block, index(i + 1)).text, "0", "0", "0"] for i in range(_BLOCKS_AT_ONCE)]
    keys = ["%key", "0"]
    for _ in range(_PHILOX_ROUNDS):
        states = [_round(f, state, keys) for state in states]
        keys = [
            f.let(f"add i64 {key}, {step}", dtypes.int64).text
            for key, step in zip(keys, _PHILOX_STEPS, strict=True)
        ]
    for i, number in enumerate(number for state in states for number in state):
        f.do(f"store i64 {number}, ptr {f.pointer(out, dtypes.int64, index(i))}")


def _round(f: Function, state: list[str], keys: list[str]) -> list[str]:
    (high_a, low_a), (high_c, low_c) = (
        _product(f, x, factor) for x, factor in zip(state[::2], _PHILOX_FACTORS, strict=True)
    )

    def mixed(high: str, other: str, key: str) -> str:
        half = f.let(f"xor i64 {other}, {key}", dtypes.int64)
        return f.let(f"xor i64 {high}, {half.text}", dtypes.int64).text

    return [mixed(high_c, state[1], keys[0]), low_c, mixed(high_a, state[3], keys[1]), low_a]


def _product(f: Function, x: str, factor: int) -> tuple[str, str]:
    """The upper and the lower half of x * factor."""
    wide = f.let(f"zext i64 {x} to i128", dtypes.int64).text
    whole = f.let(f"mul i128 {wide}, {factor}", dtypes.int64).text
    shifted = f.let(f"lshr i128 {whole}, 64", dtypes.int64).text
    high = f.let(f"trunc i128 {shifted} to i64", dtypes.int64).text
    return high, f.let(f"trunc i128 {whole} to i64", dtypes.int64).text


def _swap(f: Function, order: str, bits: str, i: V) -> None:
    random = f.let(f"load i32, ptr {bits}", dtypes.uint32)
    wide = f.let(f"zext {random} to i64", dtypes.int64)
    count = f.let(f"add i64 {i.text}, 1", dtypes.int64)
    product = f.let(f"mul i64 {wide.text}, {count.text}", dtypes.int64)
    j = f.let(f"lshr i64 {product.text}, 32", dtypes.int64)
    here = f.pointer(order, dtypes.int64, i)
    there = f.pointer(order, dtypes.int64, j)
    # NOTE: element i is i at first, so that j = i reads a row and not what was in memory.
    f.do(f"store i64 {i.text}, ptr {here}")
    moved = f.let(f"load i64, ptr {there}", dtypes.int64)
    f.do(f"store i64 {moved.text}, ptr {here}")
    f.do(f"store i64 {i.text}, ptr {there}")


def _fill(f: Function, order: str) -> None:
    """Elements beyond the rows hold the order once more, again and again."""
    with f.loop(index("%rows"), index("%width"), 1) as (i, _):
        before = f.let(f"sub i64 {i.text}, %rows", dtypes.int64)
        again = f.let(f"load i64, ptr {f.pointer(order, dtypes.int64, before)}", dtypes.int64)
        f.do(f"store i64 {again.text}, ptr {f.pointer(order, dtypes.int64, i)}")
