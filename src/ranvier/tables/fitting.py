"""Fitting: from a file or frame to a trained and tested model.

reading -> plan -> prepared rows (encoder, arrays, rows held out) -> training -> model -> test
"""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.message import Message
from ..base.missing import spelled
from ..base.status import tell
from ..errors import ArgumentError
from ..typing import Array
from .choice import Choice
from .encoder import Encoder
from .fit_program import program
from .model import TableModel
from .plan import Plan, make_plan
from .reading import Reading, read_table
from .targets import Metric, Task
from .training.held_out import best_share
from .training.recipe import Recipe
from .training.train import Trained, train
from .trees import Trees, grow, mean_of

if TYPE_CHECKING:
    import polars

_MORE_FORESTS, _MOST_OF_TIME = 3, 0.1  # that time is kept for, at most so much of it
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
    planning: dict[str, Any] = {"kinds": kinds, "task": task, "positive": positive}
    planning |= {"metric": metric, "time": time, "group": group, "drop": drop}
    planning |= {"held_out": held_out, "seed": seed}
    plan = make_plan(reading, target, **planning)
    training: dict[str, Any] = {"budget": budget, "epochs": epochs, "members": members}
    training |= {"trees": trees}
    model = fit_plan(reading, plan, **training, seed=seed, verbose=verbose, began=began)
    asked = {"target": target, **planning, **training}
    left = {"held_out": 0.2, "trees": False}
    stated = {n: v for n, v in asked.items() if v not in (None, (), {}) and v != left.get(n)}
    model.program = program(table, stated)
    return model


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
        second: bool | None = None,
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
            second=second,
        )
        self.seconds["training"] = clock.perf_counter() - began
        return trained

    def grow(self, trained: Trained, first: Trees, seed: int, seconds: float) -> list[Trees]:
        """Trees for the rows of each network, as many as `seconds` allow; `first` are the first's.

        A network is never weighed against trees that have seen the rows it held out.
        """
        forests, longest = [first], self.seconds.get("trees", 0.0)
        if len(trained.parts) > 1 and seconds > longest:
            arrays, y = self._all_rows()
        for part in trained.parts[1:]:
            if seconds < longest or np.array_equal(part.rows, trained.parts[0].rows):
                break
            began = clock.perf_counter()
            own = {name: a[part.rows] for name, a in arrays.items()}
            forests.append(grow(own, y[part.rows], self.plan.task, seed))
            took = clock.perf_counter() - began
            seconds, longest = seconds - took, max(longest, took)
            self.seconds["trees"] = self.seconds.get("trees", 0.0) + took
        return forests

    def _all_rows(self) -> tuple[dict[str, Array], Array]:
        """The rows to learn from and those held out, in the order that a training has them in."""
        arrays = {name: np.concatenate([a, self.held_out[name]]) for name, a in self.arrays.items()}
        return arrays, np.concatenate([self.y, self.y_held_out])

    def _share_of_trees(self, trained: Trained, forests: Sequence[Trees]) -> tuple[float, str]:
        """The weight of the trees that suits best what was held out, and why."""
        if len(forests) == 1:
            y, out = self.y_held_out, trained.held_out
            return best_share(self.plan.task, y, out, forests[0].predict(self.held_out))
        arrays, y = self._all_rows()
        parts = trained.parts[: len(forests)]
        outs = [
            forest.predict({name: a[part.held] for name, a in arrays.items()})
            for forest, part in zip(forests, parts, strict=True)
        ]
        return best_share(
            self.plan.task,
            np.concatenate([y[part.held] for part in parts]),
            np.concatenate([part.out for part in parts]),
            np.concatenate(outs),
        )

    def model(self, trained: Trained, forests: Sequence[Trees] = ()) -> TableModel:
        """The model for raw rows, tested on those that were held out."""
        choices = [*self.plan.choices, *trained.choices]
        share = 0.0
        trees = None
        if forests:
            share, reason = self._share_of_trees(trained, forests)
            trees = mean_of(forests)
            what = f"{share:.2f}"
            if len(forests) > 1:
                what = Message("{share}, {count} forests", share=what, count=len(forests))
            why = Message("network and trees: {reason}", reason=reason)
            choices.append(Choice("share of the trees", what, why, "--with trees"))
        model = TableModel(
            self.plan, self.encoder, trained, trees=trees, share_of_trees=share, choices=choices
        )
        model.rows = self.known, self.test, self.test_rows
        began = clock.perf_counter()
        if len(self.test_rows):
            model.encoded = [(self.arrays, self.y), (self.held_out, self.y_held_out)]
            tell("testing")
            model.test_scores = model.evaluate(self.test)
        model.seconds = {**self.seconds, "test": clock.perf_counter() - began}
        return model


def prepare(
    reading: Reading, plan: Plan, began: float | None = None, test: bool = True
) -> Prepared:
    """The rows of a table, split and encoded as a plan says; without `test` all are trained on."""
    began = clock.perf_counter() if began is None else began
    frame = reading.frame
    rows, test_rows = plan.split_rows(frame)
    if not test:
        rows, test_rows = np.sort(np.concatenate([rows, test_rows])), test_rows[:0]
    known = frame[rows]
    fit_rows, check_rows = plan.split_rows(known, share=_CHECK_SHARE)
    profiled = clock.perf_counter()
    tell("encoding")
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
    return fit_prepared(
        prepare(reading, plan, began), budget, epochs=epochs, members=members, trees=trees,
        seed=seed, verbose=verbose,
    )  # fmt: skip


def fit_prepared(
    prepared: Prepared,
    budget: float,
    *,
    epochs: int | None = None,
    members: int | None = None,
    trees: bool = False,
    seed: int = 0,
    verbose: int = 1,
    recipe: Recipe | None = None,
    batch_size: int | None = None,
    second: bool | None = None,
) -> TableModel:
    """The model for rows that were prepared, within `budget` seconds since that began."""
    plan = prepared.plan
    encoded = clock.perf_counter()
    tell("boosted trees" if trees else "training")
    grown = grow(prepared.arrays, prepared.y, plan.task, seed) if trees else None
    ready = clock.perf_counter()
    prepared.seconds["trees"] = ready - encoded
    left = budget - (ready - prepared.began)
    kept = min(_MORE_FORESTS * (ready - encoded), _MOST_OF_TIME * left) if trees else 0.0
    trained = prepared.train(
        left - kept,
        epochs=epochs,
        members=members,
        seed=seed,
        verbose=verbose,
        recipe=recipe,
        batch_size=batch_size,
        second=second,
    )
    if grown is None:
        return prepared.model(trained)
    left = budget - (clock.perf_counter() - prepared.began)
    return prepared.model(trained, prepared.grow(trained, grown, seed, left))
