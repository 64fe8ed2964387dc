"""The op table: one row for each primitive op, with what NumPy says it means.

A row gives the call, the same in NumPy, shapes and dtypes to try it on, where its gradient can be
compared with finite differences, and the text of its errors. test_ops.py runs every row, and
refuses a table that does not cover the registry exactly.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import ranvier as rv
from op_rows import (
    FLOATS,
    INTEGERS,
    NUMBERS,
    ONE,
    TWO,
    Array,
    Row,
    Shapes,
    binary,
    compare,
    logic,
    reduction,
    scan_row,
    stepwise,
    t,
    unary,
    unlike,
    z,
)
from ranvier import dtypes
from ranvier.errors import ArgumentError, DataError, DTypeError, ShapeError
from ranvier.graph.node import OPS
from ranvier.ops.op import apply


def _safe(low: int, high: int) -> Any:
    """Integers other than 0 as second operand; floats as they come."""

    def sample(
        rng: np.random.Generator, i: int, shape: tuple[int, ...], dtype: Any
    ) -> Array | None:
        if i != 1 or dtype.kind == "f":
            return None
        return rng.integers(low, high, shape).astype(dtype)

    return sample


def _wide(f: Any) -> Any:
    """A NumPy reduction that sums up integers and bools in int64."""

    def wide(x: Array, **how: Any) -> Array:
        out: Array = f(x if x.dtype.kind == "f" else x.astype(np.int64), **how)
        return out

    return wide


def _erf(x: Array) -> Array:
    return np.vectorize(math.erf, otypes=[np.float64])(x.astype(np.float64))


def _sigmoid(x: Array) -> Array:
    return np.where(x < 0, np.exp(np.minimum(x, 0)), 1) / (1 + np.exp(-np.abs(x)))


def _positions(size: int, at: int) -> Any:
    """Integer positions (some negative) as input `at`, whatever the dtype of the row."""

    def sample(
        rng: np.random.Generator, i: int, shape: tuple[int, ...], dtype: Any
    ) -> Array | None:
        return rng.integers(-size, size, shape) if i == at else None

    return sample


def _integral(rng: np.random.Generator, i: int, shape: tuple[int, ...], dtype: Any) -> Array | None:
    """Integers, whatever the dtype of the row."""
    return rng.integers(-9, 10, shape).astype(dtype)


def _bool_first(
    rng: np.random.Generator, i: int, shape: tuple[int, ...], dtype: Any
) -> Array | None:
    return rng.integers(0, 2, shape).astype(bool) if i == 0 else None


def _key(rng: np.random.Generator, i: int, shape: tuple[int, ...], dtype: Any) -> Array | None:
    return np.array([7, 11], np.uint32)


def _scatter(x: Array, indices: Array, updates: Array) -> Array:
    out = x.copy()
    for i, row in zip(indices.ravel(), updates.reshape(-1, *x.shape[1:]), strict=True):
        out[i] += row
    return out


def _scatter_along(x: Array, indices: Array, updates: Array) -> Array:
    out = x.copy()
    for (i, j), at in np.ndenumerate(indices):
        out[i, at] += updates[i, j]
    return out


def _threefry(key: Array) -> Array:
    """Threefry-2x32-20 in Python's own integers, element by element."""
    mask, rotations = 2**32 - 1, (13, 15, 26, 6, 17, 29, 16, 24)
    k = [int(key[0]), int(key[1])]
    k.append(k[0] ^ k[1] ^ 0x1BD11BDA)
    out = []
    for count in range(6):
        x, y = (count + k[0]) & mask, k[1]
        for r in range(20):
            x = (x + y) & mask
            y = ((y << rotations[r % 8] | y >> (32 - rotations[r % 8])) & mask) ^ x
            if r % 4 == 3:
                i = r // 4 + 1
                x, y = (x + k[i % 3]) & mask, (y + k[(i + 1) % 3] + i) & mask
        out.append(x)
    return np.array(out, np.uint32).reshape(2, 3)


def _movement_shapes(*shapes: tuple[int, ...]) -> tuple[Shapes, ...]:
    return tuple((s,) for s in shapes)


def _convolution(x: Array, w: Array) -> Array:
    """Every element as the sum it is."""
    rows, columns = x.shape[1] - w.shape[0] + 1, x.shape[2] - w.shape[1] + 1
    out = np.zeros((x.shape[0], rows, columns, w.shape[3]), x.dtype)
    for i in range(rows):
        for j in range(columns):
            window = x[:, i : i + w.shape[0], j : j + w.shape[1]].astype(np.float64)
            out[:, i, j] = np.tensordot(window, w.astype(np.float64), 3).astype(x.dtype)
    return out


GRIDS = _movement_shapes((2, 3), (1, 3), (4, 1), (0, 3), (2, 0))
POSITIVE: dict[str, Any] = {"low": 0.2, "high": 3.0}
INSIDE: dict[str, Any] = {"widen": "float"}

FULL = _movement_shapes((), (3,), (2, 3), (1, 3), (2, 1, 4))

TABLE: dict[str, Row] = {
    # arithmetic
    "add": binary("add", np.add, widen="number"),
    "subtract": binary("subtract", np.subtract, widen="number"),
    "multiply": binary("multiply", np.multiply, widen="number"),
    "divide": binary("divide", np.divide, widen="float", low=0.5, high=2.5, integers=(1, 6)),
    "floor_divide": binary(
        "floor_divide",
        np.floor_divide,
        dtypes=NUMBERS, low=0.63, high=2.9, gradient="zero", sample=_safe(1, 6),
    ),
    "remainder": binary(
        "remainder", np.remainder,
        dtypes=NUMBERS, low=0.63, high=2.9, sample=_safe(1, 6),
    ),
    "power": binary(
        "power", np.power, dtypes=NUMBERS, **POSITIVE, sample=_safe(0, 4), loose=8,
        errors=(
            unlike(OPS["power"]),
            (lambda: rv.tensor([1, 2]) ** -1, DTypeError, "power: an integer .*is a fraction"),
            (lambda: rv.tensor([1, 2]) ** rv.tensor([-1, 0]), DTypeError, "power: integers"),
        ),
    ),
    "maximum": binary("maximum", np.maximum, widen="number"),
    "minimum": binary("minimum", np.minimum, widen="number"),
    "atan2": binary("atan2", np.arctan2, **INSIDE, low=-1.7),
    "negative": unary("negative", np.negative, widen="number"),
    "abs": unary("abs", np.abs, widen="number", low=-2.1),
    "sign": unary("sign", np.sign, widen="number", gradient="zero", low=-2.1),
    "shift_right": Row(
        OPS["shift_right"], np.right_shift, (((3,), (3,)), ((2, 3), (3,)), ((0,), ())),
        dtypes=("uint32",), integers=(0, 32), gradient="",
        errors=((lambda: rv.shift_right(t(1.0), 2), DTypeError, "shift_right: .*uint32, not"),),
    ),
    # functions
    "exp": unary("exp", np.exp, **INSIDE),
    "expm1": unary("expm1", np.expm1, **INSIDE),
    "log": unary("log", np.log, **INSIDE, **POSITIVE),
    "log1p": unary("log1p", np.log1p, **INSIDE, low=-0.7, high=2.0, integers=(0, 6)),
    "sqrt": unary("sqrt", np.sqrt, **INSIDE, **POSITIVE),
    "sin": unary("sin", np.sin, **INSIDE),
    "cos": unary("cos", np.cos, **INSIDE),
    "tanh": unary("tanh", np.tanh, **INSIDE),
    "sigmoid": unary("sigmoid", _sigmoid, **INSIDE),
    "erf": unary("erf", _erf, **INSIDE),
    "floor": stepwise("floor", np.floor),
    "ceil": stepwise("ceil", np.ceil),
    "round": stepwise("round", np.rint),
    "trunc": stepwise("trunc", np.trunc),
    # comparison and choice
    "equal": compare("equal", np.equal),
    "not_equal": compare("not_equal", np.not_equal),
    "less": compare("less", np.less),
    "less_equal": compare("less_equal", np.less_equal),
    "greater": compare("greater", np.greater),
    "greater_equal": compare("greater_equal", np.greater_equal),
    "logical_and": logic("logical_and", np.logical_and),
    "logical_or": logic("logical_or", np.logical_or),
    "logical_xor": logic("logical_xor", np.logical_xor),
    "logical_not": unary("logical_not", np.logical_not, gives="bool", gradient="", special=False),
    "isfinite": unary("isfinite", np.isfinite, gives="bool", gradient=""),
    "where": Row(
        OPS["where"], np.where, tuple((a, a, b) for a, b in TWO), like=1, sample=_bool_first,
        errors=(
            (lambda: rv.where(t(True, False), z(3), 0.0), ShapeError, "where: shapes"),
            (
                lambda: apply(OPS["where"], t(1.0), t(1.0), t(1.0)),
                DTypeError, "where: the condition must be bool",
            ),
        ),
    ),
    "astype": Row(
        lambda x: rv.astype(x, "float64"), lambda x: x.astype(np.float64), ONE, gives="float64",
        errors=((lambda: rv.astype(t(1.0), "complex64"), DTypeError, "not one of Ranvier's"),),
    ),
    "detach": Row(OPS["detach"], lambda x: x, ONE, gradient="zero"),
    # reductions
    "sum": reduction("sum", _wide(np.sum), ONE, gives="numpy"),
    "prod": reduction("prod", _wide(np.prod), ONE, gives="numpy", integers=(-2, 3)),
    "max": reduction("max", np.max, FULL, empty=False),
    "min": reduction("min", np.min, FULL, empty=False),
    "argmax": Row(
        lambda x: rv.argmax(x, -1), lambda x: np.argmax(x, -1), GRIDS[:3], gives="int64",
        gradient="",
        errors=((lambda: rv.argmax(z(0)), ShapeError, "argmax: nothing to choose from"),),
    ),
    "argmin": Row(
        lambda x: rv.argmin(x, 0), lambda x: np.argmin(x, 0), GRIDS[:3], gives="int64",
        gradient="",
        errors=((lambda: rv.argmin(z(3), 1), ShapeError, "argmin: axis 1 is not an axis"),),
    ),
    "scan": scan_row(),
    "cumulative_sum": Row(
        lambda x: rv.cumulative_sum(x, 0), lambda x: np.cumsum(x, 0, dtype=x.dtype), GRIDS,
        dtypes=(*FLOATS, "int64"),
        errors=((lambda: rv.cumulative_sum(z(3), 1), ShapeError, "cumulative_sum: axis 1"),),
    ),
    # movement
    "reshape": Row(
        lambda x: rv.reshape(x, x.shape[::-1]), lambda x: x.reshape(x.shape[::-1]), GRIDS,
        errors=((lambda: rv.reshape(z(6), (4, -1)), ShapeError, r"reshape: \(6,\) holds 6 el"),),
    ),
    "permute_dims": Row(
        lambda x: rv.permute_dims(x, (2, 0, 1)), lambda x: x.transpose(2, 0, 1),
        _movement_shapes((2, 3, 4), (1, 3, 1), (0, 2, 3)),
        errors=((lambda: rv.permute_dims(z(2, 3), (0, 0)), ShapeError, "does not name each"),),
    ),
    "broadcast_to": Row(
        lambda x: rv.broadcast_to(x, (2, 3)), lambda x: np.broadcast_to(x, (2, 3)),
        _movement_shapes((), (3,), (1, 3), (2, 1)),
        errors=((lambda: rv.broadcast_to(z(2), (2, 3)), ShapeError, "broadcast_to"),),
    ),
    "slice": Row(
        lambda x: apply(OPS["slice"], x, start=(1, 0), stop=(6, 2), step=(2, 1)),
        lambda x: x[1:6:2, 0:2], _movement_shapes((6, 2), (7, 3)),
        errors=(
            (
                lambda: apply(OPS["slice"], z(3), start=(1,), stop=(9,), step=(1,)),
                ShapeError, "slice: 1:9:1 does not fit an axis of size 3",
            ),
        ),
    ),
    "pad": Row(
        lambda x: rv.pad(x, ((1, 2), (0, 1))), lambda x: np.pad(x, ((1, 2), (0, 1))), GRIDS,
        errors=((lambda: rv.pad(z(3), ((1, 1), (1, 1))), ShapeError, "pad: widths .*do not fit"),),
    ),
    "flip": Row(
        lambda x: rv.flip(x, 1), lambda x: np.flip(x, 1), GRIDS,
        errors=((lambda: rv.flip(z(3), 1), ShapeError, "flip: axis 1 is not an axis"),),
    ),
    "concat": Row(
        lambda x, y: rv.concat([x, y], 1), lambda x, y: np.concatenate([x, y], 1),
        (((2, 3), (2, 1)), ((2, 0), (2, 2)), ((1, 1), (1, 1))),
        errors=(
            (lambda: rv.concat([z(2, 3), z(3, 2)], 0), ShapeError, "differ outside axis 0"),
            (lambda: rv.concat([]), ShapeError, "concat: nothing to join"),
        ),
    ),
    # contraction
    "matmul": Row(
        rv.matmul, np.matmul,
        (
            ((2, 3), (3, 4)), ((1, 1), (1, 1)), ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((3,), (3,)),
            ((2, 3), (3,)), ((3,), (3, 2)), ((2, 2, 3), (3, 4)), ((2, 1, 2, 3), (4, 3, 2)),
        ),
        dtypes=(*FLOATS, "int64", "int32"), loose=8,
        errors=(
            (
                lambda: z(32, 784) @ z(10, 784), ShapeError,
                r"matmul: \(32, 784\) @ \(10, 784\): inner sizes 784 and 10 differ; did you mean",
            ),
            (lambda: z(2) @ rv.tensor(1.0), ShapeError, "a number has no axis to sum over"),
        ),
    ),
    "convolution": Row(
        rv.convolution, _convolution,
        (
            ((2, 4, 5, 3), (3, 2, 3, 4)), ((1, 1, 1, 1), (1, 1, 1, 1)),
            ((0, 3, 3, 2), (2, 2, 2, 3)), ((9, 3, 20, 2), (2, 3, 2, 17)),
        ),
        dtypes=FLOATS, loose=8,
        errors=(
            (
                lambda: rv.convolution(z(1, 4, 4, 3), z(2, 2, 4, 5)), ShapeError,
                "convolution: x has 3 channels, w takes 4 in each of 1 groups",
            ),
            (
                lambda: rv.convolution(z(1, 2, 4, 3), z(3, 3, 3, 5)), ShapeError,
                "convolution: a window of 3 does not fit an axis of size 2; pad x",
            ),
            (
                lambda: rv.convolution(z(4, 4, 3), z(3, 3, 3, 5)), ShapeError,
                r"must be \(batch, height, width, channels\)",
            ),
        ),
    ),
    "sliding_window": Row(
        lambda x: rv.sliding_window(x, (2, 3), (1, 2)),
        lambda x: np.stack(
            [np.stack([x[:, r : r - 1 or None, c : c + x.shape[2] - 2 : 2] for c in range(3)], 3)
             for r in range(2)], 3,
        ),
        (((2, 3, 5, 2),), ((1, 4, 7, 1),)),
        errors=(
            (
                lambda: rv.sliding_window(z(1, 2, 2, 1), 3), ShapeError,
                "windows of .3, 3. do not fit",
            ),
        ),
    ),
    # gather and scatter
    "check_index": Row(
        lambda i: OPS["check_index"](i, 4), lambda i: np.where(i < 0, i + 4, i),
        (((),), ((3,),), ((2, 3),), ((0,),)), dtypes=INTEGERS, gradient="",
        sample=_positions(4, 0),
        errors=(
            (lambda: OPS["check_index"](t(4), 4), ShapeError, "index: index 4 is outside axis 0"),
            (lambda: OPS["check_index"](t(0), 0), ShapeError, "axis 0 has size 0"),
            (lambda: OPS["check_index"](t(0.5), 4), DTypeError, "index: indices must be integers"),
            (
                lambda: OPS["check_index"](t(0), 4, what="x"), ArgumentError,
                "what='x'; known:",
            ),
        ),
    ),
    "check_integral": Row(
        lambda x: OPS["check_integral"](x, "label", "loss"), lambda x: x,
        (((),), ((3,),), ((2, 3),), ((0,),), ((1, 1),)), dtypes=FLOATS, gradient="",
        sample=_integral,
        errors=(
            (
                lambda: OPS["check_integral"](t(0.0, 1.5), "label", "loss"), DataError,
                "loss: targets must be class labels .integers.; found 1.5",
            ),
            (
                lambda: OPS["check_integral"](t(0.5), "x", "loss"), ArgumentError,
                "loss: what='x'; known:",
            ),
        ),
    ),
    "take": Row(
        rv.take, lambda x, i: np.take(x, i, 0), (((4, 3), (2, 2)), ((4,), (0,)), ((4, 2), ())),
        sample=_positions(4, 1),
        errors=(
            (lambda: rv.take(z(3), t(3)), ShapeError, "take: index 3 is outside axis 0 of size 3"),
            (lambda: rv.take(z(3), t(0.5)), DTypeError, "take: indices must be integers"),
        ),
    ),
    "scatter_add": Row(
        rv.scatter_add, _scatter, (((4, 3), (5,), (5, 3)), ((4,), (2, 2), (2, 2))),
        dtypes=(*FLOATS, "int64", "int32"), sample=_positions(4, 1),
        errors=(
            (lambda: rv.scatter_add(z(3), t(0), z(2)), ShapeError, "scatter_add: updates are"),
            (lambda: rv.scatter_add(z(3), t(-4), z(1)), ShapeError, "index -4 is outside"),
        ),
    ),
    "take_along_axis": Row(
        rv.take_along_axis, lambda x, i: np.take_along_axis(x, i, -1),
        (((2, 4), (2, 3)), ((2, 4), (2, 0)), ((1, 4), (1, 1))), sample=_positions(4, 1),
        errors=(
            (lambda: rv.take_along_axis(z(2, 3), t(0)), ShapeError, "differ outside axis 1"),
            (
                lambda: rv.take_along_axis(z(1, 3), rv.tensor([[5]])),
                ShapeError, "index 5 is outside",
            ),
        ),
    ),
    "scatter_add_along_axis": Row(
        rv.scatter_add_along_axis, _scatter_along,
        (((2, 4), (2, 5), (2, 5)), ((1, 4), (1, 1), (1, 1))),
        dtypes=(*FLOATS, "int64", "int32"), sample=_positions(4, 1),
        errors=(
            (
                lambda: rv.scatter_add_along_axis(z(1, 3), rv.tensor([[0]]), z(1, 2)),
                ShapeError, "updates are float32",
            ),
        ),
    ),
    # made from nothing
    "full": Row(
        lambda: rv.full((2, 3), 1.5, "float64"), lambda: np.full((2, 3), 1.5), ((),),
        dtypes=("float64",), gives="float64", gradient="",
        errors=(
            (lambda: rv.tensor([1], "uint8") + 300, DTypeError, "full: 300 is outside uint8"),
            (lambda: rv.full((-1,), 0.0), ShapeError, "a size cannot be negative"),
            (lambda: rv.full((1.5,), 0.0), ShapeError,  # type: ignore[arg-type]
              "a shape is made of integers"),
        ),
    ),
    "iota": Row(
        lambda: rv.iota((2, 3), 1), lambda: np.arange(3) + np.zeros((2, 1), np.int64), ((),),
        dtypes=("int64",), gives="int64", gradient="",
        errors=((lambda: rv.iota((2,), 1), ShapeError, "iota: axis 1 is not an axis"),),
    ),
    "input": Row(lambda x: x, lambda x: x, ONE),
    "random_bits": Row(
        lambda key: rv.random_bits(key, (2, 3)), _threefry, (((2,),),),
        dtypes=("uint32",), gives="uint32", gradient="", sample=_key,
        errors=(
            (lambda: rv.random_bits(t(1.0), 3), DTypeError, "random_bits: the key must be uint32"),
            (
                lambda: rv.random_bits(t(1, dtype=dtypes.uint32), 3),
                ShapeError, "the key must have shape",
            ),
        ),
    ),
}  # fmt: skip
