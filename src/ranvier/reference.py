"""The reference executor: a graph, node by node, in NumPy. The compiled one must agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .errors import GraphError
from .graph.graph import Graph
from .graph.node import Node


def evaluate(
    graph: Graph,
    arrays: Sequence[Any],
    watch: Callable[[Node, Any], None] | None = None,
) -> list[Any]:
    """The values of `graph.results` (outputs, then updates) for the given inputs.

    `watch(node, array)` sees every value as it is computed.
    """
    if len(arrays) != len(graph.inputs):
        raise GraphError(
            f"the graph has {len(graph.inputs)} inputs, {len(arrays)} arrays were given"
        )
    values: dict[Node, Any] = dict(zip(graph.inputs, arrays, strict=True))
    with np.errstate(all="ignore"):  # NaN and infinity are values, as in compiled code
        for node in graph.nodes:
            if node not in values:
                inputs = [values[x] for x in node.inputs]
                values[node] = np.asarray(node.op.reference(*inputs, **node.params), node.dtype)
            if watch is not None:
                watch(node, values[node])
    return [values[node] for node in graph.results]


def run(graph: Graph, arrays: Sequence[Any]) -> list[Any]:
    """The outputs of the graph; arrays of updated inputs are overwritten in place afterwards."""
    results = evaluate(graph, arrays)
    place = dict(zip(graph.inputs, arrays, strict=True))
    new = [np.array(value) for value in results[len(graph.outputs) :]]
    outputs = [np.array(value) for value in results[: len(graph.outputs)]]
    for target, value in zip(graph.updates, new, strict=True):
        place[target][...] = value
    return outputs


class ReferenceExecutable:
    """A graph ready to run again and again, with the interface of the compiled `Executable`.

    `streams` are the numbers of the inputs that `run_batches` fills with rows, `batch` how many
    rows each time, and `count_input` the number of the input that says how many of them are real.
    """

    def __init__(
        self,
        graph: Graph,
        streams: Sequence[int] = (),
        batch: int = 0,
        count_input: int = -1,
    ) -> None:
        self.graph = graph
        self.streams = tuple(streams)
        self.batch = batch
        self.count_input = count_input

    def run(self, arrays: Sequence[Any]) -> list[Any]:
        """The outputs; arrays of updated inputs are overwritten in place."""
        return run(self.graph, arrays)

    def run_batches(
        self,
        arrays: Sequence[Any],
        streams: Mapping[int, Any],
        order: Any,
        first: int,
        last: int,
        total: int,
        sums: Any = None,
        log: Any = None,
    ) -> None:
        """Run the graph for the steps `first` to `last - 1`; only the in-place updates remain.

        Step s sees the rows `order[s * batch : (s + 1) * batch]` of every array in `streams`. The
        order holds one epoch or several, each filled up to whole batches; `total` rows of an epoch
        are real. With `log` the array `sums` is copied into its row at the end of each epoch and
        set to zero.
        """
        given = list(arrays)
        per_epoch = -(-total // self.batch)
        for s in range(first, last):
            rows = order[s * self.batch : (s + 1) * self.batch]
            epoch, turn = divmod(s, per_epoch)
            for i in self.streams:
                given[i] = streams[i][rows]
            if self.count_input >= 0:
                real = min(self.batch, total - turn * self.batch)
                given[self.count_input] = np.asarray(real, np.float32)
            run(self.graph, given)
            if log is not None and turn + 1 == per_epoch:
                log[epoch] = sums
                sums[...] = 0
