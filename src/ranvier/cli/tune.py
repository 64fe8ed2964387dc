"""The command `ranvier tune`: values for a table that suit it better than those by default."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..base.extras import optional
from ..errors import ArgumentError, DataError
from ..io.files import SUFFIX
from ..io.writing import check_output, protected
from .table_options import stem_of, table_options
from .tables import Way, learn

if TYPE_CHECKING:
    from ..tables.model import TableModel
    from ..tables.plan import Plan
    from ..tables.reading import Reading

STUDY_SUFFIX = ".study"


@click.command()
@click.argument("data", metavar="FILE")
@table_options("5m")
@click.option("--trials", type=click.IntRange(1), help="How many.  [default: as the time allows]")
@click.option(
    "--storage",
    type=click.Path(dir_okay=False),
    help="The study's file, with which a search goes on.  [default: as the data, with .study]",
)
@click.option(
    "--epochs", type=click.IntRange(1), help="Of each trial.  [default: as the time allows]"
)
def tune(
    data: str, storage: str | None, trials: int | None, epochs: int | None, **options: Any
) -> None:
    """Search values that suit a table better than those by default; keep the better network.

    As `ranvier train`, which it takes the options of: what is found in FILE and decided is printed
    with its reason. Then trials of width, depth, learning rate, dropout and the like are trained
    side by side, and the best values and those by default in full. A search that was stopped, also
    by a kill, goes on when the same command is given again. Ctrl-C keeps the best so far.
    """
    optional("optuna", "ranvier tune", "tune")
    if not Path(data).exists():
        raise DataError(f"{data} does not exist: expected a table")
    stem = stem_of(data)
    file = storage or stem + STUDY_SUFFIX
    out = options.pop("out") or stem + SUFFIX
    if check_output(file) in (check_output(out), check_output(options["report"] or out)):
        raise ArgumentError(f"--storage {file}: the model or the report goes to this file")

    def way() -> Way:
        from ..tables.training.options import TrainingOptions
        from ..tune.tune import CALL, tune_plan

        training = {"trees": "trees" in options["extra"], "seed": options["seed"]}
        search: dict[str, Any] = {"trials": trials, "epochs": epochs, "storage": file}

        def fit(reading: Reading, plan: Plan, budget: float, began: float) -> TableModel:
            asked = TrainingOptions(budget=budget, **training)
            tuned = tune_plan(reading, plan, asked, **search, began=began, told=click.echo)
            return tuned.model

        return Way(CALL, fit, training | search)

    with protected(data):
        learn(data, stem, way, out=out, **options)
