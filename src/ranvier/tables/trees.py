"""Boosted trees beside the network: scikit-learn grows them, here they are kept and asked.

The trees read the arrays of the encoder: numbers, flags and the codes of categories side by side.
A grown forest is eight arrays of numbers, so a saved model needs neither code nor scikit-learn to
predict.

    arrays -> matrix -> every tree: from node 0 down to a leaf -> sum of leaf values -> link
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..base.extras import optional
from ..errors import FileError
from ..typing import Array

_ITERATIONS, _ITERATIONS_AT_ONCE = 100, 10  # of boosting, and between two looks at the clock
_ONE_THREAD = 2_000_000  # rows x columns up to which boosting runs on one thread
_ROWS_AT_ONCE = 4096  # so that what a tree is asked about stays in the cache


@dataclass(frozen=True)
class Trees:
    """A sum of trees for each output, on top of a baseline of shape (outputs,).

    `feature`, `threshold`, `missing_left`, `left`, `right` and `value` hold all nodes one after
    the other; `first` is where each tree begins, tree t belonging to output t % outputs. A leaf is
    its own left and right. `task` says what the sums are: numbers, or logits of classes.
    """

    task: str
    baseline: Array
    first: Array
    feature: Array
    threshold: Array
    missing_left: Array
    left: Array
    right: Array
    value: Array

    def predict(self, arrays: Mapping[str, Array]) -> Array:
        """Numbers of shape (rows,), or probabilities of shape (rows, classes)."""
        x = matrix(arrays)
        sums = np.empty((len(x), len(self.baseline)))
        for start in range(0, len(x), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            sums[part] = self._sums(x[part])
        if self.task == "regression":
            return sums[:, 0]
        if self.task == "binary":
            sums = np.concatenate([np.zeros_like(sums), sums], axis=1)
        shares = np.exp(sums - sums.max(axis=1, keepdims=True))
        out: Array = shares / shares.sum(axis=1, keepdims=True)
        return out

    def _sums(self, x: Array) -> Array:
        sums = np.tile(self.baseline, (len(x), 1))
        rows = np.arange(len(x))
        for tree, first in enumerate(self.first):
            at = np.full(len(x), first)
            while True:
                cells = x[rows, self.feature[at]]
                low = (cells <= self.threshold[at]) | (np.isnan(cells) & self.missing_left[at])
                below = np.where(low, self.left[at], self.right[at])
                if (below == at).all():
                    break
                at = below
            sums[:, tree % sums.shape[1]] += self.value[at]
        return sums

    def arrays(self) -> dict[str, Array]:
        """What a saved file keeps."""
        return {name: getattr(self, name) for name in _ARRAYS}

    @classmethod
    def restore(cls, task: str, arrays: Mapping[str, Array]) -> Trees:
        """The trees of a saved file; FileError where their nodes do not hang together."""
        kept = {name: arrays[name] for name in _ARRAYS}
        nodes = len(kept["value"])
        ids = np.arange(nodes)
        sound = all(len(kept[name]) == nodes for name in _ARRAYS[2:])
        # Children stand behind their parents, or a leaf is its own child: every way down ends.
        for name in ("left", "right"):
            child = kept[name]
            sound = sound and bool((((child > ids) & (child < nodes)) | (child == ids)).all())
        sound = sound and bool(((kept["left"] == ids) == (kept["right"] == ids)).all())
        sound = sound and bool(((kept["first"] >= 0) & (kept["first"] < nodes)).all())
        if not sound or (nodes and kept["feature"].min() < 0):
            raise FileError("the trees of this model are damaged")
        return cls(task, **kept)


_ARRAYS = (
    "baseline", "first", "feature", "threshold", "missing_left", "left", "right", "value",
)  # fmt: skip


def matrix(arrays: Mapping[str, Array]) -> Array:
    """The arrays of the encoder side by side: float64 (rows, columns)."""
    parts = [arrays[name] for name in ("numbers", "flags", "categories") if name in arrays]
    return np.concatenate(parts, axis=1).astype(np.float64)


def grow(
    arrays: Mapping[str, Array],
    y: Array,
    task: str,
    seed: int = 0,
    seconds: float = math.inf,
    interrupted: Callable[[], bool] = lambda: False,
) -> Trees:
    """Trees grown by scikit-learn's histogram boosting, with its own default settings.

    After so many `seconds`, or as soon as `interrupted` says so, no more are added.
    """
    ensemble = optional("sklearn.ensemble", "trees beside the network", "sklearn")
    kind = "Regressor" if task == "regression" else "Classifier"
    booster = getattr(ensemble, f"HistGradientBoosting{kind}")(
        random_state=seed, warm_start=True, max_iter=_ITERATIONS_AT_ONCE
    )
    x, end = matrix(arrays), time.perf_counter() + seconds
    with _few_threads(x.size):
        booster.fit(x, y)
        while booster.n_iter_ == booster.max_iter < _ITERATIONS:
            if interrupted() or time.perf_counter() > end:
                break
            booster.max_iter += _ITERATIONS_AT_ONCE
            booster.fit(x, y)
    grown = [tree.nodes for iteration in booster._predictors for tree in iteration]
    sizes = [len(nodes) for nodes in grown]
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    nodes = np.concatenate(grown)
    own = np.arange(len(nodes))
    leaf = nodes["is_leaf"] == 1
    base = np.repeat(first, sizes)
    return Trees(
        task,
        baseline=np.asarray(booster._baseline_prediction, np.float64).ravel(),
        first=first,
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32),
        threshold=nodes["num_threshold"],
        missing_left=nodes["missing_go_to_left"] == 1,
        left=np.where(leaf, own, nodes["left"] + base).astype(np.int32),
        right=np.where(leaf, own, nodes["right"] + base).astype(np.int32),
        value=nodes["value"],
    )


def mean_of(forests: Sequence[Trees]) -> Trees:
    """Trees whose sums are the mean of those of some forests with the same outputs."""
    if len(forests) == 1:
        return forests[0]
    behind = np.cumsum([0, *(len(forest.value) for forest in forests)])[:-1]

    def joined(name: str, moved: bool) -> Array:
        parts = [getattr(forest, name) for forest in forests]
        if moved:
            parts = [(a + at).astype(np.int32) for a, at in zip(parts, behind, strict=True)]
        return np.concatenate(parts)

    nodes = {name: joined(name, name in ("first", "left", "right")) for name in _ARRAYS[1:]}
    nodes["value"] = nodes["value"] / len(forests)
    baseline = np.mean([forest.baseline for forest in forests], axis=0)
    return Trees(forests[0].task, baseline, **nodes)


def _few_threads(cells: int) -> contextlib.AbstractContextManager[object]:
    """Small fits are many times slower on several threads than on one, where others work too."""
    if cells > _ONE_THREAD:
        return contextlib.nullcontext()
    limits: contextlib.AbstractContextManager[object] = optional(
        "threadpoolctl", "trees beside the network", "sklearn"
    ).threadpool_limits(1)
    return limits
