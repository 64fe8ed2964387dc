"""Fuse: which nodes are computed together in one kernel, and which values are stored.

Needs a simplified graph whose results are distinct computed nodes (graph_passes.py); leaves an
ordered list of Groups. A group is one loop nest: an anchor (a reduction, a contraction, a scan, a
scatter, a copy) or nothing, and the elementwise nodes that go over the same elements. Everything
between stored values is computed on the way, without memory.

Two groups are joined when they go over the same elements and nothing between them stands in the
way:
  a contraction or reduction with what is applied to its result (bias, activation, the optimizer's
  update), elementwise groups that read each other or share an input, reductions over the same axes
  of the same shape; reductions that read each other row by row, with the elementwise groups between
  them and behind them (row_groups.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .. import dtypes
from ..graph.graph import Graph
from ..graph.node import Node
from .checks import guard, may_stop
from .kernel_groups import Group, is_anchor, is_plain_reshape, memory_of, ordered, same_loops
from .row_groups import reads_in_rows, rows_of

MAX_GROUP_NODES = 24  # nodes of a group
MAX_CHAIN_NODES = 64  # nodes in a row that are computed on the way, without memory between them
MAX_GROUP_DEPTH = 192  # and of the longest chain in one kernel
MAX_MASK_COST = 8  # what a mask may cost that is made again rather than stored


class _Fusion:
    """The state of one fusion."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.readers = graph.consumers()
        self.stored: set[Node] = set(graph.inputs)
        self.group_of: dict[Node, Group] = {}
        self.groups: list[Group] = []
        self.before: dict[Group, set[Group]] = {}  # direct predecessors
        self.ancestors: dict[Group, int] = {}  # as bits
        self.temporary: set[Node] = set()
        self.needed: set[Node] = set()  # read as memory
        self.depth: dict[Node, int] = {}  # nodes in a row that are computed on the way to a node
        # What guards ask; a kernel of its own, which every thread runs.
        self.stops = {n.inputs[1] for n in graph.nodes if n.op is guard}

    # -- what is stored ----------------------------------------------------------------------------

    def choose_stored(self) -> None:
        """Mark the nodes that need memory or loops of their own."""
        results = set(self.graph.results)
        costs: dict[Node, int] = {}
        needed = self.needed = self._operands()
        for node in self.graph.nodes:
            if node.op.kind == "input":
                continue
            own = node.op.cost
            total = own + sum(costs.get(x, 0) for x in node.inputs)
            most = MAX_MASK_COST if _is_mask(node) else 4
            many = len(set(self.readers[node])) > 1 and total > most
            spread = total > 1 and any(
                r.op.name == "broadcast_to" and r.size > node.size for r in self.readers[node]
            )
            movement = node.op.kind in ("movement", "creation") and not is_anchor(node)
            below = [self.depth[x] for x in node.inputs if x not in self.stored]
            self.depth[node] = 1 + max(below, default=0)
            if (
                is_anchor(node)
                or node in results
                or node in needed
                or node in self.stops
                or self.depth[node] >= MAX_CHAIN_NODES
                or ((many or spread) and not movement)
            ):
                self.stored.add(node)
                total = 0
            costs[node] = total

    def _operands(self) -> set[Node]:
        """Nodes that are read as memory: contraction operands, gathered tensors, what a reshape
        rearranges."""
        needed: set[Node] = set()
        for node in self.graph.nodes:
            operands: tuple[Node, ...] = ()
            if node.op.kind == "contraction":
                operands = node.inputs
            elif node.op.kind == "window" or node.op.name.startswith("take"):
                operands = node.inputs[:1]
            elif node.op.name == "reshape" and not is_plain_reshape(node):
                needed.add(memory_of(node))  # the reshape is a view of contiguous memory
                continue
            elif node.op.kind == "loop":
                needed |= {memory_of(x) for x in node.inputs[node.params["carries"] :]}
                continue
            for x in operands:
                while (
                    x.op.kind == "movement"
                    and not is_anchor(x)
                    and (x.op.name != "reshape" or is_plain_reshape(x))
                ):
                    x = x.inputs[0]
                needed.add(memory_of(x) if x.op.name == "reshape" else x)
        return needed

    # -- groups and their order --------------------------------------------------------------------

    def make_groups(self) -> None:
        """One group for each stored node, with its predecessors."""
        for node in self.graph.nodes:
            if node.op.kind == "input" or node not in self.stored:
                continue
            anchors = [node] if is_anchor(node) else []
            group = Group(len(self.groups), [node], anchors, node.shape)
            group.stops = node in self.stops
            self.groups.append(group)
            self.group_of[node] = group
            self.before[group] = {
                self.group_of[x] for x, _ in self.reads(node) if x in self.group_of
            }
        self._order_updates()
        for group in self.groups:
            self.ancestors[group] = 0
        for group in ordered(self.groups, self.before):
            bits = 0
            for p in self.before[group]:
                bits |= self.ancestors[p] | 1 << p.number
            self.ancestors[group] = bits

    def reads(self, node: Node) -> Iterator[tuple[Node, bool]]:
        """Stored nodes that computing `node` reads, each with whether only at the index being
        computed."""
        pointwise = not is_anchor(node)
        stack = [(x, pointwise and node.op.kind == "elementwise") for x in node.inputs]
        seen: set[tuple[Node, bool]] = set()
        while stack:
            x, same = stack.pop()
            if (x, same) in seen:
                continue
            seen.add((x, same))
            if x in self.stored:
                yield x, same
            else:
                stack.extend((y, same and x.op.kind == "elementwise") for y in x.inputs)

    def _order_updates(self) -> None:
        """A group that overwrites an input comes after all that read it and all at which the step
        can end; where it cannot, it writes elsewhere."""
        ends = {g for g in self.groups if g.stops or may_stop(g.nodes[0])}
        readers: dict[Node, set[Group]] = {t: set(ends) for t in self.graph.updates}
        for group in self.groups:
            for x, same in self.reads(group.nodes[0]):
                if x in readers:
                    own = self.graph.updates[x] in group.nodes
                    if own and not same:
                        self.temporary.add(x)
                    elif not own:
                        readers[x].add(group)
        for target, node in self.graph.updates.items():
            writer = self.group_of[node]
            for reader in sorted(readers[target], key=lambda group: group.number):
                if target in self.temporary or self._reaches(writer, reader):
                    self.temporary.add(target)
                else:
                    self.before[writer].add(reader)

    def _reaches(self, start: Group, end: Group) -> bool:
        """Whether `end` must come after `start`."""
        stack, seen = [end], {end}
        while stack:
            group = stack.pop()
            if group is start:
                return True
            for p in self.before[group] - seen:
                seen.add(p)
                stack.append(p)
        return False

    # -- joining -----------------------------------------------------------------------------------

    def join_groups(self) -> None:
        """Join what may be joined, producers first."""
        for group in ordered(self.groups, self.before):
            node = group.nodes[0]
            if group.kind == "map":
                for other in self._partners(node):
                    self._try_join(self.group_of[other], self.group_of[node])
            elif group.kind == "reduce":
                for other in self._same_reductions(node):
                    if self._try_join(self.group_of[other], self.group_of[node]):
                        break
            self._join_rows(node)

    def _join_rows(self, node: Node) -> None:
        """Join the group of `node` with those it reads row by row."""
        for x in dict.fromkeys(x for x, _ in self.reads(node)):
            a, b = self.group_of.get(x), self.group_of[node]
            if a is not None and a is not b and self._share_rows(a, b):
                self._join(a, b).rows = True

    def _share_rows(self, a: Group, b: Group) -> bool:
        """Whether both go over the same rows, and what one reads of the other is in the same
        row."""
        anchors = [*a.anchors, *b.anchors]
        rows = rows_of(anchors[0]) if anchors else None
        if rows is None or not {a.kind, b.kind} <= {"map", "reduce", "rows"}:
            return False
        nodes = {*a.nodes, *b.nodes}
        if a.stops or b.stops:
            return False
        if (
            len(nodes) > MAX_GROUP_NODES
            or any(rows_of(x) != rows for x in anchors)
            or self._waits(a, b)
        ):
            return False
        if any(n in nodes for n in self.graph.updates.values()) or not self._is_shallow(nodes):
            return False
        return all(rows.axis_map(n) is not None for n in nodes) and all(
            fits or x not in nodes for n in nodes for x, fits in reads_in_rows(n, rows, self.stored)
        )

    def _waits(self, a: Group, b: Group) -> bool:
        """Whether one of them waits for a third that waits for the other."""
        return any(
            p is not one and self.ancestors[p] >> one.number & 1
            for one, other in ((a, b), (b, a))
            for p in self.before[other]
        )

    def _try_join(self, a: Group, b: Group) -> bool:
        if a is b or not self._may_join(a, b):
            return False
        self._join(a, b)
        return True

    def _partners(self, node: Node) -> list[Node]:
        """Stored nodes whose groups go over the elements of `node`: those it reads there, then
        those that read what it reads."""
        producers: list[Group] = []
        siblings: list[Group] = []
        for x, same in self.reads(node):
            if not same and node.shape:
                continue
            if x in self.group_of and x.shape == node.shape:
                producers.append(self.group_of[x])
            for reader in self._stored_readers(x):
                group = self.group_of[reader]
                if group.space == node.shape and group.kind == "map":
                    siblings.append(group)
        if not node.shape:
            siblings += [g for g in set(self.group_of.values()) if g.kind == "map" and not g.space]
        rank = {"contraction": 0, "reduce": 1, "map": 2}
        fit = [g for g in producers if g.kind in rank and g.space == node.shape]
        fit.sort(key=lambda g: (rank[g.kind], g.number))
        partners = dict.fromkeys([*fit, *sorted(siblings, key=lambda g: g.number)])
        return [g.nodes[0] for g in partners]

    def _stored_readers(self, x: Node) -> list[Node]:
        """Stored nodes computed from `x` without another stored node between, elementwise."""
        stored, stack = [], list(self.readers[x])
        seen: set[Node] = set()
        while stack and len(seen) < 64:
            r = stack.pop()
            if r in seen:
                continue
            seen.add(r)
            if r in self.group_of:
                stored.append(r)
            elif r not in self.stored and r.op.kind == "elementwise":
                stack.extend(self.readers[r])
        return stored

    def _same_reductions(self, node: Node) -> list[Node]:
        """Reductions over the same axes of the same shape, those that read the same first."""
        own = self.group_of[node]
        mine = {x for x, _ in self.reads(node)}
        groups = [
            g
            for g in dict.fromkeys(self.group_of.values())
            if g.kind == "reduce"
            and g.number < own.number
            and same_loops(g.anchors[0], node)
            and len(g.anchors) < 8
        ]
        shared = {g: {x for n in g.nodes for x, _ in self.reads(n)} & mine for g in groups}
        groups.sort(key=lambda g: -max((x.size for x in shared[g]), default=0))
        return [g.nodes[0] for g in groups]

    def _may_join(self, a: Group, b: Group) -> bool:
        """Whether one nest can do both: neither waits for a third that waits for the other, and
        what one reads of the other is at the same index."""
        if len(a.nodes) + len(b.nodes) > MAX_GROUP_NODES or a.stops or b.stops:
            return False
        if a.anchors and b.anchors and not same_loops(a.anchors[0], b.anchors[0]):
            return False
        if self._waits(a, b):
            return False
        written = {t for t, n in self.graph.updates.items() if n in a.nodes or n in b.nodes}
        written -= self.temporary
        inside = set(a.nodes) | set(b.nodes)
        for node in (*a.nodes, *b.nodes):
            for x, same in self.reads(node):
                if x in written and not same and x.size > 1:
                    return False
                if x in inside and not same and (x.shape or x in self.needed):
                    return False
                if x in inside and is_anchor(node):
                    return False
        return self._is_shallow(inside)

    def _is_shallow(self, nodes: set[Node]) -> bool:
        """Whether no chain through these nodes is too long for one kernel."""
        depth: dict[Node, int] = {}
        for node in sorted(nodes, key=self._position):
            before = [depth[x] for x, _ in self.reads(node) if x in depth]
            depth[node] = self.depth[node] + max(before, default=0)
        return max(depth.values()) <= MAX_GROUP_DEPTH

    def _join(self, a: Group, b: Group) -> Group:
        """Join b into a (the one with anchors stays)."""
        if b.anchors and not a.anchors:
            a, b = b, a
        a.nodes = sorted({*a.nodes, *b.nodes}, key=self._position)
        a.anchors += b.anchors
        for node in b.nodes:
            self.group_of[node] = a
        self.before[a] = (self.before[a] | self.before.pop(b)) - {a, b}
        for before in self.before.values():
            if b in before:
                before.discard(b)
                before.add(a)
        bit_a, bit_b = 1 << a.number, 1 << b.number
        joint = (self.ancestors[a] | self.ancestors.pop(b)) & ~(bit_a | bit_b)
        self.ancestors[a] = joint
        for group, bits in self.ancestors.items():
            if bits & (bit_a | bit_b):
                self.ancestors[group] = (bits & ~bit_b) | bit_a | joint
        self.groups.remove(b)
        return a

    def _position(self, node: Node) -> int:
        return self.positions[node]

    # -- the result --------------------------------------------------------------------------------

    def finish(self) -> list[Group]:
        """Groups in order, each with the nodes it must store."""
        results = set(self.graph.results)
        outside: set[Node] = set()
        for group in self.groups:
            for node in group.nodes:
                outside |= {x for x, _ in self.reads(node) if self.group_of.get(x) is not group}
        for group in self.groups:
            group.stores = [n for n in group.nodes if n in results or n in outside]
            group.temporary = {t for t in self.temporary if self.graph.updates[t] in group.stores}
        return ordered(self.groups, self.before)

    def run(self) -> list[Group]:
        self.positions = {node: i for i, node in enumerate(self.graph.nodes)}
        self.choose_stored()
        self.make_groups()
        self.join_groups()
        return self.finish()


class Fused(NamedTuple):
    """A graph and its groups in order; `stored` are the nodes that have memory (the inputs among
    them), `bodies` the bodies of its loops, fused too.
    """

    graph: Graph
    groups: list[Group]
    stored: set[Node]
    bodies: dict[Node, Fused]


def fuse(graph: Graph) -> Fused:
    """The groups of a graph and of the bodies of its loops."""
    fusion = _Fusion(graph)
    groups = fusion.run()
    loops = [node for node in graph.nodes if node.op.kind == "loop"]
    return Fused(graph, groups, fusion.stored, {n: fuse(n.params["body"]) for n in loops})


def _is_mask(node: Node) -> bool:
    """Whether the elements are yes and no, be it as numbers."""
    x = node.inputs[0] if node.op.name == "astype" else node
    return x.dtype == dtypes.bool_
