"""Concurrency: other threads and signal handlers that use a model while it is in training.

`fit` changes the weights in native code, stretch after stretch. What another thread asks meanwhile
is answered from a copy of the weights as they were between two stretches, so it neither waits for
the training nor sees half a step. Copies are made only when somebody has asked.

One thread trains a model at a time: a second training, be it from a signal handler or a callback,
would mix its sums with those of the first, and is an error.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...base.locks import renewed_in_child
from ...errors import StateError
from ...tensors.tensor import Tensor
from ...typing import Array

if TYPE_CHECKING:
    from ..models.model import Model


class InTraining:
    """A model in training: `with in_training:` around it, `with stretch:` around native steps."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.thread = 0
        self.changed: Sequence[Tensor] = ()  # what a training step changes
        self.renew()
        renewed_in_child(self)

    def renew(self) -> None:
        """Nobody waits."""
        self._lock = threading.RLock()
        self._free = threading.Condition(self._lock)
        self._waiting = 0
        self._kept: dict[int, Array] | None = None  # by id of the tensor
        self._stretches = self._kept_after = 0
        self._running = self._asked = False

    def begin(self, changed: Sequence[Tensor]) -> None:
        """From now on this thread trains the model; a StateError when one does already."""
        if _now.by_model.setdefault(id(self.model), self) is not self or self.thread:
            raise StateError(
                f"{self.model.name} is in training already: fit or train_on_batch was called "
                "within fit, by a signal handler, a callback or another thread. Call it when fit "
                "has returned; to end fit early, set model.stop_training = True"
            )
        self.thread, self.changed = threading.get_ident(), changed
        if self.model._uses is not None:
            self.model._uses.in_training()

    def end(self) -> None:
        """The training is over."""
        with self._lock:
            self.thread, self._kept = 0, None
            self._running = self._asked = False
            _now.by_model.pop(id(self.model), None)
            if self._waiting:
                self._free.notify_all()

    def start_stretch(self) -> None:
        """Native steps are about to change the weights."""
        with self._lock:
            self._running = True

    def end_stretch(self) -> None:
        """They have ended."""
        with self._lock:
            self._running = False
            self._stretches += 1
            if self._asked:
                self._keep()

    def _keep(self) -> None:
        self._kept = {id(t): t._array().copy() for t in self.changed}
        self._kept_after, self._asked = self._stretches, False
        self._free.notify_all()

    def arrays(self, tensors: Sequence[Any]) -> list[Array]:
        """The numbers of these tensors between two stretches, for another thread."""
        with self._lock:
            if self._kept is None or self._kept_after != self._stretches:
                if self._running:
                    self._asked = True
                    self._waiting += 1
                    while self._kept is None and self.thread:
                        self._free.wait()
                    self._waiting -= 1
                elif self.thread:
                    self._keep()
            kept = self._kept or {}
        return [kept.get(id(t), t._array()) for t in tensors]


class _Now:
    """The models in training."""

    def __init__(self) -> None:
        self.by_model: dict[int, InTraining] = {}
        renewed_in_child(self)

    def renew(self) -> None:
        """Those of other threads are in training no more."""
        here = threading.get_ident()
        for key, training in list(self.by_model.items()):
            if training.thread != here:
                training.thread = 0
                del self.by_model[key]


_now = _Now()


def in_training(model: Model) -> bool:
    """Whether some thread trains the model."""
    return id(model) in _now.by_model


def trained_elsewhere(model: Model) -> InTraining | None:
    """The training of the model by another thread, if there is one."""
    training = _now.by_model.get(id(model))
    return None if training is None or training.thread == threading.get_ident() else training


class Exclusive:
    """One thread at a time, and in it one call: `with exclusive:`."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.renew()
        renewed_in_child(self)

    def renew(self) -> None:
        """Nobody is inside."""
        self._lock = threading.RLock()
        self._inside = False

    def __enter__(self) -> None:
        self._lock.acquire()
        if self._inside:
            self._lock.release()
            raise StateError(
                f"{self.what} was called while it is at work in the same thread, by a signal "
                "handler or a callback; call it when it has returned"
            )
        self._inside = True

    def __exit__(self, *error: object) -> None:
        self._inside = False
        self._lock.release()
