"""The command `ranvier diagnose`: what goes wrong with a saved model and its data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import click
import numpy as np

from ..errors import ArgumentError, DataError
from ..io.reading import check_input
from ..io.writing import check_output, protected
from ..typing import Array
from .predict import read_rows, rows_with_target
from .table_options import reading_options
from .tables import read

if TYPE_CHECKING:
    from ..diagnosis import Diagnosis
    from ..tables.model import TableModel
    from ..train.models.model import Model

SUFFIXES = (".html", ".txt")


@click.command()
@click.argument("model", type=click.Path())
@click.argument("data", metavar="FILE", type=click.Path())
@click.option("--target", help="The column to predict, of a model of arrays.")
@click.option("--validation", type=click.Path(), help="Rows that it was not trained on.")
@click.option("--new", type=click.Path(), help="Rows that it is used on; their target may be gone.")
@click.option(
    "--trial", is_flag=True, help="Measure the changes, by training as it is and changed."
)
@click.option("-o", "--out", type=click.Path(dir_okay=False), help="A .html or .txt file.")
@reading_options
def diagnose(
    model: str,
    data: str,
    target: str | None,
    validation: str | None,
    new: str | None,
    trial: bool,
    out: str | None,
    **options: Any,
) -> None:
    """Look for what goes wrong with a model and its data; FILE holds the rows it was trained on.

    Leaking, constant and copied columns, rows on both sides of a split, wrong labels, rare classes,
    drift of --new rows; and inside the network, dead units or vanishing gradients. FILE is a table,
    or a .npz file with arrays x and y. Of a table that `ranvier train` read, the rows that it held
    out are the validation.
    """
    import ranvier

    from ..tables.model import TableModel
    from ..train.models.model import Model

    others = [path for path in (validation, new) if path is not None]
    with protected(data, model, *others):
        if out is not None:
            if Path(out).suffix.lower() not in SUFFIXES:
                raise ArgumentError(f"{out}: expected a name that ends in {', '.join(SUFFIXES)}")
            check_output(out)
        for path in (data, *others):
            check_input(path)
        loaded = ranvier.load(model)
        if isinstance(loaded, TableModel):
            diagnosis = _of_table(loaded, data, validation, new, trial, options)
        elif isinstance(loaded, Model):
            diagnosis = _of_arrays(loaded, data, target, validation, new, trial)
        else:
            raise ArgumentError(
                f"diagnose: {model} holds a {type(loaded).__name__}; it is for models of tables "
                "and of arrays. In Python: model.network.diagnose(x, y)"
            )
        click.echo(str(diagnosis))
        if out is not None:
            diagnosis.save(out)
            click.echo(f"written: {out}")


def _of_table(
    model: TableModel,
    data: str,
    validation: str | None,
    new: str | None,
    trial: bool,
    options: Mapping[str, Any],
) -> Diagnosis:
    from ..tables.diagnosing import diagnose_table

    if trial:
        click.echo("note: --trial is for models of arrays; `ranvier tune` tries other trainings of "
                   "a table", err=True)  # fmt: skip
    frame = read(data, options).frame
    rows, held = np.arange(len(frame)), None
    if validation is not None:
        held = read(validation, options).frame
    elif len(frame) == model.plan.rows and model.plan.target in frame.columns:
        rows, test = model.plan.split_rows(frame)
        held = frame[test] if len(test) else None
    fresh = None if new is None else read(new, options).frame
    return diagnose_table(model, frame[rows], held, fresh, numbers=rows)


def _of_arrays(
    model: Model,
    data: str,
    target: str | None,
    validation: str | None,
    new: str | None,
    trial: bool,
) -> Diagnosis:
    x, y = _pair(data, target)
    held = None if validation is None else _pair(validation, target)
    fresh = None if new is None else _inputs(new, target)
    if model.optimizer is None:
        loss = "mse" if y.dtype.kind == "f" else "sparse_categorical_crossentropy"
        model.compile("adam", loss)
        click.echo(f"note: the file holds no loss; taken for {loss}", err=True)
    return model.diagnose(x, y, validation_data=held, new_data=fresh, trial=trial)


def _pair(path: str, target: str | None) -> tuple[Any, Array]:
    """The rows of a file and their targets."""
    if not path.endswith(".npz"):
        return rows_with_target(path, target)
    arrays = _archive(path)
    if not {"x", "y"} <= arrays.keys():
        raise DataError(f"{path} holds {', '.join(arrays)}; expected arrays x and y")
    return arrays["x"], arrays["y"]


def _inputs(path: str, target: str | None) -> Any:
    """The rows of a file without their targets, if these are there."""
    if path.endswith(".npz"):
        arrays = _archive(path)
        if "x" not in arrays:
            raise DataError(f"{path} holds {', '.join(arrays)}; expected an array x")
        return arrays["x"]
    rows = read_rows(path)
    if isinstance(rows, Mapping):
        return {name: column for name, column in rows.items() if name != target}
    return rows


def _archive(path: str) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, TypeError, AttributeError, BadZipFile) as problem:
        raise DataError(
            f"{path} could not be read: {problem}. Expected a .npz file as numpy.savez writes it"
        ) from problem
