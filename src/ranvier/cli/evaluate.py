"""The command `ranvier evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from ..errors import ArgumentError
from ..io.reading import check_input
from .digits import digits_reader, show_accuracy, show_results
from .problems import table_columns
from .table_options import reading_options
from .tables import evaluate_table
from .tasks import evaluate_task


@click.command()
@click.argument("model", type=click.Path())
@click.argument("data", type=click.Path(), required=False)
@click.option("--target", help="The column to predict, for a model that does not know it.")
@reading_options
def evaluate(model: str, data: str | None, target: str | None, **options: Any) -> None:
    """Test a saved model on a table, or a digits model on the held-out fifth.

    The columns of a table are found by name, in any order, if the model was trained on one.
    """
    import ranvier

    from ..tables.model import TableModel
    from ..tasks import TaskModel

    if data is not None:
        if not Path(data).is_dir():
            check_input(data)
        loaded = ranvier.load(model)
        if isinstance(loaded, TableModel):
            evaluate_table(loaded, data, target, options)
            return
        if isinstance(loaded, TaskModel):
            evaluate_task(loaded, data, target)
            return
        columns = table_columns(data)
        if target not in columns:
            what = "--target is missing" if target is None else f"--target {target}: no such column"
            raise ArgumentError(f"{what}; {data} has {', '.join(columns)}")
        y = columns.pop(target)
        if y.dtype.kind == "f" and (y == np.round(y)).all():
            y = y.astype(np.int64)
        for name, value in loaded.evaluate(columns, y, return_dict=True).items():
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
