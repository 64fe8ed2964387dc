"""Whether two executors agree: on every bit where they compute alike, within rounding elsewhere.

The reference is evaluated several times, each time with the results of the ops that may round
differently (special functions, sums, products) moved by a few units in the last place, up or down
at random. Where those runs agree, the compiled executor must give the very same bits; where they do
not, it must stay within a few times their distance. So no tolerance is guessed, and a comparison
that hangs on the last bit is known to do so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from ranvier.base.config import switches
from ranvier.errors import RanvierError
from ranvier.graph import interpret as reference
from ranvier.graph.graph import Graph
from ranvier.graph.node import Node
from ranvier.ops.op import apply
from ranvier.tensors.tensor import Tensor

Array = np.ndarray[Any, Any]

RUNS = 8
RUNS_IN_DOUBT = 128  # before a difference is called one
SPECIAL = {
    *("exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "sigmoid", "erf", "power", "atan2"),
}
ROUNDED = {*SPECIAL, "sum", "prod", "matmul"}
# NumPy does not say which zero comes out of these, so neither do we.
EITHER_ZERO = {"sum", "prod", "max", "min", "maximum", "minimum", "matmul", "cumulative_sum"}


def uncertain(node: Node, out: Array, inputs: Sequence[Array]) -> Array | None:
    """How far from each element of `out` another executor may be (NaN: anywhere); None: not."""
    if node.dtype.kind != "f" or node.op.name not in ROUNDED:
        return None
    if node.op.name not in SPECIAL and not inputs[0].size:
        return None  # a sum of nothing is exact, but for the sign of its zero
    half = node.dtype == np.float16  # added up and multiplied in float32, then rounded once
    own = np.finfo(node.dtype)
    inner = np.finfo(np.float32) if half else own
    size = np.abs(out.astype(np.float64))
    far = np.full(out.shape, 2 * float(own.smallest_subnormal))
    if half:
        far += own.eps * size
    if node.op.name in SPECIAL:
        return np.asarray(far + 4 * own.eps * size)
    wide = [np.abs(x.astype(np.float64)) for x in inputs]
    if node.op.name == "matmul":
        terms = node.inputs[0].shape[-1]
        return np.asarray(far + (2 + 2 * math.sqrt(terms)) * inner.eps * np.matmul(*wide))
    axes = node.params["axes"]
    terms = math.prod(inputs[0].shape[a] for a in axes)
    if node.op.name == "sum":
        return np.asarray(far + (2 + 2 * math.sqrt(terms)) * inner.eps * np.sum(wide[0], axes))
    # A product that overflows on the way is infinity, NaN or 0, as the order has it.
    most = np.prod(np.fmax(wide[0], 1), axes)
    return np.where(most < inner.max, far + (2 + terms) * inner.eps * size, np.nan)


def shaken(graph: Graph, arrays: Sequence[Array], number: int) -> list[Array]:
    """The results of the graph, every uncertain value moved by what it may be off.

    Run 0 moves all of them up, run 1 down, the others each element as chance will have it; those
    from RUNS on also by next to nothing, as a difference may be 0 and a divisor then.
    """
    least = 0.3 if number < RUNS else 0.0
    rng = np.random.default_rng(number)
    signs = {0: [1.0], 1: [-1.0]}.get(number, [-1.0, 1.0])
    values: dict[Node, Array] = dict(zip(graph.inputs, map(np.asarray, arrays), strict=True))
    for node in graph.nodes:
        if node in values:
            continue
        inputs = [values[x] for x in node.inputs]
        with np.errstate(all="ignore"):
            out = np.asarray(node.op.reference(*inputs, **node.params), node.dtype)
            far = uncertain(node, out, inputs)
            if far is not None:
                out = np.where(np.isnan(far) & (number % 2 == 1), np.nan, out)
                far = np.where(np.isfinite(far), far, 0)
                # Not all by the same, or one movement would undo another.
                sign = rng.choice(signs, out.shape) * rng.uniform(least, 1, out.shape)
                out = np.asarray(out.astype(np.float64) + sign * far, node.dtype)
            if node.op.name in EITHER_ZERO and node.dtype.kind == "f":
                sign = rng.choice(signs, out.shape).astype(node.dtype)
                out = np.asarray(np.where(out == 0, np.copysign(0 * sign, sign), out), node.dtype)
        values[node] = out
    return [np.array(values[node]) for node in graph.results]


def alike(x: Array, y: Array) -> Array:
    """Where x and y are the same number, its sign included, or both NaN."""
    if x.dtype.kind != "f":
        return np.asarray(x == y)
    return ((x == y) & (np.signbit(x) == np.signbit(y))) | ((x != x) & (y != y))  # type: ignore[no-any-return]


def differences(found: Array, expected: Array, runs: Sequence[Array]) -> Array:
    """Where `found` is not what the reference says, given the shaken runs."""
    with np.errstate(all="ignore"):
        same = alike(found, expected)
        agree = np.ones(expected.shape, bool)
        finite = np.isfinite(expected)
        far = np.zeros(expected.shape)
        for run in runs:
            agree &= alike(run, expected)
            finite &= np.isfinite(run)
            far = np.maximum(far, np.abs(run.astype(np.float64) - expected.astype(np.float64)))
        near = np.abs(found.astype(np.float64) - expected.astype(np.float64)) <= 4 * far
    if expected.dtype.kind != "f":
        return ~(same | ~agree)
    return ~(same | (~agree & (near | ~finite)))


def assert_same(
    graph: Graph, before: Sequence[Array], found: Sequence[Array], expected: Sequence[Array]
) -> None:
    """Raise where `found` differs from `expected`, the results for the arrays `before`."""
    assert len(found) == len(expected)
    for x, y in zip(found, expected, strict=True):
        assert x.shape == y.shape and x.dtype == y.dtype, (x.shape, x.dtype, y.shape, y.dtype)
    if all(alike(x, y).all() for x, y in zip(found, expected, strict=True)):
        return
    runs = [shaken(graph, before, number) for number in range(RUNS)]
    for number, (x, y) in enumerate(zip(found, expected, strict=True)):
        bad = differences(x, y, [run[number] for run in runs])
        if bad.any() and len(runs) == RUNS:
            runs += [shaken(graph, before, RUNS + more) for more in range(RUNS_IN_DOUBT)]
            bad = differences(x, y, [run[number] for run in runs])
        if bad.any():
            at = tuple(int(i) for i in np.argwhere(bad)[0])
            raise AssertionError(
                f"result {number} of {len(found)} differs at {int(bad.sum())} elements, at {at}: "
                f"{x[at]!r}, the reference says {y[at]!r}\n{graph}"
            )


def evaluated(graph: Graph, arrays: Sequence[Array]) -> list[Array]:
    """What the reference makes of the graph; the arrays stay as they are."""
    return [np.array(x) for x in reference.evaluate(graph, arrays)]


def check(graph: Graph, arrays: Sequence[Array], runs: int = 1, **how: Any) -> Any:
    """Run the graph compiled on `arrays` (whose updates happen in place) and compare with the
    reference; returns the Executable.
    """
    from ranvier.runtime.executable import Executable

    executable = Executable(graph, **how)
    for _ in range(runs):
        check_run(executable, graph, arrays)
    return executable


def check_run(executable: Any, graph: Graph, arrays: Sequence[Array]) -> None:
    """One run, compared with the reference: outputs, updated inputs, and inputs left alone."""
    before = [np.array(a) for a in arrays]
    expected = evaluated(graph, before)
    outputs = executable.run(arrays)
    memory = dict(zip(graph.inputs, arrays, strict=True))
    found = [*outputs, *[np.array(memory[t]) for t in graph.updates]]
    assert_same(graph, before, found, expected)
    written = [memory[t] for t in graph.updates]
    for array, was in zip(arrays, before, strict=True):
        if not any(np.may_share_memory(array, w) for w in written):
            np.testing.assert_array_equal(array, was)


def eager(graph: Graph, arrays: Sequence[Array]) -> list[Array]:
    """The results of the graph with every op applied to tensors, one after the other."""
    values: dict[Node, Any] = {
        node: Tensor(array) for node, array in zip(graph.inputs, arrays, strict=True)
    }
    for node in graph.nodes:
        if node not in values:
            inputs = [values[x] for x in node.inputs]
            values[node] = apply(node.op, *inputs, like=values[graph.inputs[0]], **node.params)
    return [values[node].numpy() for node in graph.results]


def same_outcome(graph: Graph, arrays: Sequence[Array], runs: int = 1) -> bool:
    """Compare eager, reference and compiled, also in what they refuse; whether they refuse it.

    A refused run must leave all arrays as they were.
    """
    from ranvier.runtime.executable import Executable

    before = [np.array(a) for a in arrays]
    refusals = [_refusal(lambda call=call: call(graph, before)) for call in (evaluated, eager)]  # type: ignore[misc]
    assert refusals[0] == refusals[1], (
        f"the reference says {refusals[0]}, eager {refusals[1]}\n{graph}"
    )
    executable = Executable(graph)
    if refusals[0] is not None:
        found = _refusal(lambda: executable.run(arrays))
        assert found == refusals[0], f"compiled: {found}, the reference says {refusals[0]}\n{graph}"
        for array, was in zip(arrays, before, strict=True):
            np.testing.assert_array_equal(array, was)
        return True
    # NOTE: not bit by bit, as NumPy multiplies matrices that lie otherwise in another order.
    assert_same(graph, before, eager(graph, before), evaluated(graph, before))
    for run in range(runs):
        now = [np.array(a) for a in arrays]
        if run and _refusal(lambda: evaluated(graph, now)) is not None:  # noqa: B023
            break  # the updates have made an index that is outside
        check_run(executable, graph, arrays)
    return False


def _refusal(call: Callable[[], object]) -> tuple[type[Exception], str] | None:
    """The class and words of the error that a call ends in; None if it ends well."""
    try:
        call()
    except RanvierError as error:
        return type(error), str(error)
    return None


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Every kernel that can be shared is shared among `count` threads."""
    from ranvier.lower import cost_model as schedule

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "MIN_SHARED_NANOSECONDS", -1.0)
        patch.setattr(schedule, "MIN_THREADED_NANOSECONDS", -1e30)
        patch.setattr(switches, "threads", count)
        yield
