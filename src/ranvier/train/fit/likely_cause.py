"""What made the first NaN or infinity, and what to change: in words, from the numbers around it.

`describe` asks one function after the other; each looks for one kind of cause, and the first that
sees its own answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ...graph.node import Node
from ...typing import Array

_TIMES_USUAL = 1000.0  # times what rows usually hold: a number that is no scale but a mistake
_GROWN = 1e6  # numbers above it have grown


class Finding(NamedTuple):
    """The first value that is not finite.

    node        that it is, with its `value` and `operands`
    layer       "layer 'a' (Dense)", or the part of the step, such as "the loss"
    rows        of x in which it is not finite, where its first axis is the batch
    is_input    whether the step was given it, and no op made it
    iteration   (which, of how many), when it appeared inside a loop
    line        file and line, when the user's own code made it
    """

    node: Node
    value: Array
    operands: list[Array]
    layer: str
    rows: list[int]
    is_input: bool
    iteration: tuple[int, int] | None = None
    line: str = ""


class Batch(NamedTuple):
    """The batch of the step that broke.

    where       "epoch 1, batch 3"
    xs, ys      what it reads; `scaled`: of each x, whether layers scale it before use
    numbers     of its rows, those that fill it up left out, in `whole`: "x", or "the batch"
    rate        the learning rate, and `lower`, one to try
    """

    where: str
    xs: Sequence[Array]
    ys: Sequence[Array]
    scaled: Sequence[bool]
    numbers: Array
    whole: str = "x"
    rate: float | None = None
    lower: float | None = None


def describe(finding: Finding, batch: Batch) -> str:
    """What happened, where, the likely cause and what to change."""
    what = "NaN" if np.isnan(finding.value).any() else "infinity"
    if finding.is_input:
        position = f"in {finding.node.name or 'a tensor'} before the step"
    else:
        position = f"in {finding.layer}, operation {finding.node.op.name} {finding.node.spec}"
        if finding.line:
            position += f" at {finding.line}"
    if finding.iteration:
        position += f", iteration {finding.iteration[0]} of {finding.iteration[1]}"
    text = f"{what} first appeared in {batch.where}, {position}"
    if finding.rows:
        more = f" and {len(finding.rows) - 5} more" if len(finding.rows) > 5 else ""
        text += f", rows {', '.join(map(str, finding.rows[:5]))}{more} of {batch.whole}"
    cause = next(c for c in (kind(finding, batch) for kind in _KINDS) if c is not None)
    return f"{text}. Likely cause: {cause}."


# --- kinds of causes ----------------------------------------------------------------------------


def _there_before(finding: Finding, batch: Batch) -> str | None:
    """A tensor that was given to the step as it is."""
    if not finding.is_input:
        return None
    bad = np.argwhere(~np.isfinite(finding.value))
    at = f"[{', '.join(map(str, bad[0]))}]" if bad.size else "all of it"
    more = f" and {len(bad) - 1} more numbers" if len(bad) > 1 else ""
    return (
        f"no step has made it: {at}{more} came from what set this tensor, such as set_weights, a "
        "file, an initializer or a callback"
    )


def _logarithm(finding: Finding, batch: Batch) -> str | None:
    name = finding.node.op.name
    if name not in ("log", "log1p"):
        return None
    first = _first(finding)
    if not first.size or first.min() > (0 if name == "log" else -1):
        return None
    return (
        f"the logarithm of {first.min():g}; keep its argument above 0 (add a small number, or "
        "let the last layer be a sigmoid or softmax with a cross-entropy loss, which is "
        "computed exactly)"
    )


def _division(finding: Finding, batch: Batch) -> str | None:
    if finding.node.op.name != "divide" or not (finding.operands[1] == 0).any():
        return None
    root = _made_by(finding.node.inputs[1], "sqrt")
    if root and "gradient" in finding.layer:
        return (
            "the gradient of a square root (a norm, a deviation) at 0, which is infinite; add a "
            "small number under the root: sqrt(x + 1e-7)"
        )
    if root:
        return (
            "a division by the square root of 0: a norm of zeros, or a deviation of numbers that "
            "are all alike; add a small number under the root: x / sqrt(variance + 1e-5)"
        )
    return "a division by 0; add a small number to the divisor"


def _power(finding: Finding, batch: Batch) -> str | None:
    name, first = finding.node.op.name, _first(finding)
    if name not in ("sqrt", "power") or not first.size:
        return None
    if np.isnan(finding.value).any() and first.min() < 0:
        return f"{name} of the negative number {first.min():g}; keep it at 0 or above"
    if name == "power" and (first == 0).any() and (finding.operands[1] < 0).any():
        where = "the gradient of a power" if "gradient" in finding.layer else "a power"
        return f"{where} of 0 with a negative exponent; add a small number to its base"
    return None


def _exponential(finding: Finding, batch: Batch) -> str | None:
    first = _first(finding)
    if finding.node.op.name != "exp" or not first.size:
        return None
    limit = np.log(np.finfo(finding.value.dtype).max)
    if not first.max() > limit:
        return None
    return (
        f"the exponential of {first.max():.3g}, and in {finding.value.dtype} that of "
        f"{limit:.1f} is the largest; subtract the largest number first, as ranvier.softmax and "
        f"logsumexp do{_or(_scaling(finding, batch))}"
    )


def _outlier(finding: Finding, batch: Batch) -> str | None:
    """A row of x or y that holds what others never do."""
    for name, arrays in (("x", batch.xs), ("y", batch.ys)):
        for array in arrays:
            count = len(batch.numbers)
            if array.dtype.kind != "f" or not array.size or count < 3:
                continue
            sizes = np.abs(array[:count].reshape(count, -1)).max(axis=1)
            usual, largest = float(np.median(sizes)), float(sizes.max())
            # One that is unlike the others but small has broken nothing.
            if largest > _TIMES_USUAL * max(usual, 1e-3) and largest > _GROWN:
                row = batch.numbers[sizes.argmax()]
                return (
                    f"row {row} of {name if batch.whole == 'x' else batch.whole} holds "
                    f"{largest:.3g} in {name}, where rows of this batch usually hold at most "
                    f"{usual:.3g}; look whether it is a mistake in the data, or clip {name}"
                )
    return None


def _half(finding: Finding, batch: Batch) -> str | None:
    if finding.value.dtype != np.float16:
        return None
    return (
        f"numbers grew to {_largest(finding.operands):.3g}, and float16 ends at 65504; compute "
        "this part in float32 (dtype_policy='float32'), or, where it is in a gradient, use "
        "LossScaleOptimizer"
    )


def _loop(finding: Finding, batch: Batch) -> str | None:
    if finding.iteration is None:
        return None
    return (
        f"numbers that grow with each iteration of a loop, to {_largest(finding.operands):.3g} "
        "here; keep a tanh or sigmoid in the cell, begin with an orthogonal recurrent kernel, clip "
        "gradients with the optimizer's clipnorm=1.0, or shorten the sequences"
    )


def _overflow(finding: Finding, batch: Batch) -> str | None:
    sizes = [a for a in finding.operands if a.size and a.dtype.kind == "f"]
    cause = f"values grew to {_largest(sizes):.3g} and overflowed" if sizes else "values overflowed"
    fixes = _scaling(finding, batch)
    rate, lower = batch.rate, batch.lower
    if rate is None:
        fixes.append("lower the learning rate")
    else:
        eg = "" if lower is None else f", e.g. to {lower:g}"
        fixes.append(f"lower the learning rate {rate:g}{eg}")
        if lower is not None and lower < rate / 10:  # far above the usual one
            fixes.reverse()
    fixes.append("clip gradients with the optimizer's clipnorm=1.0")
    return f"{cause}; {', or '.join(fixes)}"


# In the order in which they are asked; the last one always answers.
_KINDS: tuple[Callable[[Finding, Batch], str | None], ...] = (
    _there_before, _logarithm, _division, _power, _exponential, _outlier, _half, _loop, _overflow,
)  # fmt: skip


# --- parts --------------------------------------------------------------------------------------


def _first(finding: Finding) -> Array:
    return finding.operands[0] if finding.operands else np.zeros(1)


def _largest(arrays: Sequence[Array]) -> float:
    sizes = (float(np.abs(a).max()) for a in arrays if a.size and a.dtype.kind == "f")
    return max(sizes, default=0.0)


def _scaling(finding: Finding, batch: Batch) -> list[str]:
    """That the input should be scaled, if it holds large numbers that nothing scales."""
    xs = [x for x, done in zip(batch.xs, batch.scaled, strict=True) if not done]
    largest = max((float(np.abs(x).max()) for x in xs if x.size), default=0.0)
    if largest <= 100:
        return []
    return [f"scale the input, whose largest value is {largest:g} (a Normalize layer does it)"]


def _or(fixes: Sequence[str]) -> str:
    return "".join(f", or {fix}" for fix in fixes)


def _made_by(node: Node, op: str) -> bool:
    """Whether `node` is a result of this op, moved or multiplied."""
    while node.op.name != op:
        if node.op.kind != "movement" and node.op.name != "multiply":
            return False
        if not node.inputs:
            return False
        node = next((x for x in node.inputs if x.op.name != "full"), node.inputs[0])
    return True
