"""Backpropagation: what `.backward()` means, and gradients of functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier.errors import ArgumentError, DTypeError, GradientError, ShapeError, StateError
from ranvier.graph.graph import Graph
from ranvier.graph.interpret import run
from ranvier.tracing.trace import trace


def leaf(value: Any, dtype: Any = None) -> Any:
    return ranvier.tensor(value, dtype, requires_grad=True)


@pytest.mark.parametrize(("half", "gradient", "after"), [(True, 8.0, 4.2), (False, 16.0, 3.4)])
def test_the_worked_example_of_one_weight(half: bool, gradient: float, after: float) -> None:
    w, rate = leaf(5.0), 0.1

    def loss() -> Any:
        error = w * 2.0 - 6.0
        return 0.5 * error**2 if half else ranvier.mean(error**2)

    loss().backward()
    assert w.grad is not None and w.grad.item() == gradient
    with ranvier.no_grad():
        w -= rate * w.grad
    assert w.item() == pytest.approx(after, abs=1e-6)
    for _ in range(60):
        w.grad = None
        loss().backward()
        with ranvier.no_grad():
            w -= rate * w.grad
    assert w.item() == pytest.approx(3.0, abs=1e-5)


def test_gradients_add_up_until_they_are_put_away() -> None:
    w = leaf([1.0, 2.0])
    for times in (1, 2, 3):
        (w * w).sum().backward()
        assert w.grad.tolist() == [2.0 * times, 4.0 * times]
    w.grad = None
    (w * 3.0).sum().backward()
    assert w.grad.tolist() == [3.0, 3.0]
    w.grad.zero_()
    assert w.grad.tolist() == [0.0, 0.0]


def test_a_value_used_twice_gets_both_gradients() -> None:
    w = leaf(3.0)
    y = w * w
    (y * y + y).backward()
    assert w.grad.item() == 4 * 27 + 6


def test_two_leaves_do_not_share_one_gradient() -> None:
    a, b = leaf([1.0]), leaf([2.0])
    weight = ranvier.tensor([5.0])
    (a + b).backward(weight)
    a.grad.mul_(0.0)
    assert (a.grad.tolist(), b.grad.tolist(), weight.tolist()) == ([0.0], [5.0], [5.0])


def test_only_leaves_that_ask_get_a_gradient() -> None:
    a, b = leaf(2.0), ranvier.tensor(3.0)
    c = a * b
    c.backward()
    assert a.grad.item() == 3.0 and b.grad is None and c.grad is None
    assert a.is_leaf and not c.is_leaf and c.requires_grad and not (b * b).requires_grad


def test_backward_of_many_numbers_needs_weights() -> None:
    w = leaf([1.0, 2.0])
    with pytest.raises(ShapeError, match=r"not one number; reduce it with .sum\(\)"):
        (w * 2).backward()
    with pytest.raises(ShapeError, match=r"gradient has shape \(3,\), not \(2,\)"):
        (w * 2).backward(ranvier.ones(3))
    (w * 2).backward([1.0, 10.0])
    assert w.grad.tolist() == [2.0, 20.0]


def test_backward_without_history_says_why() -> None:
    with pytest.raises(StateError, match="nothing this tensor was made from requires a gradient"):
        ranvier.tensor(1.0).backward()
    with pytest.raises(DTypeError, match="only floats have gradients"):
        leaf([1, 2])


def test_no_grad_and_enable_grad() -> None:
    w = leaf(1.0)
    with ranvier.no_grad():
        assert not (w * 2).requires_grad and not ranvier.is_grad_enabled()
        with ranvier.enable_grad():
            assert (w * 2).requires_grad

    @ranvier.no_grad()
    def f() -> Any:
        return w * 2

    assert not f().requires_grad and ranvier.is_grad_enabled()


def test_detach_stops_gradients() -> None:
    w = leaf(3.0)
    (w * w.detach()).backward()
    assert w.grad.item() == 3.0
    w.grad = None
    (w * ranvier.detach(w * 2)).backward()
    assert w.grad.item() == 6.0


def test_create_graph_gives_gradients_a_history() -> None:
    w = leaf(2.0)
    (w**3).backward(create_graph=True)
    first = w.grad
    assert first.item() == 12.0 and first.requires_grad
    w.grad = None
    first.backward()
    assert w.grad.item() == 12.0
    w.grad = None
    (w**3).backward()
    assert not w.grad.requires_grad


def test_gradients_pass_through_casts_and_keep_each_dtype() -> None:
    w = leaf([1.0, 2.0], "float16")
    (w.double() * 3.0).sum().backward()
    assert w.grad.dtype == np.float16 and w.grad.tolist() == [3.0, 3.0]
    w.grad = None
    w.int().float().sum().backward() if w.int().float().requires_grad else None
    assert w.grad is None


def test_a_long_history_needs_no_deep_stack() -> None:
    w = leaf(1.0)
    y = w
    for _ in range(5000):
        y = y + 1.0
    y.backward()
    assert w.grad.item() == 1.0


# --- functions ------------------------------------------------------------------------------------


def energy(x: Any) -> Any:
    return ranvier.sum(ranvier.tanh(x) * x**2)


X = np.array([0.3, -1.2, 0.8])


def test_grad_nests() -> None:
    f: Any = ranvier.sin
    expected: list[Any] = [np.sin, np.cos, lambda v: -np.sin(v), lambda v: -np.cos(v)]
    for rule in expected:
        assert f(ranvier.tensor(0.7, "float64")).item() == pytest.approx(rule(0.7), rel=1e-14)
        f = ranvier.grad(f)


def test_grad_takes_plain_numbers_arrays_and_structures() -> None:
    assert ranvier.grad(lambda x: x * x)(3.0).item() == 6.0
    assert ranvier.grad(energy)(X).shape == (3,)
    params = {"w": ranvier.tensor([1.0, 2.0]), "b": [ranvier.tensor(3.0)]}
    g = ranvier.grad(lambda p, x: ranvier.sum(p["w"] * x) + p["b"][0])(params, 2.0)
    assert g["w"].tolist() == [2.0, 2.0] and g["b"][0].item() == 1.0
    assert ranvier.grad(lambda x, y: x * y, (1, 0))(2.0, 3.0)[0].item() == 2.0
    assert ranvier.grad(lambda x, k=1.0: x * k)(2.0, k=5.0).item() == 5.0
    assert ranvier.grad(lambda x: ranvier.sum(x * 0 + 1))(X).tolist() == [0.0] * 3
    assert ranvier.grad(lambda x: ranvier.tensor(1.0))(2.0).item() == 0.0


def test_jacobian_and_hessian() -> None:
    a = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(ranvier.jacobian(lambda x: a @ x)(X).numpy(), a)
    assert ranvier.jacobian(lambda x: ranvier.outer(x, x))(X).shape == (3, 3, 3)
    assert ranvier.jacobian(lambda x: x[:0])(X).shape == (0, 3)
    q = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 1.0]])
    h = ranvier.hessian(lambda x: 0.5 * ranvier.vecdot(x, q @ x))(X)
    np.testing.assert_allclose(h.numpy(), q, atol=1e-14)
    blocks = ranvier.hessian(lambda x, y: x * x * y, (0, 1))(2.0, 3.0)
    assert [[b.item() for b in row] for row in blocks] == [[6.0, 4.0], [4.0, 0.0]]


def test_vjp() -> None:
    out, pull = ranvier.vjp(lambda x, y: x * y, X, 2.0 * X)
    np.testing.assert_allclose(out.numpy(), 2 * X**2)
    by_x, by_y = pull(np.array([1.0, 0.0, 2.0]))
    np.testing.assert_allclose(by_x.numpy(), 2 * X * [1, 0, 2])
    np.testing.assert_allclose(by_y.numpy(), X * [1, 0, 2])
    with pytest.raises(ShapeError, match="vjp: the gradient is"):
        pull(np.ones(2))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "f",
    [
        ranvier.grad(energy), ranvier.value_and_grad(energy), ranvier.hessian(energy),
        ranvier.jacobian(lambda x: ranvier.softmax(x)),
        ranvier.grad(lambda x: ranvier.grad(energy)(x)[1]),
        lambda x: ranvier.vjp(ranvier.exp, x)[1](x),
    ],
)  # fmt: skip
def test_transforms_inside_a_compiled_function(f: Any, engine: str) -> None:
    eager, compiled = f(X), ranvier.compile(f, engine=engine)(X)
    for a, b in zip(_flat(eager), _flat(compiled), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12)


def _flat(value: Any) -> list[Any]:
    return [v for part in value for v in _flat(part)] if isinstance(value, tuple) else [value]


def test_results_carry_history_only_to_leaves_outside() -> None:
    w = leaf(2.0)
    assert not ranvier.grad(lambda x: x**3)(ranvier.tensor(1.0)).requires_grad
    penalty = ranvier.grad(lambda x: w * x**2)(3.0)
    penalty.backward()  # d/dw of 2 w x
    assert w.grad.item() == 6.0
    w.grad = None
    ranvier.grad(lambda x: x**3)(w).backward()
    assert w.grad.item() == 12.0
    with ranvier.no_grad():
        assert not ranvier.grad(lambda x: w * x)(3.0).requires_grad
        assert ranvier.grad(lambda x: x * x)(3.0).item() == 6.0
    assert w.requires_grad


@pytest.mark.parametrize(
    ("f", "args", "kind", "text"),
    [
        (lambda x: x, (X,), ShapeError, r"returned shape \(3,\), not one number"),
        (lambda x: x, (1,), DTypeError, "argument 0 is int64"),
        (lambda x: "a", (1.0,), ArgumentError, "must return one tensor, not str"),
        (lambda x: x > 0, (1.0,), DTypeError, "only floats have gradients"),
        (lambda: 0, (), ArgumentError, "argnums names argument 0, the function was called with 0"),
    ],
)
def test_errors(f: Any, args: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        ranvier.grad(f)(*args)


def test_gradcheck_says_where() -> None:
    def f(x: Any) -> Any:
        return ranvier.detach(x) * x

    with pytest.raises(GradientError) as caught:
        ranvier.gradcheck(f, [np.array([[1.0, 2.0]])])
    text = str(caught.value)
    assert "gradient of input 0 differs from finite differences at 2 of 2" in text
    assert "[0, 1]" in text and "0.500000" in text
    assert ranvier.gradcheck(lambda x, i: x[i] ** 2, [X, np.array([0, 2])])
    with pytest.raises(ArgumentError, match="none of the inputs is a float"):
        ranvier.gradcheck(lambda x: x, [1])
    with pytest.raises(ArgumentError, match="order must be 1 or 2"):
        ranvier.gradcheck(f, [X], order=3)


def test_gradient_of_a_graph_is_a_graph() -> None:
    traced, _ = trace(lambda x, y: ranvier.sum(x * y * y), [((2,), "float64"), ((2,), "float64")])
    graph = ranvier.gradient(traced.graph)
    assert isinstance(graph, Graph)
    loss, by_x, by_y = run(graph, [np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    assert loss == 41.0 and by_x.tolist() == [9.0, 16.0] and by_y.tolist() == [6.0, 16.0]


# --- numbers replaced between forward and backward ----------------------------------------------


def squared_error(w: Any) -> Any:
    return ranvier.sum((w * ranvier.tensor([1.0, 2.0]) - 3.0) ** 2)


def by_optimizer(w: Any) -> None:
    w.grad = ranvier.ones_like(w)
    ranvier.optim.SGD([w], 0.1).step()


def by_compiled(w: Any) -> None:
    ranvier.compile(lambda: w.assign(w * 2.0), engine="reference")()


def by_argument(w: Any) -> None:
    ranvier.compile(lambda v: v.assign(v * 2.0), engine="reference")(w)


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w.assign([0.0, 0.0]),
        lambda w: w.data.assign([0.0, 0.0]),
        lambda w: w.detach().__setitem__(0, 5.0),
        by_optimizer, by_compiled, by_argument,
    ],
)  # fmt: skip
def test_a_gradient_never_reads_numbers_that_were_replaced(change: Any) -> None:
    w = ranvier.tensor([1.0, 2.0], requires_grad=True)
    loss = ranvier.sum(w * w)
    with ranvier.no_grad():
        change(w)
    w.grad = None
    with pytest.raises(StateError, match=r"replaced since.*Call backward\(\) before"):
        loss.backward()
    assert w.grad is None
    # What is computed from the new numbers has a gradient.
    assert ranvier.grad(lambda v: ranvier.sum(v * v))(w).tolist() == (2 * w.numpy()).tolist()


def test_numbers_that_no_gradient_needs_may_be_replaced() -> None:
    w = ranvier.tensor([1.0, 2.0], requires_grad=True)
    x = ranvier.tensor([3.0, 4.0])
    loss = ranvier.sum((w + x) * 2.0 - w)
    with ranvier.no_grad():
        w.assign([7.0, 7.0])
        x.assign([7.0, 7.0])
    loss.backward()
    assert w.grad is not None and w.grad.tolist() == [1.0, 1.0]


def test_a_result_that_its_own_gradient_needs_is_kept() -> None:
    w = ranvier.tensor([1.0, 2.0], requires_grad=True)
    out = ranvier.exp(w)
    with ranvier.no_grad():
        out.assign([0.0, 0.0])
    with pytest.raises(StateError, match="replaced since"):
        ranvier.sum(out).backward()


@pytest.mark.parametrize("engine", ENGINES)
def test_replaced_numbers_are_noticed_while_tracing(engine: str) -> None:
    w = ranvier.tensor([1.0, 2.0], requires_grad=True)

    def wrong() -> None:
        loss = ranvier.sum(w * w)
        with ranvier.no_grad():
            w.assign(w + 1.0)
        loss.backward()

    with pytest.raises(StateError, match="replaced since"):
        ranvier.compile(wrong, engine=engine)()


def test_a_gradient_given_to_backward_is_cast() -> None:
    w = ranvier.tensor([1.0, 2.0], requires_grad=True)
    (w * 3.0).backward(gradient=np.array([1.0, 2.0]))
    assert w.grad is not None and w.grad.dtype == np.float32 and w.grad.tolist() == [3.0, 6.0]


def test_step_says_why_it_has_no_gradient() -> None:
    w = ranvier.tensor([1.0, -2.0], requires_grad=True)
    with pytest.raises(StateError, match="step, comparisons, argmax .* pass no gradient on"):
        ranvier.sum(ranvier.nn.activations.step(w)).backward()
