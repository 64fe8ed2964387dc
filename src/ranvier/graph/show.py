"""Graphs as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .graph import Graph

if TYPE_CHECKING:
    from .node import Node


def names_of(graph: Graph) -> dict[Node, str]:
    """The names that nodes have in the text: an input its own, every other node its number."""
    names: dict[Node, str] = {}
    taken: set[str] = set()
    for number, node in enumerate(graph.inputs):
        name = node.name or f"in{number}"
        if name in taken:
            name = f"{name}.{number}"
        taken.add(name)
        names[node] = name
    computed = (node for node in graph.nodes if node not in names)
    return names | {node: f"%{number}" for number, node in enumerate(computed)}


def show(graph: Graph, sources: bool = False) -> str:
    """The graph as text, one line a node; with `sources` each line ends with the user's file and
    line.
    """
    names = names_of(graph)
    lines = ["graph(" + ", ".join(f"{names[n]}: {n.spec}" for n in graph.inputs) + "):"]
    inputs = set(graph.inputs)
    for node in graph.nodes:
        if node in inputs:
            continue
        operands = [names[x] for x in node.inputs]
        inner = [v for v in node.params.values() if isinstance(v, Graph)]
        operands += [f"{k}={_text(v)}" for k, v in node.params.items() if v not in inner]
        number = names[node][1:]
        line = f"  {number:<3} {node.op.name:<14} {node.spec!s:<18} {', '.join(operands)}"
        if sources and node.source:
            line += f"    # {node.source}"
        lines.append(line.rstrip())
        for body in inner:
            lines += [f"      {text}" for text in show(body, sources).splitlines()]
    lines.append("  return " + ", ".join(names[n] for n in graph.outputs))
    lines += [f"  update {names[t]} = {names[n]}" for t, n in graph.updates.items()]
    return "\n".join(lines)


def _text(value: object) -> str:
    return value.name if isinstance(value, np.dtype) else repr(value).replace(" ", "")
