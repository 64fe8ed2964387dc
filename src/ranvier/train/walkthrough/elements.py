"""Elements: where one element of a recorded tensor comes from, found from the graph alone.

No op is known here by more than its kind. What a movement takes an element from is asked of the op
itself, by letting it move the numbers of the positions; which products a contraction sums up, of
its gradient rule: the gradient of one element by x, with positions for the elements of w, says
which element of w each element of x is multiplied with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...dtypes import float64
from ...graph.graph import Graph
from ...graph.interpret import evaluate
from ...graph.node import Node
from ...ops.creation import input_node
from ...ops.loops.scan_op import Layout
from ...typing import Array
from .expressions import Applied, Chosen, Constant, Expr, Named, Total
from .names import Names

_DEPTH = 24  # operations on the way from a number to those that have names
_SHORT = 12  # terms of a sum that is shown inside another one
_LEAVES = 40  # numbers in an expression: a part with more is shown by its value


class Elements:
    """Explains elements of recorded tensors by named ones."""

    def __init__(self, values: Mapping[Node, Array], names: Names) -> None:
        self.values, self.names = values, names

    def explain(self, node: Node, index: tuple[int, ...], home: str = "") -> Expr:
        """Where element `index` of a node comes from, as the layer `home` would say it."""
        flat = int(np.ravel_multi_index(index, node.shape)) if index else 0
        return self._made(node, flat, home, _DEPTH, 0)

    def named(self, node: Node, index: tuple[int, ...], home: str) -> Expr | None:
        """Element `index` of a node by another layer's name for it; None: it has none."""
        layer, symbol = self.names.elsewhere(node, home)
        if not layer:
            return None
        flat = int(np.ravel_multi_index(index, node.shape)) if index else 0
        return Named(symbol, index, self._value(node, flat), layer)

    def _at(self, node: Node, flat: int, home: str, depth: int, nested: int) -> Expr:
        """An element by its name if it has one, else by what it was made of."""
        if node in self.names.counts:  # how many rows are real: bookkeeping, and all of them are
            return Constant(self._value(node, flat))
        named = self.names.of(node, home)
        if named is not None:
            layer, symbol = named
            index = tuple(int(i) for i in np.unravel_index(flat, node.shape))
            return Named(symbol, index, self._value(node, flat), "" if layer == home else layer)
        return self._made(node, flat, home, depth, nested)

    def _made(self, node: Node, flat: int, home: str, depth: int, nested: int) -> Expr:
        kind, name = node.op.kind, node.op.name
        if kind == "creation":
            return Constant(self._value(node, flat))
        if kind in ("movement", "check") or name in ("astype", "detach"):
            return self._moved(node, flat, home, depth, nested)
        if depth <= 0:
            return self._opaque(node, flat)
        if kind == "elementwise":
            return self._elementwise(node, flat, home, depth, nested)
        if kind == "contraction" and not nested:
            return self._products(node, flat, home)
        if name in ("sum", "max", "min", "prod"):
            count = node.inputs[0].size // max(node.size, 1)
            if not nested or (nested == 1 and count <= _SHORT):
                return self._reduced(node, flat, home, nested)
        if name == "scatter_add" and not nested:
            return self._scattered(node, flat, home)
        if name in ("take", "take_along_axis"):
            source = self._source(node, flat, 0)
            if source is not None:
                return self._at(node.inputs[0], source, home, depth - 1, nested)
        return self._opaque(node, flat)

    def _value(self, node: Node, flat: int) -> float:
        value: Any = self.values[node].reshape(-1)[flat]
        return bool(value) if node.dtype.kind == "b" else float(value)

    def _opaque(self, node: Node, flat: int) -> Expr:
        """An element that is said by the op that made it and its number in the graph."""
        symbol = node.op.name + self.names.numbers.get(node, "")
        if node.op.kind == "loop":
            number, step, index = _in_loop(node, flat)
            return Named(f"{symbol}.{number}(t={step})", index, self._value(node, flat))
        index = tuple(int(i) for i in np.unravel_index(flat, node.shape))
        return Named(symbol, index, self._value(node, flat))

    # -- elementwise -------------------------------------------------------------------------------

    def _elementwise(self, node: Node, flat: int, home: str, depth: int, nested: int) -> Expr:
        value, name = self._value(node, flat), node.op.name
        if name == "where":
            return self._chosen(node, flat, home, depth, nested)
        args = tuple(self._at(x, flat, home, depth - 1, nested) for x in node.inputs)
        if all(isinstance(a, Constant) for a in args):
            return Constant(value)
        long = [a.leaves() for a in args if not isinstance(a, Total)]
        if sum(long) > _LEAVES:
            args = tuple(
                a
                if isinstance(a, Total) or a.leaves() <= _LEAVES // 4
                else self._opaque(*self._behind(x, flat))
                for a, x in zip(args, node.inputs, strict=True)
            )
        return _simple(Applied(name, args, value))

    def _behind(self, node: Node, flat: int) -> tuple[Node, int]:
        """The element itself, where a movement only brings it here."""
        while node.op.kind == "movement" and len(node.inputs) == 1:
            source = self._source(node, flat, 0)
            if source is None:
                break
            (node,), flat = node.inputs, source
        return node, flat

    def _chosen(self, node: Node, flat: int, home: str, depth: int, nested: int) -> Expr:
        condition, *branches = node.inputs
        source = relu_of(node)
        if source is not None:
            return Applied(
                "relu",
                (self._at(source, flat, home, depth - 1, nested),),
                self._value(node, flat),
            )
        holds = bool(self.values[condition].reshape(-1)[flat])
        taken = self._at(branches[not holds], flat, home, depth - 1, nested)
        why = self._at(condition, flat, home, depth - 1, nested)
        return taken if isinstance(why, Constant) else Chosen(taken, why, holds)

    # -- movements ---------------------------------------------------------------------------------

    def _moved(self, node: Node, flat: int, home: str, depth: int, nested: int) -> Expr:
        if node.op.kind == "check" or node.op.name in ("astype", "detach"):
            cast = self._at(node.inputs[0], flat, home, depth, nested)
            return Constant(self._value(node, flat)) if isinstance(cast, Constant) else cast
        for number, x in enumerate(node.inputs):
            source = self._source(node, flat, number)
            if source is not None:
                return self._at(x, source, home, depth, nested)
        return Constant(self._value(node, flat))  # around what was padded

    def _source(self, node: Node, flat: int, number: int) -> int | None:
        """The element of input `number` that a movement brings to this position; None: none."""
        arrays = [
            np.arange(1, x.size + 1).reshape(x.shape)
            if i == number
            else (self.values[x] if node.op.kind == "gather" else np.zeros(x.shape, np.int64))
            for i, x in enumerate(node.inputs)
        ]
        moved = np.asarray(node.op.reference(*arrays, **node.params)).reshape(-1)
        return int(moved[flat]) - 1 if moved[flat] else None

    # -- totals ------------------------------------------------------------------------------------

    def _products(self, node: Node, flat: int, home: str) -> Expr:
        x, w = node.inputs
        of_x, of_w = pairs(node, flat)

        def term(i: int) -> Expr:
            left = self._at(x, int(of_x[i]), home, 6, 2)
            right = self._at(w, int(of_w[i]), home, 6, 2)
            return Applied("multiply", (left, right), left.value * right.value)

        return _single(Total("products", len(of_x), term, self._value(node, flat)))

    def _reduced(self, node: Node, flat: int, home: str, nested: int) -> Expr:
        (x,) = node.inputs
        axes = node.params["axes"]
        ids = np.arange(x.size).reshape(x.shape)
        rest = [a for a in range(x.ndim) if a not in axes]
        members = ids.transpose([*rest, *axes]).reshape(node.size, -1)[flat]

        def term(i: int) -> Expr:
            return self._at(x, int(members[i]), home, 12, nested + 1)

        if node.op.name == "sum" and len(members) <= _LEAVES:
            some = [t for t in map(term, range(len(members))) if not _nothing(t)]
            if some:
                return _single(Total("sum", len(some), some.__getitem__, self._value(node, flat)))
        return _single(Total(node.op.name, len(members), term, self._value(node, flat)))

    def _scattered(self, node: Node, flat: int, home: str) -> Expr:
        """What was there, and every update that was added at this position."""
        x, indices, updates = node.inputs
        axis = node.params["axis"]
        index = tuple(int(i) for i in np.unravel_index(flat, node.shape))
        rows = np.argwhere(self.values[indices] % x.shape[axis] == index[axis])
        where = [(*index[:axis], *map(int, row), *index[axis + 1 :]) for row in rows]
        flats = [int(np.ravel_multi_index(at, updates.shape)) for at in where]
        terms = [self._at(x, flat, home, 6, 1)]
        terms += [self._at(updates, i, home, 6, 1) for i in flats]
        terms = [t for t in terms if not _nothing(t)]
        if not terms:
            return Constant(self._value(node, flat))
        return _single(Total("sum", len(terms), terms.__getitem__, self._value(node, flat)))


def _in_loop(node: Node, flat: int) -> tuple[int, int, tuple[int, ...]]:
    """Of an element of a loop's flat result: which result, at which entry, and where in it."""
    params = node.params
    layout = Layout(params["body"], params["carries"], params["length"], params["reverse"])
    number = max(i for i, start in enumerate(layout.starts) if start <= flat)
    result = params["body"].outputs[number]
    entry, inside = divmod(flat - layout.starts[number], max(result.size, 1))
    return number, entry, tuple(int(i) for i in np.unravel_index(inside, result.shape))


def pairs(node: Node, flat: int) -> tuple[Array, Array]:
    """The elements of x and of w whose products element `flat` of a contraction sums up."""
    x, w = (input_node(n.shape, float64) for n in node.inputs)
    grad, out = (input_node(node.shape, float64) for _ in range(2))
    by_x, _ = node.op.gradient(grad, out, x, w, **node.params)
    assert isinstance(by_x, Node)
    one = np.zeros(node.size)
    one[flat] = 1.0
    ids = np.arange(1.0, w.size + 1).reshape(w.shape)
    arrays = [one.reshape(node.shape), np.zeros(node.shape), np.zeros(x.shape), ids]
    (partners,) = evaluate(Graph([grad, out, x, w], [by_x]), arrays)
    partners = partners.reshape(-1)
    of_x = np.flatnonzero(partners)
    return of_x, partners[of_x].astype(np.int64) - 1


def _nothing(expr: Expr) -> bool:
    """Whether it adds nothing to a sum: a 0 that stands in the program."""
    if isinstance(expr, Chosen):
        return _nothing(expr.taken)
    if isinstance(expr, Applied) and expr.op == "negative":
        return _nothing(expr.args[0])
    return isinstance(expr, Constant) and expr.value == 0


def _single(total: Total) -> Expr:
    """A total of one term is the term."""
    return total.term(0) if total.count == 1 else total


def _simple(expr: Applied) -> Expr:
    """Without what changes nothing: a factor of 1, a term of 0, a sign that is taken back."""
    (first, *_) = expr.args
    if expr.op == "negative" and isinstance(first, Applied):
        if first.op == "negative":
            return first.args[0]
        if first.op == "expm1":
            return _one_minus_power(expr, first.args[0])
    if expr.op in ("multiply", "divide", "add", "subtract"):
        left, right = expr.args
        neutral = 1.0 if expr.op in ("multiply", "divide") else 0.0
        if isinstance(right, Constant) and right.value == neutral:
            return left
        if isinstance(left, Constant) and left.value == neutral and expr.op in ("multiply", "add"):
            return right
    return expr


def _one_minus_power(expr: Applied, exponent: Expr) -> Expr:
    """`1 - beta ** t`, which is computed as `-expm1(t * log(beta))`."""
    if not isinstance(exponent, Applied) or exponent.op != "multiply":
        return expr
    step, log = exponent.args
    if not isinstance(log, Constant):
        return expr
    beta = Constant(math.exp(log.value))
    power = Applied("power", (beta, step), beta.value**step.value)
    return Applied("subtract", (Constant(1.0), power), expr.value)


def relu_of(node: Node) -> Node | None:
    """x, where the node is `where(x <= 0, 0, x)`: relu is called relu."""
    if node.op.name != "where":
        return None
    condition, low, x = node.inputs
    if condition.op.name != "less_equal" or condition.inputs[0] is not x:
        return None
    return x if _zero(low) and _zero(condition.inputs[1]) else None


def _zero(node: Node) -> bool:
    while node.op.name == "broadcast_to":
        (node,) = node.inputs
    return node.op.name == "full" and node.params["value"] == 0
