"""The study: trials that Optuna proposes, and what came of them, in a file if one is named."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..base.extras import optional
from ..errors import ArgumentError
from ..io.writing import FilePath
from .journal import Journal
from .space import OWN, Setting, Space

if TYPE_CHECKING:
    import optuna
    import polars

_NAME = "ranvier"
_RANDOM_TRIALS = 10  # before proposals follow what was learned
_LEAST_COMPLETE = 4  # trials, before others are stopped early
_OF_OPTUNA, _OF_BEST = 0.2, 0.2  # shares of batches; in the others one part of a form is changed
_DRAWS = 10  # of forms, to find one that was not tried
_ABOUT, _EPOCHS = "about", "epochs"


class Asked(NamedTuple):
    """A trial that is to be trained, and what it stands for."""

    trial: optuna.Trial
    setting: Setting

    @property
    def number(self) -> int:
        """Its number in the study; 0 has the values by default."""
        return self.trial.number


class Study:
    """Trials and their errors. Trial 0 has the values by default.

    `about` says what the errors are of; a file in which it is something else is refused. `before`
    is the number of finished trials that the file held.
    """

    def __init__(
        self,
        space: Space,
        about: Mapping[str, Any],
        storage: FilePath | None = None,
        seed: int = 0,
    ) -> None:
        self.space, self.storage, self._seed = space, storage, seed
        self._optuna: Any = optional("optuna", "tune", "tune")
        self._journal = None if storage is None else Journal(storage)
        with self._quietly():
            kept = None
            if self._journal is not None:
                kept = self._optuna.storages.JournalStorage(self._journal)
            self._study = self._optuna.create_study(
                storage=kept, study_name=_NAME, load_if_exists=True
            )
            asked_before = len(self._study.trials)
            self._study.sampler = self._optuna.samplers.TPESampler(
                n_startup_trials=_RANDOM_TRIALS, seed=seed + asked_before
            )
        self._check(about)
        self._give_up()
        self.before = self.finished

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Optuna's own messages stay out: what happens is told in the words of this package."""
        logging = self._optuna.logging
        before = logging.get_verbosity()
        logging.set_verbosity(logging.WARNING)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", self._optuna.exceptions.ExperimentalWarning)
                yield
        finally:
            logging.set_verbosity(before)

    def _check(self, about: Mapping[str, Any]) -> None:
        known = self._study.user_attrs.get(_ABOUT)
        if known is None:
            self._study.set_user_attr(_ABOUT, dict(about))
            return
        for name, value in about.items():
            if known.get(name) != value:
                raise ArgumentError(
                    f"{self.storage}: the study in this file is of another search: its {name} is "
                    f"{known.get(name)!r}, here it is {value!r}; name another file (storage=, "
                    "--storage), or remove it to begin again"
                )

    def _give_up(self) -> None:
        """Trials that a killed search has left are over; the first one is tried again."""
        state = self._optuna.trial.TrialState
        waiting = [t for t in self._trials() if t.state == state.WAITING]
        for _ in waiting:
            self._study.ask()
        for trial in self._study.trials:  # a copy: telling changes what is there
            if trial.state == state.RUNNING:
                self._study.tell(trial.number, state=state.FAIL)

    def close(self) -> None:
        """Close the file."""
        if self._journal is not None:
            self._journal.close()

    # -- trials ------------------------------------------------------------------------------------

    @property
    def epochs(self) -> int | None:
        """How many epochs each trial has; None as long as that is not planned."""
        planned = self._study.user_attrs.get(_EPOCHS)
        return None if planned is None else int(planned)

    @epochs.setter
    def epochs(self, epochs: int) -> None:
        self._study.set_user_attr(_EPOCHS, epochs)

    def ask(self, count: int) -> list[Asked]:
        """So many trials of one form.

        At first the values by default and others near them. Then mostly the form of the best trial
        with one part changed, and sometimes the same form or one that Optuna proposes; numbers near
        those of the best trial, and in the last trial of a batch those that Optuna proposes.
        """
        asked: list[Asked] = []
        form: dict[str, Any] = {}
        for known in self._proposed(count):
            values = {**form, **{k: v for k, v in known.items() if k in OWN}} if form else known
            default = not asked and self.default_error is None
            self._study.enqueue_trial(values, user_attrs={"default": True} if default else None)
            trial = self._study.ask()
            form = self.space.form(trial)
            asked.append(Asked(trial, self.space.setting(form | self.space.own(trial))))
        return asked

    def _proposed(self, count: int) -> list[dict[str, Any]]:
        """What is known of the values of so many trials before Optuna is asked for the others."""
        space = self.space
        draw = np.random.default_rng([self._seed, len(self._trials())])
        if self.default_error is None:
            default = space.default()
            return [default, *[space.neighbour(default, draw) for _ in range(count - 1)]]
        best: Mapping[str, Any] = min(self._complete(), key=lambda t: (t.value, t.number)).params
        kind = draw.random()
        if kind < _OF_OPTUNA:
            return [{} for _ in range(count)]
        if kind < _OF_OPTUNA + _OF_BEST:
            first = space.neighbour(best, draw)
        else:
            tried = [space.setting(t.params).form for t in self._trials() if t.params]
            for _ in range(_DRAWS):
                first = space.other_form(best, draw)
                if space.setting(first).form not in tried:
                    break
        others = [space.neighbour(first, draw) for _ in range(count - 2)]
        return [first, *others, {}][: max(count, 1)] if count > 1 else [first]

    def report(self, asked: Asked, epoch: int, error: float) -> None:
        """The error of a trial after an epoch."""
        asked.trial.report(error if math.isfinite(error) else math.nan, epoch)

    def hopeless(self, asked: Asked) -> bool:
        """Whether a trial is worse than the median of the others at its epoch, or diverged.

        That with the values by default goes on in any case.
        """
        if asked.trial.user_attrs.get("default"):
            return False
        pruner = self._optuna.pruners.MedianPruner(n_startup_trials=_LEAST_COMPLETE)
        frozen = self._trials()[asked.number]
        if not any(map(math.isfinite, frozen.intermediate_values.values())):
            return True
        return bool(pruner.prune(self._study, frozen))

    def complete(self, asked: Asked, error: float) -> None:
        """A trial is over; `error` is that of its best epoch."""
        state = self._optuna.trial.TrialState
        if math.isfinite(error):
            self._study.tell(asked.trial, error)
        else:
            self._study.tell(asked.trial, state=state.FAIL)

    def stop(self, asked: Asked) -> None:
        """A trial is stopped early, as others are better."""
        self._study.tell(asked.trial, state=self._optuna.trial.TrialState.PRUNED)

    def cut_off(self, asked: Asked) -> None:
        """A trial could not be finished."""
        self._study.tell(asked.trial, state=self._optuna.trial.TrialState.FAIL)

    # -- results -----------------------------------------------------------------------------------

    @property
    def finished(self) -> int:
        """How many trials are complete or were stopped early."""
        return sum(t.state.name in ("COMPLETE", "PRUNED") for t in self._trials())

    @property
    def stopped_early(self) -> int:
        """How many trials were stopped early."""
        return sum(t.state.name == "PRUNED" for t in self._trials())

    def _trials(self) -> Sequence[Any]:
        trials: Sequence[Any] = self._study.get_trials(deepcopy=False)
        return trials

    @property
    def best(self) -> tuple[int, Setting, float] | None:
        """Number, setting and error of the best trial that is complete."""
        return min(self.complete_settings(), key=lambda t: (t[2], t[0]), default=None)

    def complete_settings(self) -> list[tuple[int, Setting, float]]:
        """Number, setting and error of each trial that is complete."""
        return [(t.number, self.space.setting(t.params), float(t.value)) for t in self._complete()]

    @property
    def default_error(self) -> float | None:
        """The error of the trial with the values by default."""
        for trial in self._complete():
            if trial.user_attrs.get("default"):
                return float(trial.value)
        return None

    def _complete(self) -> Sequence[Any]:
        return [t for t in self._trials() if t.state.name == "COMPLETE"]

    def table(self) -> polars.DataFrame:
        """A row for each trial: number, state, error, epochs, and its values."""
        import polars as pl

        rows = []
        for trial in self._trials():
            errors = trial.intermediate_values
            values = self.space.setting(trial.params).recipe if trial.params else None
            row: dict[str, Any] = {
                "trial": trial.number,
                "state": _STATES.get(trial.state.name, trial.state.name.lower()),
                "error": min((e for e in errors.values() if e == e), default=None),
                "epochs": max(errors, default=0),
                "best_epoch": min(errors, key=lambda e: _finite(errors[e]), default=None),
            }
            if values is not None:
                row |= {name: getattr(values, name) for name in _SHOWN}
                row["batch_size"] = self.space.batch_size(trial.params)
            rows.append(row)
        return pl.DataFrame(rows, infer_schema_length=None)


# What Optuna calls COMPLETE and so on, in the words of a table.
_STATES = {"COMPLETE": "complete", "PRUNED": "stopped early", "FAIL": "cut off"}
_SHOWN = (
    "width", "depth", "members", "embedding", "bins", "category_dim", "label_smoothing",
    "learning_rate", "weight_decay", "dropout",
)  # fmt: skip


def _finite(error: float) -> float:
    return error if math.isfinite(error) else math.inf
