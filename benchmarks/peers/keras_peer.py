"""Keras: `Model.fit`, on the backend that `mode` names (worker.py sets it before the import)."""

from __future__ import annotations

import keras
import numpy as np
from workload import Workload


class Peer:
    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, threads: int, mode: str):
        if keras.backend.backend() == "tensorflow":
            import tensorflow

            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
            tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
        keras.utils.set_random_seed(0)
        self.workload, self.x, self.y = workload, x, y
        self.model = keras.Sequential(
            [keras.layers.Input(x.shape[1:])]
            + [keras.layers.Dense(units, activation) for units, activation in workload.layers]
        )
        optimizer = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}
        self.model.compile(
            optimizer=optimizer[workload.optimizer](workload.learning_rate),
            loss=workload.loss,
            # Many steps in one call is Keras' own remedy for small networks.
            steps_per_execution=32 if mode.endswith("-many") else 1,
        )

    def fit(self) -> float:
        history = self.model.fit(
            self.x,
            self.y,
            batch_size=self.workload.batch_size,
            epochs=self.workload.epochs,
            verbose=0,
        )
        return history.history["loss"][-1]

    @staticmethod
    def versions() -> dict[str, str]:
        made = {"keras": keras.__version__}
        if keras.backend.backend() == "tensorflow":
            import tensorflow

            made["tensorflow"] = tensorflow.__version__
        return made
