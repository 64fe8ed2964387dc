"""The command line: its commands, and how errors and warnings are told."""

from __future__ import annotations

import warnings
from typing import Any, TextIO

import click

from .. import __version__
from ..errors import RanvierError, RanvierWarning
from .attribute import attribute
from .compare import compare
from .diagnose import diagnose
from .evaluate import evaluate
from .explain import explain
from .inspect import inspect
from .predict import predict
from .show import show
from .train import train
from .tune import tune


class _Commands(click.Group):
    """Commands whose errors are messages: no traceback, exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("default", RanvierWarning)
                warnings.showwarning = _show_warning
                return super().invoke(ctx)
        except RanvierError as problem:
            notes = [n for n in problem.notes if n.startswith("in layer")]
            raise _CommandError("\n".join([str(problem), *notes])) from problem


class _CommandError(click.ClickException):
    exit_code = 2


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """A warning as a message, without the line of code it came from."""
    click.echo(f"note: {message}", err=True)


@click.group(cls=_Commands)
@click.version_option(__version__, prog_name="ranvier")
def main() -> None:
    """Neural networks whose every number can be seen."""


for command in (
    train,
    tune,
    evaluate,
    predict,
    inspect,
    explain,
    show,
    attribute,
    diagnose,
    compare,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
