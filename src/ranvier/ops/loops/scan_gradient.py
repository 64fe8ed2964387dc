"""The gradient of a scan: a scan in the other direction, over the gradient of the body.

Going back, the carries are the gradients of the forward carries. Each iteration takes the gradients
that reach its results from outside, and gives those of its xs. What an iteration needs to know of
the forward one are xs too: the carries before and after it, its ys, and among them what
`worth_saving` had the forward scan hand out, so that nothing slow is computed twice.

The gradient of a weight w in `a @ w` is a sum over iterations, `sum_t a_t.T @ g_t`. The loop only
hands out g; all iterations together, stacked along the rows, are then one contraction:

    w.grad = concat(a_0, a_1, ..).T @ concat(g_0, g_1, ..)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ...graph.graph import Graph, rebuild
from ...graph.node import Node, Value
from ..backpropagation import pull_back
from ..creation import full, input_node
from ..movement import reshape
from ..op import Gradients, apply
from ..reduce import sum
from .scan_op import Layout, run_scan

# Elementwise ops that are computed again rather than kept.
_CHEAP = {"add", "subtract", "multiply", "negative", "maximum", "minimum", "abs", "where", "astype"}


class _Use(NamedTuple):
    """A contraction `a @ w` inside a body, w being its input number `constant`."""

    node: Node
    constant: int


class _Backward:
    """The nodes of an iteration backwards, still reading the nodes of the forward one.

    `every[i]`: carry i gets a gradient from outside in every iteration; `ys_reached[j]`: so does y
    j; `ends[i]`: carry i gets one after the last iteration. Carries that none of these depends on
    have no gradient, whatever they hold.
    """

    def __init__(
        self,
        body: Graph,
        carries: int,
        xs: int,
        every: Sequence[bool],
        ys_reached: Sequence[bool],
        ends: Sequence[bool],
    ) -> None:
        self.first = carries + xs
        self.original: dict[Node, Node] = {}
        self.weight_of: dict[Node, Node] = {}  # by its stand-in in one contraction
        self.uses: list[_Use] = []
        self.body = body = self._separate_uses(body)
        outputs = body.outputs

        def inputs(like: Iterable[Node], name: str) -> list[Node]:
            return [input_node(n.shape, n.dtype, f"{name}{i}") for i, n in enumerate(like)]

        self.state = inputs(outputs[:carries], "gradient")
        self.outside = inputs(outputs, "outside")
        reach: list[Node] = [
            g + outside if more else g
            for g, outside, more in zip(self.state, self.outside, every, strict=False)
        ]
        alive = _alive(body, [e or f for e, f in zip(every, ends, strict=True)], ys_reached)
        there = [*alive, *ys_reached]
        reach = [g for g, yes in zip([*reach, *self.outside[carries:]], there, strict=True) if yes]
        results = [node for node, yes in zip(outputs, there, strict=True) if yes]
        wanted = [n for n in (*body.inputs, *[u.node for u in self.uses]) if n.dtype.kind == "f"]
        gradients = pull_back(results, reach, wanted)
        zero = {n: self._zero(n) for n in body.inputs[:carries] if id(n) not in gradients}
        self.carries = [
            gradients[id(n)] if n not in zero else zero[n] for n in body.inputs[:carries]
        ]
        self.gradients = {n: gradients[id(n)] for n in wanted if id(n) in gradients}

    def _separate_uses(self, body: Graph) -> Graph:
        """The body with each weight of a contraction replaced by an input of its own, through which
        no gradient flows."""
        number = {n: i for i, n in enumerate(body.inputs) if i >= self.first}

        def rule(node: Node, inputs: tuple[Node, ...]) -> Node:
            new = rebuild(node, inputs)
            if _by_rows(node) and node.inputs[1] in number and node.inputs[0] not in number:
                weight = node.inputs[1]
                stand_in = input_node(weight.shape, weight.dtype, weight.name)
                self.weight_of[stand_in] = weight
                new = Node(node.op, (inputs[0], stand_in), node.params, node.spec, node.source)
                self.uses.append(_Use(new, number[weight]))
            self.original[new] = node
            return new

        return body.rewrite(rule)

    def _zero(self, node: Node) -> Node:
        return apply(full, like=node, value=0.0, shape=node.shape, dtype=node.dtype)


def _alive(body: Graph, carries: Sequence[bool], ys: Sequence[bool]) -> list[bool]:
    """Which carries have a gradient: those that get one, and those that such a result of a later
    iteration is made from."""
    alive = list(carries)
    while True:
        there = zip(body.outputs, [*alive, *ys], strict=True)
        used = set(Graph((), [node for node, yes in there if yes]).nodes)
        new = [old or x in used for old, x in zip(alive, body.inputs, strict=False)]
        if new == alive:
            return alive
        alive = new


def _by_rows(node: Node) -> bool:
    """Whether a contraction treats each row (or image) of its first operand alone."""
    if node.op.name == "matmul":
        return node.ndim == 2
    return node.op.kind == "contraction"


def worth_saving(body: Graph, carries: int, xs: int) -> list[Node]:
    """Nodes of the body that the gradient needs and that are slow to compute once more."""
    all_, ys = [True] * carries, [True] * (len(body.outputs) - carries)
    back = _Backward(body, carries, xs, all_, ys, all_)
    known = {*back.body.inputs, *back.body.outputs}
    forward, dtype = set(back.body.nodes), body.outputs[0].dtype
    saved: dict[Node, None] = {}
    stack = [*back.carries, *back.gradients.values()]
    for use in back.uses:
        a = use.node.inputs[0]
        if use.node in back.gradients and a not in known and a.dtype == dtype:
            saved[a] = None
    seen: set[Node] = set()
    while stack:
        node = stack.pop()
        if node in seen or node in known or node in saved or node.op.kind == "input":
            continue
        seen.add(node)
        slow = node.op.kind not in ("movement", "creation") and node.op.name not in _CHEAP
        if node in forward and slow and node.dtype == dtype:
            saved[node] = None
        else:
            stack.extend(node.inputs)
    return [back.original[n] for n in saved]


def gradient(
    grad: Value,
    out: Value,
    *inputs: Value,
    body: Graph,
    carries: int,
    xs: int,
    length: int,
    reverse: bool,
    reached: Sequence[tuple[int, int]] | None = None,
) -> Gradients:
    """The gradients of a scan's inputs from that of its flat result.

    `reached` are the elements (start, stop) that a gradient comes from; what none comes from is
    left out, as 0 times an infinite carry would be NaN. None: all of them.
    """
    layout = Layout(body, carries, length, reverse)
    spans = [(0, layout.size)] if reached is None else reached

    def is_reached(start: int, size: int) -> bool:
        stop = start + size
        some = any(begin < stop and start < end for begin, end in spans)
        return size > 0 and some and not _is_zero(grad, start, stop)

    every, ys_reached, ends = [], [], []
    for i, node in enumerate(body.outputs):
        if i >= carries:
            ys_reached.append(is_reached(layout.starts[i], length * node.size))
            continue
        begin = layout.shift(i, True) + (node.size if reverse else 0)
        every.append(is_reached(begin, (length - 1) * node.size))
        ends.append(is_reached(layout.ends(i)[1], node.size))
    back = _Backward(body, carries, xs, every, ys_reached, ends)
    going = _Going(back, layout, grad, out, inputs)
    start = [
        going.zero(node) if every[i] else layout.final(grad, i)
        for i, node in enumerate(body.outputs[:carries])
    ]
    there, flat = going.run(start)
    grads: list[Value | None] = [there.final(flat, i) for i in range(carries)]
    for i, node in enumerate(body.outputs[:carries]):
        if length and is_reached(layout.ends(i)[0], node.size):
            grads[i] = there.final(flat, i) + layout.initial(grad, i)
    for node in back.body.inputs[carries : carries + xs]:
        grads.append(going.result(node, there, flat))
    for node in back.body.inputs[carries + xs :]:
        whole = going.result(node, there, flat)
        grads.append(None if whole is None else sum(whole, axis=0))
    for use in back.uses:
        part = going.weight(use, there, flat)
        if part is not None:
            before = grads[use.constant]
            grads[use.constant] = part if before is None else before + part
    return tuple(grads)


class _Going:
    """The scan backwards: its body with everything it reads as inputs, and their values."""

    def __init__(
        self, back: _Backward, layout: Layout, grad: Value, out: Value, inputs: tuple[Value, ...]
    ) -> None:
        self.back, self.layout, self.inputs = back, layout, inputs
        carries = len(layout.carries)
        body = back.body
        # What every forward node is known as, and the value that goes with it.
        self.known: dict[Node, Node] = {}
        self.values: dict[Node, Value] = {}

        def know(node: Node, value: Value) -> None:
            if node not in self.known:
                self.known[node] = stand_in = input_node(node.shape, node.dtype, node.name)
                self.values[stand_in] = value

        for i, node in enumerate(body.inputs[:carries]):
            know(node, layout.before(out, i))
        for node, value in zip(body.inputs[carries:], inputs[carries:], strict=True):
            know(node, value)
        for stand_in, weight in back.weight_of.items():
            self.known[stand_in] = self.known[weight]
        for i, node in enumerate(body.outputs):
            know(node, layout.after(out, i) if i < carries else layout.y(out, i - carries))
        for i, node in enumerate(back.outside):
            know(node, layout.after(grad, i) if i < carries else layout.y(grad, i - carries))
        self._choose_results()

    def zero(self, node: Node) -> Value:
        """Zeros of the shape of a node, beside the inputs."""
        like = self.inputs[0]
        return apply(full, like=like, value=0.0, shape=node.shape, dtype=node.dtype)

    def _choose_results(self) -> None:
        """What an iteration hands out: gradients, and first operands that are not known."""
        carries = set(self.back.body.inputs[: len(self.layout.carries)])
        wanted = [g for n, g in self.back.gradients.items() if n not in carries]
        for use in self.back.uses:
            a = use.node.inputs[0]
            if use.node in self.back.gradients and a not in self.known:
                wanted.append(a)
        self.number = {node: j for j, node in enumerate(dict.fromkeys(wanted))}

    def run(self, start: list[Value]) -> tuple[Layout, Value]:
        """Run it; its layout and its flat result."""
        roots = [*self.back.carries, *self.number]
        body = Graph((), _with(roots, self.known))
        used = [n for n in body.nodes if n.op.kind == "input" and n not in self.back.state]
        first = self.back.first
        fixed = {self.known[n] for n in self.back.body.inputs[first:]}
        moving, constants = [n for n in used if n not in fixed], [n for n in used if n in fixed]
        body = Graph([*self.back.state, *moving, *constants], body.outputs)
        xs = [self.values[n] for n in moving]
        layout = self.layout
        others = [self.values[n] for n in constants]
        return run_scan(body, start, xs, others, layout.length, not layout.reverse)

    def result(self, node: Node, there: Layout, flat: Value) -> Value | None:
        """The gradients of a forward input in all iterations, or None."""
        g = self.back.gradients.get(node)
        return None if g is None else there.y(flat, self.number[g])

    def weight(self, use: _Use, there: Layout, flat: Value) -> Value | None:
        """The gradient of a weight from one contraction, all iterations at once."""
        g = self.result(use.node, there, flat)
        if g is None:
            return None
        a = use.node.inputs[0]
        if a in self.known:
            rows = self.values[self.known[a]]
        else:
            rows = there.y(flat, self.number[a])
        stacked = [reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:])) for x in (rows, g)]
        weight = self.inputs[use.constant]
        node = use.node
        # NOTE: rules of contractions do not read the result, for which its gradient stands here.
        return node.op.gradient(stacked[1], stacked[1], stacked[0], weight, **node.params)[1]


def _with(roots: Sequence[Node], known: dict[Node, Node]) -> list[Node]:
    """The roots with all nodes that are known replaced."""
    new = dict(known)
    for node in Graph((), roots).nodes:
        if node not in new:
            new[node] = rebuild(node, tuple(new[x] for x in node.inputs))
    return [new[node] for node in roots]


def _is_zero(value: Value, start: int, stop: int) -> bool:
    """Whether elements start to stop of a flat gradient are known to be 0, from how it was made."""
    stack, seen = [value.origin], set[int]()
    while stack:
        value = stack.pop().origin
        if id(value) in seen:
            continue
        seen.add(id(value))
        if value.op is None:
            return False
        if value.op.name == "add":
            stack += value.inputs
        elif value.op.name == "pad":
            (before,) = value.params["before"]
            if before < stop and start < before + value.inputs[0].size:
                return False
        elif value.op.name != "full" or value.params["value"] != 0:
            return False
    return True
