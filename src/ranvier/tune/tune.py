"""Tuning: the search, and the networks that are trained with what it has found."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ..base.extras import optional
from ..base.missing import spelled
from ..base.quantities import seconds_text
from ..base.text_table import aligned
from ..errors import ArgumentError
from ..io.writing import FilePath
from ..tables.choice import Choice
from ..tables.fit_program import program, stated
from ..tables.fitting import Prepared, fit_prepared, prepare
from ..tables.model import TableModel
from ..tables.plan import Plan, make_plan
from ..tables.reading import Reading, read_table
from ..tables.targets import Metric, Task
from ..tables.training.options import TrainingOptions
from ..tables.training.training_rows import error_of
from ..train.fit.loop import CtrlC
from .search import Search, Told, error_name, open_study
from .space import Setting, shown
from .study import Study

if TYPE_CHECKING:
    import polars

_SEARCH_SHARE = 0.6  # of the time; the rest trains what is kept
_MOST_AFTER = 0.25  # of the time of a network, at most, kept for its test
_AFTER_CTRL_C = 60.0  # seconds at most, to train with the best values so far
CALL = "model, study = ranvier.tune_table"


class Tuned(NamedTuple):
    """What tuning gives: the model that is kept, and a table with a row for each trial."""

    model: TableModel
    study: polars.DataFrame


@spelled
def tune_table(
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
    budget: float = 300.0,
    trials: int | None = None,
    storage: FilePath | None = None,
    epochs: int | None = None,
    trees: bool = False,
    seed: int = 0,
    verbose: int = 1,
) -> Tuned:
    """The default network for a table with values that suit it better, within `budget` seconds.

    Searched are width, depth, members, embedding of numbers and categories, batch size, label
    smoothing, learning rate, weight decay and dropout. Trials of one form are trained side by side
    by one compiled step; those that are worse than others at the same epoch are stopped early. The
    first trial has the values that `fit_table` has. At the end the best values and those by
    default are trained in full, for the same time, and the network that is better on the held-out
    rows is kept: tuning never ends below the default there.

    `storage` is a file that the trials are written to, and from which a search goes on, also one
    that was killed. `trials` are enough, also those of before; `epochs` is how many each has, by
    default as many as let about sixteen fit into the time. Needs Optuna:
    `pip install "ranvier[tune]"`. Other arguments are those of `fit_table`.

        model, study = ranvier.tune_table("houses.csv", "price", budget=300, storage="houses.study")
    """
    began = clock.perf_counter()
    if not budget > 0:
        raise ArgumentError(f"budget={budget}: expected a number of seconds above 0")
    optional("optuna", "tune_table", "tune")
    reading = read_table(table)
    planning: dict[str, Any] = {"kinds": kinds, "task": task, "positive": positive}
    planning |= {"metric": metric, "time": time, "group": group, "drop": drop}
    planning |= {"held_out": held_out, "shuffle": shuffle, "seed": seed}
    plan = make_plan(reading, target, **planning)
    options = TrainingOptions(budget=budget, trees=trees, seed=seed, verbose=verbose)
    search: dict[str, Any] = {"trials": trials, "epochs": epochs, "storage": storage}
    tuned = tune_plan(reading, plan, options, **search, began=began)
    asked = {"target": target, **planning, "budget": budget, "trees": trees, **search}
    tuned.model.program = program(table, stated(asked), call=CALL)
    return tuned


def tune_plan(
    reading: Reading,
    plan: Plan,
    options: TrainingOptions,
    *,
    trials: int | None = None,
    epochs: int | None = None,
    storage: FilePath | None = None,
    began: float | None = None,
    told: Told | None = None,
) -> Tuned:
    """What `tune_table` gives, for a plan that was made for a table; `told` prints lines.

    `epochs` are those of each trial.
    """
    told = told or (print if options.verbose else lambda line: None)
    prepared = prepare(reading, plan, began)
    study = open_study(prepared, storage, options.seed)
    try:
        if study.before:
            told(_resumed(study))
        left = options.budget - prepared.passed()
        search = Search(
            prepared, study, budget=max(_SEARCH_SHARE * left, 1e-3), trials=trials, epochs=epochs,
            seed=options.seed, told=told, shown=options.verbose > 0,
        )  # fmt: skip
        search.run()
        prepared.seconds["search"] = search.clock.passed()
        left = options.budget - prepared.passed()
        if search.interrupted:
            left = min(left, _AFTER_CTRL_C)
            rest = seconds_text(max(left, 1.0))
            told(
                f"Ctrl-C: training with the best values so far, for up to {rest}; "
                "press it again to end with what is there"
            )
        options = replace(options, budget=prepared.passed() + max(left, 1.0))
        kept = _kept(prepared, study, options, search.seconds_to_begin)
        for line in kept.lines:
            told(line)
        return Tuned(kept.model, study.table())
    finally:
        study.close()


def _resumed(study: Study) -> str:
    best = study.best
    known = "" if best is None else f", best {best[2]:.5g} (trial {best[0]})"
    return f"study {study.storage}: goes on after {study.before} finished trials{known}"


# --- what is kept -------------------------------------------------------------------------------


class _Kept(NamedTuple):
    """The model that is kept, and lines that say why."""

    model: TableModel
    lines: list[str]


class _Contestant(NamedTuple):
    """Values, and the network that was trained with them."""

    name: str
    setting: Setting
    error: float
    model: TableModel


def _kept(prepared: Prepared, study: Study, options: TrainingOptions, to_begin: float) -> _Kept:
    """The default and the best values trained in full; the better one on the rows held out.

    Both within the budget, for about the same time; the second is left out after Ctrl-C, and where
    less is left than the `to_begin` seconds that a network takes before it learns.
    """
    settings = {"default": study.space.setting(study.space.default())}
    best = study.best
    if best is not None and shown(best[1]):
        settings[f"trial {best[0]}"] = best[1]
    contestants: list[_Contestant] = []
    left_out = []
    # What comes after a training, its test above all, is guessed of the first and known then.
    after = min(to_begin, _MOST_AFTER * (options.budget - prepared.passed()) / len(settings))
    with CtrlC() as ctrl_c:
        for i, (name, setting) in enumerate(settings.items()):
            left = options.budget - prepared.passed()
            if contestants and (ctrl_c.asked or left < to_begin + after):
                left_out.append(name)
                continue
            end = prepared.passed() + left / (len(settings) - i) - after
            own = replace(
                options,
                budget=end,
                recipe=setting.recipe,
                batch_size=setting.batch_size,
                second=True,  # as without a recipe
                interrupted=lambda: ctrl_c.asked,
            )
            model = fit_prepared(prepared, own)
            after = max(prepared.passed() - end, 0.0)
            out = model.trained.held_out
            plan, y = prepared.plan, prepared.rows.held_out[1]
            error = error_of(plan.task, plan.metric, y, out)
            contestants.append(_Contestant(name, setting, error, model))
    # NOTE: of equals the default is kept.
    winner = min(contestants, key=lambda one: one.error)
    winner.model.choices += _choices(study, winner, contestants[0])
    lines = _lines(prepared, study, contestants, winner)
    lines += [f"{name}: not trained in full, as the time was over" for name in left_out]
    return _Kept(winner.model, lines)


def _choices(study: Study, winner: _Contestant, default: _Contestant) -> tuple[Choice, ...]:
    """What a model says about its tuning."""
    done = study.finished
    early = study.stopped_early
    what = error_name_of(winner)
    made = [
        Choice(
            "tuning",
            f"{done} trials, {early} stopped early",
            f"held-out {what} {winner.error:.5g} with the values of {winner.name}; "
            f"default {default.error:.5g}",
            "--trials",
        )
    ]
    for name, value in shown(winner.setting).items():
        usual = vars(default.setting.recipe).get(name, "by the number of rows")
        made.append(
            Choice(f"tuned {name.replace('_', ' ')}", _text(value), f"default {_text(usual)}")
        )
    return tuple(made)


def error_name_of(contestant: _Contestant) -> str:
    """What the networks are judged by."""
    return error_name(contestant.model.plan.metric)


def _text(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _lines(
    prepared: Prepared, study: Study, contestants: Sequence[_Contestant], winner: _Contestant
) -> list[str]:
    """The end of a tuning: the best trials, and the networks trained with their values."""
    what, rows = error_name_of(winner), len(prepared.rows.held_out[1])
    lines = [
        "",
        f"{study.finished} trials of {study.epochs} epochs, "
        f"{study.stopped_early} of them stopped early; {what} on {rows:,} rows held out",
    ]
    lines += [f"  {line}" for line in _best_trials(study)]
    lines += ["", "trained in full, for the same time"]
    names = list(contestants[0].model.test_scores)
    heading = ["", f"held-out {what}", *(f"test {name}" for name in names)]
    table = [heading]
    for one in contestants:
        scores = [f"{one.model.test_scores[name]:.5g}" for name in names]
        table.append([one.name, f"{one.error:.5g}", *scores])
    lines += [f"  {line}" for line in aligned(table, right=range(1, len(heading)))]
    lines.append(f"kept: {winner.name}" + _different(winner.setting))
    return lines


def _different(setting: Setting) -> str:
    values = ", ".join(f"{name} {_text(value)}" for name, value in shown(setting).items())
    return f" ({values})" if values else ""


def _best_trials(study: Study, count: int = 5) -> list[str]:
    """A line for each of the best trials, and for that with the values by default."""
    table = [["trial", "error", "values that are not the default"]]
    complete = sorted(study.complete_settings(), key=lambda one: one[2])
    chosen = complete[:count] + [one for one in complete[count:] if not shown(one[1])][:1]
    for number, setting, error in chosen:
        values = ", ".join(f"{k} {_text(v)}" for k, v in shown(setting).items())
        table.append([str(number), f"{error:.5g}", values or "none: the default"])
    return aligned(table, right=[1])
