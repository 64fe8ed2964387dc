"""Arguments common to many functions: dtype, axis, keepdims, shape and counts, right and wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import random
from ranvier.compat import torch
from ranvier.errors import DTypeError, RanvierError
from ranvier.ops import creation

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
N = np.array([2, 0, 1])

# One right call of every function that takes one of the arguments below.
REDUCTIONS = """
all any argmax argmin count_nonzero logsumexp max mean min prod std sum var
"""
ALONG = "cumulative_sum flip log_softmax softmax unstack"
CALLS: dict[str, dict[str, Any]] = {
    **{n: {"x": X, "axis": 1, "keepdims": True} for n in REDUCTIONS.split()},
    **{n: {"x": X, "axis": 1} for n in ALONG.split()},
    **{n: {"shape": (2, 3), "dtype": "int32"} for n in ("zeros", "ones", "empty")},
    **{n: {"x": X, "dtype": "int32"} for n in ("zeros_like", "ones_like", "empty_like")},
    "arange": {"start": 0, "stop": 4, "step": 1, "dtype": "int32"},
    "asarray": {"data": X, "dtype": "float64"},
    "astype": {"x": X, "dtype": "int32"},
    "average_pool2d": {"x": X[..., None], "size": 2, "stride": 1},
    "broadcast_to": {"x": X, "shape": (2, 2, 3, 4)},
    "concat": {"xs": [X, X], "axis": 1},
    "conv2d": {"x": X[..., None], "w": X[:, :2, :1, None], "stride": 1},
    "convolution": {"x": X[..., None], "w": X[:, :2, :1, None], "stride": 1},
    "diff": {"x": X, "axis": 1, "n": 1},
    "expand_dims": {"x": X, "axis": 1},
    "eye": {"rows": 3, "columns": 2, "k": 1, "dtype": "int32"},
    "full": {"shape": (2, 3), "value": 2, "dtype": "int32"},
    "full_like": {"x": X, "value": 2, "dtype": "int32"},
    "iota": {"shape": (2, 3), "axis": 1, "dtype": "int32"},
    "linspace": {"start": 0, "stop": 1, "num": 3, "dtype": "float64", "endpoint": True},
    "max_pool2d": {"x": X[..., None], "size": 2, "stride": 1},
    "moveaxis": {"x": X, "source": 0, "destination": 1},
    "one_hot": {"labels": N, "classes": 3, "dtype": "int32"},
    "pad": {"x": X, "widths": 1, "mode": "edge", "value": 0},
    "permute_dims": {"x": X, "axes": (1, 0, 2)},
    "random_bits": {"key": ranvier.zeros(2, "uint32"), "shape": (2, 3)},
    "repeat": {"x": X, "times": 2, "axis": 1},
    "reshape": {"x": X, "shape": (4, 6)},
    "roll": {"x": X, "shift": 1, "axis": 1},
    "scatter_add": {"x": X, "indices": N[:2], "updates": X[:, :2], "axis": 1},
    "scatter_add_along_axis": {"x": X, "indices": np.zeros(X.shape, int), "updates": X, "axis": 1},
    "sliding_window": {"x": X[..., None], "size": 2, "stride": 1},
    "split": {"x": X, "parts": 3, "axis": 1},
    "squeeze": {"x": X[:, :1], "axis": 1},
    "stack": {"xs": [X, X], "axis": 1},
    "swapaxes": {"x": X, "a": 0, "b": 1},
    "take": {"x": X, "indices": N, "axis": 1},
    "take_along_axis": {"x": X, "indices": np.zeros(X.shape, int), "axis": 1},
    "tensor": {"data": X, "dtype": "float64"},
    "tensordot": {"x": X, "y": np.moveaxis(X, 1, 0), "axes": ((0, 1), (1, 0))},
    "tile": {"x": X, "repetitions": 2},
    "tril": {"x": X, "k": 1},
    "triu": {"x": X, "k": 1},
    "vecdot": {"x": X, "y": X, "axis": 1},
    "random.uniform": {"shape": (2, 3), "dtype": "float64"},
    "random.normal": {"shape": (2, 3), "dtype": "float64"},
    "random.randint": {"low": 0, "high": 9, "shape": (2, 3), "dtype": "int32"},
    "random.bernoulli": {"p": 0.5, "shape": (2, 3)},
    "random.permutation": {"n": 3},
}

NO_AXES = (True, np.True_, 1.0, np.float64(1), "1", 9, (True, 1), (1.0,), {"axis": 1})
NO_COUNTS = (True, np.True_, 1.5, 2.0, "2", None)
WRONG: dict[str, tuple[Any, ...]] = {
    "axis": NO_AXES,
    "a": NO_AXES,
    "b": NO_AXES,
    "source": NO_AXES,
    "destination": NO_AXES,
    "axes": (True, 1.5, "1", (1.0, 0.0), (True, False), None),
    "keepdims": (None, 1, 0, "yes", 1.0, np.float32(1), (0, 1)),
    "endpoint": (None, 1, "yes"),
    "dtype": ("float33", "", True, 1, 1.5, complex, "complex64", "S3", object, ">f4", [], {}),
    "shape": (True, (True, 2), None, (None, 2), 2.0, (2.5, 2), "2", ("2",), (-3, 2), {"shape": 2}),
    "k": NO_COUNTS,
    "rows": NO_COUNTS,
    "columns": NO_COUNTS[:-1],
    "num": (*NO_COUNTS, -1),
    "classes": (*NO_COUNTS, 0),
    "times": (*NO_COUNTS, -1),
    "repetitions": (*NO_COUNTS, -1, (2, 1.5)),
    "n": (*NO_COUNTS, -1),
    "shift": (*NO_COUNTS, (1.5,)),
    "parts": (*NO_COUNTS, 0, -1, 7, [0.5], [True]),
    "size": (*NO_COUNTS, 0, (1, 2, 3)),
    "stride": (*NO_COUNTS[:-1], 0, (1, 2, 3)),
    "start": (True, "0", float("nan"), float("inf"), None, 1j),
    "stop": (True, "0", float("nan"), float("inf"), 1j),
    "step": (True, "0", float("nan"), float("inf"), None, 0, 1j),
    "value": (None, "1", 1j, [1]),
    "low": (True, 0.5, "0", None, 10),
    "high": (True, 0.5, "0", None, -1),
    "correction": (True, "1", None, float("nan")),
}
# Here None has a meaning, and these numbers are right.
RIGHT = {
    ("concat", "axis", None), ("arange", "stop", None), ("reshape", "shape", 24),
    ("random.bernoulli", "shape", None),
}  # fmt: skip


def function(name: str) -> Callable[..., Any]:
    here: Any = ranvier if "." not in name else random
    return getattr(here, name.rpartition(".")[2])  # type: ignore[no-any-return]


def with_these_arguments() -> set[str]:
    """Every public function that has an argument of WRONG."""
    found = {n: getattr(ranvier, n) for n in ranvier.__all__}
    found |= {f"random.{n}": getattr(random, n) for n in dir(random) if not n.startswith("_")}
    names = set()
    for name, f in found.items():
        plain = callable(f) and not inspect.isclass(f) and not inspect.ismodule(f)
        # a function of another module (`iota` in random) is found there
        if not plain or (name.startswith("random.") and not inspect.ismethod(f)):
            continue
        if set(inspect.signature(f).parameters) & set(WRONG):
            names.add(name)
    return names


OTHERS = {
    "Input": "tests/train/models/test_functional.py",
    "scan": "its `length` and xs are tested with it",
    "random.rand": "has *shape",
    "random.randn": "has *shape",
    "clip": "low and high are tensors or numbers",
}


def test_every_function_has_a_right_call() -> None:
    assert with_these_arguments() - set(OTHERS) == set(CALLS)
    for name, arguments in CALLS.items():
        signature = inspect.signature(function(name)).parameters
        missing = set(signature) & set(WRONG) - set(arguments)
        assert missing <= {"low", "high", "correction"}, (name, missing)
        function(name)(**arguments)


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_argument_is_a_clear_error(name: str) -> None:
    arguments = CALLS[name]
    for argument, values in WRONG.items():
        if argument not in inspect.signature(function(name)).parameters:
            continue
        if name in ("random.uniform", "clip") and argument in ("low", "high"):
            continue
        for value in values:
            if any((name, argument) == r[:2] and value is r[2] for r in RIGHT):
                continue
            with pytest.raises(RanvierError) as caught:
                print(name, argument, repr(value), function(name)(**arguments | {argument: value}))
            assert len(str(caught.value)) > 20, (name, argument, value)


@pytest.mark.parametrize("name", CALLS)
def test_integers_of_numpy_are_integers(name: str) -> None:
    random.seed(0)
    expected = function(name)(**CALLS[name])
    for argument, value in CALLS[name].items():
        if argument in WRONG and type(value) is int:
            random.seed(0)
            for kind in (np.int64, np.uint8):
                random.seed(0)
                got = function(name)(**CALLS[name] | {argument: kind(value)})
                several = isinstance(got, list | tuple)
                for x, y in zip(got, expected, strict=True) if several else [(got, expected)]:
                    assert x.dtype == y.dtype
                    np.testing.assert_array_equal(x.numpy(), y.numpy())


@pytest.mark.parametrize(
    ("name", "default"),
    [
        *[(n, "float32") for n in ("zeros", "ones", "empty", "eye", "linspace", "one_hot")],
        *[(n, "float32") for n in ("zeros_like", "ones_like", "empty_like", "full_like")],
        *[(n, "int64") for n in ("arange", "iota", "full", "random.randint")],
        *[(n, "float32") for n in ("asarray", "tensor", "random.uniform", "random.normal")],
    ],
)
def test_no_dtype_is_the_default(name: str, default: str) -> None:
    without = {k: v for k, v in CALLS[name].items() if k != "dtype"}
    assert function(name)(**without).dtype == default
    assert function(name)(**without, dtype=None).dtype == default


def test_every_function_with_a_dtype_has_a_stated_default() -> None:
    listed = test_no_dtype_is_the_default.pytestmark[0].args[1]  # type: ignore[attr-defined]
    with_dtype = {n for n in CALLS if "dtype" in inspect.signature(function(n)).parameters}
    assert with_dtype - {"astype"} == {name for name, _ in listed}


@pytest.mark.parametrize("kind", ["uint8", "int32", "uint32", "int64", "float16", "float64"])
def test_products_keep_their_dtype(kind: str) -> None:
    x = ranvier.ones((2, 2), kind)
    for product in (ranvier.vecdot, ranvier.matmul, ranvier.tensordot, ranvier.multiply):
        assert product(x, x).dtype == kind
    assert ranvier.einsum("ij,jk->ik", x, x).dtype == kind
    wide = ranvier.full((4,), 100, "uint8")
    assert ranvier.vecdot(wide, wide).item() == 40000 % 256


def test_astype_needs_a_dtype() -> None:
    with pytest.raises(RanvierError, match="dtype None is not one of"):
        ranvier.ones(2).astype(None)  # type: ignore[arg-type]


def test_integer_dtypes_hold_integers_only() -> None:
    with pytest.raises(RanvierError, match=r"1.5 is no integer, which int32 holds"):
        ranvier.full((2,), 1.5, "int32")
    assert ranvier.full((2,), 2.0, "int32").tolist() == [2, 2]


def test_arange_counts_large_numbers_exactly() -> None:
    assert ranvier.arange(2**60, 2**60 + 3).tolist() == [2**60, 2**60 + 1, 2**60 + 2]
    assert ranvier.arange(5, 0, -2).tolist() == [5, 3, 1]


def test_torch() -> None:
    x = torch.tensor([[1.0, 2.0, 4.0], [0.0, 5.0, 7.0]])
    assert x.var(False).item() == pytest.approx(x.numpy().var())
    assert x.std(True).item() == pytest.approx(x.numpy().std(ddof=1))
    reductions = ("sum", "mean", "amax", "argmax", "prod", "cumsum", "softmax", "logsumexp", "max")
    for name in reductions:
        for dim in (True, 1.0, "1", 5):
            with pytest.raises(RanvierError):
                getattr(x, name)(dim)
    for name in ("squeeze", "unsqueeze", "unbind", "flatten"):
        for dim in (True, 1.0, "1", 5):
            with pytest.raises(RanvierError):
                getattr(x, name)(dim)
    for name in ("split", "chunk"):
        for dim in (True, 1.0, "1", 5):
            with pytest.raises(RanvierError):
                getattr(x, name)(1, dim)
    for name in ("zeros", "ones", "empty", "eye"):
        make = getattr(torch, name)
        assert make(2, dtype=None).dtype == torch.float32


@pytest.mark.parametrize("axis", [True, 1.0, "1", (True,), None])
def test_layers_with_an_axis(axis: Any) -> None:
    nn = ranvier.nn
    for kind in (nn.Softmax, nn.LayerNormalization, nn.BatchNormalization, nn.RMSNormalization):
        if axis is None and kind is nn.Softmax:
            continue
        with pytest.raises(RanvierError):
            print(kind(axis=axis)(X))
    with pytest.raises(RanvierError):
        print(nn.Concatenate(axis=axis)([ranvier.tensor(X), ranvier.tensor(X)]))
    with pytest.raises(RanvierError):
        print(nn.Dot(axes=axis)([ranvier.tensor(X), ranvier.tensor(X)]))


MADE: dict[str, tuple[Any, ...]] = {
    "arange": (0.0, 3.0), "empty": ((2, 3),), "eye": (3,), "full": ((2,), 3.0),
    "linspace": (0, 1, 4), "ones": ((2, 3),), "zeros": ((2, 3),),
    **{f"{name}_like": ([1.0, 2.0],) for name in ("empty", "ones", "zeros")},
    "full_like": ([1.0, 2.0], 3.0),
}  # fmt: skip


@pytest.mark.parametrize("name", ["uniform", "normal", "rand", "randn"])
def test_a_tensor_of_random_numbers_may_require_a_gradient(name: str) -> None:
    def make(**options: Any) -> Any:
        ranvier.seed(3)
        return getattr(ranvier.random, name)(*((2, 3) if "rand" in name else ((2, 3),)), **options)

    def slope(x: Any) -> Any:
        size = (2, 3) if "rand" in name else ((2, 3),)
        t = getattr(ranvier.random, name)(*size, requires_grad=True)
        ranvier.sum(t * x).backward()
        return t.grad

    t = make(requires_grad=True)
    assert t.requires_grad and t.is_leaf and not make().requires_grad
    assert np.array_equal(t.numpy(), make().numpy())
    for f in (slope, ranvier.compile(slope), ranvier.compile(slope, engine="reference")):
        assert np.array_equal(f(ranvier.tensor(2.0)).numpy(), np.full(t.shape, 2.0))


def test_random_numbers_between_tensors_are_a_leaf_too() -> None:
    low: Any = ranvier.tensor(1.0, requires_grad=True)
    source = ranvier.random.Generator(0)
    assert source.uniform((2,), low, 2.0).requires_grad
    assert source.uniform((2,), low.detach(), 2.0, requires_grad=True).is_leaf


@pytest.mark.parametrize("name", MADE)
def test_a_tensor_made_from_nothing_may_require_a_gradient(name: str) -> None:
    def make(**options: Any) -> Any:
        return getattr(ranvier, name)(*MADE[name], **options)

    def slope(x: Any) -> Any:
        t = make(requires_grad=True)
        ranvier.sum(t * x).backward()
        return t.grad

    t = make(requires_grad=True)
    assert t.requires_grad and t.is_leaf and not make().requires_grad
    assert np.array_equal(t.numpy(), make().numpy())
    for f in (slope, ranvier.compile(slope), ranvier.compile(slope, engine="reference")):
        assert np.array_equal(f(ranvier.tensor(2.0)).numpy(), np.full(t.shape, 2.0))
    with ranvier.no_grad():
        t -= 1.0
    assert np.array_equal(t.numpy(), make().numpy() - 1)
    with pytest.raises(DTypeError, match="only floats have gradients; this tensor is int64"):
        make(dtype="int64", requires_grad=True)


def test_every_function_that_makes_a_tensor_from_nothing_is_tried() -> None:
    made = {
        n
        for n, f in vars(creation).items()
        if getattr(ranvier, n, None) is f and getattr(f, "__module__", None) == creation.__name__
    }
    assert made - {"iota"} == set(MADE)
