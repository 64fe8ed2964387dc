"""A graph as what is drawn of it: sections of blocks, and labels for what comes from elsewhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ...base.quantities import number_text
from ...graph.facts import fact_of, sections
from ...graph.graph import Graph
from ...graph.node import Node
from ...graph.show import names_of
from .layering import Edge

_MOST_USES = 3  # of a value in its section that are lines; of more, each is a label
_QUIET = {"broadcast_to", "astype", "reshape"}  # what makes a constant of a constant


class Label(NamedTuple):
    """A value from elsewhere at one of its uses."""

    text: str
    tip: str


@dataclass(eq=False)
class Block:
    """An op, or the ops of one function, whose value is that of `nodes[-1]`."""

    nodes: list[Node]
    name: str  # of its value, as the printed graph has it
    title: str
    shape: str
    layer: str
    is_result: bool
    reads: list[str] = field(default_factory=list)
    tip: str = ""


@dataclass
class Section:
    """Blocks in their order; `edges` between them, and `labels` (text, position of the reader)."""

    title: str
    blocks: list[Block]
    edges: list[Edge] = field(default_factory=list)
    labels: list[tuple[Label, int]] = field(default_factory=list)

    def parts(self) -> list[tuple[list[Block | Label], list[Edge]]]:
        """What is connected by lines, each part with its own positions."""
        group = list(range(len(self.blocks)))

        def root(i: int) -> int:
            while group[i] != i:
                group[i] = group[group[i]]
                i = group[i]
            return i

        for start, end in self.edges:
            group[root(start)] = root(end)
        members: dict[int, list[int]] = {}
        for i in range(len(self.blocks)):
            members.setdefault(root(i), []).append(i)
        parts = []
        for indices in members.values():
            position = {i: k for k, i in enumerate(indices)}
            items: list[Block | Label] = [self.blocks[i] for i in indices]
            edges = [(position[a], position[b]) for a, b in self.edges if b in position]
            for label, reader in self.labels:
                if reader in position:
                    edges.append((len(items), position[reader]))
                    items.append(label)
            parts.append((items, edges))
        return parts


def sections_of(graph: Graph, functions: bool) -> list[Section]:
    """The sections of a graph, each with its blocks."""
    view = _View(graph)
    made: list[Section] = []
    for title, nodes in _whole(graph):
        kept = [n for n in nodes if n not in view.constants and n not in view.spread]
        if not kept:
            continue
        groups = _functions(kept, view) if functions else [[n] for n in kept]
        made.append(_wired(Section(title, [_block(g, view) for g in groups]), view))
    return made


class _View:
    """A graph without what says little.

    constants   nodes that are the same at every run: how they are said by what reads them
    spread      nodes that repeat another one along axes: that one, which is shown as read instead
    """

    def __init__(self, graph: Graph) -> None:
        self.graph, self.names = graph, names_of(graph)
        self.results = {*graph.outputs, *graph.updates.values()}
        self.constants = _constants(graph)
        self.spread: dict[Node, Node] = {}
        for node in graph.nodes:
            if node.op.name == "broadcast_to" and node not in self.results | {*self.constants}:
                source = node.inputs[0]
                self.spread[node] = self.spread.get(source, source)
        self.readers: dict[Node, list[Node]] = {}
        for node in graph.nodes:
            for x in () if node in self.spread else self.reads(node):
                self.readers.setdefault(x, []).append(node)

    def reads(self, node: Node) -> list[Node]:
        """What a node computes with, but constants."""
        return [self.spread.get(x, x) for x in node.inputs if x not in self.constants]


def _whole(graph: Graph) -> list[tuple[str, list[Node]]]:
    """The sections, each once, in the order in which they begin."""
    parts = sections(graph)
    told = {section for section, _ in parts}
    whole: dict[str, list[Node]] = {}
    for name, nodes in parts:
        title = name or (
            "" if told == {""} else "forward" if told <= {"", "gradient"} else "before"
        )
        whole.setdefault(title, []).extend(nodes)
    return list(whole.items())


def _constants(graph: Graph) -> dict[Node, str]:
    """Nodes that are the same at every run, and how they are said in the block that reads them."""
    texts: dict[Node, str] = {}
    inputs = set(graph.inputs)
    results = {*graph.outputs, *graph.updates.values()}
    for node in graph.nodes:
        if node in inputs or node in results:
            continue
        if node.op.name == "full":
            value = node.params["value"]
            texts[node] = number_text(float(value)) if np.ndim(value) == 0 else ""
        elif node.inputs and node.op.name in _QUIET and all(x in texts for x in node.inputs):
            texts[node] = texts[node.inputs[0]]
        elif not node.inputs and node.op.kind != "random":
            texts[node] = node.op.name
    return texts


def _functions(nodes: list[Node], view: _View) -> list[list[Node]]:
    """The nodes of a section, those of one call of a function together."""
    own = set(nodes)
    block: dict[Node, Node] = {}  # the last node of the block that a node belongs to
    for node in reversed(nodes):
        fact = fact_of(node)
        ends = {block[reader] for reader in view.readers.get(node, ()) if reader in own}
        last = ends.pop() if len(ends) == 1 else node
        inside = fact.function and fact_of(last) == fact and node not in view.results
        block[node] = last if inside else node
    members: dict[Node, list[Node]] = {}
    for node in nodes:
        members.setdefault(block[node], []).append(node)
    return [members[node] for node in nodes if node in members]


def _block(members: list[Node], view: _View) -> Block:
    last, names = members[-1], view.names
    fact = fact_of(last)
    title = fact.function if len(members) > 1 else last.op.name
    if len(members) == 1:
        texts = [view.constants[x] for x in last.inputs if view.constants.get(x)]
        title = " ".join([title, *texts])
    shape = "×".join(map(str, last.shape)) or "number"
    updated = next((names[t] for t, n in view.graph.updates.items() if n is last), "")
    shape = f"new {updated}" if updated else shape
    ops = f" ({', '.join(n.op.name for n in members)})" if len(members) > 1 else ""
    about = f"{names[last]}: {title}{ops} {last.spec}"
    if fact.layer:
        about += f", layer {fact.layer}"
    return Block(members, names[last], title, shape, fact.layer, last in view.results, tip=about)


def _wired(section: Section, view: _View) -> Section:
    """The section with its edges and labels."""
    position = {node: i for i, block in enumerate(section.blocks) for node in block.nodes}
    sources: list[dict[Node, None]] = []
    for block in section.blocks:
        own = set(block.nodes)
        inputs = (x for node in block.nodes for x in view.reads(node))
        sources.append(dict.fromkeys(x for x in inputs if x not in own))
    uses = Counter(x for read in sources for x in read)
    for i, read in enumerate(sources):
        for x in read:
            section.blocks[i].reads.append(view.names[x])
            if x in position and uses[x] <= _MOST_USES:
                section.edges.append((position[x], i))
            else:
                section.labels.append((_label(x, view.names), i))
    section.edges = list(dict.fromkeys(section.edges))
    return section


def _label(node: Node, names: dict[Node, str]) -> Label:
    name = names[node]
    if not name.startswith("%"):
        return Label(name, f"{name}: {node.spec}")
    fact = fact_of(node)
    word = fact.function or node.op.name
    about = f"{name}: {node.op.name} {node.spec}" + (f", layer {fact.layer}" if fact.layer else "")
    return Label(f"{name} {word}", about)
