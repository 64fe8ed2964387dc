"""Rows of the op table: what is known of one op, and rows of ops that are alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import ranvier as rv
from ranvier.errors import ArgumentError, DTypeError, RanvierError, ShapeError
from ranvier.graph.node import OPS
from ranvier.ops.op import apply

Array = np.ndarray[Any, Any]
Shapes = tuple[tuple[int, ...], ...]
Error = tuple[Callable[[], Any], type[RanvierError], str]

FLOATS = ("float64", "float32", "float16")
INTEGERS = ("int64", "int32", "uint8")
NUMBERS = (*FLOATS, *INTEGERS)
EVERY = (*NUMBERS, "bool")

ONE: tuple[Shapes, ...] = tuple((s,) for s in ((), (3,), (2, 3), (0,), (1, 3), (2, 1, 4)))
TWO: tuple[Shapes, ...] = (
    ((), ()),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((0, 3), (3,)),
    ((1,), ()),
)


@dataclass
class Row:
    """What is known of one op."""

    call: Callable[..., Any]
    numpy: Callable[..., Any]
    shapes: tuple[Shapes, ...]
    dtypes: tuple[str, ...] = EVERY
    widen: str = ""  # "float": integers become float32; "number": bools become int64
    gives: str = (
        "same"  # dtype of the result: "same" as input `like`, "numpy": as NumPy's; or a name
    )
    like: int = 0
    low: float = -2.0  # where samples of floats lie
    high: float = 2.0
    integers: tuple[int, int] = (-5, 6)
    gradient: str = "smooth"  # "smooth"; "zero": constant pieces; "": the result has no gradient
    sample: Callable[[np.random.Generator, int, tuple[int, ...], Any], Array | None] | None = None
    special: bool = False  # also tried on NaN, infinities, zeros
    loose: float = 1.0  # factor on tolerances
    errors: tuple[Error, ...] = ()

    def arrays(self, shapes: Shapes, dtype: str, seed: int = 0) -> list[Array]:
        """Inputs of the given shapes."""
        rng = np.random.default_rng(seed)
        return [self._array(rng, i, shape, np.dtype(dtype)) for i, shape in enumerate(shapes)]

    def _array(self, rng: np.random.Generator, i: int, shape: tuple[int, ...], dtype: Any) -> Array:
        own = self.sample(rng, i, shape, dtype) if self.sample else None
        if own is not None:
            return own
        if dtype.kind == "b":
            return rng.integers(0, 2, shape).astype(bool)
        if dtype.kind in "iu":
            low = max(self.integers[0], 0) if dtype.kind == "u" else self.integers[0]
            return rng.integers(low, self.integers[1], shape).astype(dtype)
        # Well apart from each other, so that no step of a finite difference meets a tie or a kink.
        size = math.prod(shape)
        grid = (rng.permutation(size) + 0.5 + 0.1 * i) / max(size, 1)
        return (self.low + (self.high - self.low) * grid).reshape(shape).astype(dtype)

    def expected(self, arrays: list[Array]) -> Array:
        """NumPy's answer, in the dtype that Ranvier promises."""
        wide = arrays
        if self.widen == "float":
            wide = [a if a.dtype.kind == "f" else a.astype(np.float32) for a in arrays]
        elif self.widen == "number":
            wide = [a.astype(np.int64) if a.dtype.kind == "b" else a for a in arrays]
        with np.errstate(all="ignore"):
            out = np.asarray(self.numpy(*wide))
        names = {"same": wide[self.like].dtype if wide else None, "numpy": out.dtype}
        return out.astype(names.get(self.gives, self.gives))


def t(*values: Any, dtype: Any = None) -> Any:
    return rv.tensor(list(values), dtype)


def z(*shape: int) -> Any:
    return rv.zeros(shape)


def unlike(op: Any) -> Error:
    return (
        lambda: op(z(2, 3), z(4)),
        ShapeError,
        rf"{op.name}: shapes .*axis -1 has sizes 3 and 4",
    )


def unary(name: str, numpy: Any, **other: Any) -> Row:
    """An elementwise op of one input."""
    refused = (
        lambda: apply(OPS[name], rv.tensor([True])),
        DTypeError,
        f"{name}: dtype bool is not",
    )
    errors = (refused,) if other.get("widen") else ()
    return Row(OPS[name], numpy, ONE, **{"special": True, "errors": errors, **other})


def binary(name: str, numpy: Any, **other: Any) -> Row:
    """An elementwise op of two inputs."""
    return Row(OPS[name], numpy, TWO, **{"special": True, "errors": (unlike(OPS[name]),), **other})


def compare(name: str, numpy: Any) -> Row:
    """A comparison."""
    return binary(name, numpy, gives="bool", gradient="")


def logic(name: str, numpy: Any) -> Row:
    """A combination of truth values."""
    return binary(name, numpy, gives="bool", gradient="", special=False)


def stepwise(name: str, numpy: Any) -> Row:
    """Rounding: constant pieces; integers pass, bools become integers."""
    return Row(OPS[name], numpy, ONE, widen="number", gradient="zero", special=True, low=-2.7)


def reduction(name: str, numpy: Any, shapes: tuple[Shapes, ...], **other: Any) -> Row:
    """A reduction: all axes, the last one, and a pair with keepdims, laid out flat."""
    op = OPS[name]

    def both(module: Any, f: Any, x: Any) -> Any:
        parts = [f(x)] + ([f(x, axis=-1), f(x, axis=0, keepdims=True)] if x.ndim else [])
        return module([module_reshape(module, p) for p in parts])

    def module_reshape(module: Any, p: Any) -> Any:
        return (rv.reshape if module is rv.concat else np.reshape)(p, (-1,))

    errors: tuple[Error, ...] = (
        (lambda: op(z(2, 3), axis=2), ShapeError, rf"{name}: axis 2 is not an axis .*-2 to 1"),
    )
    if other.pop("empty", True):
        errors += (
            (lambda: op(z(2, 3), axis=(0, -2)), ShapeError, f"{name}: .*names an axis twice"),
        )
    else:
        errors += ((lambda: op(z(0, 3), axis=0), ShapeError, f"{name}: nothing to .*shape .0, 3."),)
    return Row(
        lambda x: both(rv.concat, op, x),
        lambda x: both(np.concatenate, numpy, x),
        shapes,
        errors=errors,
        **other,
    )


def _scan(x: Any, h: Any, w: Any) -> Any:
    """tanh(x + h @ w), step after step; every state and the last."""

    def step(h: Any, x: Any) -> Any:
        h = rv.tanh(x + h @ w)
        return h, h

    last, all_ = rv.scan(step, h, x)
    return rv.concat([all_, rv.expand_dims(last * last, 0)])


def _looped(x: Array, h: Array, w: Array) -> Array:
    states = []
    for row in x:
        h = np.tanh(row + h @ w)
        states.append(h)
    return np.stack([*states, h * h])


def scan_row() -> Row:
    """The row of `scan`: one loop as a whole."""
    return Row(
        _scan,
        _looped,
        (((3, 2, 4), (2, 4), (4, 4)), ((0, 2, 3), (2, 3), (3, 3)), ((1, 1, 2), (1, 2), (2, 2))),
        dtypes=("float64", "float32"),
        loose=4.0,
        errors=(
            (lambda: rv.scan(lambda c, x: (c, x), 0.0), ArgumentError, "give xs, or length"),
            (lambda: rv.scan(lambda c, x: c, 0.0, length=2), ArgumentError, "return two things"),
            (
                lambda: rv.scan(lambda c, x: (c + x, x), z(3), z(2, 4)),
                ShapeError,
                r"shapes \(3,\) and \(4,\) do not fit",
            ),
            (
                lambda: rv.scan(lambda c, x: (c + x, x), z(1), z(2, 4)),
                ShapeError,
                r"carry 0 has shape \(1,\), the function returned \(4,\)",
            ),
            (
                lambda: rv.scan(lambda c, x: (c, x > 0), z(3), z(2, 3)),
                DTypeError,
                "carries and ys must be of one dtype",
            ),
            (
                lambda: rv.scan(lambda c, x: (c, None), z(3), (z(2, 3), z(4, 3))),
                ShapeError,
                "do not agree on the number of iterations",
            ),
        ),
    )
