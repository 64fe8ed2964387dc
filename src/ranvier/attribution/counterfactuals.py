"""Counterfactuals (Wachter et al. 2017): the nearest change of a row that changes the output.

values that other rows have -> one feature at a time, the best kept -> what is not needed given
back -> the nearest of the values that still change it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..base.missing import spelled
from ..errors import ArgumentError, DataError, StateError
from ..io.writing import FilePath
from ..typing import Array
from .dependence import number_of
from .result import save_as
from .shapley.groups import numbers_of
from .shapley.values import background_of
from .subject import Encoded, Rows, Subject, TableSubject, subject_of

_CANDIDATES = 60  # values of a feature that are tried


@dataclass(frozen=True)
class Counterfactual:
    """A row that the model sees otherwise, and what was changed to get there.

    `changes` are {feature: (before, after)}; `before` and `after` what the model predicts (a label
    or a number), with the `probabilities` of both classes after it; `distance` the sum of the
    changes, each in units of the feature's spread (a changed label counts 1).
    """

    changes: Mapping[str, tuple[Any, Any]]
    before: object
    after: object
    distance: float
    row: Mapping[str, Any]
    probabilities: Mapping[str, float] = field(default_factory=dict)

    def save(self, path: FilePath) -> Path:
        """Write the changes as a page (.html) or as lines of a .csv file."""
        from ..plots.page import table_page

        head, title = ("feature", "before", "after"), str(self).partition("\n")[0]
        rows = [(name, _text(a), _text(b)) for name, (a, b) in self.changes.items()]
        return save_as(path, None, lambda: [head, *rows], lambda: table_page(title, head, rows))

    def __str__(self) -> str:
        head = f"{_text(self.before)} -> {_text(self.after)}"
        if self.probabilities:
            head += " (" + ", ".join(f"{k} {v:.3g}" for k, v in self.probabilities.items()) + ")"
        lines = [f"  {k}: {_text(a)} -> {_text(b)}" for k, (a, b) in self.changes.items()]
        return "\n".join([head, *lines])


def _text(value: object) -> str:
    if value is None:
        return "missing"
    return f"{value:.5g}" if isinstance(value, float | np.floating) else str(value)


@spelled
def counterfactual(
    model: object,
    x: Rows,
    background: Rows | None = None,
    *,
    to: str | int | float | None = None,
    above: float | None = None,
    below: float | None = None,
    immutable: Sequence[str | int] = (),
    feature_names: Sequence[str] | None = None,
    seed: int = 0,
) -> Counterfactual:
    """The smallest change found of the row x after which the model says another class.

    Changed features take values that rows of the background have, a table's raw cells. The search
    is greedy: it changes one feature after the other, then gives back what was not needed, so
    there may be a smaller change that it did not find.

    >>> model = lambda x: 1 / (1 + np.exp(-(x[:, 0] + 3 * x[:, 1])))
    >>> rows = np.random.default_rng(0).normal(size=(100, 2))
    >>> found = counterfactual(model, np.array([[-2.0, 0.0]]), rows)
    >>> list(found.changes), found.before, found.after
    (['x1'], '0', '1')

    Args:
        x: one row, as the model takes it.
        background: rows whose values may be taken; by default those of training.
        to: the class wanted, by name or number; by default any other.
        above, below: of a model that gives a number: what it must be above or below.
        immutable: features that stay as they are.

    Raises StateError where no change is found.
    """
    subject = subject_of(model, x, feature_names)
    row = subject.encode(x)
    if len(row) != 1:
        raise DataError(f"counterfactual: {len(row)} rows; give one, such as x[:1]")
    random = np.random.default_rng(seed)
    others = background_of(subject, row, background, 1000, random)
    goal = _goal(subject, row, to, above, below)
    fixed = {number_of(subject, feature) for feature in immutable}
    search = _Search(subject, row, others, goal, fixed)
    return search.run()


@dataclass(frozen=True)
class _Goal:
    """What is wanted: how near each of some outputs is, above 0 where it is reached."""

    kind: str  # "class", "above" or "below"
    wanted: int | None
    now: int
    limit: float = 0.0

    def margin(self, outputs: Array) -> Array:
        shares = _shares(outputs) if self.kind == "class" else outputs
        if self.kind == "above":
            return np.asarray(shares[:, 0] - self.limit)
        if self.kind == "below":
            return np.asarray(self.limit - shares[:, 0])
        target = shares.copy()
        if self.wanted is None:
            own = target[:, self.now].copy()
            target[:, self.now] = -np.inf
            return np.asarray(target.max(axis=1) - own)
        own = target[:, self.wanted].copy()
        target[:, self.wanted] = -np.inf
        return np.asarray(own - target.max(axis=1))


def _shares(outputs: Array) -> Array:
    """Of a single probability those of both classes."""
    return np.concatenate([1 - outputs, outputs], axis=1) if outputs.shape[1] == 1 else outputs


def _goal(
    subject: Subject, row: Encoded, to: object, above: float | None, below: float | None
) -> _Goal:
    outputs = subject(row.arrays)
    is_number = isinstance(subject, TableSubject) and not subject.classes
    limits = [limit for limit in (above, below) if limit is not None]
    if limits:
        if len(limits) > 1 or outputs.shape[1] > 1:
            raise ArgumentError("counterfactual: give above= or below=, for a model of one number")
        return _Goal("above" if above is not None else "below", None, 0, limits[0])
    if is_number:
        raise ArgumentError(
            "counterfactual: the model gives a number; say what it must be: above= or below="
        )
    shares = _shares(outputs)
    now = int(shares[0].argmax())
    wanted = None
    if to is not None:
        wanted = int(subject.chosen(shares, to)[0])  # type: ignore[arg-type]
        if wanted == now:
            raise ArgumentError(f"to={to!r}: that is what the model says of the row already")
    return _Goal("class", wanted, now)


class _Search:
    """The greedy search; `taken` says of each changed feature which background row it is from."""

    def __init__(
        self, subject: Subject, row: Encoded, others: Encoded, goal: _Goal, fixed: set[int]
    ) -> None:
        self.subject, self.row, self.others, self.goal = subject, row, others, goal
        features = range(len(subject.feature_names))
        self.free = [i for i in features if i not in fixed]
        self.cells = others.data.reshape(len(others), -1)
        self.mine = row.data.reshape(-1)
        self.candidates = {i: self._candidates(i) for i in self.free}
        self.scales = {i: self._scale(i) for i in self.free}

    def run(self) -> Counterfactual:
        """The result; StateError where there is none."""
        taken: dict[int, int] = {}
        best = float(self._margins([taken])[0])
        while best <= 0:
            trials = [
                {**taken, i: r} for i in self.free if i not in taken for r in self.candidates[i]
            ]
            if not trials:
                raise StateError(
                    "counterfactual: no row was found that the model sees otherwise, with the "
                    "values that the background has; give more rows, or fewer immutable columns"
                )
            margins = self._margins(trials)
            distances = np.array([self._distance(trial) for trial in trials])
            reached = margins > 0
            # Among those that reach it the nearest, else the one that gains most for its distance.
            added = distances - self._distance(taken)
            score = np.where(reached, -distances, (margins - best) / np.maximum(added, 1e-3))
            pool = np.flatnonzero(reached) if reached.any() else np.arange(len(trials))
            chosen = int(pool[score[pool].argmax()])
            if margins[chosen] <= best:
                chosen = int(margins.argmax())
            if margins[chosen] <= best and not reached.any():
                raise StateError(
                    "counterfactual: changing one more feature brings the class no nearer; give "
                    "more rows of background, or fewer immutable columns"
                )
            taken, best = trials[chosen], float(margins[chosen])
        return self._result(self._pruned(taken))

    def _pruned(self, taken: dict[int, int]) -> dict[int, int]:
        """Without the changes that are not needed, the largest first, and each at its nearest."""
        for i in sorted(taken, key=lambda i: -self._cost(i, taken[i])):
            less = {j: r for j, r in taken.items() if j != i}
            if less and self._margins([less])[0] > 0:
                taken = less
        for i in taken:
            nearer = sorted(self.candidates[i], key=lambda r: self._cost(i, r))
            trials = [{**taken, i: r} for r in nearer]
            reached = np.flatnonzero(self._margins(trials) > 0)
            if len(reached):
                taken = trials[int(reached[0])]
        return taken

    def _candidates(self, feature: int) -> list[int]:
        """Rows of the background whose values of a feature differ from each other and from ours."""
        seen: dict[object, int] = {}
        for r, cell in enumerate(self.cells[:, feature].tolist()):
            if cell is not None and cell == cell and cell != self.mine[feature]:
                seen.setdefault(cell, r)
        rows = sorted(seen.values(), key=lambda r: str(self.cells[r, feature]))
        numbers = numbers_of(self.cells[rows, feature]) if rows else None
        if numbers is not None:
            rows = [rows[i] for i in np.argsort(numbers, kind="stable")]
        if len(rows) > _CANDIDATES:
            rows = [rows[i] for i in np.linspace(0, len(rows) - 1, _CANDIDATES).astype(int)]
        return rows

    def _scale(self, feature: int) -> float | None:
        """The spread of a number, the mean distance from the median; None of labels."""
        numbers = numbers_of(np.append(self.cells[:, feature], self.mine[feature]))
        if numbers is None:
            return None
        finite = numbers[np.isfinite(numbers)]
        spread = float(np.abs(finite - np.median(finite)).mean()) if len(finite) else 0.0
        return spread or 1.0

    def _cost(self, feature: int, row: int) -> float:
        scale = self.scales[feature]
        before, after = self.mine[feature], self.cells[row, feature]
        if scale is None or before is None or before != before or before == "":
            return 1.0
        return abs(float(after) - float(before)) / scale

    def _distance(self, taken: Mapping[int, int]) -> float:
        # Few changed features are easier to follow than many small changes.
        return sum(self._cost(i, r) + 0.1 for i, r in taken.items())

    def _margins(self, trials: Sequence[Mapping[int, int]]) -> Array:
        return self.goal.margin(self.subject(self._arrays(trials)))

    def _arrays(self, trials: Sequence[Mapping[int, int]]) -> dict[str, Array]:
        arrays = {}
        for name, owner in self.subject.owners.items():
            a = np.repeat(self.row.arrays[name], len(trials), axis=0)
            masks = {i: owner == i for i in self.free}
            for k, trial in enumerate(trials):
                for i, r in trial.items():
                    a[k][masks[i]] = self.others.arrays[name][r][masks[i]]
            arrays[name] = a
        return arrays

    def _result(self, taken: Mapping[int, int]) -> Counterfactual:
        names = self.subject.feature_names
        before = self.subject(self.row.arrays)
        after = self.subject(self._arrays([taken]))
        changes = {names[i]: (self.mine[i], self.cells[r, i]) for i, r in sorted(taken.items())}
        row = dict(zip(names, self.mine.tolist(), strict=True))
        row |= {name: new for name, (_, new) in changes.items()}
        distance = sum(self._cost(i, r) for i, r in taken.items())
        if self.goal.kind != "class":
            return Counterfactual(changes, float(before[0, 0]), float(after[0, 0]), distance, row)
        shares = _shares(np.concatenate([before, after]))
        labels = self.subject.names_of(shares.shape[1])
        now, then = (labels[int(k)] for k in shares.argmax(axis=1))
        predicted = {label: float(shares[1, list(labels).index(label)]) for label in (now, then)}
        return Counterfactual(changes, now, then, distance, row, predicted)
