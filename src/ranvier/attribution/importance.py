"""Permutation importance (Breiman 2001; Fisher et al. 2019): a feature shuffled among the rows.

What the score loses is what the model took from that feature. Nothing is trained again, and the
model may be anything that predicts. `measured` does the work, for the report of a table too.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..base.missing import spelled
from ..errors import ArgumentError, DataError, unknown_name
from ..tables.scores import HIGHER_IS_BETTER, scores
from ..typing import Array
from .result import Attribution
from .subject import Encoded, Rows, Subject, TableSubject, subject_of

_MOST_FEATURES = 100  # that are shuffled, those that go with the predictions first
_LEAST_ROWS, _MOST_ROWS = 200, 2000
_CELLS = 60_000  # rows x features in a round of shuffling
_ROWS_TOGETHER = 10_000  # of shuffled copies that are predicted in one go
_MOST_REPEATS = 5

Loss = Callable[[Array, Array], float]


class Shuffling(Protocol):
    """Rows whose features can be shuffled one by one, and a model that is asked about them."""

    @property
    def width(self) -> int:
        """How many cells a row has."""

    def __len__(self) -> int: ...

    def predict_shuffled(self, features: Sequence[str], random: np.random.Generator) -> Array:
        """What it says of a copy of the rows for each of the features, which is shuffled in it."""


class Shuffled(Shuffling, Protocol):
    """Rows of which some may be taken, and whose features can be looked at before."""

    def take(self, rows: Array) -> Shuffled:
        """Some of the rows."""

    def predict(self) -> Array:
        """What the model says of the rows."""

    def explained(self, feature: str, answer: Array) -> float:
        """The share of the variance of `answer` between groups of like values of a feature."""


@dataclass(frozen=True)
class Measured:
    """How much the loss grows, by feature, most important first: mean and deviation of the
    repeats; from how many rows and repeats, and how many features were left out.
    """

    features: tuple[str, ...]
    means: Array
    deviations: Array
    rows: int
    repeats: int
    left_out: int = 0


def measured(
    shuffled: Shuffled,
    loss: Loss,
    truth: Array,
    features: Sequence[str],
    *,
    seconds: float = 5.0,
    seed: int = 0,
) -> Measured:
    """How much the loss grows when each of the features is shuffled, within about `seconds`.

    `loss(truth, predicted)` gives a number of which less is better. Features are shuffled in the
    order in which they explain the predictions one by one. Rounds follow each other as long as
    `seconds` last. Where even the first one would take longer, fewer rows are shuffled, and what
    twice that time is not enough for is left out. Several shuffled copies of the rows are
    predicted in one go.
    """
    random = np.random.default_rng(seed)
    rows = int(np.clip(_CELLS // max(len(features), 1), _LEAST_ROWS, _MOST_ROWS))
    if len(shuffled) > rows:
        kept = random.choice(len(shuffled), rows, replace=False)
        shuffled, truth = shuffled.take(kept), truth[kept]
    began = time.perf_counter()
    output = shuffled.predict()
    chosen = _screened(shuffled, output, features)
    needed = (time.perf_counter() - began) * len(chosen)  # for the first round
    if needed > seconds and len(shuffled) > _LEAST_ROWS:
        rows = max(int(len(shuffled) * seconds / needed), _LEAST_ROWS)
        shuffled, truth, output = shuffled.take(np.arange(rows)), truth[:rows], output[:rows]
    base = loss(truth, output)
    first = _round(shuffled, loss, truth, chosen, random, began + 2 * seconds)
    chosen = chosen[: len(first)]
    losses = [first]
    while (
        len(losses) < _MOST_REPEATS
        and (time.perf_counter() - began) * (1 + 1 / len(losses)) < seconds
    ):
        losses.append(_round(shuffled, loss, truth, chosen, random, math.inf))
    left_out = len(features) - len(chosen)
    return _ranked(np.array(losses) - base, chosen, len(shuffled), left_out)


def _ranked(grown: Array, features: Sequence[str], rows: int, left_out: int) -> Measured:
    """What `measured` gives for how much the loss grew, (repeats, features)."""
    grown = grown.reshape(len(grown), len(features))
    means, deviations = grown.mean(axis=0), grown.std(axis=0)
    order = np.argsort(-means, kind="stable")
    return Measured(
        tuple(features[i] for i in order),
        means[order],
        deviations[order],
        rows,
        len(grown),
        left_out,
    )


def _round(
    shuffled: Shuffling,
    loss: Loss,
    truth: Array,
    features: Sequence[str],
    random: np.random.Generator,
    end: float,
) -> list[float]:
    """The loss with each feature shuffled once; shorter where the clock passed `end`."""
    wide = max(shuffled.width // 20, 1)
    together = max(1, _ROWS_TOGETHER // max(len(shuffled) * wide, 1))
    losses = []
    for first in range(0, len(features), together):
        block = features[first : first + together]
        output = shuffled.predict_shuffled(block, random)
        losses += [loss(truth, part) for part in np.split(output, len(block))]
        if time.perf_counter() > end:
            break
    return losses


def _screened(shuffled: Shuffled, output: Array, features: Sequence[str]) -> list[str]:
    """The features that explain most of the predictions one by one, the best first."""
    answer = output[:, -1] if output.ndim == 2 else output
    shares = [shuffled.explained(name, answer) for name in features]
    order = np.argsort(-np.array(shares), kind="stable")[:_MOST_FEATURES]
    return [features[i] for i in order]


def explained_share(codes: Array, answer: Array) -> float:
    """The share of the variance of `answer` between groups of rows with the same code."""
    count = np.maximum(np.bincount(codes), 1)
    means = np.bincount(codes, answer - answer.mean()) / count
    total = float(((answer - answer.mean()) ** 2).sum())
    return float((np.bincount(codes) * means**2).sum()) / total if total else 0.0


def eighths(values: Array) -> Array:
    """For each of some numbers, in which eighth of them it lies."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, 9)[1:-1]))
    return np.asarray(np.searchsorted(edges, values, "right"))


# --- for users ----------------------------------------------------------------------------------


class _EncodedRows:
    """Rows of a subject: features are shuffled in the arrays that the model reads."""

    def __init__(self, subject: Subject, rows: Encoded) -> None:
        self.subject, self.rows = subject, rows
        self.numbers = {name: i for i, name in enumerate(subject.feature_names)}

    @property
    def width(self) -> int:
        """How many features there are."""
        return len(self.numbers)

    def __len__(self) -> int:
        return len(self.rows)

    def predict(self) -> Array:
        return self._shaped(self.subject(self.rows.arrays))

    def predict_shuffled(self, features: Sequence[str], random: np.random.Generator) -> Array:
        """What the model says of a copy of the rows for each feature, which is shuffled in it."""
        orders = [random.permutation(len(self)) for _ in features]
        arrays = {}
        for name, owner in self.subject.owners.items():
            copies = np.stack([self.rows.arrays[name]] * len(features))
            for copy, feature, order in zip(copies, features, orders, strict=True):
                mine = owner == self.numbers[feature]
                copy[:, mine] = copy[order][:, mine]
            arrays[name] = copies.reshape(-1, *copies.shape[2:])
        return self._shaped(self.subject(arrays))

    def _shaped(self, outputs: Array) -> Array:
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs


@spelled
def permutation_importance(
    model: object,
    x: Rows,
    y: object = None,
    *,
    metric: str | Loss | None = None,
    repeats: int = 10,
    groups: Mapping[str, Sequence[str | int]] | None = None,
    feature_names: Sequence[str] | None = None,
    seed: int = 0,
) -> Attribution:
    """How much worse a model predicts when a feature is shuffled among the rows (Breiman 2001).

    The values are means over the `repeats`, the errors their standard errors; what they tell is
    about the model and these rows, not about causes, and two features that go together share
    their importance: shuffle them together by `groups`.

    >>> x = np.random.default_rng(0).normal(size=(500, 2))
    >>> found = permutation_importance(lambda x: 3 * x[:, 0], x, 3 * x[:, 0], metric="rmse")
    >>> found.feature_names, found.values.round(1)
    (('x0', 'x1'), array([4.2, 0. ]))

    Args:
        model: a `TableModel`, any `ranvier.Model`, or a function of arrays.
        x: rows that the model was not trained on; a table holds the target too.
        y: the targets of arrays: numbers, or the indices of classes.
        metric: what is measured, a score of `ranvier train` ("rmse", "mae", "r2", "log_loss",
            "accuracy", "auc") or a function of (truth, predicted) of which less is better; by
            default that of the table's plan, else log-loss for integers of y and rmse.
        repeats: how often each feature is shuffled.
        groups: {name: features} that are shuffled together.
        feature_names: of the columns of an array.
        seed: of the order of the rows.
    """
    if repeats < 1:
        raise ArgumentError(f"repeats={repeats}: expected at least 1")
    subject = subject_of(model, x, feature_names)
    rows = subject.encode(x)
    truth, rows = _truth(subject, x, y, rows)
    if groups is not None:
        subject = subject.grouped(groups)
    shuffled = _EncodedRows(subject, rows)
    outputs = shuffled.predict()
    loss, name = _loss(metric, subject, truth, outputs)
    random = np.random.default_rng(seed)
    base = loss(truth, outputs)
    names = subject.feature_names
    grown = np.array([
        _round(shuffled, loss, truth, names, random, math.inf) for _ in range(repeats)
    ])  # fmt: skip
    grown -= base
    return Attribution(
        method=f"permutation importance: {name}",
        values=grown.mean(axis=0),
        feature_names=names,
        errors=grown.std(axis=0, ddof=1) / math.sqrt(repeats) if repeats > 1 else None,
        freedom=max(repeats - 1, 1),
        notes=(f"{len(rows):,} rows, each feature shuffled {repeats} times",),
    )


def _truth(subject: Subject, x: Rows, y: object, rows: Encoded) -> tuple[Array, Encoded]:
    """The targets, and the rows that have one."""
    if isinstance(subject, TableSubject):
        from ..tables.reading import read_table

        model = subject.model
        frame = read_table(x).frame
        if model.plan.target not in frame.columns:
            raise DataError(
                f"permutation_importance: the table has no column {model.plan.target!r}, the "
                "target, to measure the predictions by"
            )
        truth = model.encoder.encode_target(frame)
        known = np.flatnonzero(truth >= 0 if model.classes else np.isfinite(truth))
        return truth[known], rows.take(known)
    if y is None:
        raise ArgumentError("permutation_importance: y is missing, the targets of the rows")
    truth = np.asarray(y)
    truth = truth[:, 0] if truth.ndim == 2 and truth.shape[1] == 1 else truth
    if len(truth) != len(rows):
        raise DataError(f"{len(truth):,} targets for {len(rows):,} rows; expected as many")
    return truth, rows


def _loss(
    metric: str | Loss | None, subject: Subject, truth: Array, outputs: Array
) -> tuple[Loss, str]:
    """The loss for a metric, and how it is called."""
    if callable(metric):
        return metric, "loss"
    classes = outputs.ndim == 2 or metric in ("log_loss", "accuracy", "auc")
    if metric is None and isinstance(subject, TableSubject):
        metric = subject.model.plan.metric
    if metric is None:
        metric = "log_loss" if classes or _is_binary(truth, outputs) else "rmse"
    if metric not in HIGHER_IS_BETTER:
        raise unknown_name("metric", metric, HIGHER_IS_BETTER)
    task = "regression"
    if metric in ("log_loss", "accuracy", "auc"):
        task = "multiclass" if outputs.ndim == 2 and outputs.shape[1] > 2 else "binary"
    sign = -1.0 if HIGHER_IS_BETTER[metric] else 1.0

    def loss(true: Array, predicted: Array) -> float:
        if task == "binary" and predicted.ndim == 1:
            predicted = np.stack([1 - predicted, predicted], axis=1)
        target = true if task == "regression" else true.astype(np.int64)
        return sign * scores(task, target, predicted)[metric]

    return loss, f"growth of {metric}" if sign > 0 else f"loss of {metric}"


def _is_binary(truth: Array, outputs: Array) -> bool:
    """Whether these are targets 0 and 1 and probabilities of the second."""
    inside = bool((outputs >= 0).all() and (outputs <= 1).all())
    return truth.dtype.kind in "iub" and set(np.unique(truth).tolist()) == {0, 1} and inside
