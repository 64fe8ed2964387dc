"""A change measured: trainings as they are and as changed, on the same rows, from the same seeds.

The networks of all seeds train side by side by one compiled step (`ranvier.ensemble`). A difference
counts where it is more than chance, both in another choice of seeds and of rows for validation.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...base.intervals import student_quantile
from ...base.message import Message
from ...errors import RanvierWarning
from ...losses.loss import Loss
from ...nn.basic.normalize import Adapting
from ...train.callbacks.monitors import EarlyStopping
from ...train.ensembles.compiled_members import another
from ...train.ensembles.ensemble import Ensemble
from ...train.fit.cautions import OF_CLASSES as LOSSES_OF_CLASSES
from ...train.fit.cautions import labels_of
from ...train.models.model import Model
from ...typing import Array
from ..changes import Change
from ..recipe import Recipe
from .scores import OF_CLASSES, OF_NUMBERS, SCORES, Score

SEEDS = 5


@dataclass(frozen=True)
class Trial:
    """What a change was worth on validation rows.

    `before` and `after` are the score of each seed, `difference` is how much better it became (its
    interval of 95 % from `low` to `high`); `scores` are the means of further scores, before and
    after.
    """

    score: str
    before: Array
    after: Array
    difference: float
    low: float
    high: float
    scores: Mapping[str, tuple[float, float]]
    rows: int
    seconds: float

    @property
    def clear(self) -> bool:
        """Whether the difference is more than chance."""
        return self.low > 0 or self.high < 0

    @property
    def better(self) -> bool:
        """Whether the change clearly helped."""
        return self.low > 0

    def __str__(self) -> str:
        return self.what

    @property
    def what(self) -> str:
        """What was measured, in one sentence."""
        known = {
            "score": self.score,
            "before": _spread(self.before),
            "after": _spread(self.after),
            "seeds": len(self.before),
        }
        ends = sorted([abs(self.low), abs(self.high)])
        interval = {"low": f"{ends[0]:.2g}", "high": f"{ends[1]:.2g}"}
        if self.better:
            return Message(
                "{score} {before} as it is, {after} changed ({seeds} seeds each): better by {low} "
                "to {high}, more than chance",
                **known,
                **interval,
            )
        if self.clear:
            return Message(
                "{score} {before} as it is, {after} changed ({seeds} seeds each): worse by {low} "
                "to {high}, more than chance",
                **known,
                **interval,
            )
        return Message(
            "{score} {before} as it is, {after} changed ({seeds} seeds each): no more than chance",
            **known,
        )


def _spread(values: Array) -> str:
    return f"{values.mean():.3g} ± {values.std(ddof=1):.2g}"


class Bench:
    """A recipe whose changes are measured; what it gives as it is, is trained once."""

    def __init__(self, recipe: Recipe, seeds: int = SEEDS, first_seed: int = 0) -> None:
        self.recipe = recipe
        self.seeds = [first_seed + i for i in range(seeds)]
        self._before: dict[bool, Array] = {}

    def measure(self, change: Change) -> Trial:
        """The change against the recipe as it is.

        Where one of both stops early, every second row for validation says when, and the others
        are what both are judged by.
        """
        began = time.perf_counter()
        changed = change(self.recipe)
        stops = changed.patience is not None or self.recipe.patience is not None
        judged = slice(1, None, 2) if stops else slice(None)
        if stops not in self._before:
            self._before[stops] = self._outputs(self.recipe, judged)
        before, after = self._before[stops], self._outputs(changed, judged)
        y = _targets(self.recipe, changed, judged)
        of = OF_NUMBERS if y.dtype.kind == "f" else OF_CLASSES
        name = changed.score if changed.score in of else next(iter(of))
        scores = {
            key: (_mean(score, before, y), _mean(score, after, y)) for key, score in of.items()
        }
        return _compared(name, before, after, y, scores, time.perf_counter() - began)

    def _outputs(self, recipe: Recipe, judged: slice) -> Array:
        """What the networks of all seeds say of the rows that are judged: (seeds, rows, ...)."""
        if recipe.patience is None:
            trained = _trained(recipe, self.seeds, [], None)
            return _predicted(trained, recipe.validation[0][judged])
        # Each network stops by itself, so they train one after another.
        x, y = recipe.validation
        watched = (x[::2], y[::2])
        stop = [EarlyStopping(patience=recipe.patience)]
        each = [_trained(recipe, [seed], stop, watched) for seed in self.seeds]
        return np.concatenate([_predicted(one, x[judged]) for one in each])


def _trained(
    recipe: Recipe, seeds: Sequence[int], callbacks: Sequence[EarlyStopping], watched: Any
) -> Ensemble:
    x, y = recipe.train

    def build() -> Model:
        model = recipe.build()
        if any(isinstance(layer, Adapting) for layer in model.sublayers()):
            model.ensure_built(x.shape[1:])
            model.adapt(x)
        return model

    made = Ensemble(build, len(seeds), seeds)
    first = made.first
    made.compile(another(first.optimizer), first.loss, engine=first.engine)
    with warnings.catch_warnings():  # what is wrong with it has been said
        warnings.simplefilter("ignore", RanvierWarning)
        made.fit(
            x, y, batch_size=recipe.batch_size, epochs=recipe.epochs, verbose=0,
            callbacks=list(callbacks), validation_data=watched, class_weight=recipe.class_weight,
        )  # fmt: skip
    return made


def _predicted(trained: Ensemble, x: Array) -> Array:
    return np.asarray(trained.predict_members(x), np.float64)


def _targets(recipe: Recipe, changed: Recipe, judged: slice) -> Array:
    """Indices of classes where one of the losses is made for them, else float numbers."""
    y = recipe.validation[1][judged]
    losses = [r.build().loss for r in (recipe, changed)]
    labels = labels_of(y) if y.ndim <= 2 else None
    of_classes = any(isinstance(one, Loss) and one.name in LOSSES_OF_CLASSES for one in losses)
    if not of_classes or labels is None:
        return y.astype(np.float64)
    return np.where(labels < 0, 0, labels)  # -1 and 1 are two classes as well


def _mean(score: Score, outputs: Array, y: Array) -> float:
    return float(np.mean([score.shown(float(score.rows(out, y).mean())) for out in outputs]))


def _compared(
    name: str,
    before: Array,
    after: Array,
    y: Array,
    scores: Mapping[str, tuple[float, float]],
    seconds: float,
) -> Trial:
    """The difference of a score, and its interval over other seeds and other rows."""
    score = SCORES[name]
    rows = [np.stack([score.rows(out, y) for out in part]) for part in (before, after)]
    shown = [np.array([score.shown(float(row.mean())) for row in part]) for part in rows]
    sign = 1.0 if score.higher_is_better else -1.0
    by_seed = sign * (shown[1] - shown[0])
    by_row = sign * (rows[1] - rows[0]).mean(axis=0)
    difference, gain = float(by_seed.mean()), float(by_row.mean())
    # A score that is no mean, such as a root, moves by so much where the mean moves by 1.
    unit = abs(difference / gain) if gain else 1.0
    count, judged = len(by_seed), len(by_row)
    of_seeds = student_quantile(0.975, count - 1) * math.sqrt(by_seed.var(ddof=1) / count)
    of_rows = 1.96 * unit * math.sqrt(by_row.var(ddof=1) / judged) if judged > 1 else 0.0
    margin = math.hypot(of_seeds, of_rows)
    return Trial(
        name,
        shown[0],
        shown[1],
        difference,
        difference - margin,
        difference + margin,
        scores,
        judged,
        seconds,
    )
