"""The learning rate: too high or too low, from the curve and from the loss along the step.

The probe takes the step that the optimizer would take now, on some thousand rows, and looks at the
loss after multiples of it: a line search without moving (Smith 2017, "Cyclical learning rates",
finds rates by a sweep over a training; along one step it costs a dozen forward passes). What one
step costs or gains says whether steps of this size are too long or too short.

Thresholds, and what 100 clean runs come to:

    OVERSHOOT 1.2     the loss after one step over that before it; clean 1.05 at most
    BLOWN 2.0         the loss of an epoch over that of a constant answer; clean 1.3 at most
    RISES 3           epochs whose loss is higher than the one before by a tenth of the constant
                      answer's loss; clean 0
    FURTHER 64        steps in the same direction that still pay, of a loss above half of the
                      constant answer's: a clean one ends at 0.65 at most, and is level there
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ...base.message import Message
from ...train.fit.cautions import lower_rate, rate_of
from ..changes import rate_line, with_rate
from ..examination import Examination
from ..finding import Chart, Evidence, Finding, number

OVERSHOOT = 1.2
BLOWN = 2.0
RISES, RISE = 3, 0.1
ABOVE_USUAL = 5.0  # times the optimizer's own default, where only the curve speaks
FURTHER = 64.0
GAIN = 0.05  # of the loss
_ALONG = Chart(
    "lines", ("loss after it",), "multiple of the step", log=True, limit="loss before it"
)
HALF_WAY = 0.5  # of the constant answer's loss: farther down, a training may end


def too_high(e: Examination) -> Iterator[Finding]:
    """One step makes the loss clearly worse; or the loss of an epoch was far above that of an
    answer that is always the same, at a rate far above the usual one.
    """
    scales, losses = e.along
    rate = rate_of(e.model.optimizer)
    ratio = _ratio(losses[_at(scales, 1.0)], losses[0])
    floor = 0.02 * e.constant_loss if math.isfinite(e.constant_loss) else 0.0
    if ratio > OVERSHOOT and losses[_at(scales, 1.0)] - losses[0] > floor:
        good = float(scales[int(np.nanargmin(np.where(np.isfinite(losses), losses, np.inf)))])
        yield _high(
            e,
            Message(
                "One more step raises the loss from {before} to {after}; {share} of that step "
                "would be the best.",
                before=number(losses[0]), after=number(float(losses[_at(scales, 1.0)])),
                share=number(good),
            ),
            {
                "multiple of the step": scales[1:],
                "loss after it": losses[1:],
                "loss before it": float(losses[0]),
                "one step": 1.0,
            },
            _ALONG,
            rate,
        )  # fmt: skip
        return
    yield from _restless(e, rate)


def _restless(e: Examination, rate: float | None) -> Iterator[Finding]:
    """What the curve of the loss says: it blew up, or goes up and down."""
    curve = e.curve("loss")
    if rate is None or not math.isfinite(e.constant_loss) or not np.isfinite(curve).any():
        return
    usual = lower_rate(e.model.optimizer, math.inf)
    worst = int(np.nanargmax(curve))
    rises = int((np.diff(curve) > RISE * e.constant_loss).sum())
    if rate >= ABOVE_USUAL * usual and curve[worst] > BLOWN * e.constant_loss:
        what = Message(
            "The loss of epoch {epoch} was {worst}, {times} times that of always giving the same "
            "answer ({constant}): at a rate of {rate} steps overshoot.",
            epoch=worst + 1, worst=number(curve[worst]), constant=number(e.constant_loss),
            times=number(curve[worst] / e.constant_loss), rate=number(rate),
        )  # fmt: skip
    elif rises >= RISES:
        what = Message(
            "The loss rose in {rises} of {epochs} epochs by more than a tenth of that of always "
            "giving the same answer ({constant}): at a rate of {rate} steps overshoot.",
            rises=rises, epochs=len(curve), constant=number(e.constant_loss), rate=number(rate),
        )  # fmt: skip
    else:
        return
    evidence: dict[str, Evidence] = {
        "epoch": np.arange(1.0, len(curve) + 1),
        "loss": curve,
        "loss of a constant answer": e.constant_loss,
        "learning rate": rate,
    }
    chart = Chart("lines", ("loss",), "epoch", log=True, limit="loss of a constant answer")
    yield _high(e, what, evidence, chart, rate)


def _high(
    e: Examination, what: Message, evidence: dict[str, Evidence], chart: Chart, rate: float | None
) -> Finding:
    lower = None if rate is None else lower_rate(e.model.optimizer, rate)
    change = "a lower learning_rate" if lower is None else rate_line(e.model, lower)
    trial = None if lower is None else with_rate(lower)
    return Finding("learning rate too high", "problem", what, evidence, change, trial, chart)


def too_low(e: Examination) -> Iterator[Finding]:
    """The loss is still near that of a constant answer and was falling to the end, and many more
    steps in the same direction would lower it.
    """
    curve, (scales, losses) = e.curve("loss"), e.along
    rate = rate_of(e.model.optimizer)
    if rate is None or len(curve) < 3 or not math.isfinite(e.constant_loss):
        return
    best = int(np.nanargmin(np.where(np.isfinite(losses), losses, np.inf)))
    gain = 1 - _ratio(losses[best], losses[0])
    falling = curve[-1] < curve[len(curve) // 2] <= curve[0] * 1.001
    if not falling or curve[-1] < HALF_WAY * e.constant_loss:
        return
    if scales[best] < FURTHER or gain < GAIN or not _straight(curve):
        return
    usual = lower_rate(e.model.optimizer, math.inf)
    advised = float(f"{max(min(rate * scales[best] / 16, 10 * usual), 4 * rate):.1g}")
    yield Finding(
        "learning rate too low",
        "problem",
        Message(
            "After {epochs} epochs the loss has fallen from {first} to {last} only, and {steps} "
            "steps like the next one would lower it by {gain}.",
            epochs=len(curve), first=number(curve[0]), last=number(curve[-1]),
            steps=number(float(scales[best])), gain=f"{gain:.0%}",
        ),
        {
            "multiple of the step": scales[1:],
            "loss after it": losses[1:],
            "loss before it": float(losses[0]),
            "learning rate": rate,
        },
        rate_line(e.model, advised),
        with_rate(advised),
        _ALONG,
    )  # fmt: skip


def _straight(curve: np.ndarray) -> bool:
    """Whether the curve falls as fast in its second half as in its first, or nearly so: one that
    has levelled off ends for another reason.
    """
    middle = len(curve) // 2
    first, second = curve[0] - curve[middle], curve[middle] - curve[-1]
    return bool(second > 0.25 * first)


def _at(scales: np.ndarray, scale: float) -> int:
    return int(np.abs(scales - scale).argmin())


def _ratio(after: float, before: float) -> float:
    if not math.isfinite(after):
        return math.inf
    return float(after / before) if before > 0 else 1.0
