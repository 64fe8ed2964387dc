"""Loops: what a recurrent layer computes at each step of a sequence.

A loop is one op of the graph; its body is run again here, step by step, on recorded numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...graph.graph import Graph
from ...graph.interpret import evaluate
from ...graph.node import Node
from ...typing import Array
from .meaning import Call
from .record import Recording


@dataclass(eq=False)
class Frames:
    """A tensor of a loop over time: `array` is (time, ...)."""

    symbol: str
    array: Array


def frames_of(recording: Recording, call: Call, inside: list[Node]) -> list[Frames]:
    """The states and gates of the first loop of a call, at each step."""
    loop = next((n for n in inside if n.op.kind == "loop"), None)
    if loop is None:
        return []
    arrays = [recording.values[n] for n in loop.inputs]
    return _run(loop, arrays, call.inner)


def _run(loop: Node, arrays: list[Array], notes: dict[str, Node]) -> list[Frames]:
    body: Graph = loop.params["body"]
    carries, xs = loop.params["carries"], loop.params["xs"]
    length, reverse = loop.params["length"], loop.params["reverse"]
    known = {symbol: node for symbol, node in notes.items() if node in set(body.nodes)}
    seen: dict[str, list[Array]] = {symbol: [] for symbol in known}
    after: list[list[Array]] = [[] for _ in range(carries)]
    state, moving, fixed = arrays[:carries], arrays[carries : carries + xs], arrays[carries + xs :]
    for t in reversed(range(length)) if reverse else range(length):
        values: dict[Node, Array] = {}
        out = evaluate(
            body,
            [*state, *[x[t] for x in moving], *fixed],
            values.__setitem__,
        )
        state = out[:carries]
        for symbol, node in known.items():
            seen[symbol].append(np.array(values[node]))
        for i, value in enumerate(state):
            after[i].append(np.array(value))
    if reverse:
        seen = {symbol: frames[::-1] for symbol, frames in seen.items()}
        after = [frames[::-1] for frames in after]
    frames = [Frames(symbol, np.stack(values)) for symbol, values in seen.items() if values]
    names = ["h", "c"] if carries == 2 and "c" in seen else [f"state {i}" for i in range(carries)]
    names = ["h"] if carries == 1 else names
    frames += [
        Frames(name, np.stack(values))
        for name, values in zip(names, after, strict=False)
        if values and name not in known
    ]
    return frames
