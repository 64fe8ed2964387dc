"""The graph: an ordered list of nodes with inputs and outputs.

    inputs    the `input` nodes, in the order of the arguments
    outputs   nodes whose values are returned
    updates   {input node: node}: after the run the input's own array holds the node's value
              (parameters, optimizer slots, metric sums, random state)

Every pass takes a Graph and returns a Graph. `str(graph)` prints it at any moment:

    graph(x: float32[32,10], w: float32[10,4]):
      0  matmul        float32[32,4]   x, w
      1  tanh          float32[32,4]   %0
      return %1
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence

from ..base.notebook import html_of
from ..base.source import scope
from .node import Node, Spec


class Graph:
    """An ordered list of nodes with inputs, outputs and in-place updates of inputs."""

    __slots__ = ("inputs", "nodes", "outputs", "updates")

    def __init__(
        self,
        inputs: Sequence[Node],
        outputs: Sequence[Node],
        updates: Mapping[Node, Node] | None = None,
    ) -> None:
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.updates: dict[Node, Node] = dict(updates or {})
        self.nodes = topological((*self.outputs, *self.updates.values()), begin=set(self.inputs))

    @property
    def results(self) -> tuple[Node, ...]:
        """Everything the graph must compute: outputs, then the new values of updated inputs."""
        return (*self.outputs, *self.updates.values())

    def consumers(self) -> dict[Node, list[Node]]:
        """Every node with the nodes that read it (a node reading it twice is named twice)."""
        readers: dict[Node, list[Node]] = {node: [] for node in (*self.inputs, *self.nodes)}
        for node in self.nodes:
            for source in node.inputs:
                readers[source].append(node)
        return readers

    def rewrite(self, rule: Callable[[Node, tuple[Node, ...]], Node]) -> Graph:
        """A new graph: each node is `rule(node, its rewritten inputs)`; graph inputs stay."""
        new: dict[Node, Node] = {node: node for node in self.inputs}
        before = scope.rewriting
        try:
            for node in self.nodes:
                if node not in new:
                    scope.rewriting = node.source
                    new[node] = rule(node, tuple(new[x] for x in node.inputs))
        finally:
            scope.rewriting = before
        return Graph(
            self.inputs,
            [new[node] for node in self.outputs],
            {target: new[node] for target, node in self.updates.items()},
        )

    def __str__(self) -> str:
        from .show import show

        return show(self)

    __repr__ = __str__

    def _repr_html_(self) -> str | None:
        """What a notebook shows: the drawing and the text."""
        return html_of("graph", self)


def rebuild(node: Node, inputs: tuple[Node, ...], spec: Spec | None = None) -> Node:
    """`node` with other inputs; itself when nothing changed. Their shapes and dtypes are the same,
    or give the result another `spec`."""
    if all(a is b for a, b in zip(node.inputs, inputs, strict=True)):
        return node
    return Node(node.op, inputs, node.params, spec or node.spec, node.source, node.name)


def topological(
    results: Iterable[Node], known: Container[Node] = (), begin: Container[Node] = ()
) -> tuple[Node, ...]:
    """All nodes that the results need but those that are `known`, each after its inputs, without
    recursion. Of those in `begin` the inputs are not followed."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(node, False) for node in reversed(list(results))]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in seen and node not in known:
            seen.add(node)
            stack.append((node, True))
            if node not in begin:
                stack.extend((x, False) for x in reversed(node.inputs) if x not in seen)
    return tuple(order)
