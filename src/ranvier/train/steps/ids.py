"""Ids in the data that are outside the table of an Embedding.

A step that meets one ends there. Here they are found before the first step runs: the trace of a
step knows every lookup. Where the ids come from the rows alone (a column of x, an input of several,
integers made from them), those few ops are run in NumPy, and the ids they give are looked at.
Ids that the network makes itself are left to the step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.graph import Graph, topological
from ...graph.interpret import evaluate
from ...graph.node import Node
from ...nn.basic.embedding import Embedding
from ...ops.elementwise import astype
from ...ops.movement import reshape
from ...tensors.tensor import Tensor
from ...tracing.trace import Traced
from ...typing import Array


class Ids:
    """What looks at rows: `ids(arrays)` raises DataError when an id is outside its table.

    arrays    what the step reads, in its order, all of the same number of rows
    whole     (layer, index, shape of a row): the ids are arrays[index] itself
    made      (layer, node): the ids are made from the rows, a batch at a time
    """

    def __init__(self, traced: Traced, batch: int, lookups: Sequence[tuple[Embedding, Node]]):
        self._batch = batch
        self._inputs = traced.graph.inputs
        self._constants = traced.captured
        self.whole: list[tuple[Embedding, int, tuple[int, ...]]] = []
        self.made: list[tuple[Embedding, Node]] = []
        for layer, node in lookups:
            index = self._input(node)
            if index is None:
                self.made.append((layer, node))
            else:
                self.whole.append((layer, index, node.shape[1:]))
        self._graph = Graph(self._inputs, [node for _, node in self.made])

    def _input(self, node: Node) -> int | None:
        """Which input holds the same numbers in the same rows as `node`; None if none does."""
        if node.shape[:1] != (self._batch,):
            return None
        while node.op in (astype, reshape):
            (node,) = node.inputs
        return self._inputs.index(node) if node in self._inputs else None

    def __call__(self, arrays: Sequence[Array]) -> None:
        for layer, index, shape in self.whole:
            x = arrays[index]
            layer.check_ids(x if x.shape[1:] == shape else x.reshape(len(x), *shape))
        if not self.made:
            return
        others = [None] * (len(self._inputs) - len(arrays) - len(self._constants))
        behind = [*others, *[t._array() for t in self._constants]]
        count = len(arrays[0])
        for start in range(0, count, self._batch):
            rows = [x[start : start + self._batch] for x in arrays]
            missing = self._batch - len(rows[0])
            if missing:
                rows = [np.concatenate([x, np.repeat(x[-1:], missing, 0)]) for x in rows]
            made_ids = evaluate(self._graph, [*rows, *behind])
            for (layer, _), ids in zip(self.made, made_ids, strict=True):
                layer.check_ids(ids, start)


def ids_of(traced: Traced, batch: int, rows: int) -> Ids | None:
    """What looks at the first `rows` arguments of a step; None where no ids come from them."""
    if not traced.lookups:
        return None
    inputs = traced.graph.inputs
    constants = inputs[len(inputs) - len(traced.captured) :]
    known = set(inputs[:rows])
    for node, t in zip(constants, traced.captured, strict=True):
        if node not in traced.graph.updates and isinstance(t, Tensor) and not t.requires_grad:
            known.add(node)
    nodes = [node for _, node in traced.lookups]
    for node in topological(nodes):
        if node not in inputs and all(x in known for x in node.inputs):
            known.add(node)
    lookups = [(layer, node) for layer, node in traced.lookups if node in known]
    return Ids(traced, batch, lookups) if lookups else None
