"""What an attribution gives: a number for each feature, where it starts, how sure it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.extras import optional
from ..base.intervals import student_quantile
from ..errors import ArgumentError, StateError
from ..io.writing import FilePath, check_suffix, write_whole
from ..typing import Array

if TYPE_CHECKING:
    from ..plots.drawing import Drawing

_SHOWN = 12  # features in a text
_LONG_NUMBER = 8  # characters of a cell; one with more digits is rounded


@dataclass(frozen=True)
class Attribution:
    """How much each feature of a row has to do with what a model says of it.

    Indexing takes rows: `attribution[0]`, `attribution[:10]`. `print` shows the rows, `plot` draws
    them, a notebook shows the drawing.

    >>> made = Attribution("shap", np.array([[2.0, -0.5]]), ("age", "income"),
    ...     base_values=np.array([1.0]), outputs=np.array([2.5]), data=np.array([[39, 800]]))
    >>> print(made)
    shap, row 0: 2.5 = 1 + 1.5
      age = 39       +2
      income = 800   -0.5
    >>> made.gap
    array([0.])

    Args:
        values: (rows, features), or (rows, height, width) of images, (rows, tokens) of texts; with
            `output="all"` one more axis; (features,) where it is about all rows together.
        base_values: what the values start from, (rows,) or (rows, outputs): where the method has
            one, base value and values sum to the output.
        outputs: what the model says of each row, (rows,) or (rows, outputs).
        data: what was explained, (rows, features): raw cells, pixels or tokens.
        errors: the standard error of each value, where it was sampled.
        notes: what a reader should know, such as columns that go together.
    """

    method: str
    values: Array
    feature_names: tuple[str, ...]
    base_values: Array | None = None
    outputs: Array | None = None
    data: Array | None = None
    errors: Array | None = None
    output_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    kind: str = "table"  # "table", "image" or "text"
    freedom: int = 0  # degrees of freedom of the errors; 0: many
    row_numbers: tuple[int, ...] = ()  # what the rows are called; by default they are counted

    @property
    def about_rows(self) -> bool:
        """Whether there are values for each row, not for all together."""
        return self.values.ndim > 1

    @property
    def features_flat(self) -> Array:
        """The values as (rows, features), images with all their pixels in one axis."""
        if not self.about_rows:
            return self.values[None]
        return self.values.reshape(len(self.values), -1)

    @property
    def gap(self) -> Array:
        """By how much outputs differ from base value + sum of the values, of each row.

        Zero but for rounding where the method promises that; of integrated gradients it says
        whether there were enough steps.
        """
        if self.outputs is None or self.base_values is None:
            raise StateError(
                f"gap: values of {self.method!r} do not sum to the output; those of shap_values, "
                "integrated_gradients and layerwise_relevance do"
            )
        inner = tuple(range(1, self.values.ndim - (self.outputs.ndim - 1)))
        return np.asarray(self.outputs - self.base_values - self.values.sum(axis=inner))

    @property
    def convergence_gap(self) -> float:
        """The largest `gap` as a share of what the values have to explain."""
        assert self.outputs is not None or self.gap is not None
        explained = np.abs(np.asarray(self.outputs) - np.asarray(self.base_values))
        return float(np.max(np.abs(self.gap) / np.maximum(explained, 1e-12)))

    def interval(self, coverage: float = 0.95) -> tuple[Array, Array]:
        """Lower and upper ends of the range that holds each sampled value with this probability."""
        if self.errors is None:
            raise StateError(
                f"interval: values of {self.method!r} are not sampled, so they have no range"
            )
        if not 0 < coverage < 1:
            raise ArgumentError(f"coverage={coverage}: expected a share between 0 and 1")
        margin = student_quantile(0.5 + coverage / 2, self.freedom) * self.errors
        return self.values - margin, self.values + margin

    def importance(self) -> dict[str, float]:
        """The mean size of the values of each feature over all rows, largest first."""
        if len(self.feature_names) != self.values.shape[-1] and self.values.ndim < 3:
            raise StateError(f"importance: values of {self.method!r} have no features by name")
        sizes = np.abs(self.values)
        if sizes.ndim == 3:  # several outputs
            sizes = sizes.sum(axis=2)
        means = sizes.mean(axis=0) if self.about_rows else self.values
        order = np.argsort(-means, kind="stable")
        return {self.feature_names[i]: float(means[i]) for i in order}

    def output(self, name: str | int) -> Attribution:
        """The values for one output of several, by name or number."""
        if self.outputs is None or self.outputs.ndim < 2:
            raise StateError("output: there is one output; ask for all with output='all'")
        at = name if isinstance(name, int) else _position(self.output_names, name)
        return replace(
            self,
            values=self.values[..., at],
            base_values=None if self.base_values is None else self.base_values[..., at],
            outputs=self.outputs[..., at],
            errors=None if self.errors is None else self.errors[..., at],
            output_names=self.output_names[at : at + 1],
        )

    def __len__(self) -> int:
        return len(self.values) if self.about_rows else 1

    def __getitem__(self, rows: int | slice | Sequence[int] | Array) -> Attribution:
        if not self.about_rows:
            raise StateError(f"{self.method}: the values are about all rows together")
        at = slice(rows, rows + 1 or None) if isinstance(rows, int) else rows
        parts: dict[str, Any] = {
            name: None if array is None else array[at]
            for name in ("base_values", "outputs", "data", "errors")
            for array in (getattr(self, name),)
        }
        names = self.output_names
        if self.outputs is not None and self.outputs.ndim == 1 and len(names) == len(self):
            names = tuple(np.asarray(names, object)[at])
        numbers = np.array([self.row_number(i) for i in range(len(self))])[at]
        parts["row_numbers"] = tuple(int(i) for i in numbers)
        return replace(self, values=self.values[at], output_names=names, **parts)

    def row_number(self, row: int) -> int:
        """What a row is called: its number in the table that it comes from."""
        return self.row_numbers[row] if self.row_numbers else row

    # -- showing -----------------------------------------------------------------------------------

    def plot(self, kind: str | None = None, path: FilePath | None = None) -> Drawing:
        """A drawing: bars of one row, dots of many, a heat map over an image, tokens of a text.

        `kind` is "bars", "swarm" or "importance" for tables, by default what suits the number of
        rows. `path` names a file to write: .svg, and with matplotlib .png or .pdf.
        """
        from .pictures.attributions import draw

        drawing = draw(self, kind)
        if path is not None:
            drawing.save(path)
        return drawing

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return self.plot().svg()

    def html(self) -> str:
        """A page of HTML: the drawing, the numbers, the notes; no script, nothing from outside."""
        from .pictures.page import page

        return page(self)

    def save(self, path: FilePath) -> Path:
        """Write a page (.html), the drawing (.svg, .png, .pdf) or the numbers (.csv)."""
        return save_as(path, self.plot, self.lines, self.html)

    def lines(self) -> list[Sequence[object]]:
        """The values as lines of a table: row, feature, cell, value, standard error."""
        names, flat = self.feature_names, self.features_flat
        if self.outputs is not None and self.outputs.ndim > 1:
            raise StateError("the values are of several outputs; choose one with output(name)")
        errors = None if self.errors is None else self.errors.reshape(len(flat), -1)
        cells = None if self.data is None else self.data.reshape(len(flat), -1)
        if cells is not None and cells.shape != flat.shape:
            cells = None
        lines: list[Sequence[object]] = [("row", "feature", "cell", "value", "standard_error")]
        for i, j in np.ndindex(flat.shape):
            lines.append((
                self.row_number(i) if self.about_rows else "",
                names[j] if len(names) == flat.shape[1] else j,
                "" if cells is None else cells[i, j],
                repr(float(flat[i, j])),
                "" if errors is None else repr(float(errors[i, j])),
            ))  # fmt: skip
        return lines

    def __str__(self) -> str:
        if not self.about_rows:
            lines = [self.method, *_lines(self.feature_names, self.values, self.errors)]
        elif self.values.ndim > 2:
            lines = [f"{self.method}: {self._rows_text()}, values of shape {self.values.shape[1:]}"]
        elif len(self) > 3:
            means = self.importance()
            lines = [f"{self.method}: {self._rows_text()}, mean size of the values"]
            lines += _lines(tuple(means), np.array(list(means.values())), None, signed=False)
        else:
            lines = [line for i in range(len(self)) for line in self._row_lines(i)]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def __repr__(self) -> str:
        return f"<Attribution {self.method}: {self._rows_text()}, values {self.values.shape}>"

    def _rows_text(self) -> str:
        return f"{len(self):,} rows" if len(self) > 1 else "1 row"

    def _row_lines(self, i: int) -> list[str]:
        head = f"{self.method}, row {self.row_number(i)}"
        if self.outputs is not None and self.base_values is not None:
            change = self.values[i].sum()
            sign = "-" if change < 0 else "+"
            base = self.base_values[i]
            head += f": {self.outputs[i]:.6g} = {base:.6g} {sign} {abs(change):.6g}"
        labels = self.labels(i)
        errors = None if self.errors is None else self.errors[i]
        return [head, *_lines(labels, self.values[i], errors, by_size=True)]

    def labels(self, row: int) -> tuple[str, ...]:
        """The features with what the row holds: "age = 39"; of a text its tokens."""
        if self.data is None or self.data.ndim != 2 or not self.about_rows:
            return self.feature_names
        if self.kind == "text":
            return tuple(str(token) for token in self.data[row])
        if self.data.shape[1] != len(self.feature_names):
            return self.feature_names
        cells = self.data[row]
        return tuple(f"{n} = {_cell(c)}" for n, c in zip(self.feature_names, cells, strict=True))

    # -- other libraries ---------------------------------------------------------------------------

    def to_shap(self) -> Any:
        """The same as a `shap.Explanation`, for its plots; needs the package shap."""
        shap = optional("shap", "to_shap", "shap")
        base = self.base_values
        return shap.Explanation(
            values=self.values,
            base_values=np.zeros(len(self)) if base is None else base,
            data=self.data,
            feature_names=list(self.feature_names),
            output_names=list(self.output_names) if self.values.ndim > 2 else None,
            error_std=self.errors,
        )


def save_as(
    path: FilePath,
    drawing: Callable[[], Drawing] | None,
    lines: Callable[[], Sequence[Sequence[object]]],
    html: Callable[[], str],
) -> Path:
    """Write one of the forms of a result, by the suffix of the path."""
    suffix = Path(path).suffix.lower()
    if suffix == ".csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(lines())
        write_whole(path, text.getvalue().encode())
    elif drawing is not None and suffix in (".svg", ".png", ".pdf"):
        drawing().save(path)
    else:
        check_suffix(path, ".html")
        write_whole(path, html().encode())
    return Path(path)


def _position(names: Sequence[str], name: str) -> int:
    from ..errors import unknown_name

    if name not in names:
        raise unknown_name("output", name, names)
    return list(names).index(name)


def _lines(
    labels: Sequence[str],
    values: Array,
    errors: Array | None,
    signed: bool = True,
    by_size: bool = False,
) -> list[str]:
    order = np.argsort(-np.abs(values) if by_size else -values, kind="stable")
    shown = order[:_SHOWN]
    width = max((len(str(labels[i])) for i in shown), default=0)
    lines = []
    for i in shown:
        number = f"{values[i]:+.4g}" if signed else f"{values[i]:.4g}"
        error = "" if errors is None else f" (standard error {errors[i]:.2g})"
        lines.append(f"  {labels[i]:<{width}}   {number}{error}")
    if len(order) > _SHOWN:
        lines.append(f"  and {len(order) - _SHOWN} more")
    return lines


def _cell(value: object) -> str:
    """A cell as a short text.

    >>> _cell(0.1 + 0.2), _cell("89.60335919973862"), _cell(None), _cell("x" * 40)
    ('0.3', '89.603', 'missing', 'xxxxxxxxxxxxxxxxxxxxxxx…')
    """
    if value is None or (isinstance(value, float) and value != value):
        return "missing"
    if isinstance(value, float | np.floating):
        return f"{value:.5g}"
    text = str(value)
    if len(text) > _LONG_NUMBER and text.replace(".", "", 1).lstrip("-").isdigit() and "." in text:
        return f"{float(text):.5g}"
    return text if len(text) <= 24 else text[:23] + "…"
