"""`vmap`: axes, structures, randomness, history, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import random
from ranvier.errors import ArgumentError, IndexRangeError, ShapeError, TraceError
from ranvier.ops.counter_rng import random_bits


def numbers(*shape: int) -> Any:
    return ranvier.tensor(np.random.default_rng(0).normal(size=shape).astype(np.float32))


def test_axes_and_structures() -> None:
    def f(pair: Any, scale: Any, *, shift: Any) -> Any:
        return {"sum": pair[0] + pair[1]["b"] * scale + shift, "fixed": ranvier.ones(2)}

    a, b, shift = numbers(4, 3), numbers(3, 2, 4), numbers(4, 2, 3)
    mapped = ranvier.vmap(f, in_axes=((0, {"b": -1}), None), out_axes={"sum": 1, "fixed": -1})
    out = mapped((a, {"b": b[:, 0]}), 2.0, shift=shift[:, 0])
    expected = a + ranvier.permute_dims(b[:, 0], (1, 0)) * 2.0 + shift[:, 0]
    np.testing.assert_array_equal(out["sum"].numpy(), expected.numpy().T)
    assert out["fixed"].shape == (2, 4)


def test_an_argument_with_none_is_handed_on_as_it_is() -> None:
    def power(x: Any, how: Any) -> Any:
        return x ** how["by"] if how["on"] else x

    x = ranvier.tensor([1.0, 2.0])
    assert ranvier.vmap(power, (0, None))(x, {"by": 2, "on": True}).tolist() == [1.0, 4.0]


def test_members_of_members() -> None:
    x, y = numbers(3, 5), numbers(4, 5)
    dot = lambda a, b: ranvier.sum(a * b)  # noqa: E731
    every = ranvier.vmap(ranvier.vmap(dot, (None, 0)), (0, None))(x, y)
    np.testing.assert_allclose(every.numpy(), x.numpy() @ y.numpy().T, rtol=1e-6)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_inside_a_compiled_function(engine: str) -> None:
    @ranvier.compile(engine=engine)
    def step(w: Any, x: Any) -> Any:
        return ranvier.vmap(lambda one: ranvier.tanh(one @ w))(x)

    w, x = numbers(3, 2), numbers(5, 4, 3)
    np.testing.assert_allclose(step(w, x).numpy(), np.tanh(x.numpy() @ w.numpy()), rtol=1e-5)


def test_gradients_of_gradients() -> None:
    x = numbers(6)

    def power(v: Any) -> Any:
        return v**4

    def cube(v: Any) -> Any:
        return v**3

    second = ranvier.vmap(ranvier.grad(ranvier.grad(power)))(x)
    np.testing.assert_allclose(second.numpy(), 12 * x.numpy() ** 2, rtol=1e-5)
    through = ranvier.grad(lambda v: ranvier.sum(ranvier.vmap(ranvier.grad(cube))(v)))(x)
    np.testing.assert_allclose(through.numpy(), 6 * x.numpy(), rtol=1e-5)


def test_backward_reaches_tensors_from_outside() -> None:
    w = ranvier.tensor([2.0, 3.0], requires_grad=True)
    x = ranvier.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    ranvier.sum(ranvier.vmap(lambda one: ranvier.sum(one * w))(x)).backward()
    assert w.grad is not None
    assert w.grad.tolist() == [4.0, 6.0]
    assert x.grad is not None
    assert x.grad.tolist() == [[2.0, 3.0], [2.0, 3.0]]


def test_no_gradient_flows_where_the_function_lets_none() -> None:
    def f(x: Any) -> Any:
        with ranvier.no_grad():
            still = x * 10.0
        return x * still

    by = ranvier.grad(lambda x: ranvier.sum(ranvier.vmap(f)(x)))(ranvier.tensor([1.0, 2.0]))
    assert by.tolist() == [10.0, 20.0]


def test_a_scan_of_members_and_its_gradient() -> None:
    def running(start: Any, xs: Any) -> Any:
        return ranvier.scan(lambda c, x: (ranvier.tanh(c * x), c), start, xs)

    start, xs = numbers(3, 2), numbers(3, 5, 2)
    last, all_ = ranvier.vmap(running)(start, xs)
    by = ranvier.grad(lambda s, x: ranvier.sum(ranvier.vmap(running)(s, x)[1]), (0, 1))(start, xs)
    for m in range(3):
        one_last, one_all = running(start[m], xs[m])
        np.testing.assert_allclose(last[m].numpy(), one_last.numpy(), rtol=1e-6)
        np.testing.assert_allclose(all_[m].numpy(), one_all.numpy(), rtol=1e-6)
        alone = ranvier.grad(lambda s, x: ranvier.sum(running(s, x)[1]), (0, 1))(start[m], xs[m])
        for got, want in zip(by, alone, strict=True):
            np.testing.assert_allclose(got[m].numpy(), want.numpy(), rtol=1e-5, atol=1e-6)


def test_random_numbers_are_those_of_one_member_after_the_other() -> None:
    def noisy(x: Any) -> Any:
        return x + random.uniform((2,)) + random.normal((2,))

    x = numbers(4, 2)
    ranvier.seed(3)
    expected = [noisy(one).numpy() for one in x]
    after = random.uniform((3,)).tolist()
    ranvier.seed(3)
    got = ranvier.vmap(noisy)(x)
    assert random.uniform((3,)).tolist() == after
    np.testing.assert_array_equal(got.numpy(), np.stack(expected))
    ranvier.seed(3)
    compiled = ranvier.compile(ranvier.vmap(noisy))(x)
    np.testing.assert_allclose(compiled.numpy(), np.stack(expected), rtol=1e-6)
    assert random.uniform((3,)).tolist() == after


def test_each_key_has_the_bits_that_it_has_alone() -> None:
    keys = ranvier.tensor(np.array([[1, 2], [3, 4]], np.uint32))
    for shape in ((3, 5), (4,), ()):
        many = random_bits(keys, shape).numpy()
        assert many.shape == (2, *shape)
        for m in range(2):
            np.testing.assert_array_equal(many[m], random_bits(keys[m], shape).numpy())


def test_an_index_outside_is_an_error_and_not_another_members_row() -> None:
    tables, indices = numbers(2, 3), ranvier.tensor([[0], [3]])
    with pytest.raises(IndexRangeError, match="take: index 3 is outside axis 0 of size 3"):
        ranvier.vmap(ranvier.take)(tables, indices)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ranvier.vmap(3),  # type: ignore[arg-type]
            ArgumentError, "vmap: expected a function of tensors, got a int"),
        (
            lambda: ranvier.vmap(lambda x, y: x, (0,))(numbers(2), numbers(2)),
            ArgumentError, "in_axes has 1 entries, the function was called with 2",
        ),
        (
            lambda: ranvier.vmap(lambda x, y: x + y)(numbers(2), numbers(3)),
            ShapeError, "argument 1 has 3 members, the arguments before it 2",
        ),
        (lambda: ranvier.vmap(lambda x: x)(1.0), ArgumentError, "argument 0 is a single number"),
        (
            lambda: ranvier.vmap(lambda x: x, 2)(numbers(2)),
            ShapeError, "vmap: axis 2 is not an axis",
        ),
        (
            lambda: ranvier.vmap(lambda x: x, (None,))(numbers(2)),
            ArgumentError, "in_axes says None of every argument",
        ),
        (
            lambda: ranvier.vmap(lambda x: x, out_axes=None)(numbers(2)),
            ArgumentError, "out_axes says None of a result that members have one each of",
        ),
        (
            lambda: ranvier.vmap(lambda x: x, in_axes=({"a": 0},))([numbers(2)]),
            ArgumentError, "in_axes=.*does not fit a list",
        ),
        (
            lambda: ranvier.vmap(lambda x: x if x > 0 else -x)(numbers(2)),
            TraceError, "no number",
        ),
    ],
)  # fmt: skip
def test_errors(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_write_to_a_tensor_from_outside_is_refused() -> None:
    w = ranvier.tensor([1.0])

    def f(x: Any) -> Any:
        w.assign(x)
        return x

    with pytest.raises(TraceError, match="vmap: the function writes to a tensor from outside"):
        ranvier.vmap(f)(ranvier.ones((2, 1)))
    assert w.tolist() == [1.0]
