"""A small model of a table that stands in for a trained network: linear in the encoder's arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from ranvier.report.measures.baselines import design
from ranvier.report.measures.linear_models import logistic_regression, ridge, softmax
from ranvier.tables.encoder import Encoder
from ranvier.tables.plan import Plan
from ranvier.typing import Array


class StandIn:
    """Linear or logistic regression of a table, with a made-up history."""

    def __init__(self, plan: Plan, train: pl.DataFrame) -> None:
        self.plan = plan
        train = train[np.concatenate(plan.split_rows(train))]
        self.encoder, self._arrays = Encoder.fit_transform(train, plan)
        self.history: Mapping[str, Sequence[float]] = {
            "loss": [1.0, 0.6, 0.5, 0.45],
            "val_loss": [1.1, 0.7, 0.65, 0.66],
        }
        _, x = design(self._arrays, self.encoder.transform(train))
        y = self.encoder.encode_target(train)
        classes = len(plan.classes)
        self._weights = logistic_regression(x, y, classes) if classes else ridge(x, y)

    def _outputs(self, frame: pl.DataFrame) -> Array:
        _, x = design(self._arrays, self.encoder.transform(frame))
        return np.concatenate([x, np.ones((len(x), 1))], axis=1) @ self._weights

    def predict(self, frame: pl.DataFrame) -> Array:
        return self._outputs(frame)

    def predict_proba(self, frame: pl.DataFrame) -> Array:
        return softmax(self._outputs(frame))


def halves(frame: pl.DataFrame, share: float = 0.8) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows to train on and others, drawn."""
    order = np.random.default_rng(0).permutation(len(frame))
    cut = int(share * len(frame))
    return frame[order[:cut]], frame[order[cut:]]
