"""How each op moves the parts in front: the rules of row_flow.py for all ops but the scan.

A rule has the node and what is known of its inputs, and at least one of them grows with the rows
along one axis, or the node itself does. It gives what is known of the node, or None: mixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...graph.node import Node
from ...graph.sizes import ROWS, divides, exceeds, is_unknown, same
from ...typing import Shape
from .row_spans import ANY, Span


@dataclass(frozen=True)
class Part:
    """What is known of a value that is not mixed; where its axis is, its shape says."""

    blocks: int | None = None  # in the axis that grows; None: all along it the values are alike
    zero: bool = False  # what stands behind is 0
    means: str = ""  # "position": it counts the rows; "count": how many of them are real
    span: Span = ANY  # of integers


UNMOVED = Part()
OF_ROWS = Part(blocks=1)


def axes_of(shape: Shape) -> list[int]:
    """The axes that grow with the rows."""
    return [a for a, n in enumerate(shape) if is_unknown(n)]


def axis_of(node: Node) -> int | None:
    """The axis that grows with the rows; of several the first."""
    return next(iter(axes_of(node.shape)), None)


def common_blocks(parts: Iterable[Part]) -> tuple[bool, int | None]:
    """Whether the values lie alike along the axis, and in how many blocks."""
    layouts = {p.blocks for p in parts} - {None}
    return len(layouts) < 2, next(iter(layouts), None)


def meaning_of(node: Node, parts: Sequence[Part]) -> str:
    """What a number stands for stays when it is cast or repeated."""
    return parts[0].means if node.op.name in ("astype", "broadcast_to", "reshape") else ""


# --- elements -------------------------------------------------------------------------------------


def _elementwise(node: Node, parts: Sequence[Part]) -> Part | None:
    alike, blocks = common_blocks(parts)
    if not alike:
        return None
    name = node.op.name
    if name == "less" and [p.means for p in parts] == ["position", "count"]:
        return Part(blocks, zero=True)
    return Part(blocks, _stays_zero(node, parts), meaning_of(node, parts))


def _stays_zero(node: Node, parts: Sequence[Part]) -> bool:
    """Whether elements are 0 where those of some operands are."""
    zeros = [p.zero for p in parts]
    name = node.op.name
    if name in ("multiply", "logical_and"):
        return any(zeros)
    if name == "where":
        return zeros[2] and (zeros[0] or zeros[1])
    if name == "divide":
        return zeros[0]
    if not all(zeros):
        return False
    of_zeros = [np.zeros(1, x.dtype) for x in node.inputs]
    with np.errstate(all="ignore"):
        return not node.op.reference(*of_zeros, **node.params).any()


def _check(node: Node, parts: Sequence[Part]) -> Part | None:
    size = node.params.get("size", 0)
    return None if is_unknown(size) and not parts[0].span.is_inside(size) else parts[0]


def _full(node: Node, parts: Sequence[Part]) -> Part | None:
    return Part(zero=node.params["value"] == 0)


def _iota(node: Node, parts: Sequence[Part]) -> Part | None:
    along = node.params["axis"]
    if along != axis_of(node):
        return Part()
    return Part(1, means="position" if same(node.shape[along], ROWS) else "")


def _random_bits(node: Node, parts: Sequence[Part]) -> Part | None:
    return Part()  # a draw like any other


# --- reductions -----------------------------------------------------------------------------------


def _reduce(node: Node, parts: Sequence[Part]) -> Part | None:
    (x,), (part,) = node.inputs, parts
    axes = node.params["axes"] if "axes" in node.params else (node.params["axis"],)
    if axis_of(x) not in axes:
        return Part(part.blocks, part.zero)  # whose sums, products and extremes are 0 too
    return UNMOVED if part.zero and node.op.name == "sum" else None


def _cumulative(node: Node, parts: Sequence[Part]) -> Part | None:
    (part,) = parts
    if node.params["axis"] != axis_of(node):
        return Part(part.blocks, part.zero)
    return OF_ROWS if part.blocks in (None, 1) else None


# --- movement -------------------------------------------------------------------------------------


def _reshape(node: Node, parts: Sequence[Part]) -> Part | None:
    """The elements stay in order: as many blocks as before lie one behind the other."""
    (x,), (part,) = node.inputs, parts
    a, b = axis_of(x), axis_of(node)
    if a is None or b is None:
        return None
    blocks = math.prod(x.shape[:a]) * (part.blocks or 1)
    before = math.prod(node.shape[:b])
    if not before or blocks % before or not divides(blocks // before, node.shape[b]):
        return None
    kept = part.means if math.prod(x.shape[a + 1 :]) == math.prod(node.shape[b + 1 :]) == 1 else ""
    return Part(blocks // before, part.zero, kept)


def _permute(node: Node, parts: Sequence[Part]) -> Part | None:
    return parts[0]


def _broadcast(node: Node, parts: Sequence[Part]) -> Part | None:
    (part,) = parts
    return part if axes_of(node.inputs[0].shape) else Part(None, part.zero, part.means)


def _slice(node: Node, parts: Sequence[Part]) -> Part | None:
    (x,), (part,) = node.inputs, parts
    a = axis_of(x)
    if a is None:
        return None
    start, stop, step = (node.params[key][a] for key in ("start", "stop", "step"))
    if same(start, 0) and same(stop, x.shape[a]) and step == 1:
        return replace(part, means="")
    if part.blocks not in (None, 1) or is_unknown(start):
        return None
    if not is_unknown(stop):  # the first rows are real ones, if any number of rows has them
        return UNMOVED if not exceeds(stop, x.shape[a]) and stop <= _least(x.shape[a]) else None
    return OF_ROWS


def _least(size: Any) -> int:
    """A size for one row."""
    return int(size.at(1))


def _pad(node: Node, parts: Sequence[Part]) -> Part | None:
    (x,), (part,) = node.inputs, parts
    a = axis_of(x)
    if a is None:
        return None
    before, after, step = (node.params[key][a] for key in ("before", "after", "step"))
    if same(before, 0) and same(after, 0) and step == 1:
        return replace(part, means="")
    fits = part.blocks in (None, 1) and not is_unknown(before) and step == 1
    return Part(1, part.zero) if fits and (part.zero or same(after, 0)) else None


def _flip(node: Node, parts: Sequence[Part]) -> Part | None:
    return None if axis_of(node) in node.params["axes"] else replace(parts[0], means="")


def _concat(node: Node, parts: Sequence[Part]) -> Part | None:
    if node.params["axis"] != axis_of(node):
        alike, blocks = common_blocks(parts)
        return Part(blocks, all(p.zero for p in parts)) if alike else None
    *first, last = node.inputs
    moved = any(axes_of(x.shape) for x in first)
    return (
        None if moved or not axes_of(last.shape) or parts[-1].blocks not in (None, 1) else OF_ROWS
    )


def _of_images(node: Node, parts: Sequence[Part]) -> Part | None:
    """Of a convolution and of sliding windows: what lies along their first axis."""
    alone = all(not axes_of(w.shape) for w in node.inputs[1:])
    return Part(parts[0].blocks, parts[0].zero) if alone and axis_of(node) == 0 else None


# --- products and gathers -------------------------------------------------------------------------


def _matmul(node: Node, parts: Sequence[Part]) -> Part | None:
    (x, y), (left, right) = node.inputs, parts
    a, b = axis_of(x), axis_of(y)
    if a is not None and a == x.ndim - 1:  # sums over the rows
        alike, _ = common_blocks(parts)
        over = b == y.ndim - 2 and alike and (left.zero or right.zero)
        return UNMOVED if over else None
    if a is None or b is None:
        part = right if a is None else left
        return Part(part.blocks, part.zero)
    alike, blocks = common_blocks(parts)
    return Part(blocks, left.zero or right.zero) if a == b < x.ndim - 2 and alike else None


def _take(node: Node, parts: Sequence[Part]) -> Part | None:
    (x, indices), (part, at) = node.inputs, parts
    if axis_of(x) is None:
        return Part(at.blocks)
    if axis_of(x) == node.params["axis"]:
        alone = part.blocks in (None, 1) and at.blocks == 1
        return OF_ROWS if alone and at.span.is_inside(x.shape[node.params["axis"]]) else None
    if axis_of(indices) is not None:
        return None
    return Part(part.blocks, part.zero)


def _take_along(node: Node, parts: Sequence[Part]) -> Part | None:
    alike, blocks = common_blocks(parts)
    if not alike or axis_of(node) == node.params["axis"] or axis_of(node.inputs[0]) is None:
        return None
    return Part(blocks, parts[0].zero)


def _scatter(node: Node, parts: Sequence[Part]) -> Part | None:
    (x, indices, updates), axis = node.inputs, node.params["axis"]
    alike, blocks = common_blocks(
        [p for p, v in zip(parts, node.inputs, strict=True) if axes_of(v.shape)]
    )
    if not alike:
        return None
    if axis_of(x) is None:  # sums over the rows
        lies_along = axis <= (axis_of(updates) or 0) < axis + indices.ndim
        return UNMOVED if lies_along and parts[2].zero else None
    if axis_of(x) == axis or (node.op.name == "scatter_add" and axes_of(indices.shape)):
        return None
    return Part(blocks, parts[0].zero and parts[2].zero)


Rule = Callable[[Node, Sequence[Part]], Part | None]

RULES_BY_KIND: dict[str, Rule] = {
    "elementwise": _elementwise,
    "check": _check,
    "reduce": _reduce,
    "random": _random_bits,
}
RULES: dict[str, Rule] = {
    "full": _full,
    "iota": _iota,
    "cumulative_sum": _cumulative,
    "reshape": _reshape,
    "permute_dims": _permute,
    "broadcast_to": _broadcast,
    "slice": _slice,
    "pad": _pad,
    "flip": _flip,
    "concat": _concat,
    "sliding_window": _of_images,
    "convolution": _of_images,
    "matmul": _matmul,
    "take": _take,
    "take_along_axis": _take_along,
    "scatter_add": _scatter,
    "scatter_add_along_axis": _scatter,
}
