"""Compiled functions: state, gradients, guards, and what they refuse."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier.errors import StateError, TraceError
from ranvier.tracing.trace import trace

engines = pytest.mark.parametrize("engine", ENGINES)


def leaf(value: Any) -> Any:
    return ranvier.tensor(value, requires_grad=True)


@engines
def test_a_hand_written_step_is_one_graph_with_state(engine: str) -> None:
    w, x, label = leaf(5.0), 2.0, 6.0

    def step() -> Any:
        w.grad = None
        loss = 0.5 * (w * x - label) ** 2
        loss.backward()
        with ranvier.no_grad():
            w.assign(w - 0.1 * w.grad)
        return loss

    compiled = ranvier.compile(step, engine=engine)
    assert compiled().item() == 8.0
    assert w.grad.item() == 8.0 and w.item() == pytest.approx(4.2, abs=1e-6)
    for _ in range(60):
        compiled()
    assert w.item() == pytest.approx(3.0, abs=1e-5)
    assert len(compiled._plans) == 1 and [len(p.made) for p in compiled._plans.values()] == [1]


@engines
def test_gradients_add_up_over_compiled_calls_as_over_eager_ones(engine: str) -> None:
    w = leaf([1.0, 2.0])
    f = ranvier.compile(lambda x: (w * x).sum().backward(), engine=engine)
    for times in range(1, 5):
        f(3.0)
        assert w.grad.tolist() == [3.0 * times] * 2
    w.grad = None
    f(1.0)
    f(1.0)
    assert w.grad.tolist() == [2.0, 2.0]


@engines
def test_gradients_changed_in_place_between_backward_and_step(engine: str) -> None:
    w = leaf([1.0, 2.0])
    w.grad = ranvier.tensor([4.0, 4.0])

    @ranvier.compile(engine=engine)
    def halve() -> None:
        w.grad.mul_(0.5)

    halve()
    assert w.grad.tolist() == [2.0, 2.0]
    w.grad = ranvier.tensor([10.0, 10.0])
    halve()
    assert w.grad.tolist() == [5.0, 5.0]


@engines
def test_leaves_may_be_arguments(engine: str) -> None:
    @ranvier.compile(engine=engine)
    def step(w: Any, x: Any) -> Any:
        loss = (w * x).sum()
        loss.backward()
        with ranvier.no_grad():
            w -= 1.0
        return loss

    w = leaf([5.0, 7.0])
    assert step(w, np.array([1.0, 2.0], np.float32)).item() == 19.0
    assert w.grad.tolist() == [1.0, 2.0] and w.tolist() == [4.0, 6.0]
    step(w, np.array([1.0, 2.0], np.float32))
    assert w.grad.tolist() == [2.0, 4.0] and w.tolist() == [3.0, 5.0]
    other = leaf([0.0, 0.0])
    step(other, np.array([1.0, 1.0], np.float32))
    assert other.tolist() == [-1.0, -1.0] and w.tolist() == [3.0, 5.0]


@engines
def test_state_that_is_read_after_it_is_written(engine: str) -> None:
    count = ranvier.tensor(0)

    @ranvier.compile(engine=engine)
    def f(x: Any) -> Any:
        before = count + 0
        count.assign(count + 1)
        return before, count * x

    for i in range(3):
        before, after = f(ranvier.tensor(10))
        assert (before.item(), after.item(), count.item()) == (i, 10 * (i + 1), i + 1)


@engines
def test_values_change_and_shapes_retrace(engine: str) -> None:
    calls = []

    @ranvier.compile(engine=engine)
    def f(x: Any, n: int, flag: bool = False) -> Any:
        calls.append(1)
        return x * n + (1.0 if flag else 0.0)

    one = ranvier.tensor([1.0])
    assert f(one, 2).tolist() == [2.0] and f(one * 5, 2).tolist() == [10.0]
    assert len(calls) == 1
    assert f(one, 3).tolist() == [3.0]  # another number is another graph
    assert f(one, True).tolist() == [1.0] and f(one, 1).tolist() == [1.0]
    assert f(ranvier.ones(2), 2).tolist() == [2.0, 2.0]
    assert f(one, 2, flag=True).tolist() == [3.0]
    assert len(calls) == 6
    for rate in (0.5, 0.25):  # Python floats are inputs
        assert ranvier.compile(lambda x, r: x * r, engine=engine)(one, rate).item() == rate


@engines
def test_a_number_that_python_looked_at_is_guarded(engine: str) -> None:
    limit = ranvier.tensor(1.0)

    @ranvier.compile(engine=engine)
    def f(x: Any) -> Any:
        return x * 2 if limit.item() > 0 else x * 3

    x = ranvier.tensor(1.0)
    assert f(x).item() == 2.0
    limit.assign(-1.0)
    assert f(x).item() == 3.0
    limit.assign(1.0)
    assert f(x).item() == 2.0

    @ranvier.compile(engine=engine)
    def g() -> Any:
        limit.assign(limit * 2)
        return float(limit)

    with pytest.raises(TraceError, match="was changed earlier in the compiled function"):
        g()
    assert limit.item() == 1.0


class Pair(NamedTuple):
    a: Any
    b: Any


@engines
def test_structures_in_and_out(engine: str) -> None:
    f = ranvier.compile(lambda p, d: (Pair(p.b, [d["x"], 3]), {"k": p.a}, None), engine=engine)
    pair, more, nothing = f(Pair(ranvier.tensor(1.0), np.ones(2)), {"x": ranvier.tensor(2)})
    assert isinstance(pair, Pair) and pair.a.tolist() == [1.0, 1.0]
    assert pair.b[0].item() == 2 and pair.b[1] == 3 and more["k"].item() == 1.0 and nothing is None


def test_objects_are_told_apart_even_when_their_memory_is_used_again() -> None:
    f = ranvier.compile(lambda x, o: x * o.n, engine="reference")

    class Holder:
        def __init__(self, n: float) -> None:
            self.n = n

    assert [f(ranvier.tensor(1.0), Holder(n)).item() for n in (1.0, 2.0, 3.0)] == [1.0, 2.0, 3.0]


def test_compiled_functions_nest_into_one_graph() -> None:
    inner = ranvier.compile(lambda x: x * 2)
    outer = ranvier.compile(lambda x: inner(x) + 1, engine="reference")
    assert outer(ranvier.tensor(1.0)).item() == 3.0
    assert "multiply" in str(outer.graph(ranvier.tensor(1.0)))


@pytest.mark.parametrize(
    "look",
    [lambda x: x.item(), float, bool, lambda x: 1 if x > 0 else 0, lambda x: x.numpy(), np.asarray,
     lambda x: f"{x:.2f}", lambda x: x.tolist()],
)  # fmt: skip
def test_python_cannot_look_at_a_number_that_is_not_there_yet(look: Any) -> None:
    with pytest.raises(TraceError, match="has no number yet"):
        ranvier.compile(look, engine="reference")(ranvier.tensor(1.0))
    assert not ranvier.is_tracing()


def test_a_traced_tensor_shows_what_it_is() -> None:
    seen = []
    ranvier.compile(lambda x: seen.append(repr(x)), engine="reference")(ranvier.zeros((2, 3)))
    assert seen == ["tensor(<traced float32[2,3]>)"]


def test_leaked_tensors_are_named() -> None:
    kept = []
    f = ranvier.compile(lambda x: kept.append(x * 2), engine="reference")
    f(ranvier.tensor(1.0))
    with pytest.raises(TraceError, match="was made inside a compiled function"):
        kept[0].item()
    with pytest.raises(TraceError, match="return it from the function"):
        kept[0] + 1
    with pytest.raises(TraceError, match="made inside an earlier compiled call"):
        ranvier.compile(lambda x: x + kept[0], engine="reference")(ranvier.tensor(1.0))


def test_writing_to_a_detached_tensor_is_refused_where_it_would_be_lost() -> None:
    w = leaf([1.0])
    with pytest.raises(TraceError, match="give a copy"):
        ranvier.compile(lambda: w.data.sub_(1.0), engine="reference")()
    assert w.tolist() == [1.0]


def test_a_failing_trace_leaves_nothing_behind() -> None:
    w = leaf([1.0])
    w.grad = ranvier.tensor([7.0])

    @ranvier.compile(engine="reference")
    def f(x: Any) -> Any:
        (w * x).sum().backward()
        w.grad = None
        with ranvier.no_grad():
            w.assign([9.0])
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        f(2.0)
    assert w.grad.tolist() == [7.0] and w.tolist() == [1.0]
    assert not ranvier.is_tracing() and ranvier.is_grad_enabled()


def test_a_trace_inside_a_trace_is_refused() -> None:
    with pytest.raises(StateError, match="already active"):
        trace(lambda x: trace(lambda y: y, [((), "float32")]), [((), "float32")])


def test_nodes_remember_the_users_line() -> None:
    traced, _ = trace(lambda x: ranvier.exp(x), [((2,), "float32")])
    (node,) = [n for n in traced.graph.nodes if n.op.name == "exp"]
    assert node.source is not None and node.source.file == __file__


def test_the_readers_array_is_not_changed_by_the_caller() -> None:
    f = ranvier.compile(lambda x: x, engine="reference")
    x = np.ones(2, np.float32)
    out = f(x)
    x[0] = 5.0
    assert out.tolist() == [1.0, 1.0]
