"""Callbacks that watch one number: is it still improving?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...errors import ArgumentError, FileError, unknown_name, warn
from ...io.writing import FilePath
from .callback import Callback, Logs, learning_rate

# Monitored values of which more is better; of every other one less is.
_RISING = ("accuracy", "acc", "auc", "precision", "recall", "f1", "r2", "score", "top")


class _Monitor(Callback):
    """Base of callbacks that watch one number."""

    def __init__(self, monitor: str, min_delta: float, mode: str) -> None:
        if mode not in ("auto", "min", "max"):
            raise unknown_name("mode", mode, ("auto", "min", "max"))
        if not isinstance(monitor, str):
            raise ArgumentError(
                f"{type(self).__name__}: monitor={monitor!r}; expected the name of a number of the "
                "epoch, such as 'val_loss'"
            )
        self.monitor = monitor
        self.min_delta = abs(min_delta)
        self.mode = mode
        self._noted = False

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Remember what `get_state` gave; FileError for a value of another kind."""
        known = self.get_state()
        for name, value in state.items():
            if name in known and not self._fits(name, value, known[name]):
                raise FileError(
                    f"{type(self).__name__}: {name}={value!r:.80} is nothing it can remember"
                )
        super().set_state(state)

    def _fits(self, name: str, value: object, known: object) -> bool:
        """Whether an attribute that holds `known` may become `value`, read from a file."""
        if isinstance(known, bool):
            return isinstance(value, bool)
        if type(known) is int:  # a count
            return type(value) is int and 0 <= value < 1 << 63
        if isinstance(known, int | float):
            return _is_number(value)
        # A subclass keeps what it likes.
        return True

    def _rising(self) -> bool:
        if self.mode != "auto":
            return self.mode == "max"
        return any(word in self.monitor.lower().split("_") for word in _RISING)

    def _better(self, value: float, best: float) -> bool:
        if math.isnan(value):
            return False
        if self._rising():
            return value > best + self.min_delta
        return value < best - self.min_delta

    def _worst(self) -> float:
        return -math.inf if self._rising() else math.inf

    def _value(self, logs: Logs | None) -> float:
        """The watched number; without validation data `val_x` falls back to `x`, which is said
        once.
        """
        logs = logs or {}
        if self.monitor in logs:
            return logs[self.monitor]
        plain = self.monitor.removeprefix("val_")
        has_validation = any(name.startswith("val_") for name in logs)
        if plain not in logs or plain == self.monitor or has_validation:
            raise unknown_name(f"{type(self).__name__} monitor", self.monitor, logs)
        if not self._noted:
            self._noted = True
            warn(
                f"{type(self).__name__}: there is no validation data, so it watches {plain!r} "
                f"instead of {self.monitor!r}; give fit validation_split=0.2 to watch held-out "
                "rows"
            )
        return logs[plain]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


class EarlyStopping(_Monitor):
    """Stop when `monitor` has not improved by more than `min_delta` for `patience` epochs in a row.

    The weights of the best epoch are restored whenever training ends: stopped, finished or
    interrupted.

    Args:
        baseline: a value that must be beaten for an epoch to count as an improvement.
        start_from_epoch: the first epoch to watch.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = True,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, min_delta, mode)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the training before."""
        self.wait = 0
        self.stopped_epoch = 0
        self.best_epoch: int | None = None
        self.best = self._worst()
        self.best_weights: list[np.ndarray] | None = None

    def _fits(self, name: str, value: object, known: object) -> bool:
        if name == "best_epoch":
            return value is None or _is_number(value)
        if name == "best_weights":
            return value is None or self._are_weights(value)
        return super()._fits(name, value, known)

    def _are_weights(self, value: object) -> bool:
        wanted = [(w.shape, w.dtype) for w in self.model.get_weights()]
        if not isinstance(value, list) or not all(isinstance(w, np.ndarray) for w in value):
            return False
        return [(w.shape, w.dtype) for w in value] == wanted

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare with the best epoch."""
        value = self._value(logs)
        if epoch < self.start_from_epoch:
            return
        if self._better(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._better(value, self.baseline):
                self.wait = 0
                return
        self.wait += 1
        if self.wait >= self.patience and epoch > self.start_from_epoch:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Restore the best weights."""
        if self.verbose and self.stopped_epoch:
            print(f"epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)
            if self.verbose and self.best_epoch is not None:
                print(f"weights of the best epoch restored: {self.best_epoch + 1}")
            self.best_weights = None


class ModelCheckpoint(_Monitor):
    """Save the model after each epoch, or after each epoch that improved `monitor`.

    `filepath` may hold names in braces: `"model-{epoch:02d}-{val_loss:.3f}.safetensors"` (epochs
    from 1).
    """

    def __init__(
        self,
        filepath: FilePath,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str = "epoch",
    ) -> None:
        super().__init__(monitor, 0.0, mode)
        if save_freq != "epoch":
            raise ArgumentError(
                f"ModelCheckpoint: save_freq={save_freq!r}; only 'epoch' is supported"
            )
        self.filepath = str(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.best = self._worst()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if this epoch is wanted."""
        if self.save_best_only:
            value = self._value(logs)
            if not self._better(value, self.best):
                return
            self.best = value
        try:
            path = self.filepath.format(epoch=epoch + 1, **(logs or {}))
        except KeyError as missing:
            raise unknown_name(
                "name in ModelCheckpoint's filepath", missing.args[0], ["epoch", *(logs or {})]
            ) from None
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)
        if self.verbose:
            print(f"epoch {epoch + 1}: saved {path}")


class ReduceLROnPlateau(_Monitor):
    """Multiply the learning rate by `factor` after `patience` epochs without improvement."""

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, min_delta, mode)
        if not 0.0 < factor < 1.0:
            raise ArgumentError(f"ReduceLROnPlateau: factor={factor!r} must lie between 0 and 1")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the training before."""
        self.best = self._worst()
        self.wait = 0
        self.cooling = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare with the best epoch and lower the learning rate."""
        optimizer = self.model.optimizer
        value = self._value(logs)
        rate = learning_rate(optimizer, self)
        if logs is not None:
            logs["learning_rate"] = rate
        if self.cooling:
            self.cooling -= 1
            self.wait = 0
        if self._better(value, self.best):
            self.best, self.wait = value, 0
        elif not self.cooling:
            self.wait += 1
            lower = max(rate * self.factor, self.min_lr)
            if self.wait >= self.patience and lower < rate:
                optimizer.learning_rate = lower
                self.cooling, self.wait = self.cooldown, 0
                if self.verbose:
                    print(f"epoch {epoch + 1}: learning rate lowered to {lower:g}")
