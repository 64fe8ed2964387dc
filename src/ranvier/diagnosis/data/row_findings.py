"""What the checks of rows, labels and classes say: numbers of each kind as findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...base.message import Message
from ...typing import Array
from ..changes import with_class_weight, without_rows
from ..finding import Chart, Evidence, Finding, number
from .classes import imbalance, missing_classes
from .column_findings import data_of_checks, listed, percent
from .copies import repeated_rows
from .label_noise import Suspects, suspects
from .validation_set import mostly_same, uncertain_accuracy, uncertain_error

if TYPE_CHECKING:
    from ..examination import Examination

_LISTED = 50  # rows in the evidence
_SHUFFLE = "x_train, x_val, y_train, y_val = ranvier.data.train_test_split(x, y, stratify=y)"


def repeated(e: Examination) -> Iterator[Finding]:
    """Rows for validation that the model was trained on."""
    data = data_of_checks(e)
    train, held = data.train, data.validation
    assert held is not None
    repeats = repeated_rows(train.exact, held.exact, train.target, held.target)
    if repeats is None:
        return
    evidence: dict[str, Evidence] = {
        "rows": held.numbers[repeats.rows][:_LISTED],
        "same training rows": train.numbers[repeats.trained][:_LISTED],
        "share": repeats.share,
        "expected by chance": repeats.by_chance,
    }
    if train.target is not None:
        evidence["further ones with another target"] = float(repeats.other_label)
    yield Finding(
        "repeated rows",
        "problem" if repeats.share > 0.05 else "caution",
        Message(
            "{count} of {rows} rows for validation ({share}) also stand in the rows it was trained "
            "on: the validation score is better than that of new rows.",
            count=f"{len(repeats.rows):,}",
            rows=f"{repeats.held_out:,}",
            share=percent(repeats.share),
        ),
        evidence,
        data.change(
            "repeated rows",
            "rows = numpy.unique(numpy.column_stack([x, y]), axis=0)  # before they are split",
        ),
    )


def label_noise(e: Examination) -> Iterator[Finding]:
    """Labels that small networks contradict where they are surest, without having seen them."""
    data = data_of_checks(e)
    train = data.train
    if train.target is None:
        return
    noise = suspects(train.columns, train.target, len(data.classes))
    if noise is None:
        return
    rows = train.numbers[noise.rows]
    worst = [_suspect(noise, data.classes, rows, i) for i in range(min(3, len(rows)))]
    yield Finding(
        "label noise",
        "problem" if noise.low > 0.03 else "caution",
        Message(
            "About {share} of the labels are wrong ({low} to {high}): among rows that networks "
            "without them are surest of, so many disagree. {count} rows are listed, about "
            "{expected} of them wrong; {worst}.",
            share=percent(noise.share),
            low=percent(noise.low),
            high=percent(noise.high),
            count=len(rows),
            expected=noise.expected,
            worst=worst,
        ),
        {
            "rows": rows,
            "given": tuple(data.classes[c] for c in noise.label),
            "predicted": tuple(data.classes[c] for c in noise.predicted),
            "expected wrong among them": float(noise.expected),
            "expected wrong in all": float(noise.in_all),
        },
        f"suspects = numpy.array({rows[:8].tolist()}{' + ...' if len(rows) > 8 else ''})  # read "
        "these rows again; train without them",
        trial=without_rows(rows),
    )


def _suspect(noise: Suspects, classes: Sequence[str], rows: Array, at: int) -> Message:
    return Message(
        "row {row} says {label}, predicted {answer}",
        row=int(rows[at]),
        label=classes[noise.label[at]],
        answer=classes[noise.predicted[at]],
    )


# --- classes ------------------------------------------------------------------------------------


def class_imbalance(e: Examination) -> Iterator[Finding]:
    """Rare classes that the model hardly finds."""
    data = data_of_checks(e)
    train, held = data.train, data.validation
    assert held is not None
    if train.target is None or held.target is None or held.predicted is None:
        return
    uneven = imbalance(train.target, held.target, held.predicted(), len(data.classes))
    if uneven is None:
        return
    rare = [data.classes[c] for c in uneven.rare]
    first = uneven.rare[0]
    what = Message(
        "Class {name} has {share} of the training rows, and the model finds {recall} of its rows "
        "for validation; {others}.",
        name=rare[0],
        share=percent(uneven.shares[first]),
        recall=percent(uneven.recall[first]),
        others=Message(
            "its accuracy of {accuracy} is no better than always saying the most frequent class "
            "({majority})",
            accuracy=percent(uneven.accuracy),
            majority=percent(uneven.majority),
        )
        if not uneven.better
        else Message(
            "its accuracy of {accuracy} comes from the frequent classes",
            accuracy=percent(uneven.accuracy),
        ),
    )
    yield Finding(
        "class imbalance",
        "problem",
        what,
        {
            "rare classes": tuple(rare),
            "class": data.classes,
            "share of training rows": uneven.shares,
            "recall": np.nan_to_num(uneven.recall),
            "accuracy": uneven.accuracy,
            "accuracy of the most frequent class": uneven.majority,
        },
        data.change("class imbalance", 'model.fit(x, y, ..., class_weight="balanced")'),
        trial=with_class_weight(),
        chart=Chart("bars", ("recall",), "class"),
    )


def missing_class(e: Examination) -> Iterator[Finding]:
    """Classes that only the rows to train on, or only those for validation hold."""
    data = data_of_checks(e)
    train, held = data.train, data.validation
    assert held is not None
    if train.target is None or held.target is None:
        return
    if not data.classes:
        if mostly_same(held.target) and not mostly_same(train.target):
            yield Finding(
                "missing classes",
                "problem",
                Message("All targets of the rows for validation are {value}.",
                        value=number(float(held.target[0]))),
                {"validation rows": float(len(held.target))},
                data.change("missing classes", _SHUFFLE.replace(", stratify=y", "")),
            )  # fmt: skip
        return
    missing = missing_classes(train.target, held.target, len(data.classes))
    if missing is None:
        return
    counts = np.bincount(train.target[train.target >= 0], minlength=len(data.classes))
    tested = np.bincount(held.target[held.target >= 0], minlength=len(data.classes))
    if missing.only is not None:
        what = Message(
            "All {rows} rows for validation are of class {name}: their score says nothing about "
            "the other classes.",
            rows=f"{len(held.target):,}",
            name=data.classes[missing.only],
        )
    elif missing.untested:
        what = Message(
            "No row for validation is of class {names}, which the rows to train on hold: the rows "
            "stood in an order when they were split.",
            names=listed([data.classes[c] for c in missing.untested]),
        )
    else:
        what = Message(
            "No row to train on is of class {names}, which rows for validation hold: it cannot "
            "say so.",
            names=listed([data.classes[c] for c in missing.unseen]),
        )
    yield Finding(
        "missing classes",
        "problem",
        what,
        {
            "class": data.classes,
            "training rows": counts.astype(float),
            "validation rows": tested.astype(float),
        },
        data.change("missing classes", _SHUFFLE),
    )


def small_validation_set(e: Examination) -> Iterator[Finding]:
    """Too few rows for validation to say how good the model is."""
    data = data_of_checks(e)
    held = data.validation
    assert held is not None
    if held.target is None or held.predicted is None:
        return
    predicted = held.predicted()
    if data.classes:
        score = uncertain_accuracy(predicted == held.target)
    else:
        score = uncertain_error(predicted - held.target)
    if score is None:
        return
    yield Finding(
        "small validation set",
        "caution",
        Message(
            "{rows} rows for validation leave the {score} of {value} anywhere between {low} and "
            "{high} (95 %): changes of the model cannot be told from chance. About {wanted} rows "
            "would be enough.",
            rows=score.rows,
            score=Message("accuracy") if data.classes else Message("mean absolute error"),
            value=number(score.value),
            low=number(score.low),
            high=number(score.high),
            wanted=f"{score.wanted:,}",
        ),
        {"rows": float(score.rows), score.name: score.value, "low": score.low, "high": score.high},
        data.change(
            "small validation set",
            "x_train, x_val, y_train, y_val = ranvier.data.train_test_split(x, y, test_size=0.3)",
        ),
    )
