"""SHAP values of some test rows, and how the output depends on the strongest columns, in bounded
time.

The work is done by `ranvier.attribution`; here are the rows, and what a report keeps of it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...attribution.dependence import partial_dependence
from ...attribution.shapley.groups import numbers_of
from ...attribution.shapley.values import shap_values
from ...attribution.subject import columns_in_pairs
from ...typing import Array
from ..results import Attributions, Dependency, ShapColumn

if TYPE_CHECKING:
    import polars

_LEAST_ROWS, _MOST_ROWS = 10, 120  # of which a summary is made
_BEHIND = 24  # rows of training that they are compared with
_ROUNDS = 2  # orders of the columns for each of those
_COLUMNS = 12  # that are kept
_STRONGEST = 3  # whose dependence is measured
_CURVES, _POINTS = 40, 16  # rows and values of a dependence
_SHARE = 0.7  # of the time, for SHAP values
_LEAST_SECONDS = 0.4  # for which it is worth to begin


def attributions(
    model: object,
    train: polars.DataFrame,
    test: polars.DataFrame,
    output: Array,
    classes: Sequence[str],
    *,
    seconds: float,
    seed: int = 0,
) -> Attributions | None:
    """The attributions of a `TableModel`, within about `seconds`; None where they are too few,
    and where the model reads several columns together.

    `output` are the predictions of the test rows. Of several classes the one is explained that is
    predicted most often, of two the second. Other models have no raw columns to go through.
    """
    from ...tables.model import TableModel

    if not isinstance(model, TableModel) or len(test) < _LEAST_ROWS or len(train) < _LEAST_ROWS:
        return None
    if seconds < _LEAST_SECONDS or columns_in_pairs(model):
        return None
    began = time.perf_counter()
    random = np.random.default_rng(seed)
    behind = train[np.sort(random.choice(len(train), min(_BEHIND, len(train)), replace=False))]
    rows = test[random.choice(len(test), min(_MOST_ROWS, len(test)), replace=False)]
    explained = None
    if len(classes) > 2:
        explained = int(np.bincount(output.argmax(axis=1), minlength=len(classes)).argmax())
    parts: list[Array] = []
    cells: list[Array] = []
    done = 0
    while done < len(rows):
        spent = time.perf_counter() - began
        # One row tells what the next ones will take.
        count = 1 if not done else int((_SHARE * seconds - spent) / (spent / done))
        count = min(count, 2 * done + 1, len(rows) - done)
        if count < 1:
            break
        a = shap_values(
            model, rows[done : done + count], behind, method="permutation", rounds=_ROUNDS,
            output=explained, seed=seed + done,
        )  # fmt: skip
        parts.append(a.values)
        cells.append(np.asarray(a.data))
        done += count
    if done < _LEAST_ROWS:
        return None
    values, data = np.concatenate(parts), np.concatenate(cells)
    sizes = np.abs(values).mean(axis=0)
    order = [int(i) for i in np.argsort(-sizes, kind="stable")[:_COLUMNS] if sizes[i] > 0]
    columns = tuple(
        ShapColumn(
            a.feature_names[i], float(sizes[i]), _rounded(values[:, i]), _heights(data[:, i])
        )
        for i in order
    )
    evaluated = done * len(behind) * _ROUNDS * 2 * max(len(sizes) - 1, 1)
    dependencies: list[Dependency] = []
    for column in columns[:_STRONGEST]:
        spent = time.perf_counter() - began
        if spent + spent / evaluated * _CURVES * _POINTS > seconds:
            break
        dependencies.append(_dependency(model, rows[:_CURVES], column.column, explained, seed))
    name = (classes[-1] if explained is None else classes[explained]) if classes else ""
    return Attributions(name or model.plan.target, done, len(behind), columns, tuple(dependencies))


def _dependency(
    model: object, rows: polars.DataFrame, column: str, output: int | None, seed: int
) -> Dependency:
    d = partial_dependence(model, rows, column, output=output, points=_POINTS, seed=seed)
    numbers = numbers_of(d.data)
    cells = () if numbers is None else _rounded(numbers[np.isfinite(numbers)])
    curves = tuple(_rounded(row) for row in d.individual)
    if d.is_number:
        return Dependency(column, _rounded(d.average), curves, _rounded(d.grid), cells=cells)
    return Dependency(column, _rounded(d.average), curves, labels=tuple(map(str, d.grid)))


def _rounded(values: Array) -> tuple[float, ...]:
    """Numbers as a file keeps them: five digits are more than a picture shows."""
    return tuple(float(f"{v:.5g}") for v in np.asarray(values, np.float64).tolist())


def _heights(cells: Array) -> tuple[float | None, ...]:
    """How high each cell stands among the others: the share of those below it."""
    numbers = numbers_of(cells)
    if numbers is None:
        return (None,) * len(cells)
    known = np.sort(numbers[np.isfinite(numbers)])
    below = np.searchsorted(known, numbers, "left") + np.searchsorted(known, numbers, "right")
    return tuple(
        round(float(b) / (2 * len(known)), 3) if np.isfinite(v) else None
        for v, b in zip(numbers, below, strict=True)
    )
