"""NumPy's functions called with tensors: no gradient is lost without a word.

Every function that NumPy lets other arrays answer for (`__array_function__`) is called with tensors
in many ways: what it gives for tensors without a gradient is what it gives for their arrays, and
with a gradient it gives no floats: they would have lost it.
"""

from __future__ import annotations

import functools
import io
import itertools
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import ranvier
import ranvier.compat.torch as torch
from ranvier.base.nested import leaves, map_leaves
from ranvier.errors import DTypeError, RanvierError, StateError, TraceError
from ranvier.tensors.from_numpy import COUNTERPARTS, SAME

NUMBERS = np.array([[2.0, 0.5, 1.0], [0.25, 3.0, 1.5], [1.0, 0.125, 4.0]], np.float32)


class X:
    """Stands for the tensor in a call."""

    def __init__(self, take: Callable[[Any], Any] = lambda t: t) -> None:
        self.take = take


MATRIX, VECTOR, NUMBER = X(), X(lambda t: t[0]), X(lambda t: t[0, 0])
WAYS: list[tuple[Any, ...]] = [
    (MATRIX,), (VECTOR,), (MATRIX, MATRIX), (VECTOR, VECTOR), ([MATRIX, MATRIX],),
    ([VECTOR, VECTOR],), (MATRIX, 1), (VECTOR, 1), (MATRIX, [0, 1]), (VECTOR, [0.5, 1.0]),
    (VECTOR, VECTOR, 1), (VECTOR, 0, VECTOR), (VECTOR, VECTOR, VECTOR), (MATRIX, (9,)),
    (MATRIX, 0, 1), (NUMBERS > 1, MATRIX, 0.0), ([0, 1, 2], MATRIX), ([1, 0, 2], VECTOR),
    ("ij,jk", MATRIX, MATRIX), (NUMBERS.copy(), MATRIX), (NUMBERS > 1, MATRIX), (NUMBER, 2.0, 3),
    ([NUMBERS > 1], [MATRIX]), (VECTOR, VECTOR, [0, 1, 2]), (MATRIX, MATRIX, NUMBERS > 1),
    (np.sum, 0, MATRIX), (np.sum, MATRIX, 0), (VECTOR, [1]),
    (MATRIX, np.zeros((3, 1), int), 1), ("file", MATRIX), ([VECTOR], 2),
    (VECTOR, [1.0, 2.0], [1.0, 2.0]),
]  # fmt: skip
OF_MEMORY = {"empty_like", "may_share_memory", "shares_memory"}


@functools.cache
def answered() -> dict[str, Any]:
    """Every function of NumPy that asks other arrays."""
    kind = type(np.concatenate)
    found = {}
    for where in (np, np.linalg, np.fft, np.lib.stride_tricks):
        for name in dir(where):
            f = getattr(where, name)
            if isinstance(f, kind) and f.__module__ not in ("numpy.strings", "numpy.char"):
                found[f"{f.__module__}.{f.__name__}"] = f
    return found


def filled(way: tuple[Any, ...], x: Any) -> tuple[Any, ...]:
    """The arguments, with x for the tensor; arrays that may be written into are copies."""

    def one(leaf: Any) -> Any:
        if isinstance(leaf, X):
            return leaf.take(x)
        return leaf.copy() if isinstance(leaf, np.ndarray) else leaf

    out: tuple[Any, ...] = map_leaves(one, way)
    return out


def ways(f: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """(arguments, what NumPy gives) for every way in which `f` can be called."""
    for way in WAYS:
        if isinstance(way[0], str) and way[0] == "file":
            way = (io.BytesIO(), *way[1:])
        elif f.__name__.startswith("save"):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                out = f(*filled(way, NUMBERS.copy()))
            except Exception:
                continue
        yield way, out


def called(f: Any, way: tuple[Any, ...], x: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return f(*filled(way, x))


def floats(out: Any) -> bool:
    return any(
        isinstance(leaf, float) or getattr(getattr(leaf, "dtype", None), "kind", "") in ("f", "c")
        for leaf in leaves([out])
    )


def same(a: Any, b: Any) -> bool:
    if isinstance(a, str):
        return isinstance(b, str)
    pairs = [p for p in itertools.zip_longest(leaves([a]), leaves([b])) if is_number(p[0])]
    return all(np.allclose(np.asarray(y), x, 1e-6, equal_nan=True) for x, y in pairs)


def is_number(x: Any) -> bool:
    return isinstance(x, int | float) or getattr(getattr(x, "dtype", None), "kind", "O") in "biufc"


@pytest.mark.parametrize("make", [ranvier.tensor, torch.tensor])
def test_a_tensor_without_gradient_is_its_array(make: Any) -> None:
    tried = 0
    for name, f in answered().items():
        for way, expected in ways(f):
            try:
                out = called(f, way, make(NUMBERS))
            except (DTypeError, ValueError) as error:
                assert "writes into a tensor" in str(error) or "read-only" in str(error), name
                continue
            assert f.__name__ in OF_MEMORY or same(expected, out), name
            tried += 1
    assert tried > 500


@pytest.mark.parametrize("make", [ranvier.tensor, torch.tensor])
def test_no_function_loses_a_gradient(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    answer = ranvier.Tensor.__array_function__

    def noted(self: Any, *arguments: Any) -> Any:
        asked.append(arguments[0])
        return answer(self, *arguments)

    monkeypatch.setattr(ranvier.Tensor, "__array_function__", noted)
    refused, kept = set(), set()
    for name, f in answered().items():
        for way, expected in ways(f):
            asked.clear()
            try:
                out = called(f, way, make(NUMBERS, requires_grad=True))
            except RanvierError as error:
                message = str(error)
                assert "no gradient flows" in message or "writes into a tensor" in message, name
                assert "write " in message or "give x" in message, name
                refused.add(name)
                continue
            except ValueError as error:  # from NumPy: a position in which it writes
                assert "read-only" in str(error), name
                continue
            if any(isinstance(leaf, ranvier.Tensor) for leaf in leaves([out])):
                assert f.__name__ in SAME or "matmul" in name, name
                assert all(leaf.requires_grad for leaf in leaves([out])), name
                kept.add(f.__name__)
                continue
            # NOTE: in a list NumPy does not see a tensor before it is an array; PyTorch's refuse.
            if floats(out) and (asked or make is torch.tensor):
                assert same(expected, called(f, way, NUMBERS + 0.25)), (name, way, out)
    assert len(refused) > 110
    assert kept | {"amax", "amin"} == {n.removeprefix("linalg.") for n in SAME}


def test_every_function_can_be_tried() -> None:
    """The ways reach all but a few functions, which take dates, texts or other things."""
    left = {name.removeprefix("numpy.") for name, f in answered().items() if not list(ways(f))}
    assert len(left) < 20, left


def test_without_grad_mode_the_numbers_are_given() -> None:
    w = ranvier.tensor([1.0, 2.0], requires_grad=True)
    with ranvier.no_grad():
        assert np.array_equal(np.concatenate([w, w]), [1, 2, 1, 2])
    assert np.array_equal(np.concatenate([w.numpy(), w.detach()]), [1, 2, 1, 2])
    assert np.array_equal(np.asarray(w), [1, 2])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: np.concatenate([x, x]), "write ranvier.concat"),
        (lambda x: np.dot(x, x), "write ranvier.matmul"),
        (lambda x: np.mean(x, dtype="f8"), "write ranvier.mean"),
        (lambda x: np.linalg.norm(x), r"write ranvier.sqrt\(ranvier.sum\(x \* x\)\)"),
        (lambda x: np.transpose(x), "write ranvier.permute_dims"),
        (lambda x: np.fft.fft(x), "write it in functions of ranvier"),
    ],
)
def test_the_error_names_our_function(call: Any, words: str) -> None:
    x = ranvier.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(DTypeError, match=words + r".*numbers alone.* x\.numpy\(\)"):
        call(x)
    with pytest.raises(DTypeError, match=words):
        ranvier.grad(lambda y: call(y) + 0.0)(x.detach())
    with pytest.raises(TraceError, match="no.*yet.*" + words):
        ranvier.compile(call)(x.detach())


def test_the_error_names_the_function_of_torch() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(DTypeError, match=r"write torch\.concatenate"):
        np.concatenate([x, x])
    with pytest.raises(StateError, match=r"x\.detach\(\)"):
        np.mean([x.sum(), x.sum()])
    # What tutorials do.
    losses = [torch.tensor(1.0), (x * 2).sum().detach()]
    assert np.mean(losses) == 3.5
    assert np.array_equal(np.array(losses), [1, 6])
    assert np.array_equal(x.detach().numpy(), [1, 2])


@pytest.mark.parametrize("name", COUNTERPARTS)
def test_counterparts_exist(name: str) -> None:
    assert COUNTERPARTS[name].partition("(")[0] in ranvier.__all__
    where: Any = np
    last = name
    for part in name.split(".")[:-1]:
        where, last = getattr(where, part), name.split(".")[-1]
    assert hasattr(where, last) or hasattr(np.lib.stride_tricks, last)


def test_shapes_are_known_while_a_function_is_traced() -> None:
    @ranvier.compile
    def f(x: Any) -> Any:
        return x * np.size(x) + np.ndim(x) + np.zeros_like(x) + float(np.shape(x)[0])

    assert np.array_equal(f(ranvier.ones((2, 3))), np.full((2, 3), 10.0))


def test_nothing_is_written_into_a_tensor() -> None:
    x: Any = ranvier.tensor([3.0, 1.0, 2.0])
    for write in (
        lambda: np.copyto(x, 0.0),
        lambda: np.sum([1.0, 2.0], out=x),
        lambda: np.put(x, [0], [1.0]),
    ):
        with pytest.raises(DTypeError, match=r"writes into a tensor.*x\.assign"):
            write()
    with pytest.raises(ValueError, match="read-only"):
        np.median(x, overwrite_input=True)
    assert x.tolist() == [3.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("call", "ours"),
    [
        (lambda x: np.mean(x, axis=0), lambda x: ranvier.mean(x, axis=0)),
        (lambda x: np.max(x, 1, keepdims=True), lambda x: ranvier.max(x, axis=1, keepdims=True)),
        (lambda x: np.squeeze(x[:1]), lambda x: ranvier.squeeze(x[:1])),
        (lambda x: np.diff(x, n=2), lambda x: ranvier.diff(x, n=2)),
        (lambda x: np.var(x), lambda x: ranvier.var(x)),
    ],
)
def test_functions_of_the_same_meaning_keep_the_gradient(call: Any, ours: Any) -> None:
    def slope(f: Any) -> Any:
        return ranvier.grad(lambda x: ranvier.sum(f(x) ** 2))

    x = ranvier.tensor(NUMBERS)
    expected = slope(ours)(x)
    assert np.array_equal(slope(call)(x), expected)
    assert np.allclose(ranvier.compile(slope(call))(x), expected, 1e-6)
    assert type(call(x)) is ranvier.Tensor
    assert type(call(torch.tensor(NUMBERS))) is torch.Tensor


@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_no_axis_of_take_along_axis_is_all_elements_in_a_row(shape: tuple[int, ...]) -> None:
    x = np.arange(6.0, dtype=np.float32)[: math.prod(shape)].reshape(shape)
    index = np.array([2, 0])
    tensor: Any = ranvier.tensor(x)
    taken = np.take_along_axis(tensor, index, None)
    assert np.array_equal(taken, np.take_along_axis(x, index, None))


LISTS: dict[str, Any] = {
    "mean": lambda xs: np.mean(xs), "sum": lambda xs: np.sum(xs), "std": lambda xs: np.std(xs),
    "max": lambda xs: np.max(xs), "prod": lambda xs: np.prod(xs), "var": lambda xs: np.var(xs),
    "mean, axis": lambda xs: np.mean(xs, axis=0), "cumsum": lambda xs: np.cumsum(xs),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_tensors_with_gradients_is_no_list_of_numbers(name: str) -> None:
    x = ranvier.tensor([1.0, 2.0], requires_grad=True)
    for xs in ([x, x], [x[0], x[1]], (x, x)):
        with pytest.raises(DTypeError, match="of a list of tensors gives plain numbers"):
            LISTS[name](xs)
    with ranvier.no_grad():
        LISTS[name]([x, x])
    LISTS[name]([x.detach(), x.detach()])
    LISTS[name](np.array([x, x]))


def test_numbers_that_are_asked_for_are_given() -> None:
    x = ranvier.tensor([1.0, 2.0], requires_grad=True)
    assert np.asarray(x).tolist() == np.array(x).tolist() == list(x.numpy()) == [1.0, 2.0]
    assert np.array([x, x]).shape == (2, 2)
    np.testing.assert_allclose([x, x], [[1.0, 2.0]] * 2)
    np.testing.assert_array_equal(x.detach(), [1.0, 2.0])
    assert float(x[0]) == 1.0
