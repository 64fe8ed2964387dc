"""Functions written in ops: NumPy's values, exactness at the edges, gradients, errors."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier.errors import ArgumentError, DTypeError, ShapeError

RNG = np.random.default_rng(0)
A = RNG.normal(size=(2, 3, 4))
V = RNG.normal(size=5)
inf, nan = np.inf, np.nan


def agree(got: Any, expected: Any, rtol: float = 1e-12) -> None:
    assert got.shape == np.shape(expected)
    np.testing.assert_allclose(got.numpy(), expected, rtol=rtol, atol=1e-300)


SHAPED: list[tuple[str, tuple[Any, ...]]] = [
    ("tile", ((2, 1, 3),)), ("tile", (2,)), ("tile", ((2, 1, 1, 2),)), ("tile", (0,)),
    ("repeat", (2, 1)), ("repeat", (3,)), ("repeat", (0, 2)),
    ("roll", (1,)), ("roll", (-7,)), ("roll", ((1, 2), (0, 2))), ("roll", (2, 1)),
    ("moveaxis", (0, -1)), ("moveaxis", ((0, 1), (2, 0))), ("swapaxes", (0, 2)),
    ("tril", (1,)), ("tril", ()), ("triu", (-1,)), ("triu", ()),
    ("squeeze", ()), ("expand_dims", ((0, 2),)), ("expand_dims", (-1,)), ("matrix_transpose", ()),
    ("square", ()), ("reciprocal", ()), ("tan", ()), ("sinh", ()), ("cosh", ()),
    ("diff", ()), ("zeros_like", ()),
    ("isnan", ()), ("isinf", ()), ("count_nonzero", (1,)), ("std", (1,)), ("var", ((0, 2),)),
    ("clip", (-0.5, 0.5)), ("broadcast_to", ((5, 2, 3, 4),)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args"), SHAPED, ids=str)
def test_as_numpy(name: str, args: tuple[Any, ...]) -> None:
    agree(getattr(ranvier, name)(ranvier.tensor(A), *args), getattr(np, name)(A, *args))


@pytest.mark.parametrize(
    ("name", "its", "low"),
    [
        ("asin", np.arcsin, -1), ("acos", np.arccos, -1), ("atan", np.arctan, -1),
        ("log2", np.log2, 0.001), ("log10", np.log10, 0.001),
    ],
)  # fmt: skip
def test_inverse_functions_as_numpy(name: str, its: Callable[[Any], Any], low: float) -> None:
    x = np.linspace(low, 1, 401)
    np.testing.assert_allclose(getattr(ranvier, name)(x).numpy(), its(x), rtol=1e-14, atol=1e-15)
    inside = ranvier.tensor(np.linspace(0.1, 0.9, 5))
    assert ranvier.gradcheck(getattr(ranvier, name), [inside])


def test_hypot_as_numpy() -> None:
    special = np.array([0.0, -0.0, inf, -inf, nan, 3.0, 1e-300, 1e300])
    x, y = (np.ascontiguousarray(a) for a in np.meshgrid(special, special))
    np.testing.assert_allclose(ranvier.hypot(x, y).numpy(), np.hypot(x, y), rtol=1e-15)
    assert ranvier.gradcheck(ranvier.hypot, [ranvier.tensor([3.0, 0.5]), ranvier.tensor([4.0, 2])])


@pytest.mark.parametrize("indexing", ["xy", "ij"])
def test_meshgrid_as_numpy(indexing: Any) -> None:
    lines = [np.arange(2), np.arange(3), np.arange(4)]
    for n in range(4):
        ours = ranvier.meshgrid(*lines[:n], indexing=indexing)
        for a, b in zip(ours, np.meshgrid(*lines[:n], indexing=indexing), strict=True):
            agree(a, b)


def test_joining_and_cutting_as_numpy() -> None:
    t = ranvier.tensor(A)
    for axis, n in ((1, 2), (0, 5), (2, 0)):
        agree(ranvier.diff(t, axis=axis, n=n), np.diff(A, axis=axis, n=n))
    agree(ranvier.diff(t > 0), np.diff(A > 0))
    for axis in (0, 1, -1):
        agree(ranvier.stack([t, 2 * t], axis), np.stack([A, 2 * A], axis))
        for ours, theirs in zip(ranvier.unstack(t, axis), np.moveaxis(A, axis, 0), strict=True):
            agree(ours, theirs)
    for parts, axis in ((3, 1), (2, 2), ([1, 3], 2), ([0, 2, 2], 1)):
        for ours, theirs in zip(
            ranvier.split(t, parts, axis), np.split(A, parts, axis), strict=True
        ):
            agree(ours, theirs)
    agree(ranvier.concat([t, A[:1]], axis=None), np.concatenate([A, A[:1]], axis=None))
    for ours, theirs in zip(
        ranvier.broadcast_arrays(t, A[:, :1]), np.broadcast_arrays(A, A[:, :1]), strict=True
    ):
        agree(ours, theirs)


@pytest.mark.parametrize("args", [(5,), (1, 4), (0, 1, 0.25), (5, 0, -2), (3, 3), (0.5,), (0,)])
def test_arange(args: Any) -> None:
    agree(ranvier.arange(*args), np.arange(*args), 1e-6)


def test_creation() -> None:
    agree(ranvier.linspace(0, 1, 7, "float64"), np.linspace(0, 1, 7))
    agree(
        ranvier.linspace(2, 3, 4, "float64", endpoint=False), np.linspace(2, 3, 4, endpoint=False)
    )
    assert ranvier.linspace(0.1, 0.3, 3, "float64").tolist()[-1] == 0.3
    assert ranvier.linspace(0, 1, 1).tolist() == [0.0] and ranvier.linspace(0, 1, 0).shape == (0,)
    agree(ranvier.eye(2, 3, 1), np.eye(2, 3, 1))
    for name in ("zeros", "ones"):
        agree(getattr(ranvier, name)((2, 0)), getattr(np, name)((2, 0)))
        assert getattr(ranvier, name + "_like")(ranvier.arange(3)).dtype == np.int64
    assert ranvier.full_like(ranvier.arange(2), 2.5, "float32").tolist() == [2.5, 2.5]
    assert ranvier.one_hot([[1, 0]], 2).tolist() == [[[0.0, 1.0], [1.0, 0.0]]]


FORMULAS: list[tuple[str, tuple[tuple[int, ...], ...]]] = [
    ("ij,jk->ik", ((2, 3), (3, 4))), ("ij,jk", ((2, 3), (3, 4))), ("ii->i", ((3, 3),)),
    ("ii", ((3, 3),)), ("bij,bjk->bik", ((5, 2, 3), (5, 3, 4))), ("i,i", ((3,), (3,))),
    ("...ij,...jk->...ik", ((5, 2, 3), (5, 3, 4))), ("i,j->ij", ((3,), (4,))),
    ("...ij,jk->...ik", ((6, 5, 2, 3), (3, 4))), ("ij->ji", ((3, 4),)), ("ijk->", ((2, 3, 4),)),
    ("ij,jk,kl->il", ((2, 3), (3, 4), (4, 5))), ("ij,ij->i", ((3, 4), (3, 4))),
    ("bhqd,bhkd->bhqk", ((2, 3, 4, 5), (2, 3, 6, 5))), ("ij,ij->ij", ((3, 4), (3, 4))),
    ("ij,k->i", ((3, 4), (5,))), ("iij,jk->ki", ((3, 3, 2), (2, 4))),
    ("ab,cb,db->acd", ((2, 3), (4, 3), (5, 3))), ("...,...", ((2, 3), (3,))),
    (" i j , j -> i ", ((2, 3), (3,))), ("ij,jk->ik", ((0, 3), (3, 2))),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "shapes"), FORMULAS, ids=str)
def test_einsum(formula: str, shapes: Any) -> None:
    arrays = [RNG.normal(size=s) for s in shapes]
    agree(ranvier.einsum(formula, *arrays), np.einsum(formula, *arrays), 1e-11)


@pytest.mark.parametrize("axes", [0, 1, ((1, 2), (1, 0)), ((-1,), (0,)), (2, 0), ([2, 1], [0, 1])])
def test_tensordot_and_its_kin(axes: Any) -> None:
    b = RNG.normal(size=(4, 3, 5))
    agree(ranvier.tensordot(A, b, axes), np.tensordot(A, b, axes), 1e-11)
    agree(ranvier.outer(V, V), np.outer(V, V))
    agree(ranvier.vecdot(A, A[0]), (A * A[0]).sum(-1))
    agree(ranvier.vecdot(A, A, axis=0), (A * A).sum(0))


def test_exact_at_the_edges() -> None:
    xs = np.array([0, 1, -20, inf, -inf, inf, -inf, nan, -1000, 3, -inf])
    ys = np.array([0, 2, 0, inf, -inf, -inf, 3, 1, -1000.0, -inf, nan])
    with np.errstate(all="ignore"):
        agree(ranvier.logaddexp(xs, ys), np.logaddexp(xs, ys), 1e-14)
    x = np.array([[1000.0, 1000.0], [-1000.0, 0.0], [-inf, 0.0], [3.0, nan]])
    with np.errstate(all="ignore"):
        agree(ranvier.logsumexp(x, axis=1), np.logaddexp(x[:, 0], x[:, 1]), 1e-14)
    assert ranvier.logsumexp([-inf, -inf]).item() == -inf
    assert ranvier.logsumexp([inf, 1.0]).item() == inf
    assert ranvier.softmax(x).tolist()[:3] == [[0.5, 0.5], [0.0, 1.0], [0.0, 1.0]]
    assert ranvier.log_softmax(x).tolist()[1] == [-1000.0, 0.0]
    assert ranvier.sigmoid([-1000.0, 1000.0]).tolist() == [0.0, 1.0]
    assert ranvier.sinh(ranvier.tensor(1e-20, "float64")).item() == 1e-20
    half = ranvier.full((70000,), 1.0, "float16")
    assert ranvier.mean(half).item() == 1.0  # the sum does not fit in float16
    assert ranvier.any(ranvier.zeros(0)).item() is False
    assert ranvier.all(ranvier.zeros(0)).item() is True


def test_sigmoid_and_softmax_remember_their_logits() -> None:
    x = ranvier.tensor([1.0, 2.0])
    for name in ("sigmoid", "softmax"):
        out = getattr(ranvier, name)(x)
        assert out.logits is not None and out.logits[0] == name and out.logits[1] is x
        assert (out * 1).logits is None


SMOOTH: list[Callable[..., Any]] = [
    ranvier.softmax, ranvier.log_softmax, ranvier.logsumexp, ranvier.tan, ranvier.sinh,
    ranvier.cosh, ranvier.rsqrt, ranvier.std, lambda x: ranvier.logaddexp(x, 0.5 + 0 * x),
    lambda x: ranvier.logaddexp(x, x * 2 - 0.5), lambda x: ranvier.tile(ranvier.roll(x, 1), 2),
    lambda x: ranvier.repeat(ranvier.tril(x * x), 2), ranvier.square,
    lambda x: ranvier.einsum("ij,kj,ij->k", x, x, x),
    lambda x: ranvier.tensordot(x, x, ((0,), (0,))),
    lambda x: ranvier.stack(ranvier.unstack(x, 1)), lambda x: ranvier.split(x, [1], 1)[1] ** 3,
    lambda x: ranvier.einsum("ii->i", x) ** 2,
]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("number", range(len(SMOOTH)))
def test_gradients(number: int, engine: str) -> None:
    x = np.array([[0.5, 1.2], [0.3, 0.9]])  # 0.5 meets logaddexp where both sides are equal
    for order in (1, 2):
        ranvier.gradcheck(SMOOTH[number], [x], order=order, engine=engine)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda x: ranvier.squeeze(x, 0), ShapeError, "squeeze: axis 0 of .2, 3, 4. has size 2"),
        (lambda x: ranvier.expand_dims(x, 5), ShapeError, "expand_dims: axis 5"),
        (lambda x: ranvier.stack([x, x[0]]), ShapeError, "stack: shapes"),
        (lambda x: ranvier.stack([]), ShapeError, "stack: nothing to join"),
        (lambda x: ranvier.split(x, 2, 1), ShapeError, "axis 1 of size 3 has no 2 equal parts"),
        (lambda x: ranvier.split(x, [2, 1], 1), ShapeError, "do not rise"),
        (lambda x: ranvier.moveaxis(x, (0, 0), (1, 2)), ShapeError, "one to one"),
        (lambda x: ranvier.tile(x, -1), ArgumentError, "tile: repetitions=-1; expected"),
        (lambda x: ranvier.repeat(x, -1), ArgumentError, "integer"),
        (lambda x: ranvier.roll(x, (1, 2), (0,)), ArgumentError, "2 shifts for 1 axes"),
        (lambda x: ranvier.tril(x[0, 0]), ShapeError, "tril: shape .4,. is not a matrix"),
        (lambda x: ranvier.matrix_transpose(x[0, 0]), ShapeError, "is not a matrix"),
        (lambda x: ranvier.outer(x, x), ShapeError, "outer: expected two vectors"),
        (lambda x: ranvier.vecdot(x, x[..., :2]), ShapeError, "vecdot: axis -1 has sizes 4 and 2"),
        (lambda x: ranvier.tensordot(x, x, 1), ShapeError, "tensordot: axes .* differ in size"),
        (lambda x: ranvier.tensordot(x, x, 4), ShapeError, "tensordot: axis -4"),
        (lambda x: ranvier.clip(x, 2, 1), ArgumentError, "clip: low 2 is above high 1"),
        (lambda x: ranvier.one_hot(x, 3), DTypeError, "labels must be integers, not float64"),
        (lambda x: ranvier.one_hot([0], 0), ArgumentError, "integer of at least 1"),
        (lambda x: ranvier.arange(0, 1, 0), ArgumentError, "step=0; expected"),
        (lambda x: ranvier.linspace(0, 1, -1), ArgumentError, "integer of at least 0"),
        (lambda x: ranvier.einsum("ij->i", x), ShapeError, "does not name the axes"),
        (lambda x: ranvier.einsum("ijk,l", x), ArgumentError, "names 2 operands, 1 were given"),
        (lambda x: ranvier.einsum("ijk,jl", x, x[0, :2]), ShapeError, "axis 'j' has sizes 3 and"),
        (lambda x: ranvier.einsum("ijk->im", x), ArgumentError, "must name axes of the operands"),
        (lambda x: ranvier.einsum("i1k->i", x), ArgumentError, "may hold only letters"),
    ],
)  # fmt: skip
def test_errors(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call(ranvier.tensor(A))


def test_a_softmax_remembers_its_logits_only_over_the_last_axis() -> None:
    x = ranvier.tensor(A)
    for axis, known in ((-1, True), (2, True), (0, False), ((1, 2), False)):
        assert (ranvier.softmax(x, axis).logits is not None) == known


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_mean_and_spread_of_nothing_are_nan(shape: tuple[int, ...], axis: int | None) -> None:
    """As the Array API standard says; NumPy warns besides."""
    x = np.zeros(shape, np.float32)
    for name in ("mean", "var", "std"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = getattr(np, name)(x, axis)
        function = getattr(ranvier, name)
        for run in (function, ranvier.compile(function)):
            found = run(ranvier.tensor(x), axis)
            assert found.dtype == np.float32
            np.testing.assert_array_equal(found.numpy(), expected)


def test_spread_of_fewer_numbers_than_the_correction_is_nan() -> None:
    x = ranvier.tensor([[1.0], [3.0]])
    assert np.isnan(ranvier.var(x, axis=1, correction=1).numpy()).all()
    assert np.isnan(ranvier.std(x, correction=3).numpy())
    assert ranvier.var(x, correction=1).item() == 2.0


def test_clip_with_bounds_nan() -> None:
    x, nan = np.array([1.0, 2.0, 3.0, np.nan]), np.nan
    low, high = np.array([0.0, nan, 4.0, 0.0]), np.array([0.5, 9.0, nan, 1.0])
    for clip in (ranvier.clip, ranvier.compile(ranvier.clip)):
        found = clip(*map(ranvier.tensor, (x, low, high)))
        np.testing.assert_array_equal(found.numpy(), np.clip(x, low, high))
    assert np.isnan(ranvier.clip(ranvier.tensor(x), nan, 1.0).numpy()).all()


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32"])
def test_triangles_keep_the_dtype(dtype: str) -> None:
    x = np.ones((3, 4), dtype)
    for ours, theirs in ((ranvier.tril, np.tril), (ranvier.triu, np.triu)):
        found = ours(ranvier.tensor(x), 1).numpy()
        assert found.dtype == x.dtype
        np.testing.assert_array_equal(found, theirs(x, 1))


def test_softmax_and_logsumexp_of_nothing() -> None:
    for shape, axis in (((2, 0), 1), ((0, 2), 0), ((0, 2), 1), ((5, 0, 0), -1)):
        x = ranvier.zeros(shape)
        for engine in (lambda f: f, ranvier.compile):
            assert engine(ranvier.softmax)(x, axis).shape == shape
            assert engine(ranvier.log_softmax)(x, axis).shape == shape
            found = engine(ranvier.logsumexp)(x, axis).numpy()
            assert found.shape == x.numpy().sum(axis).shape and (found == -inf).all()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floor_divide_is_numpys_to_the_last_bit(dtype: str, engine: str) -> None:
    """A quotient that rounding lifts to an integer is put right: 1.0 // 0.1 is 9."""
    edges = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1, -1, 2, -2.5, 0.1, 0.3, 0.7, 80, -80, 6, 6e4]
    x, y = (a.ravel() for a in np.meshgrid(*[np.array(edges, dtype)] * 2))
    draws = np.random.default_rng(0).normal(size=(2, 3000)) * 10
    x = np.concatenate([x, draws[0].astype(dtype), np.round(draws[1], 1).astype(dtype)])
    y = np.concatenate([y, draws[1].astype(dtype), np.full(3000, 0.1, dtype)])
    with np.errstate(all="ignore"):
        expected = np.floor_divide(x, y)
    found = ranvier.compile(lambda x, y: x // y, engine=engine)(
        ranvier.tensor(x), ranvier.tensor(y)
    )
    np.testing.assert_array_equal(found.numpy(), expected)
    real = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found.numpy())[real], np.signbit(expected)[real])
