"""Keras: `fit` and `predict`, on the backend that `mode` names (worker.py sets it before)."""

from __future__ import annotations

import keras
import numpy as np
from workload import Conv, Dense, GlobalMean, MaxPool, Residual, Stem, Workload


class Peer:
    """Modes: "tensorflow" or "jax"; with "-many" 32 steps in one execution; with "-function" the
    model as one compiled function of its own in place of `predict`."""

    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, threads: int, mode: str):
        if keras.backend.backend() == "tensorflow":
            import tensorflow

            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
            tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
        keras.utils.set_random_seed(0)
        self.workload, self.x, self.y = workload, x, y
        rows = out = keras.Input(x.shape[1:])
        for layer in workload.layers:
            normed = isinstance(layer, Stem | Residual)
            out = self._normed(layer, out) if normed else self._layer(layer)(out)
        self.model = keras.Model(rows, out)
        optimizer = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}
        self.model.compile(
            optimizer=optimizer[workload.optimizer](workload.learning_rate),
            loss=workload.loss,
            # Many steps in one call is Keras' own remedy for small networks.
            steps_per_execution=32 if mode.endswith("-many") else 1,
        )
        self.rows = x[: workload.batch_size]
        self.forward = self._function() if mode.endswith("-function") else self._predict

    @staticmethod
    def _layer(layer):
        if isinstance(layer, Dense):
            return keras.layers.Dense(layer.units, layer.activation)
        if isinstance(layer, Conv):
            return keras.layers.Conv2D(layer.filters, layer.size, activation=layer.activation)
        if isinstance(layer, MaxPool):
            return keras.layers.MaxPooling2D(layer.size)
        if isinstance(layer, GlobalMean):
            return keras.layers.GlobalAveragePooling2D()
        return keras.layers.Flatten()

    @staticmethod
    def _normed(layer, x):
        def conv(x, size, strides=1):
            x = keras.layers.Conv2D(layer.filters, size, strides, "same", use_bias=False)(x)
            return keras.layers.BatchNormalization()(x)

        strides = layer.strides if isinstance(layer, Residual) else 1
        out = conv(x, 3, strides)
        if isinstance(layer, Residual):
            out = conv(keras.layers.ReLU()(out), 3)
            out = keras.layers.Add()([out, conv(x, 1, strides) if strides > 1 else x])
        return keras.layers.ReLU()(out)

    def train(self) -> float:
        history = self.model.fit(
            self.x,
            self.y,
            batch_size=self.workload.batch_size,
            epochs=self.workload.epochs,
            verbose=0,
        )
        return history.history["loss"][-1]

    def _predict(self, rows: np.ndarray) -> np.ndarray:
        return self.model.predict(rows, batch_size=self.workload.batch_size, verbose=0)

    def _function(self):
        if keras.backend.backend() == "tensorflow":
            import tensorflow

            compiled = tensorflow.function(lambda rows: self.model(rows, training=False))
            return lambda rows: compiled(tensorflow.constant(rows)).numpy()
        import jax

        weights = [
            [v.value for v in variables]
            for variables in (self.model.trainable_variables, self.model.non_trainable_variables)
        ]
        compiled = jax.jit(lambda t, n, rows: self.model.stateless_call(t, n, rows)[0])
        return lambda rows: np.asarray(compiled(*weights, rows))

    def predict(self) -> float:
        for _ in range(self.workload.calls):
            out = self.forward(self.rows)
        return float(out.mean())

    @staticmethod
    def versions() -> dict[str, str]:
        made = {"keras": keras.__version__}
        if keras.backend.backend() == "tensorflow":
            import tensorflow

            made["tensorflow"] = tensorflow.__version__
        return made
