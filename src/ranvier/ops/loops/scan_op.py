"""The loop: a body of ops run once for each element of the first axis of its inputs.

The body is a Graph. Its inputs are the carries as the iteration before left them, one slice of
every x, and constants, the same in every iteration; its outputs are the new carries, then one slice
of every y.

An op has one result, so all results lie in one flat tensor, and views of it are what users see:

    carry 0     length + 1 entries: at first, then as each iteration left it
    carry 1     ...
    y 0         length entries
    ...

Entries stand at the index of their iteration's x. So `reverse`, which begins with the last x, has
the first carry at the end; either way the carries before all iterations, and those after, are one
view.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...graph.graph import Graph
from ...graph.interpret import evaluate
from ...graph.node import Spec, Value
from ...typing import Array, Shape, V
from ..movement import concat, moved, narrow, reshape
from ..op import Gradients, Mapped, Op, apply, for_members, register
from ..vmapped import vmapped


class Layout:
    """Where the results of a scan lie in its flat tensor."""

    def __init__(self, body: Graph, carries: int, length: int, reverse: bool) -> None:
        self.length, self.reverse = length, reverse
        self.carries, self.ys = body.outputs[:carries], body.outputs[carries:]
        self.starts: list[int] = []
        at = 0
        for i, node in enumerate(body.outputs):
            self.starts.append(at)
            at += node.size * (length + 1 if i < carries else length)
        self.size = at

    def shift(self, i: int, after: bool) -> int:
        """The offset at which carry i before (or after) all iterations begins."""
        return self.starts[i] + (self.carries[i].size if after != self.reverse else 0)

    def before(self, flat: V, i: int) -> V:
        """Carry i before each iteration: (length, *shape)."""
        return self._view(flat, self.shift(i, False), (self.length, *self.carries[i].shape))

    def after(self, flat: V, i: int) -> V:
        """Carry i after each iteration: (length, *shape)."""
        return self._view(flat, self.shift(i, True), (self.length, *self.carries[i].shape))

    def y(self, flat: V, j: int) -> V:
        """y number j: (length, *shape)."""
        start = self.starts[len(self.carries) + j]
        return self._view(flat, start, (self.length, *self.ys[j].shape))

    def ends(self, i: int) -> tuple[int, int]:
        """The offsets of carry i at first and as the last iteration left it."""
        first, size = self.starts[i], self.carries[i].size
        last = first + self.length * size
        return (last, first) if self.reverse else (first, last)

    def initial(self, flat: V, i: int) -> V:
        """Carry i at first."""
        return self._view(flat, self.ends(i)[0], self.carries[i].shape)

    def final(self, flat: V, i: int) -> V:
        """Carry i as the last iteration left it."""
        return self._view(flat, self.ends(i)[1], self.carries[i].shape)

    def _view(self, flat: V, start: int, shape: Shape) -> V:
        size = 1
        for n in shape:
            size *= n
        return reshape(narrow(flat, 0, start, start + size), shape)


class Scan(Op):
    """`body` run `length` times; the module says how, `ranvier.scan` is what users call.

    Inputs: `carries` carries, `xs` tensors with `length` slices each, and constants.
    """

    name = "scan"
    kind = "loop"

    def infer(
        self, *specs: Spec, body: Graph, carries: int, xs: int, length: int, reverse: bool
    ) -> Spec:
        expected = [n.spec for n in body.inputs]
        for i in range(carries, carries + xs):
            expected[i] = Spec((length, *expected[i].shape), expected[i].dtype)
        for number, (got, want) in enumerate(zip(specs, expected, strict=True)):
            if got != want:
                raise ShapeError(f"scan: input {number} is {got}, its body takes {want}")
        for i, (x, y) in enumerate(zip(body.inputs, body.outputs[:carries], strict=False)):
            if x.spec != y.spec:
                raise ShapeError(
                    f"scan: carry {i} is {x.spec} before an iteration and {y.spec} after it; "
                    "the function must return each carry with the shape and dtype it came with"
                )
        dtypes = {n.dtype for n in body.outputs}
        if len(dtypes) > 1:
            specs_text = ", ".join(str(n.spec) for n in body.outputs)
            raise DTypeError(
                f"scan: carries and ys must be of one dtype; they are {specs_text}. "
                "Cast them with ranvier.astype"
            )
        dtype = dtypes.pop() if dtypes else np.dtype("float32")
        return Spec((Layout(body, carries, length, reverse).size,), dtype)

    def reference(
        self, *arrays: Array, body: Graph, carries: int, xs: int, length: int, reverse: bool
    ) -> Array:
        layout = Layout(body, carries, length, reverse)
        flat = np.empty(layout.size, body.outputs[0].dtype if body.outputs else np.float32)
        moving, fixed = arrays[carries : carries + xs], arrays[carries + xs :]
        state: Sequence[Array] = arrays[:carries]

        def put(start: int, entry: int, value: Array) -> None:
            size = np.size(value)
            flat[start + entry * size : start + (entry + 1) * size] = np.ravel(value)

        for i, value in enumerate(state):
            put(layout.ends(i)[0], 0, value)
        for t in reversed(range(length)) if reverse else range(length):
            out = evaluate(body, [*state, *[x[t] for x in moving], *fixed])
            state = out[:carries]
            for i, value in enumerate(out):
                put(layout.shift(i, True) if i < carries else layout.starts[i], t, value)
        return flat

    def gradient(self, grad: Value, out: Value, *inputs: Value, **params: Any) -> Gradients:
        from .scan_gradient import gradient

        return gradient(grad, out, *inputs, **params)

    def vmap(
        self,
        members: int,
        mapped: Mapped,
        *inputs: V,
        body: Graph,
        carries: int,
        xs: int,
        length: int,
        reverse: bool,
    ) -> V:
        # One loop for all members. Of a carry each member has its own from the first iteration on.
        first = for_members(members, mapped[:carries], *inputs[:carries])
        own = [True] * carries + list(mapped[carries:])
        moving = [
            moved(x, 0, 1) if of_member else x
            for x, of_member in zip(inputs[carries : carries + xs], own[carries:], strict=False)
        ]
        wide = vmapped(body, own, members)
        layout, flat = run_scan(wide, first, moving, inputs[carries + xs :], length, reverse)
        parts = []
        for i, (node, start) in enumerate(zip(body.outputs, layout.starts, strict=True)):
            entries = length + 1 if i < carries else length
            part = narrow(flat, 0, start, start + entries * members * node.size)
            part = moved(reshape(part, (entries, members, node.size)), 1, 0)
            parts.append(reshape(part, (members, entries * node.size)))
        return concat(parts, axis=1)


def run_scan(
    body: Graph,
    carries: Sequence[V],
    xs: Sequence[V],
    constants: Sequence[V],
    length: int,
    reverse: bool,
) -> tuple[Layout, V]:
    """Apply `scan`; the layout of its results and the flat tensor that holds them."""
    flat = apply(
        scan,
        *carries,
        *xs,
        *constants,
        body=body,
        carries=len(carries),
        xs=len(xs),
        length=length,
        reverse=reverse,
    )
    return Layout(body, len(carries), length, reverse), flat


scan = register(Scan())
