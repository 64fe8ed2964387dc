"""Fitting: from a file or frame to a trained and tested model.

reading -> plan -> prepared rows (encoder, arrays, rows held out) -> training -> model -> test
"""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..base.missing import spelled
from ..errors import ArgumentError
from ..typing import Array
from .choice import Choice
from .encoder import Encoder
from .model import TableModel
from .plan import Plan, make_plan
from .reading import Reading, read_table
from .scores import scores
from .targets import Metric, Task
from .training.recipe import Recipe
from .training.train import Trained, train
from .trees import Trees, grow

if TYPE_CHECKING:
    import polars

_CHECK_SHARE = 0.2  # of the training rows: the best epoch is chosen on them


@spelled
def fit_table(
    table: object,
    target: str | None = None,
    *,
    task: Task | None = None,
    positive: str | None = None,
    metric: Metric | None = None,
    kinds: Mapping[str, str] | None = None,
    time: str | None = None,
    group: str | None = None,
    drop: Sequence[str] = (),
    held_out: float = 0.2,
    budget: float = 60.0,
    epochs: int | None = None,
    members: int | None = None,
    trees: bool = False,
    seed: int = 0,
    verbose: int = 1,
) -> TableModel:
    """The best network for a table that `budget` seconds give.

    `table` is a file (CSV, TSV, Parquet, Excel, JSON lines, also compressed), a frame of pandas,
    polars or pyarrow, or a dict of columns; `target` the column to predict. A share `held_out` of
    the rows is kept for the test at the end; 0 trains on all. `time` names a column to order the
    rows by, so that the newest are held out, `group` one whose rows stay on one side. `kinds`
    overrides what columns hold, {"zipcode": "category"}; `drop` leaves columns out. With `epochs`
    that many are planned, else as many as score best on held-out rows; `members` networks are
    averaged, else as many as fit into the budget.
    """
    began = clock.perf_counter()
    if not budget > 0:
        raise ArgumentError(f"budget={budget}: expected a number of seconds above 0")
    reading = read_table(table)
    plan = make_plan(
        reading,
        target,
        kinds=kinds,
        task=task,
        positive=positive,
        metric=metric,
        time=time,
        group=group,
        drop=drop,
        held_out=held_out,
        seed=seed,
    )
    return fit_plan(
        reading,
        plan,
        budget=budget,
        epochs=epochs,
        members=members,
        trees=trees,
        seed=seed,
        verbose=verbose,
        began=began,
    )


@dataclass
class Prepared:
    """The rows of a table as networks read them: those to learn from, and two parts held out.

    `arrays` and `y` are learned from, `held_out` and `y_held_out` choose the best epoch; `test` are
    the raw rows of the test, `test_rows` their numbers in the table. `known` are the raw rows of
    the other two parts. `seconds` says what the steps took that began at `began`.
    """

    reading: Reading
    plan: Plan
    known: polars.DataFrame
    test: polars.DataFrame
    test_rows: Array
    encoder: Encoder
    arrays: dict[str, Array]
    y: Array
    held_out: dict[str, Array]
    y_held_out: Array
    began: float
    seconds: dict[str, float] = field(default_factory=dict)

    def train(
        self,
        budget: float,
        *,
        epochs: int | None = None,
        members: int | None = None,
        seed: int = 0,
        verbose: int = 1,
        recipe: Recipe | None = None,
        batch_size: int | None = None,
    ) -> Trained:
        """Networks trained on these rows within `budget` seconds; see `training.train`."""
        began = clock.perf_counter()
        trained = train(
            self.arrays,
            self.y,
            self.held_out,
            self.y_held_out,
            plan=self.plan,
            levels=self.encoder.levels,
            budget=budget,
            epochs=epochs,
            members=members,
            seed=seed,
            verbose=verbose,
            recipe=recipe,
            batch_size=batch_size,
        )
        self.seconds["training"] = clock.perf_counter() - began
        return trained

    def model(self, trained: Trained, trees: Trees | None = None) -> TableModel:
        """The model for raw rows, tested on those that were held out."""
        choices = [*self.reading.choices, *self.plan.choices, *trained.choices]
        share = 0.0
        if trees is not None:
            out = trees.predict(self.held_out)
            share, reason = _share_of(out, trained.held_out, self.y_held_out, self.plan.task)
            choices.append(Choice("share of the trees", f"{share:.2f}", reason, "--with trees"))
        model = TableModel(
            self.plan, self.encoder, trained, trees=trees, share_of_trees=share, choices=choices
        )
        model.rows = self.known, self.test, self.test_rows
        began = clock.perf_counter()
        if len(self.test_rows):
            model.test_scores = model.evaluate(self.test)
        model.seconds = {**self.seconds, "test": clock.perf_counter() - began}
        return model


def prepare(reading: Reading, plan: Plan, began: float | None = None) -> Prepared:
    """The rows of a table, split and encoded as a plan says."""
    began = clock.perf_counter() if began is None else began
    frame = reading.frame
    rows, test_rows = plan.split_rows(frame)
    known = frame[rows]
    fit_rows, check_rows = plan.split_rows(known, share=_CHECK_SHARE)
    profiled = clock.perf_counter()
    encoder, arrays = Encoder.fit_transform(known[fit_rows], plan)
    prepared = Prepared(
        reading=reading,
        plan=plan,
        known=known,
        test=frame[test_rows],
        test_rows=test_rows,
        encoder=encoder,
        arrays=arrays,
        y=encoder.encode_target(known[fit_rows]),
        held_out=encoder.transform(known[check_rows]),
        y_held_out=encoder.encode_target(known[check_rows]),
        began=began,
    )
    prepared.seconds["reading and plan"] = profiled - began
    prepared.seconds["encoding"] = clock.perf_counter() - profiled
    return prepared


def fit_plan(
    reading: Reading,
    plan: Plan,
    *,
    budget: float = 60.0,
    epochs: int | None = None,
    members: int | None = None,
    trees: bool = False,
    seed: int = 0,
    verbose: int = 1,
    began: float | None = None,
) -> TableModel:
    """The model for a plan that was made for a table; see `fit_table`."""
    prepared = prepare(reading, plan, began)
    encoded = clock.perf_counter()
    grown = grow(prepared.arrays, prepared.y, plan.task, seed) if trees else None
    ready = clock.perf_counter()
    prepared.seconds["trees"] = ready - encoded
    trained = prepared.train(
        budget - (ready - prepared.began),
        epochs=epochs,
        members=members,
        seed=seed,
        verbose=verbose,
    )
    return prepared.model(trained, grown)


def _share_of(trees: Array, network: Array, y: Array, task: str) -> tuple[float, str]:
    """The weight of the trees that suits the held-out rows best, and a line that says why."""
    what = "rmse" if task == "regression" else "log_loss"

    def loss(share: float) -> float:
        return scores(task, y, (1 - share) * network + share * trees)[what]

    shares = np.linspace(0, 1, 21)
    losses = [loss(float(share)) for share in shares]
    best = int(np.argmin(losses))
    return float(shares[best]), (
        f"held-out {what}: network {losses[0]:.5g}, trees {losses[-1]:.5g}, "
        f"together {losses[best]:.5g}"
    )
