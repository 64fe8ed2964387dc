"""The numbers of every node of a graph, by the reference: nothing is trained or changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph.interpret import evaluate
from ..graph.node import Node
from ..graph.show import show
from ..tensors.tensor import Tensor
from ..tracing.trace import Traced
from ..typing import Array


def text_with_values(traced: Traced, arguments: Sequence[Any]) -> str:
    """A traced graph as text, with the numbers that each node has for these arguments.

    They are computed from copies of all that the graph would change.
    """
    arrays = [np.array(a._array() if isinstance(a, Tensor) else a) for a in arguments]
    arrays += [np.array(t._array()) for t in traced.captured]
    graph = traced.graph
    values: dict[Node, Array] = dict(zip(graph.inputs, arrays, strict=True))
    evaluate(graph, arrays, lambda node, value: values.update({node: np.array(value)}))
    return show(graph, values=values)
