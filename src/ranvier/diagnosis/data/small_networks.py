"""Small networks side by side: what is said of each row by one that has not seen it.

The rows are cut into parts; each network learns from all of them but one, and all are trained by
one compiled step (`ranvier.ensemble`). Features are brought to one scale first.
"""

from __future__ import annotations

import numpy as np

from ... import optim
from ...nn import Dense, Dropout
from ...train.ensembles.ensemble import Ensemble
from ...train.models.sequential import Sequential
from ...typing import Array
from .columns import Columns

PARTS = 5
_MAX_LEVELS = 24  # of a category that are told apart
_MAX_FEATURES = 2000
_CLIP = 4.0  # deviations
_STEPS = 500  # of training
_HIDDEN = 32
_RATE, _DECAY, _DROPOUT = 0.01, 0.01, 0.1


def features_of(columns: Columns) -> tuple[Array, Array]:
    """(rows, features) float32 of one scale, and the number of the column each of them is of."""
    parts, owners = [], []
    for at, values in enumerate(columns.numbers.T):
        known = np.isfinite(values)
        some = values[known]
        deviation = float(some.std()) if len(some) else 0.0
        if deviation and np.isfinite(deviation):
            scaled = np.where(known, (values - some.mean()) / deviation, 0.0)
            parts.append(np.clip(scaled, -_CLIP, _CLIP))
            owners.append(at)
            if len(columns.names) <= _MAX_FEATURES // 4:
                # Heavy tails are flattened by a scale; ranks keep the order inside them.
                parts.append(np.where(known, _ranks(values, known), 0.0))
                owners.append(at)
        if not known.all() and known.any():
            parts.append(np.where(known, -0.5, 0.5))
            owners.append(at)
    for at, codes in enumerate(columns.codes.T, start=columns.numbers.shape[1]):
        levels, counts = np.unique(codes, return_counts=True)
        for level in levels[np.argsort(-counts, kind="stable")][:_MAX_LEVELS]:
            parts.append(codes == level)
            owners.append(at)
    if not parts:
        return np.zeros((len(columns), 1), np.float32), np.zeros(1, np.int64)
    stacked = np.stack(parts[:_MAX_FEATURES], axis=1).astype(np.float32)
    return stacked, np.array(owners[:_MAX_FEATURES], np.int64)


def _ranks(values: Array, known: Array) -> Array:
    """The share of the rows below each value, between -1 and 1."""
    ordered = np.sort(values[known])
    middle = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    ranks: Array = middle / len(ordered) - 1.0
    return ranks


class CrossFitted:
    """Networks that each left a part of the rows out; `part` is the part of each row."""

    def __init__(self, features: Array, y: Array, outputs: int, seed: int = 0) -> None:
        """Train them; y are indices of `outputs` classes, or numbers where `outputs` is 1."""
        random = np.random.default_rng(seed)
        self.part = random.permutation(len(features)) % PARTS
        weights = (self.part[None, :] != np.arange(PARTS)[:, None]).astype(np.float32)
        width = features.shape[1]

        def make() -> Sequential:
            # With names of their own, so that the next ones of the user are counted as before.
            end = Dense(max(outputs, 1), "softmax" if outputs > 1 else None, name="end")
            hidden = [Dense(_HIDDEN, "relu", name="hidden"), Dropout(_DROPOUT, name="dropout")]
            made = Sequential([*hidden, end], name="small")
            made.build((width,))
            return made

        batch = int(np.clip(len(features) // 20, 16, 128))
        epochs = int(np.clip(round(_STEPS * batch / len(features)), 3, 60))
        self.networks = Ensemble(make, PARTS, [seed * PARTS + i for i in range(PARTS)])
        loss = "sparse_categorical_crossentropy" if outputs > 1 else "mse"
        self.networks.compile(optim.AdamW(_RATE, weight_decay=_DECAY), loss=loss)
        target = y.astype(np.int64) if outputs > 1 else y.astype(np.float32)[:, None]
        self.networks.fit(
            features, target, batch_size=batch, epochs=epochs, verbose=0, sample_weight=weights,
            same_batches=True,
        )  # fmt: skip

    def predict(self, features: Array) -> Array:
        """What each row's own network says, the one that left it out: (rows, outputs)."""
        each = np.asarray(self.networks.predict_members(features))
        chosen: Array = each[self.part, np.arange(len(features))]
        return chosen.reshape(len(features), -1).astype(np.float64)
