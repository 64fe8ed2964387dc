"""Lowering: a fused graph as kernels of loop nests.

A nest stores the elements of a group's nodes at the position of its loops; index_expr.py says what
the element of a node at a position is. It goes by kind of op and never by op, but for the few that
have loops of their own."""

from __future__ import annotations

import math
from typing import Any

from ..errors import GraphError
from ..graph.node import Node
from ..ops.loops.scan_op import Layout
from ..passes.fuse import Fused
from ..passes.kernel_groups import Group
from ..passes.row_groups import rows_of
from ..typing import Shape
from .index_expr import Elements, Position
from .loop_ir import (
    Affine,
    Buffer,
    Kernel,
    Literal,
    Load,
    Loop,
    Nest,
    Reduction,
    Result,
    Store,
    expressions,
    window,
)
from .program import Program, does_something, with_kernels

_MAX_CONCAT_STORES = 8  # parts of a concat that one kernel writes, at most


def lower(fused: Fused) -> Program:
    """The program of a fused graph: one nest or a few for each group, with plain loops."""
    graph = fused.graph
    program = Program(graph)
    buffers: dict[Node, Buffer] = {}
    for i, node in enumerate(graph.inputs):
        buffers[node] = Buffer(f"in{i}", node.dtype, node.size)
        program.inputs.append(buffers[node])
    temporary = {t for group in fused.groups for t in group.temporary}
    memory_of_results = {n: buffers[t] for t, n in graph.updates.items() if t not in temporary}
    for i, node in enumerate(graph.outputs):
        memory_of_results[node] = Buffer(f"out{i}", node.dtype, node.size)
        program.outputs.append(memory_of_results[node])
    lowering = _Groups(program)
    lowering.add_all(fused, buffers, memory_of_results)
    for target in [t for t in graph.updates if t in temporary]:
        value = Load(buffers[graph.updates[target]], Affine((1,)))
        nest = Nest((target.size,), [Store(buffers[target], Affine((1,)), value)])
        lowering.add(nest, "copy", -1)
    return with_kernels(program, program.kernels)


class _Groups:
    """Groups lowered one after the other into a program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.loop: Loop | None = None  # the loop around what is being lowered
        self.groups = 0

    def add(self, nest: Nest, origin: str, group: int, stops: bool = False) -> None:
        """One more kernel, unless it stores nothing."""
        if does_something(nest):
            kernel = Kernel("", nest, origin, self.loop, group, stops=stops)
            self.program.kernels.append(kernel)

    def add_all(
        self, fused: Fused, buffers: dict[Node, Buffer], memory_of_results: dict[Node, Buffer]
    ) -> None:
        """The kernels of groups in order; `memory_of_results` says where results lie, `buffers`
        where inputs do.
        """
        for group in fused.groups:
            for node in group.stores:
                if node in memory_of_results:
                    buffers[node] = memory_of_results[node]
                else:
                    buffers[node] = self.program.new_buffer(node.dtype, node.size)
        for group in fused.groups:
            number, self.groups = self.groups, self.groups + 1
            lowering = _Lowering(group, buffers, fused.stored)
            if group.kind == "loop":
                self.add_loop(group.anchors[0], lowering, fused.bodies[group.anchors[0]], number)
                continue
            origin = " ".join(n.op.name for n in group.nodes)
            for nest in lowering.nests():
                self.add(nest, origin, number, group.stops)

    def add_loop(self, anchor: Node, lowering: _Lowering, body: Fused, number: int) -> None:
        """A scan: the first carries, then the kernels of its body in a loop."""
        params, flat = anchor.params, lowering.buffers[anchor]
        carries, length, reverse = params["carries"], params["length"], params["reverse"]
        inputs, outputs = body.graph.inputs, body.graph.outputs
        layout = Layout(params["body"], carries, length, reverse)
        for i, x in enumerate(anchor.inputs[:carries]):
            self.add(lowering.carry(x, flat, layout.ends(i)[0]), "scan", number)
        if not length:
            return
        self.loop = loop = Loop(length, self.loop)
        buffers: dict[Node, Buffer] = {}
        for i, node in enumerate(inputs):
            if i < carries:
                buffer, start, step = flat, layout.shift(i, False), node.size
            else:
                buffer, start = lowering.memory(anchor.inputs[i])
                step = node.size if i < carries + params["xs"] else 0
            buffers[node] = window(buffer, node.size, start, step, loop, reverse)
            if not step and not start and buffer.size == node.size:
                buffers[node] = buffer
        memory_of_results: dict[Node, Buffer] = {}
        for i, node in enumerate(outputs):
            start = layout.shift(i, True) if i < carries else layout.starts[i]
            memory_of_results[node] = window(flat, node.size, start, node.size, loop, reverse)
        self.add_all(body, buffers, memory_of_results)
        self.loop = loop.around


class _Lowering(Elements):
    """The lowering of one group."""

    def __init__(self, group: Group, buffers: dict[Node, Buffer], stored: set[Node]) -> None:
        super().__init__(buffers, stored, group.nodes)
        self.group = group

    def nests(self) -> list[Nest]:
        """The nests of the group."""
        match self.group.kind:
            case "map":
                return [self._map()]
            case "scan":
                return [self._scan()]
            case "rows":
                return [self._rows()]
            case "reduce":
                return [self._reduce()]
            case "contraction":
                return [self._contraction()]
            case "copy":
                return self._copy(self.group.anchors[0])
            case "scatter":
                return self._scatter(self.group.anchors[0])
        raise GraphError(f"cannot lower a kernel of kind {self.group.kind}")

    def carry(self, x: Node, flat: Buffer, start: int) -> Nest:
        """The first value of a carry, stored from `start` on."""
        self.memo = {}
        position = self._axes(x.shape)
        at = self._flat(x.shape, position).scaled(1, start)
        return Nest(x.shape, [Store(flat, at, self.element(x, position))])

    def memory(self, node: Node) -> tuple[Buffer, int]:
        """The buffer that holds the elements of a node, and where they begin in it."""
        return self._memory(node)

    # -- nests -------------------------------------------------------------------------------------

    def _stores(self, position: Position) -> list[Store]:
        """The stores of the group at the position of the loops."""
        stores = []
        for node in self.group.nodes:
            value = self.element(node, position)
            if node in self.group.stores:
                at = self._flat(node.shape, position)
                stores.append(Store(self.buffers[node], at, value))
        return stores

    def _map(self) -> Nest:
        shape = self.group.space
        position = self._axes(shape)
        return Nest(shape, self._stores(position))

    def _reduce(self) -> Nest:
        first = self.group.anchors[0]
        x = first.inputs[0]
        axes = first.params["axes"] if "axes" in first.params else (first.params["axis"],)
        kept = tuple(n for a, n in enumerate(x.shape) if a not in axes)
        inner = tuple(x.shape[a] for a in axes)
        loops = self._axes(kept, inner)
        outer, deep = iter(loops[: len(kept)]), iter(loops[len(kept) :])
        position = tuple(next(deep) if a in axes else next(outer) for a in range(x.ndim))
        reductions = []
        for number, anchor in enumerate(self.group.anchors):
            reductions.append(Reduction(anchor.op.name, self.element(anchor.inputs[0], position)))
            self.memo[anchor, loops[: len(kept)]] = Result(number, anchor.dtype)
        return Nest(kept, self._stores(loops[: len(kept)]), inner, reductions)

    def _rows(self) -> Nest:
        """Several reductions over the same rows, what they are made from and what is made of
        them."""
        rows = rows_of(self.group.anchors[0])
        assert rows is not None
        kept = tuple(n for a, n in enumerate(rows.shape) if a not in rows.axes)
        inner = tuple(rows.shape[a] for a in rows.axes)
        loops = self._axes(kept, inner)
        zero = Affine((0,) * self.axes)
        outer, deep = iter(loops[: len(kept)]), iter(loops[len(kept) :])
        along = [next(deep) if a in rows.axes else next(outer) for a in range(len(rows.shape))]
        reductions: list[Reduction] = []
        stores = []
        for node in self.group.nodes:
            axes = iter(rows.axis_map(node) or ())
            position = tuple(zero if n == 1 else along[next(axes)] for n in node.shape)
            if node in self.group.anchors:
                x = node.inputs[0]
                whole = tuple(zero if n == 1 else along[a] for a, n in enumerate(x.shape))
                reductions.append(Reduction(node.op.name, self.element(x, whole)))
                self.memo[node, position] = Result(len(reductions) - 1, node.dtype)
            value = self.element(node, position)
            if node in self.group.stores:
                at = self._flat(node.shape, position)
                stores.append(Store(self.buffers[node], at, value, deep=rows.is_deep(node)))
        return Nest(kept, stores, inner, reductions)

    def _contraction(self) -> Nest:
        """A sum of products of elements of two buffers, with loops chosen by the kind of
        product."""
        (anchor,) = self.group.anchors
        if anchor.op.name == "convolution":
            axes, inner, outer, positions = self._convolution(anchor)
        else:
            axes, inner, outer, positions = self._matrices(anchor)
        left, right = (self.element(x, p) for x, p in zip(anchor.inputs, positions, strict=True))
        self.memo[anchor, outer] = Result(0, anchor.dtype)
        return Nest(axes, self._stores(outer), inner, [Reduction("product", left, right)])

    def _matrices(self, anchor: Node) -> tuple[Shape, Shape, Position, tuple[Position, Position]]:
        """x[.., m, k] and y[.., k, n]."""
        inner = anchor.inputs[0].shape[-1:]
        loops = self._axes(anchor.shape, inner)
        *batch, m, n, k = loops
        return anchor.shape, inner, loops[:-1], ((*batch, m, k), (*batch, k, n))

    def _convolution(
        self, anchor: Node
    ) -> tuple[Shape, Shape, Position, tuple[Position, Position]]:
        """x[b, i*stride + r*dilation, j*stride + c*dilation, k] and w[r, c, k, f], group by
        group."""
        w = anchor.inputs[1].shape
        (down, right), (down_w, right_w) = anchor.params["stride"], anchor.params["dilation"]
        groups, f = anchor.params["groups"], w[3] // anchor.params["groups"]
        axes = (*anchor.shape[:3], groups, f)
        b, i, j, g, filter_, r, c, k = self._axes(axes, w[:3])
        rows = i.scaled(down).plus(r, down_w)
        columns = j.scaled(right).plus(c, right_w)
        number = filter_.plus(g, f)
        positions = ((b, rows, columns, k.plus(g, w[2])), (r, c, k, number))
        return axes, w[:3], (b, i, j, number), positions

    def _scan(self) -> Nest:
        (anchor,) = self.group.anchors
        axis = anchor.params["axis"]
        kept = tuple(n for a, n in enumerate(anchor.shape) if a != axis)
        loops = self._axes(kept, (anchor.shape[axis],))
        position = (*loops[:axis], loops[-1], *loops[axis:-1])
        reduction = Reduction("running", self.element(anchor.inputs[0], position))
        at = self._flat(anchor.shape, position)
        result = Result(0, anchor.dtype)
        return Nest(
            kept, [Store(self.buffers[anchor], at, result)], (anchor.shape[axis],), [reduction]
        )

    def _copy(self, anchor: Node) -> list[Nest]:
        """pad: zeros, then the inside; concat: one part after the other."""
        buffer = self.buffers[anchor]
        nests = []
        if anchor.op.name == "pad":
            (x,) = anchor.inputs
            before, step = anchor.params["before"], anchor.params["step"]
            self._axes((anchor.size,))
            nests.append(
                Nest((anchor.size,), [Store(buffer, Affine((1,)), Literal(0, anchor.dtype))])
            )
            parts = [(x, before, step)]
        else:
            axis, at, parts = anchor.params["axis"], 0, []
            for x in anchor.inputs:
                start = tuple(at if a == axis else 0 for a in range(x.ndim))
                parts.append((x, start, (1,) * x.ndim))
                at += x.shape[axis]
        self.memo = {}
        for x, start, step in parts:
            position = self._axes(x.shape)
            target = tuple(p.scaled(s, b) for p, s, b in zip(position, step, start, strict=True))
            store = Store(buffer, self._flat(anchor.shape, target), self.element(x, position))
            if nests and nests[-1].axes == x.shape and _alike(nests[-1], store):
                nests[-1].stores.append(store)
            else:
                nests.append(Nest(x.shape, [store]))
        return [n for n in nests if math.prod(n.axes)]

    def _scatter(self, anchor: Node) -> list[Nest]:
        """x copied, then the updates added one after the other."""
        x, indices, updates = anchor.inputs
        axis, buffer = anchor.params["axis"], self.buffers[anchor]
        position = self._axes(x.shape)
        copy = Nest(
            x.shape, [Store(buffer, self._flat(x.shape, position), self.element(x, position))]
        )
        self.memo = {}
        position = self._axes(updates.shape)
        zero = Affine((0,) * self.axes)
        if anchor.op.name == "scatter_add":
            index = self.element(indices, position[axis : axis + indices.ndim])
            target: Any = (*position[:axis], zero, *position[axis + indices.ndim :])
        else:
            index = self.element(indices, position)
            target = tuple(zero if a == axis else p for a, p in enumerate(position))
        store = Store(
            buffer,
            self._flat(x.shape, target),
            self.element(updates, position),
            index,
            math.prod(x.shape[axis + 1 :]),
            x.shape[axis],
            add=True,
        )
        return [copy, Nest(updates.shape, [store], serial=True)]


def _alike(nest: Nest, store: Store) -> bool:
    """Whether a store reads much that the nest reads already, so that they are better off
    together."""
    mine = [e for e in expressions(Nest(nest.axes, [store])) if isinstance(e, Load)]
    known = set(map(id, expressions(nest)))
    return (
        len(nest.stores) < _MAX_CONCAT_STORES
        and 3 * sum(id(e) in known for e in mine) >= len(mine) > 1
    )
