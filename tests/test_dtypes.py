"""Promotion: weak Python numbers, floats over integers, the wider of one kind."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import dtypes
from ranvier.errors import DTypeError


@pytest.mark.parametrize(("x", "y"), [*itertools.product(dtypes.ALL, repeat=2)])
def test_promotion_is_symmetric_and_holds_both_kinds(x: Any, y: Any) -> None:
    both = dtypes.promote(x, y)
    assert both == dtypes.promote(y, x)
    if x.kind == y.kind == "f" or "f" not in (x.kind, y.kind):
        assert both == np.promote_types(x, y)  # as NumPy does
    else:
        assert both == (x if x.kind == "f" else y)  # the float's own dtype, unlike NumPy
    assert (ranvier.zeros((2,), x) + ranvier.zeros((2,), y)).dtype == (
        both if both.kind != "b" else dtypes.int64
    )


@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_python_numbers_are_weak(dtype: Any) -> None:
    x = ranvier.ones((2,), dtype)
    assert (x + 1).dtype == (dtypes.int64 if dtype.kind == "b" else dtype)
    assert (x * 2.0).dtype == (dtype if dtype.kind == "f" else dtypes.float32)
    assert (2.0 * x).dtype == (x * 2.0).dtype
    assert ranvier.where(x > 0, x, 0).dtype == (dtypes.int64 if dtype.kind == "b" else dtype)
    assert (x / 2).dtype == (dtype if dtype.kind == "f" else dtypes.float32)
    assert (x * np.float64(2.0)).dtype == (x * 2.0).dtype


def test_defaults() -> None:
    assert ranvier.tensor(1.5).dtype == dtypes.float32
    assert ranvier.tensor([1, 2]).dtype == dtypes.int64
    assert ranvier.tensor([True]).dtype == dtypes.bool_
    assert ranvier.tensor(np.array([1.5])).dtype == dtypes.float64
    assert ranvier.tensor(np.array([1], np.int16)).dtype == dtypes.int32
    assert ranvier.zeros(2).dtype == dtypes.float32
    assert ranvier.arange(3).dtype == dtypes.int64
    assert ranvier.arange(0.0, 1.0, 0.5).dtype == dtypes.float32
    assert ranvier.mean(ranvier.tensor([1, 2])).dtype == dtypes.float32


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("float32", "float32"), (float, "float32"), (int, "int64"), ("bool", "bool")],
)
def test_names_of_dtypes(name: Any, dtype: str) -> None:
    assert dtypes.as_dtype(name) == np.dtype(dtype)


@pytest.mark.parametrize("name", ["complex64", "nonsense", "int8", object])
def test_unknown_dtypes_are_refused(name: Any) -> None:
    with pytest.raises(DTypeError, match="not one of Ranvier's: float16, float32"):
        dtypes.as_dtype(name)


@pytest.mark.parametrize("data", [None, "text", [[1.0], [1.0, 2.0]], {"a": 1}, [object()], 1j])
def test_what_is_no_number_is_refused(data: Any) -> None:
    with pytest.raises(DTypeError, match="tensor: "):
        ranvier.tensor(data)


def test_numbers_outside_an_integer_dtype_are_refused() -> None:
    with pytest.raises(DTypeError, match="300 is outside uint8, which holds 0 to 255"):
        ranvier.tensor([1], "uint8") * 300
    with pytest.raises(DTypeError, match="outside uint8"):
        ranvier.tensor([1], "uint8") - -1
