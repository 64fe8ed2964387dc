"""Which row an index points at: bounds of integers, relative to the row in which they stand.

Images that are moved read pixels of one long line, (rows * height * width, channels), at indices
such as `row * 64 + pixel`; `x[iota(rows), label]` does the same. Bounds of what is added to the
multiple of the row show that each row reads its own part alone.

Floats have no bounds: a NaN passes each clip, and becomes any integer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ...graph.node import Node
from ...graph.sizes import ROWS, is_unknown, same


class Span(NamedTuple):
    """Integers of the form `per_row * row + n` with n from `low` to `high`."""

    per_row: int
    low: float
    high: float

    def is_inside(self, size: int) -> bool:
        """Whether they are inside the part of their own row, of an axis of this size."""
        each = per_row(size)
        return each is not None and self.per_row == each and 0 <= self.low and self.high < each

    @property
    def is_number(self) -> bool:
        """Whether it is one number, the same in all rows."""
        return not self.per_row and self.low == self.high


ANY = Span(0, -math.inf, math.inf)
_ONE_ROW = 1  # at which sizes are looked at


def up_to(n: int) -> Span:
    """0 to n - 1."""
    return Span(0, 0, n - 1)


def per_row(size: int) -> int | None:
    """How many elements of an axis belong to each row; None where it has others too."""
    if not is_unknown(size):
        return None
    each: int = size.at(_ONE_ROW)
    return each if same(size, each * ROWS) else None


def span_of(node: Node, spans: Sequence[Span]) -> Span:
    """The bounds of a node from those of its inputs."""
    if node.dtype.kind not in "iu":
        return ANY
    if node.op.name == "where":
        return _where(node, spans)
    if any(x.dtype.kind not in "iu" for x in node.inputs):
        return _made(node)
    rule = _RULES.get(node.op.name)
    return ANY if rule is None else rule(node, spans)


def _made(node: Node) -> Span:
    """Of an integer that does not come from integers."""
    name = node.op.name
    if name in ("argmax", "argmin"):
        size = node.inputs[0].shape[node.params["axis"]]
        return ANY if is_unknown(size) else up_to(size)
    return up_to(2) if name == "astype" and node.inputs[0].dtype.kind == "b" else ANY


def _full(node: Node, spans: Sequence[Span]) -> Span:
    value = node.params["value"]
    return ANY if is_unknown(value) else Span(0, value, value)


def _iota(node: Node, spans: Sequence[Span]) -> Span:
    size = node.shape[node.params["axis"]]
    if not is_unknown(size):
        return up_to(size)
    each = per_row(size)
    return ANY if each is None else Span(each, 0, each - 1)


def _check_index(node: Node, spans: Sequence[Span]) -> Span:
    size = node.params["size"]
    return spans[0] if is_unknown(size) else up_to(size)  # see row_rules.py


def _bits(node: Node, spans: Sequence[Span]) -> Span:
    return up_to(2**32)


def _kept(node: Node, spans: Sequence[Span]) -> Span:
    return spans[0]


def _numbers_kept(node: Node, spans: Sequence[Span]) -> Span:
    """Of an op that may move elements to other rows."""
    return ANY if spans[0].per_row else spans[0]


def _slice(node: Node, spans: Sequence[Span]) -> Span:
    (x,) = node.inputs
    pairs = zip(x.shape, node.shape, strict=True)
    all_rows = all(same(m, n) for m, n in pairs if is_unknown(m) or is_unknown(n))
    return spans[0] if all_rows else _numbers_kept(node, spans)


def _add(node: Node, spans: Sequence[Span]) -> Span:
    x, y = spans
    return Span(x.per_row + y.per_row, x.low + y.low, x.high + y.high)


def _subtract(node: Node, spans: Sequence[Span]) -> Span:
    x, y = spans
    return Span(x.per_row - y.per_row, x.low - y.high, x.high - y.low)


def _multiply(node: Node, spans: Sequence[Span]) -> Span:
    x, y = spans if spans[1].is_number else spans[::-1]
    if not y.is_number or y.low <= 0:
        return ANY
    return Span(x.per_row * int(y.low), x.low * y.low, x.high * y.low)


def _floor_divide(node: Node, spans: Sequence[Span]) -> Span:
    x, y = spans
    if not y.is_number or y.low <= 0 or x.per_row or math.inf in (-x.low, x.high):
        return ANY
    return Span(0, x.low // y.low, x.high // y.low)


def _remainder(node: Node, spans: Sequence[Span]) -> Span:
    y = spans[1]
    return up_to(int(y.low)) if y.is_number and y.low > 0 else ANY


def _least(node: Node, spans: Sequence[Span]) -> Span:
    x, y = spans
    alike = x.per_row == y.per_row
    return Span(x.per_row, min(x.low, y.low), min(x.high, y.high)) if alike else ANY


def _largest(node: Node, spans: Sequence[Span]) -> Span:
    x, y = spans
    alike = x.per_row == y.per_row
    return Span(x.per_row, max(x.low, y.low), max(x.high, y.high)) if alike else ANY


def _where(node: Node, spans: Sequence[Span]) -> Span:
    """One or the other; of `where(x < low, low, x)`, as `clip` has it, the larger."""
    (test, chosen, x), (_, one, other) = node.inputs, spans
    if one.is_number and not other.per_row and test.op.name in ("less", "greater"):
        value, bound = test.inputs
        if value is x and _number(bound) == _number(chosen) == one.low:
            return (_largest if test.op.name == "less" else _least)(node, [one, other])
    alike = one.per_row == other.per_row
    low, high = min(one.low, other.low), max(one.high, other.high)
    return Span(one.per_row, low, high) if alike else ANY


def _number(node: Node) -> object:
    """The number that a node repeats; None where it is none."""
    while node.op.name in ("broadcast_to", "reshape"):
        (node,) = node.inputs
    return node.params["value"] if node.op.name == "full" else None


_RULES: dict[str, Callable[[Node, Sequence[Span]], Span]] = {
    "full": _full,
    "iota": _iota,
    "check_index": _check_index,
    "random_bits": _bits,
    "astype": _kept,
    "detach": _kept,
    "reshape": _kept,
    "broadcast_to": _kept,
    "permute_dims": _kept,
    "slice": _slice,
    "flip": _numbers_kept,
    "take": _numbers_kept,
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "floor_divide": _floor_divide,
    "remainder": _remainder,
    "minimum": _least,
    "maximum": _largest,
}
