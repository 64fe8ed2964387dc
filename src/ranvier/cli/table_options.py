"""Options that the commands for tables share."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ..errors import ArgumentError

F = TypeVar("F", bound=Callable[..., Any])


def _decorated(command: F, options: Sequence[Callable[[F], F]]) -> F:
    """The command with these options, in their order."""
    for option in reversed(options):
        command = option(command)
    return command


def reading_options(command: F) -> F:
    """The options that say how a file is written, where what is found is wrong."""
    return _decorated(
        command,
        [
            click.option("--delimiter", help="CSV: the character between cells."),
            click.option("--encoding", help="CSV: such as utf-8, cp1252, utf-16."),
            click.option("--decimal", help="CSV: the decimal point, . or a comma."),
            click.option("--quote", help="CSV: the character around cells."),
            click.option(
                "--ragged",
                type=click.Choice(["error", "drop"]),
                default="error",
                show_default=True,
                help="CSV: lines with too many or too few cells.",
            ),
            click.option(
                "--header/--no-header", default=None, help="CSV: whether line 1 names columns."
            ),
            click.option("--sheet", help="Excel: name of the sheet.  [default: the first]"),
        ],
    )


def table_options(budget: str, prefix: str = "") -> Callable[[F], F]:
    """The options of commands that train on a table: its plan, the time, the files.

    `budget` is the time by default; `prefix` stands before the help, where a command also takes
    other data.
    """

    def option(*names: str, help: str, **how: Any) -> Callable[[F], F]:
        return click.option(*names, help=prefix + help, **how)

    of_plan = [
        option("--target", help="the column to predict."),
        option("--task", help="binary, multiclass or regression.  [default: by the target]"),
        option("--positive", help="the class whose probability is asked for."),
        option("--metric", help="what the best epoch is chosen by."),
        option("--as", "kinds", multiple=True, metavar="COLUMN=KIND", help="what it holds."),
        option("--drop", multiple=True, metavar="COLUMN", help="a column to leave out."),
        option("--time", help="a column of time; the newest rows are the test."),
        option(
            "--shuffle/--no-shuffle",
            default=True,
            help="rows stand in the order of time; the last are the test.",
        ),
        option("--group", help="a column whose rows stay together."),
        option("--held-out", default=0.2, show_default=True, help="share of rows to test on."),
    ]
    of_training = [
        option(
            "--budget", callback=_seconds, default=budget, show_default=True, help="time to take."
        ),
        option(
            "--with",
            "extra",
            multiple=True,
            type=click.Choice(["trees"]),
            help="boosted trees beside the network.",
        ),
        option(
            "--report",
            type=click.Path(dir_okay=False),
            help="the report's file.  [default: as the data, with .html]",
        ),
        option("--no-report", is_flag=True, help="train and test only."),
        option("--lang", type=click.Choice(["en", "zh"]), help="language of the report."),
        option("--dry-run", is_flag=True, help="show the plan and stop."),
        click.option("--seed", default=0, show_default=True, help="Same seed, same bits."),
        click.option(
            "--out",
            type=click.Path(dir_okay=False),
            help="The model's file.  [default: as the data, with .safetensors]",
        ),
    ]
    return lambda command: _decorated(reading_options(command), [*of_plan, *of_training])


def _seconds(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """A time such as 60, 60s, 1.5m or 1h, in seconds."""
    text = value.strip().lower()
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:], 0.0)
    try:
        seconds = float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ArgumentError(f"--budget {value}: expected a time such as 60s, 5m or 1h")
    return seconds


def kinds_of(pairs: Sequence[str]) -> dict[str, str]:
    """What `--as COLUMN=KIND` says.

    >>> kinds_of(["zip code=category"])
    {'zip code': 'category'}
    """
    kinds = {}
    for pair in pairs:
        name, equals, kind = pair.rpartition("=")
        if not equals:
            raise ArgumentError(f"--as {pair!r}: expected COLUMN=KIND, such as zipcode=category")
        kinds[name] = kind
    return kinds


def stem_of(path: str) -> str:
    """The name of a file without its suffixes.

    >>> stem_of("data/flowers.csv.gz")
    'flowers'
    """
    return Path(path).name.partition(".")[0] or "table"


def command_line() -> str:
    """The command as it was typed."""
    return shlex.join(["ranvier", *sys.argv[1:]])
