"""Graphs as text, in the sections of a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..typing import Array
from .facts import fact_of, sections
from .graph import Graph

if TYPE_CHECKING:
    from .node import Node

_ABOUT_AT = 70  # the column where it is said what a node belongs to
_ALL_NUMBERS = 6  # of an array that are printed


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
    computed = (node for _, nodes in sections(graph) for node in nodes)
    return names | {node: f"%{number}" for number, node in enumerate(computed)}


def show(graph: Graph, sources: bool = False, values: Mapping[Node, Array] | None = None) -> str:
    """The graph as text, one line a node, in the sections of a step.

    Behind # stand the layer and the function that a node belongs to; with `sources` also the user's
    file and line, with `values` its numbers.
    """
    names = names_of(graph)
    lines = ["graph(" + ", ".join(f"{names[n]}: {n.spec}" for n in graph.inputs) + "):"]
    if values is not None:
        lines += [f"  {names[n]} = {numbers_text(values[n])}" for n in graph.inputs]
    parts = sections(graph)
    told = {section for section, _ in parts}
    for section, nodes in parts:
        if told != {""}:
            lines.append(f"  -- {section or ('forward' if told == {'', 'gradient'} else 'before')}")
        for node in nodes:
            operands = [names[x] for x in node.inputs]
            inner = [v for v in node.params.values() if isinstance(v, Graph)]
            operands += [f"{k}={_text(v)}" for k, v in node.params.items() if v not in inner]
            number = names[node][1:]
            line = f"  {number:<3} {node.op.name:<14} {node.spec!s:<18} {', '.join(operands)}"
            about = [str(fact_of(node))]
            if values is not None:
                about.append(f"= {numbers_text(values[node])}")
            if sources and node.source:
                about.append(str(node.source))
            text = "  ".join(part for part in about if part)
            lines.append(f"{line:<{_ABOUT_AT}}  # {text}" if text else line.rstrip())
            for body in inner:
                lines += [f"      {text}" for text in show(body, sources).splitlines()]
    lines.append("  return " + ", ".join(names[n] for n in graph.outputs))
    lines += [f"  update {names[t]} = {names[n]}" for t, n in graph.updates.items()]
    return "\n".join(lines)


def numbers_text(array: Array) -> str:
    """The numbers of an array: all of a few, else the least, the mean and the largest.

    >>> numbers_text(np.array([[1.0, -0.25]])), numbers_text(np.arange(10))
    ('[[1, -0.25]]', '0 .. 9, mean 4.5')
    """
    if array.size <= _ALL_NUMBERS:
        text: str = np.array2string(
            array, separator=", ", formatter={"all": lambda v: f"{v:.4g}" if v == v else "nan"}
        )
        return " ".join(text.split())
    least, largest = array.min(), array.max()
    if least == largest:
        return f"all {least:.4g}"
    return f"{least:.4g} .. {largest:.4g}, mean {array.mean():.4g}"


def _text(value: object) -> str:
    return value.name if isinstance(value, np.dtype) else repr(value).replace(" ", "")
