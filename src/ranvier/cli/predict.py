"""The command `ranvier predict`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import click
import numpy as np

from ..errors import ArgumentError, DataError, RanvierError
from ..io.reading import check_input
from ..typing import Array
from .digits import digits_reader
from .problems import table_columns
from .table_options import reading_options
from .tables import predict_table
from .tasks import predict_task
from .text_pictures import pictures


@click.command()
@click.argument("model", type=click.Path())
@click.argument("data", type=click.Path(), required=False)
@click.option("--rows", help="Rows of the data, such as 0-4,10.  [default: the first five]")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False), help="A .csv file for the predictions of all."
)
@click.option("--keep", is_flag=True, help="With --out: the columns of the data too.")
@click.option("--text", metavar="COLUMN", help="Texts: the column, if it has another name.")
@reading_options
def predict(
    model: str,
    data: str | None,
    rows: str | None,
    out: str | None,
    keep: bool,
    text: str | None,
    **options: Any,
) -> None:
    """Show what a saved model says about some rows, or write what it says about all.

    DATA is a table as the model was trained on: its columns are found by name, in any order. For a
    model of arrays it may be a .npy file too, for one of pictures a picture or a folder of them.
    Without DATA: the held-out digits.
    """
    import ranvier

    from ..tables.model import TableModel
    from ..tasks import TaskModel

    if data is None:
        _predict_digits(model, rows)
        return
    loaded = ranvier.load(model)
    if isinstance(loaded, TableModel):
        predict_table(loaded, model, data, out, keep, partial(row_numbers, rows), options)
        return
    if isinstance(loaded, TaskModel):
        predict_task(loaded, model, data, out, text)
        return
    if out is not None:
        raise ArgumentError("--out is for models that `ranvier train FILE` made")
    x = read_rows(data)
    chosen = row_numbers(rows, len(next(iter(x.values())) if isinstance(x, Mapping) else x))
    part = {k: v[chosen] for k, v in x.items()} if isinstance(x, Mapping) else x[chosen]
    values = loaded.predict(part)
    for row, outputs in zip(chosen, values.reshape(len(values), -1), strict=True):
        click.echo(f"row {row}: " + " ".join(f"{v:.4g}" for v in outputs))


def _predict_digits(model: str, rows: str | None) -> None:
    reader, (x, y) = digits_reader(model)
    chosen = row_numbers(rows, len(x))
    out = reader.predict(x[chosen])
    click.echo(pictures(x[chosen][:8], [f"row {row}" for row in chosen[:8]]))
    for row, shares in zip(chosen, out, strict=True):
        best = int(shares.argmax())
        verdict = "right" if best == y[row] else f"wrong, it is {y[row]}"
        click.echo(f"row {row}: {best} ({shares[best]:.1%}; {verdict})")


def read_rows(path: str) -> Array | dict[str, Array]:
    """Rows of a .npy file or of a .csv file without headings; else the columns of a table."""
    check_input(path)
    try:
        if path.endswith(".npy"):
            return np.asarray(np.load(path, allow_pickle=False))
        if path.endswith(".parquet") or _has_heading(path):
            return table_columns(path)
        return np.loadtxt(path, delimiter=",", dtype=np.float32, ndmin=2)
    except (ValueError, OSError) as problem:
        if isinstance(problem, RanvierError):
            raise
        raise DataError(
            f"{path} could not be read: {problem}. Expected rows of numbers in a .npy file, or a "
            "table in a .csv or .parquet file"
        ) from problem


def rows_with_target(path: str, target: str | None) -> tuple[dict[str, Array], Array]:
    """The columns of a table and the one to predict, as integers where it holds nothing else."""
    columns = read_rows(path)
    if not isinstance(columns, Mapping) or target not in columns:
        there = f"{path} has {', '.join(columns)}" if isinstance(columns, Mapping) else f"{path}"
        raise ArgumentError(
            f"--target {target or 'COLUMN'}: the column that the model predicts, of a table with "
            f"headings; {there}"
        )
    y = columns.pop(target)
    if y.dtype.kind == "f" and (y == np.round(y)).all():
        y = y.astype(np.int64)
    return columns, y


def _has_heading(path: str) -> bool:
    """Whether the first line of a .csv file holds a word."""
    with open(path, encoding="utf-8-sig") as file:
        cells = file.readline().split(",")
    try:
        for cell in cells:
            float(cell)
    except ValueError:
        return True
    return False


def row_numbers(text: str | None, rows: int) -> Array:
    """The numbers in "0-4,10", by default those of the first five of `rows` rows.

    >>> row_numbers("0-2,5", 10)
    array([0, 1, 2, 5])
    """
    if text is None:
        return np.arange(min(5, rows))
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise ArgumentError(f"--rows {text!r}: expected row numbers such as 0-4,10")
        if int(last or first) < int(first):
            raise ArgumentError(f"--rows {text!r}: {part.strip()} ends before it begins")
        numbers += range(int(first), int(last or first) + 1)
    outside = [row for row in numbers if row >= rows]
    if outside:
        raise DataError(f"--rows: there is no row {outside[0]}; the rows run from 0 to {rows - 1}")
    return np.array(numbers)
