"""Executors: an engine of one's own, registered by one line, does all that others do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

import ranvier
from op_table import TABLE
from ops.test_ops import CASES, check_row
from ranvier import executors
from ranvier.base.config import ENGINES
from ranvier.errors import ArgumentError, RanvierError
from ranvier.executors import ONCE, BatchPlan, executor
from ranvier.executors.reference import ReferenceExecutor, loop_over_batches
from ranvier.graph.graph import Graph
from ranvier.graph.interpret import evaluate
from syntax import parsed

Array = np.ndarray[Any, Any]


# --- a third executor: the reference, which counts the elements that each op computes -----------


class CountingExecutable:
    def __init__(self, graph: Graph, plan: BatchPlan, counts: Counter[str]) -> None:
        self.graph, self.plan, self.counts = graph, plan, counts

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        def watch(node: Any, value: Array) -> None:
            self.counts[node.op.name] += value.size

        results = evaluate(self.graph, arrays, watch)
        memory = dict(zip(self.graph.inputs, arrays, strict=True))
        count = len(self.graph.outputs)
        for target, value in zip(self.graph.updates, map(np.array, results[count:]), strict=True):
            memory[target][...] = value
        return [np.array(value) for value in results[:count]]

    def run_batches(
        self, arrays: Sequence[Array], streams: Mapping[int, Array], order: Array, first: int,
        last: int, total: int, sums: Array | None = None, log: Array | None = None,
    ) -> None:  # fmt: skip
        how = (arrays, streams, order, first, last, total, sums, log)
        loop_over_batches(self.run, self.plan, *how)

    def row_runner(self) -> None:
        return None

    def native(self) -> None:
        return None


class CountingExecutor:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def build(self, graph: Graph, plan: BatchPlan) -> CountingExecutable:
        return CountingExecutable(graph, plan, self.counts)

    def shuffle(self, bits: Array, out: Array) -> None:
        ReferenceExecutor().shuffle(bits, out)

    def draw(self, key: int, first: int, rows: int, out: Array) -> None:
        ReferenceExecutor().draw(key, first, rows, out)


@pytest.fixture
def counting() -> Iterator[CountingExecutor]:
    made = CountingExecutor()
    executors.register("counting", made)
    yield made
    executors.unregister("counting")


# --- what it has to do --------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_the_op_table_holds_on_it(name: str, dtype: str, counting: CountingExecutor) -> None:
    check_row(
        TABLE[name], dtype, lambda *given: executor("counting").build(given[0], ONCE).run(given[1])
    )
    assert counting.counts


def trained(engine: str) -> tuple[Any, Any]:
    ranvier.seed(0)
    model = ranvier.Sequential(
        [
            ranvier.nn.Dense(8, "tanh", input_shape=(4,)),
            ranvier.nn.Dropout(0.2),
            ranvier.nn.Dense(1),
        ]
    )
    model.compile("adam", "mse", engine=engine)
    x = np.random.default_rng(0).normal(size=(70, 4)).astype("f4")
    history = model.fit(x, x.sum(1), epochs=3, batch_size=16, validation_split=0.2, verbose=0)
    return model, (history.history, model.predict(x), model.evaluate(x, x.sum(1), verbose=0))


def test_a_model_gives_the_bits_of_the_reference(
    counting: CountingExecutor,
) -> None:
    mine, theirs = trained("counting")[1], trained("reference")[1]
    assert mine[0] == theirs[0] and mine[2] == theirs[2]
    np.testing.assert_array_equal(mine[1], theirs[1])
    assert counting.counts["matmul"] > 1000


def test_it_verifies_and_explains(counting: CountingExecutor) -> None:
    model, _ = trained("counting")
    x = np.ones((16, 4), "f4")
    assert model.verify(x, x.sum(1), verbose=0).ok
    for level in ("graph", "passes", "loops"):
        assert "tanh" in str(ranvier.explain(model, level=level))


def test_compiled_functions_and_the_switch_know_it(counting: CountingExecutor) -> None:
    @ranvier.compile(engine="counting")
    def double(x: Any) -> Any:
        return x * 2.0

    assert double(ranvier.ones((3,))).tolist() == [2.0, 2.0, 2.0]
    before = ranvier.config()["engine"]
    try:
        ranvier.config(engine="counting")
        assert ranvier.compile(lambda x: x + 1.0)(ranvier.ones((3,))).tolist() == [2.0, 2.0, 2.0]
    finally:
        ranvier.config(engine=before)
    assert counting.counts["multiply"] == counting.counts["add"] == 3


def test_a_name_is_registered_once(counting: CountingExecutor) -> None:
    with pytest.raises(ArgumentError, match="'counting' is registered already"):
        executors.register("counting", counting)
    with pytest.raises(RanvierError, match="'countin'.*counting"):
        executor("countin")
    assert list(ENGINES) == ["compiled", "reference", "counting"]


def test_engines_are_taken_from_the_list_alone() -> None:
    """A new engine is no branch anywhere: no other file names one."""
    import ast
    from pathlib import Path

    root = Path(ranvier.__file__).parent
    named = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(parsed(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                values = [node.left, *node.comparators]
                if any(isinstance(v, ast.Constant) and v.value in ENGINES for v in values):
                    named.add(path.relative_to(root).as_posix())
    assert named == set()
