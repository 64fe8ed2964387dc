"""Simple models on the same rows, so that a score can be judged: the most frequent class or the
mean; linear or logistic regression; scikit-learn's gradient boosting where it is installed.

All read the arrays of an encoder. The linear ones see numbers scaled to mean 0 and deviation 1,
flags as they are, and categories one-hot.
"""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...errors import RanvierError
from ...tables.trees import grow
from ...typing import Array
from .linear_models import logistic_regression, ridge, softmax, with_one

_MAX_LEVELS = 30  # of a category that become columns of their own; the rest share none
_MAX_COLUMNS = 1000
_MAX_LOGISTIC = 10_000_000  # rows x columns x classes of logistic regression; of more a part
_MAX_LINEAR = 50_000_000  # rows x columns of linear regression
_LEAST_ROWS = 1_000  # of a part
_LINEAR_SHARE = 0.4  # of the time, at most; boosting may take the rest
_LOSSES = 80  # that logistic regression is expected to need
_LEAST_LINEAR = 0.2  # seconds for it, whatever the time: a few steps tell nothing
_TIMED_ROWS = 2_000  # on which one of them is timed
_LEAST_BOOSTING = 0.1  # seconds; boosting is left out where there are fewer
_MAX_BOOSTING = 400_000_000  # rows x columns x classes above which boosting takes minutes


@dataclass(frozen=True)
class Baseline:
    """What a simple model predicts for the test rows: probabilities or numbers.

    `predicted` is None where it was not trained; `note` and `detail` say why.
    """

    name: str
    predicted: Array | None
    seconds: float = 0.0
    note: str = ""
    detail: str = ""


def baselines(
    train: Mapping[str, Array],
    y: Array,
    test: Mapping[str, Array],
    classes: int,
    seed: int = 0,
    seconds: float = math.inf,
) -> list[Baseline]:
    """All simple models; `y` holds class indices, or numbers where `classes` is 0.

    `train` and `test` are the arrays of an encoder (see tables/encoder.py). They take about
    `seconds`: linear models see only as many rows as there is time for, boosting adds no more
    trees after that, and is left out where nothing is left of it.
    """
    end = time.perf_counter() + seconds
    rows = max((len(a) for a in test.values()), default=0)
    models = [simplest(y, rows, classes)]
    if not train:
        return models
    models.append(_linear(train, y, test, classes, seed, _LINEAR_SHARE * seconds))
    models.append(_boosting(train, y, test, classes, seed, end - time.perf_counter()))
    return models


def simplest(y: Array, rows: int, classes: int) -> Baseline:
    """The share of each class, or the mean, for every row."""
    if classes:
        shares = np.bincount(y, minlength=classes) / len(y)
        return Baseline("majority", np.tile(shares, (rows, 1)))
    return Baseline("mean", np.full(rows, y.mean()))


def _linear(
    train: Mapping[str, Array],
    y: Array,
    test: Mapping[str, Array],
    classes: int,
    seed: int,
    seconds: float,
) -> Baseline:
    began = time.perf_counter()
    rows = len(y)
    most = max(_MAX_LINEAR // design_width(train), _LEAST_ROWS)
    if rows > most:  # NOTE: before the matrix is made, which is many times as large as the arrays
        kept = _some(rows, most, seed)
        train, y = {name: a[kept] for name, a in train.items()}, y[kept]
    x, x_test = design(train, test)
    if classes:
        most = max(_MAX_LOGISTIC // (x.shape[1] * classes), _LEAST_ROWS)
        most = min(most, _rows_in_time(x, y, classes, seconds))
        if len(x) > most:
            kept = _some(len(x), most, seed)
            x, y = x[kept], y[kept]
        left = seconds - (time.perf_counter() - began)
        left = max(left, seconds / 2, _LEAST_LINEAR)
        weights = logistic_regression(x, y, classes, seconds=left)
        predicted = softmax(with_one(x_test) @ weights)
    else:
        predicted = with_one(x_test) @ ridge(x, y)
    note, detail = ("sampled", f"{len(x):,}") if len(x) < rows else ("", "")
    name = "logistic" if classes else "linear"
    return Baseline(name, predicted, time.perf_counter() - began, note, detail)


def _some(rows: int, count: int, seed: int) -> Array:
    """So many of the row numbers, in their order."""
    return np.sort(np.random.default_rng(seed).choice(rows, count, replace=False))


def _rows_in_time(x: Array, y: Array, classes: int, seconds: float) -> int:
    """On how many rows logistic regression takes about so many seconds; not too few."""
    if not math.isfinite(seconds):
        return len(x)
    some = min(len(x), _TIMED_ROWS)
    began = time.perf_counter()
    logistic_regression(x[:some], y[:some], classes, seconds=0.0)
    one = max(time.perf_counter() - began, 1e-6)
    return max(int(some * seconds / (_LOSSES * one)), _LEAST_ROWS)


def _boosting(
    train: Mapping[str, Array],
    y: Array,
    test: Mapping[str, Array],
    classes: int,
    seed: int,
    seconds: float,
) -> Baseline:
    name = "boosting"
    if importlib.util.find_spec("sklearn") is None:
        return Baseline(name, None, note="missing")
    columns = sum(a.shape[1] for a in train.values())
    trees = classes if classes > 2 else 1
    if len(y) * columns * trees > _MAX_BOOSTING or trees > 50:
        size = f"{len(y):,} × {columns:,}" + (f" × {classes:,}" if trees > 1 else "")
        return Baseline(name, None, note="large", detail=size)
    if seconds < _LEAST_BOOSTING:
        return Baseline(name, None, note="time")
    began = time.perf_counter()
    task = "regression" if not classes else ("binary" if classes == 2 else "multiclass")
    present = np.unique(y) if classes else np.arange(0)
    if classes and len(present) < max(classes, 2):
        return Baseline(name, None, note="failed", detail="a class without training rows")
    try:
        predicted = grow(train, y, task, seed, seconds).predict(test)
    except (RanvierError, ValueError) as problem:
        return Baseline(name, None, note="failed", detail=str(problem)[:200])
    return Baseline(name, predicted, time.perf_counter() - began)


def design(train: Mapping[str, Array], test: Mapping[str, Array]) -> tuple[Array, Array]:
    """The arrays of an encoder as one matrix for a linear model: float64 (rows, columns)."""
    parts: list[tuple[Array, Array]] = []
    if "numbers" in train:
        x = train["numbers"].astype(np.float64)
        mean, deviation = x.mean(axis=0), x.std(axis=0)
        deviation[deviation == 0] = 1.0
        # Far outliers of the test rows would give absurd predictions.
        parts += [((x - mean) / deviation, np.clip((test["numbers"] - mean) / deviation, -20, 20))]
    if "flags" in train:
        parts.append((train["flags"].astype(np.float64), test["flags"].astype(np.float64)))
    for codes, other in _columns(train, test, "categories"):
        count = np.bincount(codes)
        levels = np.argsort(-count, kind="stable")[:_MAX_LEVELS]
        levels = levels[count[levels] > 0]
        parts.append(((codes[:, None] == levels) * 1.0, (other[:, None] == levels) * 1.0))
    x = np.concatenate([part for part, _ in parts], axis=1)[:, :_MAX_COLUMNS]
    return x, np.concatenate([part for _, part in parts], axis=1)[:, :_MAX_COLUMNS]


def design_width(train: Mapping[str, Array]) -> int:
    """At most how many columns `design` gives."""
    wide = {"categories": _MAX_LEVELS}
    columns: int = sum(a.shape[1] * wide.get(name, 1) for name, a in train.items())
    return min(columns, _MAX_COLUMNS)


def _columns(
    train: Mapping[str, Array], test: Mapping[str, Array], name: str
) -> list[tuple[Array, Array]]:
    if name not in train:
        return []
    return list(zip(train[name].T, test[name].T, strict=True))
