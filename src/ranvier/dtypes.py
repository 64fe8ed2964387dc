"""Number types and how they promote.

dtypes are NumPy's own. Python scalars are weak: they take the dtype of the tensor they meet.
Between tensors of one kind (floats, integers) the wider wins; an integer or bool meeting a float
takes the float's dtype, so `int64 * float32` stays float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .base.missing import module_getattr
from .errors import DTypeError
from .typing import Array, ArrayLike, DType, DTypeLike, SupportsDLPack

float16 = np.dtype("float16")
float32 = np.dtype("float32")
float64 = np.dtype("float64")
int32 = np.dtype("int32")
int64 = np.dtype("int64")
uint8 = np.dtype("uint8")
uint32 = np.dtype("uint32")
bool_ = np.dtype("bool")

ALL = (float16, float32, float64, int32, int64, uint8, uint32, bool_)
# The dtypes by the names a user may write.
BY_NAME = {d.name: d for d in ALL} | {"bool_": bool_, "float": float32, "int": int64}

_FLOATS = (float16, float32, float64)
_INTEGERS = (uint8, int32, uint32, int64)


def is_float(dtype: DType) -> bool:
    """True for float16, float32 and float64."""
    return dtype.kind == "f"


def as_dtype(value: DTypeLike | None) -> DType:
    """The dtype meant by a name, a NumPy or Python type, or a dtype.

    >>> as_dtype("float32"), as_dtype(int)
    (dtype('float32'), dtype('int64'))
    """
    if isinstance(value, str) and value in BY_NAME:
        return BY_NAME[value]
    if value is float:
        return float32
    try:
        # NOTE: None is float64 to NumPy; here whoever has a default says so.
        dtype = None if value is None else np.dtype(value)
    except (TypeError, ValueError, SyntaxError):
        dtype = None
    if dtype is None or dtype not in ALL:
        names = ", ".join(d.name for d in ALL)
        if isinstance(value, int) and not isinstance(value, bool):
            names += ". A shape of several axes is one tuple: ones((2, 3))"
        raise DTypeError(f"dtype {value!r} is not one of Ranvier's: {names}")
    return dtype


def promote(x: DType, y: DType) -> DType:
    """The dtype that holds both.

    >>> promote(int64, float32), promote(uint8, int32)
    (dtype('float32'), dtype('int32'))
    """
    if x == y:
        return x
    if x.kind == "f" or y.kind == "f":
        floats = [d for d in (x, y) if d.kind == "f"]
        return max(floats, key=_FLOATS.index)
    if x == bool_:
        return y
    if y == bool_:
        return x
    if uint32 in (x, y) and int32 in (x, y):
        return int64
    return max((x, y), key=_INTEGERS.index)


def of_scalar(value: bool | int | float, like: DType | None) -> DType:
    """The dtype a Python scalar takes beside a tensor of dtype `like`, or alone (None)."""
    if isinstance(value, bool | np.bool_):
        return like if like is not None else bool_
    if isinstance(value, int | np.integer):
        if like is None:
            return int64
        return int64 if like == bool_ else like
    if like is None or like.kind != "f":
        return float32
    return like


def as_array(
    data: ArrayLike | SupportsDLPack, dtype: DTypeLike | None = None, copy: bool = True
) -> Array:
    """Numbers, nested lists, arrays or anything with `__array__` or DLPack as a NumPy array.

    Python floats become float32 and ints int64; arrays keep their dtype, or take the nearest one
    that holds their numbers.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    # The border to other libraries: what has `__array__` says by it that it is an array.
    exact = isinstance(data, np.ndarray | np.generic) or hasattr(data, "__array__")
    plain = isinstance(data, list | tuple | int | float)
    if not exact and not plain and isinstance(data, SupportsDLPack):
        data, exact = np.from_dlpack(data), True
    try:
        array = np.array(data, wanted, copy=True if copy else None)
    except (ValueError, TypeError, OverflowError) as error:
        raise DTypeError(
            f"tensor: {type(data).__name__} could not be read as numbers ({error}); "
            "rows must have equal lengths and hold only numbers"
        ) from None
    if wanted is not None:
        return array
    if not exact and array.dtype == float64:
        return array.astype(float32)
    if array.dtype in ALL:
        return array
    nearest = _nearest(array.dtype)
    if array.dtype.itemsize == 8 and array.dtype.kind == "u" and (array > _LARGEST_INT).any():
        raise DTypeError(
            f"tensor: {array.max()} is above {_LARGEST_INT}, the largest integer (int64); give "
            "dtype='float64' for numbers that may be rounded"
        )
    return array.astype(nearest)


_LARGEST_INT = 2**63 - 1


def _nearest(dtype: DType) -> DType:
    """The dtype of Ranvier's that holds what a foreign one holds."""
    if dtype.kind in "iu":
        return int64 if dtype.itemsize > 2 else int32
    if dtype.kind == "f":
        return float64
    hint = "encode text as numbers first" if dtype.kind in "US" else "all values must be numbers"
    raise DTypeError(f"tensor: values of dtype {dtype} are not numbers; {hint}")


if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
