"""The callback that evaluates with the moving averages of the parameters."""

from __future__ import annotations

from ...errors import StateError
from .callback import Callback, Logs


class SwapEMAWeights(Callback):
    """Validate with the averages that an optimizer with `use_ema=True` keeps, train without them.

    With `swap_on_epoch` the averages are in the model from the end of an epoch to the start of the
    next one, so that a `ModelCheckpoint` after this callback saves them. The names are Keras'.

    >>> import ranvier
    >>> optimizer = ranvier.optim.Adam(use_ema=True, ema_momentum=0.99)
    >>> callbacks = [SwapEMAWeights()]  # for fit(..., validation_data=..., callbacks=callbacks)
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = swap_on_epoch

    def _put(self, averages: bool) -> None:
        if averages != self.model.optimizer.swapped:
            self.model.optimizer.swap_averages(self.model.parameters())

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Find out at once whether there are averages."""
        if not self.model.optimizer.use_ema:
            kind = type(self.model.optimizer).__name__
            raise StateError(
                f"SwapEMAWeights: the optimizer keeps no averages; write {kind}(use_ema=True)"
            )

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """The averages into the model."""
        self._put(True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """The weights in training back."""
        self._put(False)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """The weights in training back, with `swap_on_epoch`."""
        self._put(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """The averages into the model, with `swap_on_epoch`."""
        self._put(self.swap_on_epoch)
