"""The callback for Weights & Biases: settings and numbers of a training in its run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...base.extras import optional
from ..callbacks.callback import Callback, Logs
from .facts import hyperparameters, rate_now


class WandB(Callback):
    """Log the settings of a training and the numbers of its epochs to Weights & Biases.

    It logs to the run that is active, or to a new one that ends with the training. Needs the
    package wandb; `WANDB_MODE=offline` in the environment keeps everything on this machine.

    >>> callbacks = [WandB(project="digits")]  # for fit(..., callbacks=callbacks)

    Args:
        project: the project of a new run.
        options: further arguments of `wandb.init`, such as `{"name": "first", "tags": ["a"]}`.
    """

    resumes = False  # a training that goes on has runs and files of its own

    def __init__(
        self, project: str | None = None, options: Mapping[str, Any] | None = None
    ) -> None:
        self.project, self.options = project, dict(options or {})
        self._run: Any = None
        self._own = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin a run if there is none, and log the settings."""
        library = optional("wandb", "WandB()", "wandb")
        self._own = library.run is None
        self._run = library.init(project=self.project, **self.options) if self._own else library.run
        self._run.config.update(hyperparameters(self.model, self.params), allow_val_change=True)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Log the numbers of the epoch and the learning rate."""
        rate = rate_now(self.model.optimizer)
        self._run.log({"epoch": epoch, "learning_rate": rate, **(logs or {})})

    def on_train_end(self, logs: Logs | None = None) -> None:
        """End the run, if the callback has begun it."""
        if self._own:
            self._run.finish()
            self._own = False
