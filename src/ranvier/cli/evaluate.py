"""The command `ranvier evaluate`."""

from __future__ import annotations

import click
import numpy as np

from ..errors import ArgumentError
from ..io.reading import check_input
from .digits import digits_reader, show_accuracy, show_results
from .problems import table_columns


@click.command()
@click.argument("model", type=click.Path())
@click.argument("data", type=click.Path(), required=False)
@click.option("--target", help="The column of the table that the model predicts.")
def evaluate(model: str, data: str | None, target: str | None) -> None:
    """Test a saved digits model on the held-out fifth, or any model on a table.

    The columns of a table are found by name, in any order, if the model was trained on one.
    """
    import ranvier

    if data is not None:
        check_input(data)
        columns = table_columns(data)
        if target not in columns:
            what = "--target is missing" if target is None else f"--target {target}: no such column"
            raise ArgumentError(f"{what}; {data} has {', '.join(columns)}")
        y = columns.pop(target)
        if y.dtype.kind == "f" and (y == np.round(y)).all():
            y = y.astype(np.int64)
        for name, value in ranvier.load(model).evaluate(columns, y, return_dict=True).items():
            click.echo(f"{name}: {value:.6g}")
        return
    if target is not None:
        raise ArgumentError(
            f"--target {target}: a column of which table? Write: "
            f"ranvier evaluate MODEL TABLE --target {target}"
        )
    reader, (x, y) = digits_reader(model)
    show_results(reader, x, y)
    show_accuracy(reader, x, y)
