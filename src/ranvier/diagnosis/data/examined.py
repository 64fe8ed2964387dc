"""The data of an examination in the form that the checks of data read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...nn import Embedding
from ...train.fit.cautions import OF_CLASSES, labels_of
from ...train.intake.arrange import readers
from ...train.intake.rows import Rows
from ...typing import Array
from .columns import Columns, of_array

if TYPE_CHECKING:
    from ..examination import Examination

_MOST_NUMBERS = 1024  # of a row that has no columns, such as an image
MOST_ROWS = 100_000  # of each part


@dataclass(frozen=True)
class Part:
    """Rows: their `columns`; `exact`, (rows, numbers), by which equal rows are found; `target`,
    indices of classes (-1: unknown) or numbers; `numbers`, where the rows stand in what the user
    gave; `predicted`, what the model says of the rows, as the target is.
    """

    columns: Columns
    exact: Array
    target: Array | None
    numbers: Array
    predicted: Callable[[], Array] | None = None


@dataclass(frozen=True)
class Data:
    """All parts of the data.

    `classes` are the names of the classes, () where the target is a number or unknown; `table`
    says whether the columns are quantities with names rather than pixels or steps of a series;
    `changes` are the lines to change by kind, where they are not those of arrays, with {columns}.
    """

    train: Part
    validation: Part | None = None
    new: Columns | None = None
    classes: tuple[str, ...] = ()
    table: bool = True
    changes: Mapping[str, str] = field(default_factory=dict)

    def change(self, kind: str, usual: str, columns: Sequence[str] = ()) -> str:
        """The line to change for a kind of finding, about some columns."""
        if kind not in self.changes:
            return usual
        return self.changes[kind].format(columns=" ".join(f"--drop {c!r}" for c in columns))

    @property
    def has_target(self) -> bool:
        """Whether it is known what is to be learned."""
        return self.train.target is not None


def data_of(e: Examination) -> Data | None:
    """The data of an examination; None where rows are no numbers, such as those of words."""
    rows, held = e.rows, e.validation
    inputs = [i for i in range(len(rows.xs)) if _is_of_numbers(e, i, rows.xs[i])]
    if not inputs:
        return None
    table = all(rows.xs[i].ndim == 2 for i in inputs)
    names = _names(e, rows, inputs)
    target = _targets(e, rows, held)

    def part(of: Rows, y: Array | None) -> Part:
        chosen = _evenly(of.count)
        arrays = [of.xs[i] for i in inputs]
        flat = _flat(arrays, chosen)
        columns = of_array(flat, names) if table else of_array(_some_numbers(flat))
        return Part(columns, flat, None if y is None else y[chosen], chosen)

    train = part(rows, target.train)
    validation = None
    if held is not None:
        validation = part(held, target.held)
        if target.held is not None:
            predicted = _predicted(e, held, validation.numbers, target.values)
            validation = replace(validation, predicted=predicted)
    new = None
    if e.new_inputs is not None:
        flat = _flat([e.new_inputs[i] for i in inputs], _evenly(len(e.new_inputs[0])))
        new = of_array(flat, names) if table else of_array(_some_numbers(flat))
    return Data(train, validation, new, target.names, table)


def _is_of_numbers(e: Examination, index: int, x: Array) -> bool:
    """Whether an input holds numbers rather than codes of words or levels."""
    if x.dtype.kind not in "fiub":
        return False
    return not any(isinstance(layer, Embedding) for layer in readers(e.model, index) or ())


def _names(e: Examination, rows: Rows, inputs: list[int]) -> tuple[str, ...]:
    if len(rows.xs) == 1:
        width = int(np.prod(rows.xs[0].shape[1:]))
        known = e.columns
        return known if len(known) == width else tuple(f"x{i}" for i in range(width))
    called = e.model._input_names() or [f"input {i}" for i in range(len(rows.xs))]
    widths = [int(np.prod(rows.xs[i].shape[1:])) for i in inputs]
    return tuple(
        f"{called[i]}[{k}]" for i, width in zip(inputs, widths, strict=True) for k in range(width)
    )


def _evenly(count: int) -> Array:
    if count <= MOST_ROWS:
        return np.arange(count)
    return np.linspace(0, count - 1, MOST_ROWS).astype(np.int64)


def _flat(arrays: list[Array], rows: Array) -> Array:
    """Rows as (rows, numbers) float32."""
    some = [a if len(rows) == len(a) else a[rows] for a in arrays]
    parts = [a.reshape(len(a), -1).astype(np.float32, copy=False) for a in some]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _some_numbers(flat: Array) -> Array:
    if flat.shape[1] <= _MOST_NUMBERS:
        return flat
    at = np.linspace(0, flat.shape[1] - 1, _MOST_NUMBERS).astype(np.int64)
    return flat[:, at]


@dataclass(frozen=True)
class _Target:
    """The targets of both parts; of classes their names and what the rows call them."""

    train: Array | None = None
    held: Array | None = None
    names: tuple[str, ...] = ()
    values: Array | None = None


def _targets(e: Examination, rows: Rows, held: Rows | None) -> _Target:
    if e.lacks("targets") is not None or len(e.heads) != 1 or len(rows.ys) != 1:
        return _Target()
    loss = e.heads[0].loss
    ys = [rows.ys[0], *([] if held is None else [held.ys[0]])]
    if loss is not None and loss.name in OF_CLASSES:
        labels = [label for y in ys if (label := labels_of(y)) is not None]
        if len(labels) < len(ys):
            return _Target()
        values, codes = np.unique(np.concatenate(labels), return_inverse=True)
        parts = np.split(codes, [len(ys[0])])
        known = e.model.classes
        called = values if known is None else known[values.astype(np.int64)]
        names = tuple(str(v) for v in called)
        return _Target(parts[0], None if held is None else parts[1], names, values)
    flat = [y.reshape(len(y), -1).astype(np.float64) for y in ys]
    if flat[0].shape[1] != 1:
        return _Target()
    return _Target(flat[0][:, 0], None if held is None else flat[1][:, 0])


def _predicted(
    e: Examination, held: Rows, chosen: Array, values: Array | None
) -> Callable[[], Array]:
    """What the model says of these rows, as a target is."""

    def predicted() -> Array:
        x: Any = held.x
        if len(chosen) < held.count:
            x = [a[chosen] for a in x] if isinstance(x, list) else x[chosen]
        out = np.asarray(e.model.predict(x))
        if values is None:
            return out.reshape(len(out), -1)[:, 0].astype(np.float64)
        if out.ndim > 1 and out.shape[-1] > 1:
            codes = out.argmax(axis=-1)
        else:
            yes = out.reshape(len(out), -1)[:, 0] > (0.0 if e.model._signed(x) else 0.5)
            codes = np.where(yes, max(values[-1], 1), min(values[0], 0))
        at = np.minimum(np.searchsorted(values, codes), len(values) - 1)
        return np.where(values[at] == codes, at, -1)

    return predicted
