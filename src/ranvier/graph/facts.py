"""Facts of nodes in words: the section of a step, the layer and the function that made each.

What prints a graph and what draws one reads them here.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .graph import Graph
    from .node import Node

# The parts of a training step, in the order in which they are told.
SECTIONS = ("forward", "loss", "gradient", "update", "metrics")


class Fact(NamedTuple):
    """What is known of a node beside its op.

    section     one of SECTIONS; "" for what stands outside of them
    layer       the name of the layer that made it, or whose gradient it is; "" if none did
    kind        the type of that layer: "Dense"
    function    what is written in several ops and was called by one name: "relu", "softmax"; ""
                where that is the op itself
    """

    section: str = ""
    layer: str = ""
    kind: str = ""
    function: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.layer, self.function) if part)


def fact_of(node: Node) -> Fact:
    """What is known of a node.

    >>> import ranvier
    >>> from ranvier.tracing.trace import trace
    >>> dense = ranvier.nn.Dense(2, "relu", name="hidden", input_shape=(3,))
    >>> graph = trace(dense, [((1, 3), "float32")])[0].graph
    >>> fact_of(graph.outputs[0])
    Fact(section='', layer='hidden', kind='Dense', function='relu')
    """
    source = node.source
    if source is None:
        return Fact()
    layer, kind = ("", "") if source.layer is None else source.layer
    function = "" if source.function == node.op.name else source.function
    return Fact(source.section, layer, kind, function)


def sections(graph: Graph) -> list[tuple[str, list[Node]]]:
    """The computed nodes in the order of the sections, each after its inputs.

    A node that reads one of a later section stands there, under its own name, so a section may
    come up twice. A graph that is no step is one section without a name.
    """
    inputs = set(graph.inputs)
    computed = [node for node in graph.nodes if node not in inputs]
    rank: dict[Node, int] = {}
    names: dict[Node, str] = {}
    for node in computed:
        below = [x for x in node.inputs if x in rank]
        section = fact_of(node).section
        own = SECTIONS.index(section) if section in SECTIONS else 0
        rank[node] = max([own, *[rank[x] for x in below]])
        if section not in SECTIONS and below:  # that of what it reads
            section = names[max(below, key=rank.__getitem__)]
        names[node] = section
    ordered = sorted(computed, key=rank.__getitem__)
    return [(name, list(nodes)) for name, nodes in groupby(ordered, names.__getitem__)]
