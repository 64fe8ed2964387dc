"""Call glue: small native functions between Python and the compiled graph.

A call from Python hands over one tuple of arrays. Looking at each array from Python (is it the
right one, where is its memory?) takes a microsecond; here it takes a nanosecond: the driver reads
what is in NumPy's array object itself, as every extension module built against NumPy does.

    bind(objects, spec, table)          checks the arrays, puts their addresses into the table
    run(objects, lane)                  bind, then the step once, on this thread
    rows(objects, lane, first, last)    bind, then the step on one batch of rows after the other

Each answers FITS, or OUTSIDE where a step has ended at an index outside its axis, or why it did
nothing; the caller then goes the slow way, which says what is wrong. A lane is what one thread
works with: its spec, table and arena, the step, and for `rows` the sizes of rows and buffers for a
short batch (codegen/call_glue_ir.py names all of it).

A spec is an array of int64: how many arrays, the type of them all, how many of them the graph
updates; six numbers for each array (dtype, axes, flags, bytes, updated, where its shape is); the
shapes. -1 stands for any length of an axis.
"""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Collection, Sequence

import numpy as np

from ..base.aligned import address
from ..base.locks import ProcessLock
from ..codegen.call_glue_ir import FIRST, FITS, OBJECT_HEAD_BYTES, OTHER, RECORD, TEXT
from ..native.code_cache import code_of_text
from ..native.object_code import Code
from ..typing import Array, DType

_C_CONTIGUOUS, _ALIGNED, _WRITEABLE = 0x1, 0x100, 0x400  # flags of an array

_FUNCTIONS = ("bind", "run", "rows")

_NUMBER = ctypes.c_uint64
_POINTER = ctypes.c_void_p  # NOTE: for integers too; ctypes hands these over fastest


class Driver:
    """The native functions, ready to be called with addresses and integers."""

    def __init__(self) -> None:
        self._code: Code = code_of_text("driver", TEXT, _FUNCTIONS)
        whole = ctypes.c_int64
        self.bind = ctypes.CFUNCTYPE(whole, *[_POINTER] * 3)(self._code.address("bind"))
        self.run = ctypes.CFUNCTYPE(whole, *[_POINTER] * 2)(self._code.address("run"))
        self.rows = ctypes.CFUNCTYPE(whole, *[_POINTER] * 4)(self._code.address("rows"))


_lock = ProcessLock()
_made: list[Driver | None] = []


def driver() -> Driver | None:
    """The driver; None where arrays do not lie in memory as it expects."""
    with _lock:
        if not _made:
            known = sys.implementation.name == "cpython" and ctypes.sizeof(_POINTER) == 8
            made = Driver() if known else None
            _made.append(made if made is not None and _reads_well(made) else None)
        return _made[0]


def spec_of(
    kinds: Sequence[tuple[Sequence[int], DType]], updated: Collection[int] = (), free: int = 0
) -> Array:
    """The spec of arrays of these (shape, dtype); the graph writes into those from `free` on."""
    records, shapes = [], list[int]()
    for i, (shape, dtype) in enumerate(kinds):
        flags = _C_CONTIGUOUS | _ALIGNED
        if i in updated or i >= free:
            flags |= _WRITEABLE
        size = dtype.itemsize * math.prod(shape)
        shape_at = FIRST + RECORD * len(kinds) + len(shapes)
        records += [id(np.dtype(dtype)), len(shape), flags, size, int(i in updated), shape_at]
        shapes += shape
    return np.array([len(kinds), id(np.ndarray), len(updated), *records, *shapes], np.int64)


def quick_address(array: Array) -> int:
    """`address`, five times faster, where there is a driver."""
    return _NUMBER.from_address(id(array) + OBJECT_HEAD_BYTES).value


def _reads_well(made: Driver) -> bool:
    """Whether the driver sees in arrays what NumPy says of them."""
    f4, i8 = np.dtype("float32"), np.dtype("int64")
    x, y = np.zeros((2, 3), f4), np.zeros((), i8)
    spec = spec_of([((2, 3), f4), ((), i8)], free=2)
    table = np.zeros(2, np.int64)

    def answer(*objects: object) -> int:
        status: int = made.bind(id(objects), address(spec), address(table))
        return status

    read_only = np.zeros((2, 3), f4)
    read_only.flags.writeable = False
    if answer(read_only, y) != FITS or table.tolist() != [address(read_only), address(y)]:
        return False
    others = [np.zeros((2, 4), f4), np.zeros((3, 2), f4).T, np.zeros((2, 3)), np.zeros(6, f4), 1.0]
    return all(answer(other, y) == OTHER for other in others) and answer(x, y) == FITS
