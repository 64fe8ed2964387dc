"""Fitting: from a file or frame to a trained and tested model.

reading -> plan -> prepared rows (encoder, arrays, rows held out) -> training -> model -> test
"""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.message import Message
from ..base.missing import spelled
from ..base.status import tell
from ..errors import ArgumentError
from ..train.fit.loop import CtrlC
from ..typing import Array
from .choice import Choice
from .encoder import Encoder
from .fit_program import program, stated
from .model import TableModel
from .plan import Plan, make_plan
from .reading import Reading, read_table
from .targets import Metric, Task
from .training.encoded_rows import EncodedRows
from .training.held_out import best_share
from .training.options import TrainingOptions
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
    shuffle: bool = True,
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
    rows by, so that the newest are held out, `group` one whose rows stay on one side; with
    `shuffle=False` rows stand in the order of time, and the last are held out. `kinds`
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
    planning |= {"held_out": held_out, "shuffle": shuffle, "seed": seed}
    plan = make_plan(reading, target, **planning)
    training: dict[str, Any] = {"budget": budget, "epochs": epochs, "members": members}
    training |= {"trees": trees}
    model = fit_plan(reading, plan, TrainingOptions(**training, seed=seed, verbose=verbose), began)
    model.program = program(table, stated({"target": target, **planning, **training}))
    return model


@dataclass
class Prepared:
    """The rows of a table as networks read them: those to learn from, and two parts held out.

    `rows` are those to learn from and those that choose the best epoch; `test` are the raw rows of
    the test, `test_rows` their numbers in the table, `known` the raw rows of the other two parts.
    `seconds` says what the steps took that began at `began`.
    """

    reading: Reading
    plan: Plan
    known: polars.DataFrame
    test: polars.DataFrame
    test_rows: Array
    encoder: Encoder
    rows: EncodedRows
    began: float
    seconds: dict[str, float] = field(default_factory=dict)

    def passed(self) -> float:
        """Seconds since the beginning."""
        return clock.perf_counter() - self.began

    def train(self, options: TrainingOptions) -> Trained:
        """Networks trained on these rows; see `training.train`."""
        began = clock.perf_counter()
        trained = train(self.rows, plan=self.plan, levels=self.encoder.levels, options=options)
        self.seconds["training"] = clock.perf_counter() - began
        return trained

    def first_trees(self, options: TrainingOptions) -> Trees:
        """Trees for the rows that the first network learns from."""
        began = clock.perf_counter()
        grown = grow(
            *self.rows.to_learn, self.plan.task, options.seed, interrupted=options.is_interrupted
        )
        self.seconds["trees"] = clock.perf_counter() - began
        return grown

    def grow(self, trained: Trained, first: Trees, options: TrainingOptions) -> list[Trees]:
        """Trees for the rows of each network, as many as the budget allows, or until Ctrl-C;
        `first` are the first's. A network is never weighed against trees that have seen the rows
        it held out.
        """
        forests, longest = [first], self.seconds.get("trees", 0.0)
        end = clock.perf_counter() + options.budget
        for part in trained.parts[1:]:
            if (
                clock.perf_counter() + longest > end
                or options.is_interrupted()
                or np.array_equal(part.rows, trained.parts[0].rows)
            ):
                break
            began = clock.perf_counter()
            y = self.rows.y[part.rows]
            forests.append(grow(self.rows.take(part.rows), y, self.plan.task, options.seed))
            took = clock.perf_counter() - began
            longest = max(longest, took)
            self.seconds["trees"] = self.seconds.get("trees", 0.0) + took
        return forests

    def _share_of_trees(self, trained: Trained, forests: Sequence[Trees]) -> tuple[float, str]:
        """The weight of the trees that suits best what was held out, and why."""
        parts = trained.parts[: len(forests)]
        outs = [
            forest.predict(self.rows.take(part.held))
            for forest, part in zip(forests, parts, strict=True)
        ]
        return best_share(
            self.plan.task,
            np.concatenate([self.rows.y[part.held] for part in parts]),
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
            model.encoded = self.rows
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
    encoded = EncodedRows.joined(
        arrays,
        encoder.encode_target(known[fit_rows]),
        encoder.transform(known[check_rows]),
        encoder.encode_target(known[check_rows]),
    )
    prepared = Prepared(
        reading=reading,
        plan=plan,
        known=known,
        test=frame[test_rows],
        test_rows=test_rows,
        encoder=encoder,
        rows=encoded,
        began=began,
    )
    prepared.seconds["reading and plan"] = profiled - began
    prepared.seconds["encoding"] = clock.perf_counter() - profiled
    return prepared


def fit_plan(
    reading: Reading, plan: Plan, options: TrainingOptions, began: float | None = None
) -> TableModel:
    """The model for a plan that was made for a table, within a budget that began then."""
    return fit_prepared(prepare(reading, plan, began), options)


def fit_prepared(prepared: Prepared, options: TrainingOptions) -> TableModel:
    """The model for rows that were prepared, within a budget that counts since that began.

    After Ctrl-C what was trained and grown until then is the model.
    """
    with CtrlC() as ctrl_c:
        ask = options.is_interrupted
        options = replace(options, interrupted=lambda: ctrl_c.asked or ask())
        tell("boosted trees" if options.trees else "training")
        first = prepared.first_trees(options) if options.trees else None
        left = options.budget - prepared.passed()
        if first is None:
            return prepared.model(prepared.train(replace(options, budget=left)))
        kept = min(_MORE_FORESTS * prepared.seconds["trees"], _MOST_OF_TIME * left)
        trained = prepared.train(replace(options, budget=left - kept))
        left = options.budget - prepared.passed()
        forests = prepared.grow(trained, first, replace(options, budget=left))
        return prepared.model(trained, forests)
