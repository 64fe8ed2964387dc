"""scan: closures, several carries, nesting, threads; its loop, its gradient and the cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier as rv
from engines import ENGINES
from ranvier.base.config import switches
from ranvier.compiler.store import graph_lines
from ranvier.errors import TraceError
from ranvier.passes.graph_passes import prepare
from ranvier.runtime.executable import Executable
from ranvier.tracing.trace import trace

MODES = ["eager", *ENGINES]


def numbers(*shape: int, seed: int = 0) -> Any:
    return rv.tensor(np.random.default_rng(seed).normal(size=shape) / 2)


def called(engine: str, f: Callable[..., Any], *args: Any) -> Any:
    return f(*args) if engine == "eager" else rv.compile(f, engine=engine)(*args)


def same(got: Any, right: Any) -> None:
    np.testing.assert_allclose(got.numpy(), right.numpy(), rtol=1e-11, atol=1e-11)


def both(f: Callable[..., Any], g: Callable[..., Any], engine: str, *args: Any) -> None:
    """Values, and gradients of a weighted sum, of f (by `engine`) are those of g."""
    same(called(engine, f, *args), g(*args))
    weight = numbers(*g(*args).shape, seed=9)
    every = tuple(range(len(args)))
    by_f = rv.grad(lambda *x: rv.sum(f(*x) * weight), every)
    by_g = rv.grad(lambda *x: rv.sum(g(*x) * weight), every)
    for a, b in zip(called(engine, by_f, *args), by_g(*args), strict=True):
        same(a, b)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("engine", MODES)
def test_carries_xs_and_ys_of_several_kinds(engine: str, reverse: bool) -> None:
    def step(carry: Any, x: Any) -> Any:
        a, (b,) = carry["a"], carry["b"]
        a, b = rv.tanh(a + x[0] * b), b * x[1] + a
        return {"a": a, "b": (b,)}, [a - b, b * b]

    def f(a: Any, b: Any, x: Any, y: Any) -> Any:
        carry, (p, q) = rv.scan(step, {"a": a, "b": (b,)}, (x, y), reverse=reverse)
        return rv.concat([carry["a"][None], p, q * q])

    def g(a: Any, b: Any, x: Any, y: Any) -> Any:
        carry: Any = {"a": a, "b": (b,)}
        ps: list[Any] = [None] * 4
        qs: list[Any] = [None] * 4
        for t in range(3, -1, -1) if reverse else range(4):
            carry, (ps[t], qs[t]) = step(carry, (x[t], y[t]))
        return rv.concat([carry["a"][None], rv.stack(ps), rv.stack(qs) * rv.stack(qs)])

    both(f, g, engine, numbers(2, 3), numbers(2, 3, seed=1), numbers(4, 2, 3), numbers(4, 3))


@pytest.mark.parametrize("length", [0, 1])
@pytest.mark.parametrize("engine", MODES)
def test_short_loops(engine: str, length: int) -> None:
    def f(c: Any, w: Any, x: Any) -> Any:
        return rv.scan(lambda c, x: (rv.tanh(c @ w) + x, None), c, x)[0]

    def g(c: Any, w: Any, x: Any) -> Any:
        return rv.tanh(c @ w) + x[0] if length else c * 1.0 + 0.0 * rv.sum(w) + 0.0 * rv.sum(x)

    both(f, g, engine, numbers(2, 3), numbers(3, 3), numbers(length, 2, 3))


@pytest.mark.parametrize("engine", MODES)
def test_length_without_xs(engine: str) -> None:
    def f(c: Any) -> Any:
        return rv.scan(lambda c, _: (rv.cos(c), c), c, length=5)[1]

    def g(c: Any) -> Any:
        found = [c * 1.0]
        for _ in range(4):
            found.append(rv.cos(found[-1]))
        return rv.stack(found)

    both(f, g, engine, numbers(3))


@pytest.mark.parametrize("engine", MODES)
def test_what_the_body_uses_from_outside(engine: str) -> None:
    """Weights as second and first operand of products, twice, transposed, elementwise, computed."""

    def step(w: Any, v: Any, b: Any, h: Any, x: Any) -> Any:
        h = rv.tanh(h @ w + (h * x) @ rv.swapaxes(w, 0, 1) + b)
        return h * rv.sigmoid(v @ v) + (rv.exp(v) @ h) * b, h @ w

    def f(w: Any, v: Any, b: Any, h: Any, x: Any) -> Any:
        h, y = rv.scan(lambda h, x: step(w * 0.5, v, b, h, x), h, x)
        return rv.concat([h[None], y])

    def g(w: Any, v: Any, b: Any, h: Any, x: Any) -> Any:
        ys = []
        for t in range(3):
            h, y = step(w * 0.5, v, b, h, x[t])
            ys.append(y)
        return rv.stack([h, *ys])

    both(
        f,
        g,
        engine,
        numbers(3, 3),
        numbers(3, 3, seed=1),
        numbers(3),
        numbers(3, 3),
        numbers(3, 3, 3),
    )


@pytest.mark.parametrize("engine", MODES)
def test_a_scan_in_a_scan(engine: str) -> None:
    def f(w: Any, h: Any, x: Any) -> Any:
        def inner(h: Any, x: Any) -> Any:
            h = rv.tanh(h @ w + x)
            return h, h

        def outer(h: Any, x: Any) -> Any:
            h, ys = rv.scan(inner, h, x, reverse=True)
            return h, rv.sum(ys, axis=0)

        h, ys = rv.scan(outer, h, x)
        return rv.concat([h[None], ys])

    def g(w: Any, h: Any, x: Any) -> Any:
        sums = []
        for i in range(3):
            total = 0.0
            for j in (1, 0):
                h = rv.tanh(h @ w + x[i, j])
                total = total + h
            sums.append(total)
        return rv.stack([h, *sums])

    both(f, g, engine, numbers(2, 2), numbers(3, 2), numbers(3, 2, 3, 2))


@pytest.mark.parametrize("engine", ENGINES)
def test_second_gradients(engine: str) -> None:
    def f(w: Any, h: Any, x: Any) -> Any:
        return rv.scan(lambda h, x: (rv.tanh(h @ w + x), h * h), h, x)[1]

    args = [numbers(2, 2), numbers(3, 2), numbers(3, 3, 2)]
    rv.gradcheck(f, args, order=2, engine=engine)


@pytest.mark.parametrize("engine", MODES)
def test_masks_and_integers_among_the_xs(engine: str) -> None:
    def f(c: Any, keep: Any, at: Any) -> Any:
        def step(c: Any, x: Any) -> Any:
            keep, at = x
            new = rv.take(c, at, axis=0) + c
            return rv.where(keep, new, c), None

        return rv.scan(step, c, (keep, at))[0]

    keep, at = rv.tensor([True, False, True]), rv.tensor([1, 0, 2])
    c = numbers(3)
    right = c + c[1]
    right = right + right[2]
    same(called(engine, f, c, keep, at), right)
    total = lambda c: rv.sum(f(c, keep, at))  # noqa: E731
    slope = called(engine, rv.grad(total), c)
    assert slope.tolist() == [1.0, 7.0, 4.0]


def test_a_weight_gets_its_gradient_from_one_product_after_the_loop() -> None:
    def f(w: Any, h: Any, x: Any) -> Any:
        return rv.sum(rv.scan(lambda h, x: (rv.tanh(h @ w + x), None), h, x)[0])

    specs = [((4, 4), "float32"), ((2, 4), "float32"), ((5, 2, 4), "float32")]
    traced, _ = trace(rv.grad(f), specs)
    graph = prepare(traced.graph)
    loops = [n for n in graph.nodes if n.op.name == "scan"]
    products = [[n.op.name for n in node.params["body"].nodes].count("matmul") for node in loops]
    assert products == [1, 1]  # one forwards, and going back one for the gradient of h
    assert [n.op.name for n in graph.nodes].count("matmul") == 1
    shown = str(graph)
    assert "      graph(" in shown and "reverse=True" in shown
    kernels = Executable(traced.graph).compilation().kernels
    assert {k.iterations for k in kernels} == {1, 5}
    assert "5 iterations" in "\n".join(map(str, kernels))
    # The transposed weight is packed once, before the loop.
    assert all(
        k.iterations == 1
        for k in kernels
        if k.reads() and k.reads()[0].name == "in0" and not k.nest.reductions
    )


def test_the_cache_tells_bodies_apart() -> None:
    def graph(body: Callable[..., Any]) -> Any:
        def f(c: Any, x: Any) -> Any:
            return rv.scan(body, c, x)[0]

        return trace(f, [((3,), "float32"), ((4, 3), "float32")])[0].graph

    one = graph(lambda c, x: (c + x, None))
    other = graph(lambda c, x: (c - x, None))
    number = graph(lambda c, x: (c + x * 2.0, None))
    alike = graph(lambda c, y: (c + y, None))
    keys = [graph_lines(g) for g in (one, other, number, alike)]
    assert len({str(key) for key in keys}) == 3 and keys[0] == keys[3]


def test_from_the_cache() -> None:
    c, x = rv.zeros((3,)), rv.ones((4, 3))
    for sign in (1.0, -1.0, 1.0):
        f = rv.compile(lambda c, x: rv.scan(lambda c, x: (c + sign * x, None), c, x)[0])  # noqa: B023
        assert f(c, x).tolist() == [4 * sign] * 3


def test_the_same_bits_on_one_thread_and_two(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(w: Any, h: Any, x: Any) -> Any:
        def loss(w: Any, h: Any, x: Any) -> Any:
            h, ys = rv.scan(lambda h, x: (rv.tanh(h @ w + x), h), h, x)
            return rv.sum(ys * h)

        return rv.grad(loss, (0, 1, 2))(w, h, x)

    random = np.random.default_rng(0)
    arrays = [random.normal(size=s).astype("f") / 8 for s in ((96, 96), (64, 96), (9, 64, 96))]
    graph = trace(f, [(a.shape, a.dtype) for a in arrays])[0].graph
    results = []
    for threads in (1, 2):
        monkeypatch.setattr(switches, "threads", threads)
        made = Executable(graph)
        assert made.threads == threads
        results.append(made.run(arrays))
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


def test_in_place_updates_after_a_loop() -> None:
    w = rv.tensor(np.eye(3, dtype=np.float32) / 2, requires_grad=True)

    @rv.compile
    def step(x: Any) -> Any:
        h, _ = rv.scan(lambda h, x: (h @ w + x, None), rv.zeros((2, 3)), x)
        loss = rv.sum(h)
        w.grad = None
        loss.backward()
        with rv.no_grad():
            assert w.grad is not None
            w.assign(w - 0.1 * w.grad)
        return loss

    values = [step(rv.ones((4, 2, 3))).item() for _ in range(3)]
    assert values[0] == pytest.approx(6 * (1 + 0.5 + 0.25 + 0.125))
    assert values[0] > values[1] > values[2]


def test_writing_to_a_tensor_from_outside_is_refused() -> None:
    seen = rv.tensor(0.0)

    def step(c: Any, x: Any) -> Any:
        seen.assign(c)
        return c + x, None

    with pytest.raises(TraceError, match="writes to a tensor from outside"):
        rv.scan(step, 0.0, rv.ones((3,)))


def test_rows_of_a_model_with_a_loop_are_predicted_alike() -> None:
    model = rv.Sequential([rv.nn.LSTM(5), rv.nn.Dense(2)])
    x = np.random.default_rng(0).normal(size=(70, 6, 3)).astype("f")
    every = model.predict(x)
    for rows in (slice(0, 1), slice(3, 40)):
        np.testing.assert_allclose(model.predict(x[rows]), every[rows], rtol=1e-5, atol=1e-6)


# --- gradients that nothing asks for --------------------------------------------------------------


def unused_carry(c: Any, xs: Any) -> Any:
    """The carry becomes infinite; what is returned does not depend on it."""

    def step(c: Any, x: Any) -> tuple[Any, Any]:
        return c * c * 1e10, x * 3.0

    return rv.sum(rv.scan(step, c, xs)[1])


def unused_output(c: Any, xs: Any) -> Any:
    """One of two ys becomes infinite and is not returned."""

    def step(c: Any, x: Any) -> tuple[Any, Any]:
        return c * x, (c * c * 1e30, c + x)

    return rv.sum(rv.scan(step, c, xs)[1][1])


def unused_end(c: Any, xs: Any) -> Any:
    """Of two carries one becomes infinite; the other is returned."""

    def step(cs: Any, x: Any) -> tuple[Any, Any]:
        return (cs[0] * cs[0] * 1e10, cs[1] * x), None

    return rv.scan(step, (c, c), xs)[0][1]


@pytest.mark.parametrize("engine", [None, *ENGINES])
@pytest.mark.parametrize(
    ("call", "expected"), [(unused_carry, 0.0), (unused_output, 6.0), (unused_end, 1.0)]
)
def test_what_is_not_used_has_no_gradient(call: Any, expected: float, engine: str | None) -> None:
    def gradients(c: Any, xs: Any) -> Any:
        return rv.grad(call, (0, 1))(c, xs)

    found = gradients if engine is None else rv.compile(gradients, engine=engine)
    of_carry, of_xs = found(rv.tensor(1e5), rv.ones(6))
    assert of_carry.item() == expected
    assert np.isfinite(of_xs.numpy()).all()


def test_a_weight_that_is_a_part_of_a_tensor_is_packed_before_the_loop() -> None:
    rng = np.random.default_rng(0)
    weights = rv.tensor(0.1 * rng.normal(size=(4, 64, 64)).astype(np.float32))
    xs = rv.tensor(rng.normal(size=(8, 32, 64)).astype(np.float32))

    def last(w: Any) -> Any:
        def step(h: Any, x: Any) -> Any:
            h = rv.tanh(x + h @ w[1])
            return h, None

        return rv.sum(rv.scan(step, rv.zeros((32, 64)), xs)[0])

    for function in (last, rv.grad(last)):
        expected = function(weights).numpy()
        got = rv.compile(function, engine="compiled")(weights).numpy()
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)
