"""New rows beside those of the training: each column by itself, and all columns together.

Each column is compared by a two-sample test, corrected for the number of columns; small networks
are asked which rows are new, which also finds columns that only go together in another way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...typing import Array
from .columns import Columns
from .small_networks import CrossFitted, features_of
from .statistics import area_error, chi_square, holm, kolmogorov_smirnov

_MAX_ROWS = 5000  # of each part
_MIN_ROWS = 20
_CHANCE = 1e-4  # of one false alarm among all columns
_LEAST_DISTANCE = 0.1  # that a reader need to know of
_LEAST_AREA = 0.6
_DEVIATIONS = 4.0
_ROWS_SHUFFLED = 2000


@dataclass(frozen=True)
class ColumnDrift:
    """How far a column is from what it was: the largest distance of the distributions (numbers),
    or half the sum of the differences of shares (levels); `chance` is corrected.
    """

    name: str
    distance: float
    chance: float
    before: str
    after: str


@dataclass(frozen=True)
class Drift:
    """`area` is that of "is this row new?" under the ROC curve, for rows that the small networks
    have not seen; `telling` are the columns it needs, with what the area loses without each.
    """

    columns: tuple[ColumnDrift, ...]
    area: float
    error: float
    telling: tuple[tuple[str, float], ...]
    rows: tuple[int, int]

    @property
    def differs(self) -> bool:
        """Whether the new rows are others."""
        return bool(self.columns) or self.together

    @property
    def together(self) -> bool:
        """Whether the rows can be told apart by all columns together."""
        clear = self.area - 0.5 > _DEVIATIONS * self.error
        return clear and self.area > _LEAST_AREA


def drift(train: Columns, new: Columns, seed: int = 0) -> Drift | None:
    """What has changed between two parts of the data; None where they are too small to say."""
    random = np.random.default_rng(seed)
    train, new = _some(train, random), _some(new, random)
    if min(len(train), len(new)) < _MIN_ROWS or not train.names:
        return None
    drifted = column_drifts(train, new)
    area, error, telling = _told_apart(train, new, seed)
    return Drift(tuple(drifted), area, error, telling, (len(train), len(new)))


def _some(columns: Columns, random: np.random.Generator) -> Columns:
    if len(columns) <= _MAX_ROWS:
        return columns
    return columns.take(random.choice(len(columns), _MAX_ROWS, replace=False))


def column_drifts(train: Columns, new: Columns) -> list[ColumnDrift]:
    """The columns that have changed, most of all first."""
    made, chances = [], []
    count = train.numbers.shape[1]
    for i, name in enumerate(train.names):
        if i < count:
            compared = _numbers(name, train.numbers[:, i], new.numbers[:, i])
        else:
            compared = _levels(name, train.codes[:, i - count], new.codes[:, i - count])
        made.append(compared)
        chances.append(compared.chance)
    corrected = holm(np.array(chances))
    kept = [
        ColumnDrift(c.name, c.distance, float(p), c.before, c.after)
        for c, p in zip(made, corrected, strict=True)
        if p < _CHANCE and c.distance >= _LEAST_DISTANCE
    ]
    return sorted(kept, key=lambda c: -c.distance)


def _numbers(name: str, a: Array, b: Array) -> ColumnDrift:
    known_a, known_b = np.isfinite(a), np.isfinite(b)
    counts = [np.array([known.sum(), (~known).sum()]) for known in (known_a, known_b)]
    missing, chance_missing = chi_square(*counts)
    distance, chance = kolmogorov_smirnov(a[known_a], b[known_b])
    if chance_missing < chance:
        before, after = (f"{(~known).mean():.1%} missing" for known in (known_a, known_b))
        return ColumnDrift(name, missing, min(2 * chance_missing, 1.0), before, after)
    before, after = (
        f"median {np.median(v):.4g}" if len(v) else "" for v in (a[known_a], b[known_b])
    )
    return ColumnDrift(name, distance, min(2 * chance, 1.0), before, after)


def _levels(name: str, a: Array, b: Array) -> ColumnDrift:
    levels, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    first = np.bincount(codes[: len(a)], minlength=len(levels))
    second = np.bincount(codes[len(a) :], minlength=len(levels))
    distance, chance = chi_square(first, second)
    return ColumnDrift(name, distance, chance, "", "")


# --- all columns together -----------------------------------------------------------------------


def _told_apart(
    train: Columns, new: Columns, seed: int
) -> tuple[float, float, tuple[tuple[str, float], ...]]:
    """The area under the ROC curve of "new?", its error, and the columns that give it away."""
    from ...metrics.whole import roc_auc

    both = train.below(new)
    is_new = np.repeat([0, 1], [len(train), len(new)])
    order = np.random.default_rng(seed).permutation(len(both))
    features, owners = features_of(both.take(order))
    is_new = is_new[order]
    fitted = CrossFitted(features, is_new, 2, seed)
    area = roc_auc(is_new, fitted.predict(features)[:, 1])
    error = area_error(0.5, len(new), len(train))
    if not (area > _LEAST_AREA and area - 0.5 > _DEVIATIONS * error):
        return area, error, ()
    random = np.random.default_rng(seed)
    lost = []
    for at in range(len(both.names)):
        mine = owners == at
        if mine.any():
            shuffled = features.copy()
            shuffled[:, mine] = features[random.permutation(len(features))][:, mine]
            without = roc_auc(is_new, fitted.predict(shuffled)[:, 1])
            lost.append((both.names[at], area - without))
    lost.sort(key=lambda pair: -pair[1])
    telling = tuple((name, loss) for name, loss in lost[:5] if loss > 2 * error)
    return area, error, telling
