"""Ranvier: `Sequential`, `compile`, `fit`, as a user writes it."""

from __future__ import annotations

import numpy as np
from workload import Workload

import ranvier


class Peer:
    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, threads: int, mode: str):
        ranvier.seed(0)
        self.workload, self.x, self.y = workload, x, y
        self.model = ranvier.Sequential(
            [ranvier.nn.Dense(units, activation=name) for units, name in workload.layers]
        )
        optimizer = {"adam": ranvier.optim.Adam, "sgd": ranvier.optim.SGD}[workload.optimizer]
        self.model.compile(
            optimizer=optimizer(learning_rate=workload.learning_rate), loss=workload.loss
        )

    def fit(self) -> float:
        history = self.model.fit(
            self.x,
            self.y,
            epochs=self.workload.epochs,
            batch_size=self.workload.batch_size,
            verbose=0,
        )
        return history.history["loss"][-1]

    @staticmethod
    def versions() -> dict[str, str]:
        return {"ranvier": ranvier.__version__}
