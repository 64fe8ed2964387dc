"""The command `ranvier train`: a network for the digits, or for a table of the user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from ..base.config import ENGINES
from ..errors import ArgumentError, DataError
from ..io.files import SUFFIX
from ..optim import OPTIMIZERS
from .digits import train_digits
from .table_options import stem_of, table_options
from .tables import train_table
from .tasks import train_task

_OPTIMIZER_NAMES = [name.lower() for name in OPTIMIZERS]

# Options that only one kind of data has; the others are for both.
_FOR_DIGITS = {"hidden", "activation", "optimizer", "batch_size", "learning_rate", "engine"}
_FOR_BOTH = {"data", "seed", "epochs", "out"}


@click.command()
@click.argument("data", metavar="FILE|FOLDER|digits")
@click.option("--text", metavar="COLUMN", help="Texts: the column to read, instead of all.")
@click.option("--forecast", metavar="COLUMN", help="Series: the column to say the next points of.")
@click.option("--horizon", type=click.IntRange(1), help="Series: how many points ahead.")
@table_options("60s", "Table: ")
@click.option("--members", type=click.IntRange(1), help="Table: networks trained side by side.")
@click.option("--hidden", default="64,32", show_default=True, help="Digits: hidden units.")
@click.option("--activation", default="relu", show_default=True, help="Digits: of hidden layers.")
@click.option(
    "--optimizer",
    default="adam",
    show_default=True,
    help="Digits: " + ", ".join(_OPTIMIZER_NAMES) + ".",
)
@click.option(
    "--epochs",
    type=click.IntRange(1),
    help="[default: 40 for digits; for a table as many as score best on held-out rows]",
)
@click.option("--batch-size", default=32, show_default=True, type=click.IntRange(1), help="Digits.")
@click.option(
    "--learning-rate",
    type=click.FloatRange(0, min_open=True),
    help="Digits.  [default: the optimizer's own]",
)
@click.option(
    "--engine",
    type=click.Choice(list(ENGINES)),
    default="compiled",
    show_default=True,
    help="Digits.",
)
@click.pass_context
def train(ctx: click.Context, /, data: str, out: str | None, **options: Any) -> None:
    """Train a network on data of your own, or on handwritten digits; test it on held-out rows.

    FOLDER holds a folder of pictures for each class. With --text the network reads the words of
    one column, with --forecast it says how a series goes on. FILE is a table: CSV, TSV, Parquet,
    Excel or JSON lines, also compressed. What is found in it and decided is printed with its
    reason and the option that changes it.
    """
    stated = {
        name
        for name in ctx.params
        if ctx.get_parameter_source(name) not in (ParameterSource.DEFAULT, None)
    }
    digits = data == "digits"
    if not digits and not Path(data).exists():
        raise DataError(
            f"{data} does not exist: expected a table, a folder of pictures, or `digits`"
        )
    wrong = (stated - _FOR_DIGITS if digits else stated & _FOR_DIGITS) - _FOR_BOTH
    if wrong:
        flags = {p.name: p.opts[0] for p in ctx.command.params}
        option = flags[sorted(wrong)[0]]
        raise ArgumentError(
            f"{option} is an option for {'tables' if digits else '`ranvier train digits`'}; "
            f"see ranvier train --help"
        )
    shared = {name: options.pop(name) for name in ("seed", "epochs")}
    own = {name: options[name] for name in options if (name in _FOR_DIGITS) == digits}
    task = own.pop("text", None), own.pop("forecast", None)
    horizon = own.pop("horizon", None)
    if not digits and (any(task) or Path(data).is_dir()):
        _only(ctx, stated, Path(data).is_dir(), *task)
        out = out or stem_of(data.rstrip("/")) + SUFFIX
        train_task(data, out, {**own, **shared, "horizon": horizon}, *task)
    elif digits:
        train_digits(**own, **shared, out=out or "digits" + SUFFIX)
    else:
        train_table(data, stem_of(data), **own, **shared, out=out or stem_of(data) + SUFFIX)


def _only(
    ctx: click.Context, stated: set[str], folder: bool, text: str | None, forecast: str | None
) -> None:
    """Raise where an option says something about another kind of data."""
    known = {"data", "seed", "budget", "out", "report", "no_report", "lang"}
    known |= set() if folder else {"text", "target"} if text else {"forecast", "horizon", "time"}
    if stated - known:
        flags = {p.name: p.opts[0] for p in ctx.command.params}
        what = "a folder of pictures" if folder else "--text" if text else "--forecast"
        raise ArgumentError(f"{flags[sorted(stated - known)[0]]} is no option for {what}")
