"""The command `ranvier predict`."""

from __future__ import annotations

from collections.abc import Mapping

import click
import numpy as np

from ..errors import ArgumentError, DataError, RanvierError
from ..io.reading import check_input
from ..typing import Array
from .digits import digits_reader
from .problems import table_columns
from .text_pictures import pictures


@click.command()
@click.argument("model", type=click.Path())
@click.argument("data", type=click.Path(), required=False)
@click.option("--rows", help="Rows of the data, such as 0-4,10.  [default: the first five]")
def predict(model: str, data: str | None, rows: str | None) -> None:
    """Show what a saved model says about some rows.

    The columns of a table are found by name, in any order, if the model was trained on one.
    """
    import ranvier

    if data is not None:
        x = _read_rows(data)
        chosen = _row_numbers(rows, len(next(iter(x.values())) if isinstance(x, Mapping) else x))
        part = {k: v[chosen] for k, v in x.items()} if isinstance(x, Mapping) else x[chosen]
        out = ranvier.load(model).predict(part)
        for row, values in zip(chosen, out.reshape(len(out), -1), strict=True):
            click.echo(f"row {row}: " + " ".join(f"{v:.4g}" for v in values))
        return
    reader, (x, y) = digits_reader(model)
    chosen = _row_numbers(rows, len(x))
    out = reader.predict(x[chosen])
    click.echo(pictures(x[chosen][:8], [f"row {row}" for row in chosen[:8]]))
    for row, shares in zip(chosen, out, strict=True):
        best = int(shares.argmax())
        verdict = "right" if best == y[row] else f"wrong, it is {y[row]}"
        click.echo(f"row {row}: {best} ({shares[best]:.1%}; {verdict})")


def _read_rows(path: str) -> Array | dict[str, Array]:
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


def _row_numbers(text: str | None, rows: int) -> Array:
    """The numbers in "0-4,10", by default those of the first five of `rows` rows.

    >>> _row_numbers("0-2,5", 10)
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
