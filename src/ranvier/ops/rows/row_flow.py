"""What is known of each node of a graph: what rows that fill up a batch can reach.

A graph traced for `ROWS` rows (graph/row_count.py) can be run on n rows, or on more: on the same n
rows and on any others that fill the batch up. `RowFlow` follows what becomes of them, node by node,
by rules for the kinds of ops. Of a value it knows one of

    unmoved     no axis grows with the rows: all of it is the same in both runs
    in front    one axis grows with the rows, and its first part is what n rows alone give; what
                stands behind comes from filling rows, or (`zero`) is 0 there
    mixed       nothing is known: filling rows have been mixed in, or their number

So `x - mean(x, axis=0)` is mixed, and `x - sum(x * real, axis=0) / sum(real)` is not, where `real`
is 1 for rows that count and 0 for others. An op without a rule mixes.

Integers are followed closer (row_spans.py): an index may point into its own row.

In an axis of sequences by time, flattened, (time * rows,), there is such a part in front for each
of several `blocks` of the same length.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ...base.nested import leaves
from ...graph.graph import Graph
from ...graph.node import Node
from ...graph.sizes import ROWS, divides, exceeds, is_unknown, same
from ..loops.scan_op import Layout
from .row_rules import (
    OF_ROWS,
    RULES,
    RULES_BY_KIND,
    UNMOVED,
    Part,
    axes_of,
    axis_of,
    common_blocks,
    meaning_of,
)
from .row_spans import ANY, span_of


@dataclass(frozen=True)
class Sections:
    """The flat result of a scan: its layout, and what is known of one entry of each section."""

    layout: Layout
    entries: tuple[Part | None, ...]


Known = Part | Sections | None  # None: mixed


class RowFlow:
    """What is known of each node of a graph whose inputs `streams` hold rows.

    `count` is the input that says how many of them are real.

    >>> import ranvier
    >>> from ranvier.graph.row_count import ROWS
    >>> from ranvier.tracing.trace import trace
    >>> def flow(f):
    ...     graph = trace(f, [((ROWS, 2), "float32")])[0].graph
    ...     return graph, RowFlow(graph, graph.inputs)
    >>> graph, seen = flow(lambda x: ranvier.softmax(x, axis=1))
    >>> seen.by_row(graph.outputs[0]), seen.mixing
    (True, None)
    >>> graph, seen = flow(lambda x: ranvier.softmax(x, axis=0))
    >>> seen.by_row(graph.outputs[0]), seen.mixing
    (False, <Node max float32[2]>)
    """

    def __init__(self, graph: Graph, streams: Collection[Node], count: Node | None = None) -> None:
        inputs = [
            OF_ROWS if node in streams else Part(means="count" if node is count else "")
            for node in graph.inputs
        ]
        self._known = _follow(graph, inputs)
        # The first node in which something is mixed, as a hint for people.
        self.mixing = next((n for n in graph.nodes if self._known[n] is None), None)

    def by_row(self, node: Node) -> bool:
        """Whether its first rows are what the first rows of the data alone give."""
        known = self._known[node]
        if not isinstance(known, Part) or known.blocks not in (None, 1):
            return False
        return axes_of(node.shape) == [0] and same(node.shape[0], ROWS)

    def is_known(self, node: Node) -> bool:
        """Whether filling rows are not mixed in: behind what the rows alone give, at most."""
        return isinstance(self._known[node], Part)

    def unmoved(self, node: Node) -> bool:
        """Whether all of it is the same without the filling rows."""
        return isinstance(self._known[node], Part) and not axes_of(node.shape)


def _follow(graph: Graph, inputs: Sequence[Known]) -> dict[Node, Known]:
    """What is known of each node, from what is known of the inputs."""
    known = dict(zip(graph.inputs, inputs, strict=True))
    for node in graph.nodes:
        if node not in known:
            known[node] = _of(node, [known[x] for x in node.inputs])
    return known


def _of(node: Node, inputs: Sequence[Known]) -> Known:
    """What is known of a node."""
    known = _lies(node, inputs)
    if not isinstance(known, Part) or node.dtype.kind not in "iu":
        return known
    spans = [p.span if isinstance(p, Part) else ANY for p in inputs]
    return replace(known, span=span_of(node, spans))


def _lies(node: Node, inputs: Sequence[Known]) -> Known:
    """How the values of a node lie along the axis that grows."""
    if node.op.name == "slice" and isinstance(inputs[0], Sections):
        return _entries(node, inputs[0])
    parts = [p for p in inputs if isinstance(p, Part)]
    if len(parts) < len(inputs) or _reads_count(node):
        return None
    axes = axes_of(node.shape)
    if len(axes) > 1:
        return None
    if not axes and not any(axes_of(x.shape) for x in node.inputs):
        zero = node.op.name == "full" and node.params["value"] == 0
        return Part(zero=zero, means=meaning_of(node, parts))
    if node.op.kind == "loop":
        return _scan(node, parts)
    rule = RULES.get(node.op.name) or RULES_BY_KIND.get(node.op.kind)
    return None if rule is None else rule(node, parts)


# Params that are sizes; where any other comes from the number of rows, so do the numbers.
_SIZES = {"shape", "size", "start", "stop", "step", "before", "after", "body"}


def _reads_count(node: Node) -> bool:
    """Whether the numbers depend on how many rows there are."""
    return any(
        is_unknown(v) for name, p in node.params.items() if name not in _SIZES for v in leaves(p)
    )


# --- scans ----------------------------------------------------------------------------------------


def _scan(node: Node, parts: Sequence[Part]) -> Known:
    """The body is followed until what is known of the carries stays."""
    p = node.params
    body, carries, xs = p["body"], p["carries"], p["xs"]
    if any(axis_of(x) == 0 for x in node.inputs[carries : carries + xs]):
        return None
    known: list[Known] = [replace(part, means="") for part in parts]
    while True:
        flow = _follow(body, known)
        after = [flow[n] for n in body.outputs]
        joined = [_either(a, b) for a, b in zip(known[:carries], after, strict=False)]
        if joined == known[:carries]:
            break
        known[:carries] = joined
    entries = [*joined, *after[carries:]]
    return Sections(
        Layout(body, carries, p["length"], p["reverse"]),
        tuple([e if isinstance(e, Part) else None for e in entries]),
    )


def _either(a: Known, b: Known) -> Known:
    """What is known of a value that is one or the other."""
    if not isinstance(a, Part) or not isinstance(b, Part):
        return None
    alike, blocks = common_blocks([a, b])
    return Part(blocks, a.zero and b.zero) if alike else None


def _entries(node: Node, of: Sections) -> Known:
    """Of a slice of a scan's result: some entries of one section, one behind the other."""
    start, stop = node.params["start"][0], node.params["stop"][0]
    layout = of.layout
    nodes = [*layout.carries, *layout.ys]
    for i, (entry, begin, part) in enumerate(zip(nodes, layout.starts, of.entries, strict=True)):
        many = layout.length + (i < len(layout.carries))
        if exceeds(begin, start) or exceeds(stop, begin + many * entry.size):
            continue
        if part is None or not all(divides(entry.size, n) for n in (start - begin, stop - start)):
            return None
        a = axis_of(entry)
        if a is None:
            return UNMOVED
        count = (stop - start) // entry.size
        return Part(count * math.prod(entry.shape[:a]) * (part.blocks or 1), part.zero)
    return None
