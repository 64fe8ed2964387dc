"""The tests are tested: each planted mistake is caught by what the other files check."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from codegen.test_kernels import test_a_row_that_reads_another_is_no_row
from compiler.common import Array, check
from compiler.random_graphs import build
from passes.test_passes import SPECIAL, keeps_values, number
from ranvier.base.config import switches
from ranvier.codegen import ir_builder as emit
from ranvier.codegen import reductions
from ranvier.codegen.expressions import Writer
from ranvier.codegen.ir_arithmetic import Machine
from ranvier.codegen.ir_builder import Memory, constant
from ranvier.compiler import stages
from ranvier.errors import GraphError, RanvierError
from ranvier.graph.graph import Graph
from ranvier.graph.node import OPS, Node
from ranvier.ops.creation import input_node
from ranvier.passes import fuse, simplify
from ranvier.passes import graph_passes as pipeline
from ranvier.passes.graph_passes import prepare
from ranvier.passes.memory import Life, plan
from ranvier.passes.row_groups import reads_in_rows
from runtime.test_arrays import UPDATES

Rule = Callable[..., Any]


pytestmark = pytest.mark.usefixtures("fresh_code")


def random_graphs(count: int) -> Iterator[tuple[Graph, list[Array]]]:
    for seed in range(count):
        source = random.Random(seed)
        yield build(lambda n: source.randrange(n))  # noqa: B023


def check_random_graphs(count: int = 60) -> None:
    for graph, arrays in random_graphs(count):
        check(graph, arrays)


def check_updates() -> None:
    for graph in UPDATES.values():
        rng = np.random.default_rng(0)
        arrays = [np.asarray(rng.integers(-4, 5, x.shape), np.float32) for x in graph.inputs]
        check(graph, arrays, runs=2)


def check_passes() -> None:
    """The values of random graphs, and of constants beside numbers that are not harmless."""
    for graph, arrays in random_graphs(60):
        keeps_values(prepare, graph, arrays)
    for graph in UPDATES.values():
        shapes = [x.shape for x in graph.inputs]
        keeps_values(prepare, graph, [np.random.default_rng(0).random(s, "f4") for s in shapes])
    values = np.concatenate([SPECIAL, np.random.default_rng(0).standard_normal(50).astype("f4")])
    x = input_node(values.shape, "float32", "x")
    constants = [0.0, -0.0, 1.0, 2.0, 3.0, 0.5]
    names = ("add", "subtract", "multiply", "divide", "power", "maximum")
    outputs = [OPS[name](x, number(v, x)) for name in names for v in constants]
    keeps_values(prepare, Graph([x], [*outputs, x - x, x / x]), [values])


def check_reductions() -> None:
    """Rows that are no multiple of a vector, with a NaN here and there."""
    for size in (1, 3, 7, 9, 31, 33, 70):
        values = -np.ones((5, size), np.float32) - np.arange(size, dtype=np.float32)
        values[2, size // 2] = np.nan
        x = input_node(values.shape, "float32", "x")
        names = ("sum", "prod", "max", "min")
        check(Graph([x], [OPS[n](x, a) for n in names for a in (0, 1, None)]), [values])


def test_without_a_mistake_all_is_well() -> None:
    check_random_graphs()
    check_updates()
    check_passes()
    check_reductions()


# --- fusion -------------------------------------------------------------------------------------


def test_an_update_before_the_last_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuse._Fusion, "_order_updates", lambda self: None)
    with pytest.raises(AssertionError, match="differs at"):
        check_updates()


def test_groups_joined_though_one_reads_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = fuse._Fusion.reads

    def careless(self: Any, node: Node) -> Iterator[tuple[Node, bool]]:
        return ((x, True) for x, _ in reads(self, node))

    monkeypatch.setattr(fuse._Fusion, "reads", careless)
    with pytest.raises(AssertionError, match="differs at"):
        check_updates()


def test_sums_of_two_shapes_in_one_nest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuse, "same_loops", lambda x, y: x.op.kind == y.op.kind == "reduce")
    with pytest.raises((AssertionError, ValueError, IndexError)):
        check_random_graphs(200)


def test_rows_joined_though_one_reads_another(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = reads_in_rows

    def careless(*arguments: Any) -> Iterator[tuple[Node, bool]]:
        return ((x, True) for x, _ in reads(*arguments))

    monkeypatch.setattr(fuse, "reads_in_rows", careless)
    with pytest.raises((AssertionError, GraphError)):
        test_a_row_that_reads_another_is_no_row()


# --- simplification -----------------------------------------------------------------------------


def zero(node: Node, inputs: tuple[Node, ...]) -> Node:
    return simplify._full(node, 0)


WRONG: dict[str, tuple[str, Rule]] = {
    "x * 0 is 0": (
        "multiply",
        lambda node, xs: zero(node, xs) if simplify.constant_of(xs[1]) == 0 else None,
    ),
    "x - x is 0": ("subtract", lambda node, xs: zero(node, xs) if xs[0] is xs[1] else None),
    "x / x is 1": (
        "divide",
        lambda node, xs: simplify._full(node, 1) if xs[0] is xs[1] else None,
    ),
    "x + 0.0 is x": ("add", lambda node, xs: xs[0] if simplify.constant_of(xs[1]) == 0 else None),
    "x / 3 is x * (1 / 3)": (
        "divide",
        lambda node, xs: (
            xs[0] * simplify._full(node, 1 / 3) if simplify.constant_of(xs[1]) == 3 else None
        ),
    ),
    "x ** 0.5 is sqrt(x)": (
        "power",
        lambda node, xs: OPS["sqrt"](xs[0]) if simplify.constant_of(xs[1]) == 0.5 else None,
    ),
    "max(x, 0) is 0 for NaN": (
        "maximum",
        lambda node, xs: (
            OPS["where"](OPS["greater"](*xs), *xs) if simplify.constant_of(xs[1]) == 0 else None
        ),
    ),
    "every transpose is undone": (
        "permute_dims",
        lambda node, xs: xs[0] if xs[0].shape == node.shape else None,
    ),
    "flips are undone": ("flip", lambda node, xs: xs[0]),
    "a slice of full length is everything": (
        "slice",
        lambda node, xs: (
            OPS["reshape"](xs[0], node.shape) if xs[0].size == node.size else zero(node, xs)
        ),
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_rule_of_simplify(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(simplify._RULES, *WRONG[mistake])
    with pytest.raises(AssertionError, match="differs at"):
        check_passes()


def test_nodes_shared_though_their_params_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simplify, "repr", lambda value: "?", raising=False)
    with pytest.raises((AssertionError, RanvierError)):
        check_passes()


def test_a_pass_that_changes_a_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    def flat(graph: Graph) -> Graph:
        y = graph.outputs[0]
        wrong = Node(y.op, y.inputs, y.params, y.spec._replace(shape=(y.size,)))
        return Graph(graph.inputs, [wrong])

    monkeypatch.setattr(pipeline, "PASSES", [("flat", "", flat), *pipeline.PASSES])
    monkeypatch.setattr(switches, "check", True)
    x = input_node((3, 4), "float32", "x")
    with pytest.raises(GraphError, match=r"after flat: exp has float32\[12\], its rule says"):
        prepare(Graph([x], [OPS["exp"](x)]))


# --- memory -------------------------------------------------------------------------------------


def chained() -> None:
    """Values that live long beside others that come and go."""
    x = input_node((8, 8), "float32", "x")
    transpose = OPS["permute_dims"]
    a = x @ transpose(x, (1, 0))
    b = a @ x
    c = b @ transpose(a, (1, 0))
    d = c @ a + transpose(b, (1, 0))
    graph = Graph([x], [d @ a, OPS["sum"](transpose(b, (1, 0)) @ c, 0)])
    check(graph, [np.random.default_rng(0).standard_normal((8, 8)).astype("f4") / 4])


def test_a_life_that_ends_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(lives: list[Life]) -> tuple[list[int], int]:
        return plan([life._replace(last=life.first) for life in lives])

    chained()
    monkeypatch.setattr(stages, "plan", short)
    with pytest.raises(AssertionError, match="differs at"):
        chained()


def test_two_buffers_at_one_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(lives: list[Life]) -> tuple[list[int], int]:
        return [0] * len(lives), plan(lives)[1]

    monkeypatch.setattr(stages, "plan", careless)
    with pytest.raises(AssertionError, match="differs at"):
        chained()


def test_memory_that_lives_together_is_apart() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        first = rng.integers(0, 12, rng.integers(1, 14))
        lives = [
            Life(int(f), int(f + rng.integers(0, 5)), int(rng.choice([0, 1, 4, 64, 65, 300])))
            for f in first
        ]
        offsets, size = plan(lives)
        for i, (a, at) in enumerate(zip(lives, offsets, strict=True)):
            assert at % 64 == 0 and at + a.size <= size
            for b, other in zip(lives[:i], offsets[:i], strict=True):
                if a.first <= b.last and b.first <= a.last and a.size and b.size:
                    assert at + a.size <= other or other + b.size <= at
        apart = sum(-(-life.size // 64) * 64 for life in lives)
        assert size <= apart + 64 * len(lives)


# --- code ---------------------------------------------------------------------------------------


def test_nan_lost_in_a_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Machine, "maximum", lambda m, x, y: m.select(m.gt(x, y), x, y))
    with pytest.raises(AssertionError, match="differs at"):
        check_reductions()


def test_the_rest_of_a_row_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Memory.store

    def careless(
        m: Memory, base: str, value: Any, offset: Any, stride: int = 1, live: int = 0
    ) -> None:
        store(m, base, value, offset, stride, max(live - 1, 0))

    monkeypatch.setattr(Memory, "store", careless)
    with pytest.raises(AssertionError):
        check_random_graphs()


def test_lanes_beyond_the_end_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Machine, "select", lambda m, c, x, y: m.level(c, x, y)[1])
    with pytest.raises(AssertionError, match="differs at"):
        check_reductions()


def test_an_accumulator_that_starts_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    start = reductions.beginning

    def careless(w: Writer, f: Any, lanes: int) -> Any:
        found = start(w, f, lanes)
        return [constant(0, v.dtype, v.lanes) for v in found]

    monkeypatch.setattr(reductions, "beginning", careless)
    with pytest.raises(AssertionError, match="differs at"):
        check_reductions()


def test_reassociation_that_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fast arithmetic, which takes NaN for impossible, does not pass for ours."""
    let = emit.Function.let

    def fast(f: Any, text: str, *rest: Any) -> Any:
        name, _, tail = text.partition(" ")
        if name in ("fadd", "fmul", "fsub", "fcmp"):
            text = f"{name} nnan ninf {tail}"
        return let(f, text, *rest)

    monkeypatch.setattr(emit.Function, "let", fast)
    x = input_node(SPECIAL.shape, "float32", "x")
    outputs = [OPS["equal"](x, x), OPS["maximum"](x, x * 2), OPS["isfinite"](x * x)]
    outputs += [OPS["max"](x), OPS["where"](OPS["not_equal"](x, x), x + 1, x - x)]
    with pytest.raises(AssertionError, match="differs at"):
        check(Graph([x], outputs), [SPECIAL])
