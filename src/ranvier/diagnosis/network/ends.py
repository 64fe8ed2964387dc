"""The two ends of learning: the loss and the last activation, beside the targets.

What cannot be trained at all is refused by the losses themselves (losses/), and a loss of
probabilities takes the outputs of a linear layer as logits (train/intake/logits.py). Here is what
can be trained and is still wrong. What the last activation can give is not guessed from its name
but read off the ops that made it (losses/last_layer.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...base.message import Message
from ...losses.last_layer import LastLayer
from ...typing import Array
from ..changes import Change, with_end
from ..examination import Examination
from ..finding import Chart, Finding, number

OUTSIDE = 0.01  # of the targets, that the last layer cannot reach
MOST_CLASSES = 20  # numbers 0, 1, ..., that may be classes
FEWEST_ROWS = 30
_ROOM = 0.01  # of the range of the targets that one may lie beyond


def wrong_loss(e: Examination) -> Iterator[Finding]:
    """A loss of numbers on classes, or one of labels, each for itself, on classes."""
    y = e.some.ys[0]
    if e.head is None or e.head.loss is None or y.ndim > 2 or len(y) < FEWEST_ROWS:
        return
    columns = y.reshape(len(y), -1).astype(np.float64)
    width, name = columns.shape[1], e.head.loss.name
    one_hot = width > 1 and np.isin(columns, (0, 1)).all() and (columns.sum(axis=1) == 1).all()
    counts = columns.sum(axis=0) if one_hot else np.unique(columns, return_counts=True)[1]
    if one_hot and (e.task == "numbers" or (e.task == "labels" and width > 2)):
        yield _of_classes(
            "problem" if e.task == "numbers" else "caution",
            Message(
                "Each row of the targets has one 1 among {width} columns, so they are classes, and "
                "{loss} takes each column for itself.",
                width=width, loss=name,
            ),
            counts,
            f'Dense({width}, activation="softmax"), loss="categorical_crossentropy"',
            with_end("categorical_crossentropy", activation="softmax"),
        )  # fmt: skip
    elif e.task == "numbers" and width == 1:
        yield from _counted(columns[:, 0], counts, name)


def _counted(y: Array, counts: Array, name: str) -> Iterator[Finding]:
    """Numbers that look like classes: 0, 1, ... and nothing else."""
    classes = len(counts)
    if not 2 <= classes <= MOST_CLASSES or not np.array_equal(np.unique(y), np.arange(classes)):
        return
    change = (
        'Dense(1, activation="sigmoid"), loss="binary_crossentropy"'
        if classes == 2
        else f'Dense({classes}, activation="softmax"), loss="sparse_categorical_crossentropy"'
    )
    yield _of_classes(
        "caution",
        Message(
            "The targets are {classes} integers from 0 on; if they are classes, {loss} takes "
            "them for amounts: class 2 as twice class 1.",
            classes=classes, loss=name,
        )
        if classes > 2
        else Message(
            "The targets are 0 and 1 only; {loss} hardly punishes a sure answer that is wrong.",
            loss=name,
        ),
        counts,
        change,
    )  # fmt: skip


def _of_classes(
    severity: str, what: Message, counts: Array, change: str, trial: Change | None = None
) -> Finding:
    return Finding(
        "wrong loss",
        "problem" if severity == "problem" else "caution",
        what,
        {"rows of each class": np.asarray(counts, np.float64)},
        change,
        trial,
        Chart("bars", ("rows of each class",)),
    )


def wrong_activation(e: Examination) -> Iterator[Finding]:
    """Targets that the last layer cannot reach, whatever it learns."""
    for i, (head, last) in enumerate(zip(e.heads, e.last_layers, strict=True)):
        y = e.some.ys[i].astype(np.float64)
        if head.loss is None or not head.loss.learns_numbers or not y.size:
            continue
        room = _ROOM * float(np.ptp(y))
        outside = (y < last.low - room) | (y > last.high + room)
        share = float(outside.mean())
        if share <= OUTSIDE:
            continue
        units = head.shape[-1] if head.shape else 1
        yield Finding(
            "wrong last activation",
            "problem",
            Message(
                "{share} of the targets ({low} to {high}) lie outside of what the last layer can "
                "give: it ends in {activation}, from {from_} to {to}.",
                share=f"{share:.0%}", low=number(float(y.min())), high=number(float(y.max())),
                activation=_named(last), from_=number(last.low), to=number(last.high),
            ),
            {
                "target": _middles(y),
                "targets": np.histogram(y, 20)[0].astype(np.float64),
                "lowest output": last.low,
                "highest output": last.high,
            },
            f"Dense({units})  # without an activation",
            with_end(activation=None),
            Chart("bars", ("targets",), "target"),
        )  # fmt: skip


def _named(last: LastLayer) -> str:
    if last.kind == "other" and (last.low, last.high) == (-1.0, 1.0):
        return "tanh"
    if last.kind == "other" and (last.low, last.high) == (0.0, np.inf):
        return "relu"
    return last.kind if last.kind != "other" else "an activation"


def _middles(y: Array) -> Array:
    edges = np.histogram(y, 20)[1]
    return np.asarray((edges[1:] + edges[:-1]) / 2)
