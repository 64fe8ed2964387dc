"""The command `ranvier show`: one training step of a saved model, with every number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np

from ..errors import ArgumentError
from ..io.reading import check_input
from ..io.writing import check_output, protected, suffix_among
from ..typing import Array
from .digits import digits_reader
from .predict import row_numbers, rows_with_target
from .problems import table_columns
from .table_options import reading_options
from .tables import read

if TYPE_CHECKING:
    from ..tables.model import TableModel
    from ..tasks import ImageModel, TextModel
    from ..train.models.model import Model

SECTIONS = ("forward", "loss", "backward", "update")
_SUFFIXES = (".html", ".tex", ".txt")


class _Step(NamedTuple):
    """A network and the rows of one step; `loss` is for a file that does not say it."""

    network: Model
    x: Any
    y: Array
    loss: str
    features: Mapping[str, Sequence[str]] | None = None  # names of columns by input
    classes: Sequence[str] | None = None


@click.command()
@click.argument("model", type=click.Path())
@click.argument("data", metavar="[FILE]", type=click.Path(), required=False)
@click.option("--row", "--rows", "rows", help="Rows, such as 3 or 0-4,10.  [default: the first]")
@click.option("--target", help="The column to predict; of a picture its class.")
@click.option("--section", type=click.Choice(SECTIONS), help="Only this part of the step.")
@click.option("--pause", is_flag=True, help="Wait for Enter after each stage.")
@click.option(
    "--trace",
    nargs=3,
    metavar="LAYER SYMBOL INDEX",
    help="Where one number comes from, such as: --trace dense_1 z 0,3",
)
@click.option("--text", metavar="COLUMN", help="Texts: the column, if it has another name.")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False), help="Write it: a .html, .tex or .txt file."
)
@reading_options
def show(
    model: str,
    data: str | None,
    rows: str | None,
    section: str | None,
    pause: bool,
    trace: tuple[str, str, str] | None,
    out: str | None,
    **options: Any,
) -> None:
    """Show one training step on rows of FILE with every number; nothing is trained.

    Forward, loss, gradients by the chain rule and the update of each parameter, every formula
    filled in. FILE is a table with the column that the model predicts, or a picture in the folder
    of its class. Without FILE: the held-out digits.
    """
    import ranvier

    with protected(*([data] if data else []), model):
        if out is not None:
            suffix_among(out, _SUFFIXES)
            check_output(out)
        if data is None:
            step = _digits(model, rows)
        else:
            step = _of_file(ranvier.load(model), data, rows, options)
        network = step.network
        if network.optimizer is None:
            network.compile("adam", step.loss)
            click.echo(f"note: {model} holds no optimizer; shown is Adam, {step.loss}", err=True)
        walk = network.walkthrough(
            step.x, step.y, feature_names=step.features, class_names=step.classes
        )
        if trace is not None:
            layer, symbol, index = trace
            click.echo(str(walk.trace(layer, symbol, _position(index))))
        elif out is None:
            walk.show(section, pause)
        if out is not None:
            walk.save(out)
            click.echo(f"written: {out}")


def _digits(model: str, rows: str | None) -> _Step:
    network, (x, y) = digits_reader(model)
    chosen = row_numbers(rows or "0", len(x))
    return _Step(network, x[chosen], y[chosen], "sparse_categorical_crossentropy")


def _of_file(loaded: Any, data: str, rows: str | None, options: Mapping[str, Any]) -> _Step:
    """The step of any saved model on rows of a file."""
    from ..tables.model import TableModel
    from ..tasks import ImageModel, TaskModel, TextModel

    check_input(data)
    if isinstance(loaded, TableModel):
        return _of_table(loaded, data, rows, options)
    if isinstance(loaded, ImageModel):
        return _of_picture(loaded, data, options["target"])
    if isinstance(loaded, TextModel):
        return _of_text(loaded, data, rows, options)
    if isinstance(loaded, TaskModel):
        raise ArgumentError(
            "show: a forecast learns from windows of its series; in Python: "
            "model.network.walkthrough(windows, targets)"
        )
    columns, y = rows_with_target(data, options["target"])
    chosen = row_numbers(rows or "0", len(y))
    return _Step(loaded, {k: v[chosen] for k, v in columns.items()}, y[chosen], "mse")


def _of_table(model: TableModel, data: str, rows: str | None, options: Mapping[str, Any]) -> _Step:
    from ..train.ensembles.ensemble import Ensemble

    frame = read(data, options).frame
    target = model.plan.target
    if target not in frame.columns:
        raise ArgumentError(
            f"show: {data} has no column {target!r}, which the model predicts; a step needs it"
        )
    frame = frame[row_numbers(rows or "0", len(frame))]
    network = model.trained.network
    if isinstance(network, Ensemble):
        network = network.first
    arrays, y = model.encoder.transform(frame), model.encoder.encode_target(frame)
    x = {name: arrays[name] for name in network.input_names}
    loss = "sparse_categorical_crossentropy" if model.classes else "mse"
    described = {name: model.encoder.names[name] for name in x if model.encoder.names.get(name)}
    classes = model.classes or None
    if len(x) > 1:
        return _Step(network, x, y, loss, described, classes)
    ((name, rows_of_x),) = x.items()  # a single input is called x
    alone = {"x": described[name]} if name in described else None
    return _Step(network, rows_of_x, y, loss, alone, classes)


def _of_picture(model: ImageModel, data: str, name: str | None) -> _Step:
    name = name or Path(data).resolve().parent.name
    label = np.array([_class_of(model.classes, name)])
    loss = _loss_of(model.network)
    return _Step(model.network, model.pixels([data]), label, loss, None, model.classes)


def _of_text(model: TextModel, data: str, rows: str | None, options: Mapping[str, Any]) -> _Step:
    columns = table_columns(data)
    text, target = options["text"] or model.column, options["target"]
    for option, name in (("--text", text), ("--target", target)):
        if name not in columns:
            there = ", ".join(columns)
            raise ArgumentError(f"{option} {name or 'COLUMN'}: no such column; {data} has {there}")
    chosen = row_numbers(rows or "0", len(columns[text]))
    labels = [_class_of(model.classes, str(columns[target][i])) for i in chosen]
    texts = [str(columns[text][i]) for i in chosen]
    loss = _loss_of(model.network)
    return _Step(model.network, model.ids(texts), np.array(labels), loss, None, model.classes)


def _loss_of(network: Model) -> str:
    """The loss of a network that says classes."""
    assert network.built_shape is not None
    alone = network.output_shape(network.built_shape)[-1] == 1
    return "binary_crossentropy" if alone else "sparse_categorical_crossentropy"


def _class_of(classes: list[str], name: str) -> int:
    """The number of a class."""
    if name not in classes:
        raise ArgumentError(f"--target {name}: no such class; there are {', '.join(classes)}")
    return classes.index(name)


def _position(text: str) -> tuple[int | str, ...]:
    """The numbers, or names of columns and classes, in "0,3" or "0,age".

    >>> _position("0,3"), _position("0, age"), _position("")
    ((0, 3), (0, 'age'), ())
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(int(p) if p.removeprefix("-").isdigit() else p for p in parts)
