"""scikit-learn: MLPClassifier or MLPRegressor, warm-started so that every fit goes on training."""

from __future__ import annotations

import warnings

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from workload import Workload


class Peer:
    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, threads: int, mode: str):
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression = workload.loss == "mean_squared_error"
        hidden = workload.layers[:-1]
        self.workload, self.rows = workload, x[: workload.batch_size]
        self.x, self.y = x, y.ravel()
        self.model = (MLPRegressor if regression else MLPClassifier)(
            hidden_layer_sizes=tuple(layer.units for layer in hidden),
            activation=hidden[0].activation if hidden else "identity",
            solver=workload.optimizer,
            learning_rate_init=workload.learning_rate,
            momentum=0.0,
            alpha=0.0,
            batch_size=workload.batch_size if workload.job == "train" else 32,
            max_iter=workload.epochs,
            tol=0.0,
            n_iter_no_change=10**9,
            warm_start=True,
            random_state=0,
        )

        if workload.job == "predict":
            self.model.fit(self.x, self.y)
        self.forward = self.model.predict if regression else self.model.predict_proba

    def predict(self) -> float:
        for _ in range(self.workload.calls):
            out = self.forward(self.rows)
        return float(out.mean())

    def train(self) -> float:
        self.model.fit(self.x, self.y)
        # scikit-learn's squared error is half of everybody else's.
        return self.model.loss_ * (2 if isinstance(self.model, MLPRegressor) else 1)

    @staticmethod
    def versions() -> dict[str, str]:
        return {"scikit-learn": sklearn.__version__}
