"""Partial dependence (Friedman 2001), individual conditional expectation (Goldstein et al. 2015).

One feature is set to each value of a grid in all rows, and the model asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.missing import spelled
from ..errors import ArgumentError, unknown_name
from ..io.writing import FilePath
from ..typing import Array
from .result import save_as
from .subject import ArraySubject, Encoded, Output, Rows, Subject, TableSubject, subject_of

if TYPE_CHECKING:
    from ..plots.drawing import Drawing

_MOST_LEVELS = 20


@dataclass(frozen=True)
class Dependence:
    """What a model says on average of rows in which one feature has each of some values.

    grid        the values, numbers or labels
    average     (values,) partial dependence: the mean over the rows
    individual  (rows, values) individual conditional expectation: one curve for each row
    data        (rows,) the feature's own values
    """

    feature: str
    grid: Array
    average: Array
    individual: Array
    data: Array
    output_name: str = ""

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers, not labels."""
        return bool(self.grid.dtype.kind == "f")

    def centered(self) -> Dependence:
        """The same with every curve beginning at 0, so that differences in shape are seen."""
        individual = self.individual - self.individual[:, :1]
        return Dependence(
            self.feature, self.grid, individual.mean(axis=0), individual, self.data,
            self.output_name,
        )  # fmt: skip

    def plot(self, path: FilePath | None = None) -> Drawing:
        """The average as a thick line (bars of labels), rows as thin ones."""
        from .pictures.curves import draw

        drawing = draw(self)
        if path is not None:
            drawing.save(path)
        return drawing

    def _repr_html_(self) -> str:
        return self.plot().svg()

    def save(self, path: FilePath) -> Path:
        """Write a page (.html), the drawing (.svg, .png, .pdf) or the numbers (.csv)."""
        from ..plots.page import page

        drawing = self.plot()
        lines = [drawing.head, *drawing.rows]
        return save_as(path, self.plot, lambda: lines, lambda: page("", [drawing]))

    def __str__(self) -> str:
        cells = [f"{g:.5g}" if self.is_number else str(g) for g in self.grid]
        width = max(map(len, cells))
        lines = [f"{self.feature}: mean of {self.output_name or 'the output'}"]
        lines += [f"  {c:<{width}}  {v:.6g}" for c, v in zip(cells, self.average, strict=True)]
        return "\n".join(lines)


@spelled
def partial_dependence(
    model: object,
    x: Rows,
    feature: str | int,
    *,
    output: Output = None,
    grid: Sequence[Any] | Array | None = None,
    points: int = 30,
    rows: int = 200,
    feature_names: Sequence[str] | None = None,
    seed: int = 0,
) -> Dependence:
    """How the output depends on one feature, the others being as they are in the rows of x.

    >>> x = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 6.0]])
    >>> found = partial_dependence(lambda x: x[:, 0] ** 2 + x[:, 1], x, 0, grid=[0, 1, 2])
    >>> found.average
    array([3., 4., 7.])

    Args:
        model: a `TableModel`, any `ranvier.Model`, or a function of arrays.
        x: rows whose other features are kept.
        feature: the name of a column, or its number.
        output: as in `shap_values`; of several classes by default the first row's.
        grid: values to set; by default `points` quantiles of the feature, or its levels.
        rows: how many rows of x are used, at random.
    """
    if points < 2:
        raise ArgumentError(f"points={points}: expected at least 2")
    subject = subject_of(model, x, feature_names)
    at = number_of(subject, feature)
    encoded = subject.encode(x)
    source = _frame(x) if isinstance(subject, TableSubject) else None
    if len(encoded) > rows:
        kept = np.sort(np.random.default_rng(seed).choice(len(encoded), rows, replace=False))
        encoded, source = encoded.take(kept), None if source is None else source[kept]
    column = encoded.data.reshape(len(encoded), -1)[:, at]
    values = grid_of(column, points) if grid is None else _as_grid(grid)
    predicted = []
    outputs = subject(encoded.arrays)
    chosen = int(subject.chosen(outputs, output)[0])
    for value in values:
        arrays = with_value(subject, encoded, source, at, value)
        predicted.append(subject(arrays)[:, chosen])
    individual = np.stack(predicted, axis=1)
    name = subject.feature_names[at]
    names = subject.names_of(outputs.shape[1])
    return Dependence(
        name, values, individual.mean(axis=0), individual, column, names[chosen] if names else ""
    )


def number_of(subject: Subject, feature: str | int) -> int:
    """The number of a feature by its name."""
    names = subject.feature_names
    if isinstance(feature, str):
        if feature not in names:
            raise unknown_name("feature", feature, names)
        return names.index(feature)
    if not 0 <= feature < len(names):
        raise ArgumentError(f"feature {feature}: there are {len(names)}, from 0")
    return feature


def with_value(
    subject: Subject, rows: Encoded, frame: Any, feature: int, value: object
) -> dict[str, Array]:
    """The arrays of rows in which a feature has this value in all of them.

    `frame` are the raw rows of a table: its column is read as the encoder reads it.
    """
    arrays = dict(rows.arrays)
    if isinstance(subject, TableSubject):
        import polars as pl

        name = subject.feature_names[feature]
        one = frame.head(1).with_columns(
            pl.Series(name, [value], strict=False).cast(frame[name].dtype, strict=False)
        )
        made = subject.model.encoder.transform(one)
        for block, owner in subject.owners.items():
            arrays[block] = np.where(owner == feature, made[block], arrays[block])
        return arrays
    assert isinstance(subject, ArraySubject)
    for block, owner in subject.owners.items():
        a = arrays[block].copy()
        a[:, owner == feature] = np.asarray(value, a.dtype)
        arrays[block] = a
    return arrays


def grid_of(column: Array, points: int) -> Array:
    """Values of a column to look at: quantiles of numbers, the most frequent labels.

    >>> grid_of(np.array([3.0, 1.0, 2.0]), 5)
    array([1., 2., 3.])
    >>> grid_of(np.array(["b", "a", "b", None], object), 3)
    array(['b', 'a'], dtype=object)
    """
    from .shapley.groups import numbers_of

    numbers = numbers_of(column)
    if numbers is not None:
        numbers = numbers[np.isfinite(numbers)]
        if len(np.unique(numbers)) <= points:
            return np.unique(numbers)
        return np.unique(np.quantile(numbers, np.linspace(0.01, 0.99, points)))
    present = [cell for cell in column.tolist() if cell is not None]
    labels, counts = np.unique([str(cell) for cell in present], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_MOST_LEVELS]
    return np.asarray(labels[order], object)


def _as_grid(grid: Sequence[Any] | Array) -> Array:
    values = np.asarray(grid)
    return values.astype(np.float64) if values.dtype.kind in "iuf" else values.astype(object)


def _frame(x: Rows) -> Any:
    from ..tables.reading import read_table

    return read_table(x).frame
