"""Over- and under-fitting: the loss on rows that were learned from, beside that on others, and
beside what simple methods reach.

Thresholds, and what 100 clean runs come to (tests/diagnosis/clean.py: stopped in time, best weights
restored):

    RISE 1.2, RISE_SHARE 0.03     clean 1.00 at most; planted 1.4 to 5
    GAP 0.15 of classes, 0.3 of variance, 3 standard errors; clean 0.2 at most
    SHORT 0.1 of classes, 0.15 of variance, 4 standard errors
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ...base.message import Message
from ...nn.basic.dense import Dense
from ...nn.basic.dropout import Dropout
from ...typing import Array
from .. import reference_answers as simple
from ..changes import Change, with_dropout, with_epochs, with_hidden, with_patience
from ..examination import Examination, evenly
from ..finding import Chart, Finding, number

RISE = 1.2  # of the validation loss since its best epoch
RISE_SHARE = 0.03  # of the loss of a constant answer: smaller differences mean nothing
GAP = {"classes": 0.15, "labels": 0.15, "numbers": 0.3}  # of errors, held out and learned
SHORT = {"classes": 0.1, "labels": 0.1, "numbers": 0.15}  # of errors, to simple methods
GAP_DEVIATIONS, SHORT_DEVIATIONS = 3.0, 4.0  # standard errors that a difference is wide
_PATIENCE = 10


def overfitting(e: Examination) -> Iterator[Finding]:
    """The validation loss of the model as it is now lies well above that of an earlier epoch, while
    the loss on the rows it learns from went on falling (Prechelt 1998, "Early stopping - but
    when?"); or it is far more often wrong on rows it has not seen.
    """
    held, train = e.curve("val_loss"), e.curve("loss")
    if len(held) > 1 and np.isfinite(held).all() and len(train) == len(held):
        best = int(held.argmin())
        rise = e.validation_loss - held[best]
        floor = RISE_SHARE * e.constant_loss if math.isfinite(e.constant_loss) else 0.0
        if rise > max((RISE - 1) * abs(held[best]), floor) and e.loss < train[best]:
            yield _risen(e, held, train, best)
            return
    yield from _gap(e)


def _risen(e: Examination, held: Array, train: Array, best: int) -> Finding:
    return Finding(
        "overfitting",
        "problem",
        Message(
            "The validation loss was lowest in epoch {epoch} ({best}) and is now {now}, while the "
            "loss on the rows it learns from fell to {train}: it learns them by heart.",
            epoch=best + 1,
            best=number(held[best]),
            now=number(e.validation_loss),
            train=number(e.loss),
        ),
        {
            "best epoch": best + 1.0,
            "validation loss now": e.validation_loss,
            "epoch": np.arange(1.0, len(held) + 1),
            "loss": train,
            "validation loss": held,
        },
        "callbacks=[ranvier.callbacks.EarlyStopping(patience=10, restore_best_weights=True)]",
        with_patience(_PATIENCE),
        Chart("lines", ("loss", "validation loss"), "epoch", at="best epoch"),
    )


def _gap(e: Examination) -> Iterator[Finding]:
    assert e.validation is not None
    learned, held = e.errors(e.some), e.errors(evenly(e.validation))
    if learned is None or held is None or min(len(learned), len(held)) < 20:
        return
    gap = float(held.mean() - learned.mean())
    deviation = math.sqrt(learned.var() / len(learned) + held.var() / len(held))
    if gap < GAP[e.task] or gap < GAP_DEVIATIONS * deviation:
        return
    what = (
        Message(
            "It is wrong on {held} of the rows it has not seen, and on {learned} of those it "
            "learned from.",
            held=f"{held.mean():.0%}", learned=f"{learned.mean():.0%}",
        )
        if e.task != "numbers"
        else Message(
            "It explains {held} of the variance of rows it has not seen, and {learned} of those "
            "it learned from.",
            held=f"{max(0.0, 1 - held.mean()):.0%}", learned=f"{max(0.0, 1 - learned.mean()):.0%}",
        )
    )  # fmt: skip
    yield Finding(
        "overfitting",
        "problem",
        what,
        {
            "rows": ("learned from", "not seen"),
            "error": np.array([learned.mean(), held.mean()]),
            "standard error of the gap": deviation,
        },
        'Dense(..., kernel_regularizer="l2"), a Dropout(0.3) between the layers, or more rows',
        with_dropout(0.3),
        Chart("bars", ("error",), "rows"),
    )


# --- under-fitting ------------------------------------------------------------------------------


def underfitting(e: Examination) -> Iterator[Finding]:
    """It is more often wrong on rows that it learned from than simple methods are on rows that they
    have not seen (see `reference_answers`).
    """
    rows = evenly(e.some, simple.MOST_ROWS)
    targets = e.targets(rows)
    width = math.prod(rows.xs[0].shape[1:])
    if targets is None or len(rows.xs) > 1 or rows.count < 30 or width > simple.MOST_COLUMNS:
        return
    own = e.errors(rows)
    if own is None or e.reads_ids or own.mean() < SHORT[e.task]:
        return
    x = simple.standardized(rows.xs[0])
    answers = {"neighbours": simple.neighbours, "straight line": simple.ridge}
    errors = {name: e.errors_of(method(x, targets), targets) for name, method in answers.items()}
    name = min(errors, key=lambda n: float(errors[n].mean()))
    short = own - errors[name]
    deviation = float(short.std()) / math.sqrt(len(short))
    if short.mean() < SHORT[e.task] or short.mean() < SHORT_DEVIATIONS * deviation:
        return
    change, trial = _stronger(e)
    yield Finding(
        "underfitting",
        "problem",
        _short_of(e.task, name, float(own.mean()), float(errors[name].mean())),
        {
            "method": ("this network", *errors),
            "error": np.array([own.mean(), *(error.mean() for error in errors.values())]),
            "rows": float(rows.count),
        },
        change,
        trial,
        Chart("bars", ("error",), "method"),
    )


def _short_of(task: str, name: str, own: float, other: float) -> Message:
    method = {
        "neighbours": Message("the five nearest rows"),
        "straight line": Message("a linear fit"),
    }[name]
    if task == "numbers":
        return Message(
            "It explains {own} of the variance of rows it learned from; {method} explain {other} "
            "of the same rows without having seen them.",
            own=f"{max(0.0, 1 - own):.0%}", method=method, other=f"{max(0.0, 1 - other):.0%}",
        )  # fmt: skip
    return Message(
        "It is wrong on {own} of the rows it learned from; {method} on {other} of the same rows "
        "without having seen them.",
        own=f"{own:.0%}", method=method, other=f"{other:.0%}",
    )  # fmt: skip


def _stronger(e: Examination) -> tuple[str, Change | None]:
    """The likeliest reason first: what holds it back, too little time, too small a network."""
    if e.chosen_by is not None:
        return "budget=120  # seconds: more time to train", None
    if e.model.penalties():
        return "Dense(..., kernel_regularizer=None)  # a penalty holds the weights near 0", None
    for layer in e.model.sublayers():
        if isinstance(layer, Dropout) and layer.rate >= 0.5:
            return f"Dropout(0.2)  # {layer.name!r} drops {layer.rate:.0%}", None
    losses = e.curve("loss")
    if len(losses) > 4 and losses[-1] < 0.97 * losses[-1 - len(losses) // 5]:
        return f"epochs={4 * len(losses)}  # the loss was still falling", with_epochs(4)
    sizes = [layer.units for layer in e.model.sublayers() if isinstance(layer, Dense)][:-1]
    wider = max(64, 2 * max(sizes, default=0))
    return (
        f'Dense({wider}, activation="relu"), Dense({wider}, activation="relu"), ...',
        with_hidden(wider),
    )
