"""The callback for MLflow: parameters and numbers of a training in its run."""

from __future__ import annotations

from typing import Any

from ...base.extras import optional
from ..callbacks.callback import Callback, Logs
from .facts import hyperparameters, rate_now


class MLflow(Callback):
    """Log the settings of a training and the numbers of its epochs to MLflow.

    It logs to the run that is active, or to a new one that ends with the training. Where it goes,
    MLflow knows: `mlflow.set_tracking_uri`, `mlflow.set_experiment`. Needs the package mlflow, or
    the lighter mlflow-skinny.

    >>> callbacks = [MLflow()]  # for fit(..., callbacks=callbacks)

    Args:
        run_name: the name of a new run.
    """

    resumes = False  # a training that goes on has runs and files of its own

    def __init__(self, run_name: str | None = None) -> None:
        self.run_name = run_name
        self._library: Any = None
        self._own = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin a run if there is none, and log the settings."""
        self._library = optional("mlflow", "MLflow()", "mlflow")
        self._own = self._library.active_run() is None
        if self._own:
            self._library.start_run(run_name=self.run_name)
        self._library.log_params(hyperparameters(self.model, self.params))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Log the numbers of the epoch and the learning rate."""
        rate = rate_now(self.model.optimizer)
        self._library.log_metrics({"learning_rate": rate, **(logs or {})}, step=epoch)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """End the run, if the callback has begun it."""
        if self._own:
            self._library.end_run()
            self._own = False
