"""The diagnosis of a training while it runs: the callback `Diagnose`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.message import Message
from ..errors import ArgumentError
from ..train.callbacks.callback import Callback, Logs
from ..typing import Array, DataLike
from .finding import Chart, Finding, number

if TYPE_CHECKING:
    from .checks import Check
    from .examination import Examination

ROWS = 256  # that are looked at inside the network
RISE, RISE_SHARE = 1.2, 0.03  # of the validation loss over its lowest, and of that of epoch 1
SINCE = 5  # epochs ago was its lowest, and of so many the mean counts
RISES, HIGHER = 3, 0.1  # epochs whose loss rose by this share of the first epoch's
SLOW_EPOCHS, SLOW = 20, 0.02  # after so many epochs the loss has fallen by less than this share


class Diagnose(Callback):
    """Looks at a training once an epoch and prints what goes wrong, each kind once.

    By the curves alone: the loss rises, hardly falls, or over-fitting begins. With rows `x` and
    `y`, those trained on or some of them, also inside the network (dead and saturated units,
    gradients that vanish or explode, steps that overshoot, the scale of inputs, loss and last
    activation): one step of the reference executor on at most 256 rows, after the epochs 1, 2, 4,
    8, ... only. That is what it costs: a training of 1,000 epochs is looked into 10 times.
    Curves cost some microseconds an epoch. `seconds` is what all of it has taken.

    `findings` holds what was printed. With `verbose=0` nothing is.

    >>> import ranvier
    >>> model = ranvier.Sequential([ranvier.nn.Dense(1)])
    >>> model.compile(ranvier.optim.SGD(1e-5), "mse")
    >>> x, y = [[1.0], [-1.0]], [1.0, -1.0]
    >>> watch = ranvier.callbacks.Diagnose(verbose=0)
    >>> _ = model.fit(x, y, epochs=30, batch_size=2, verbose=0, callbacks=[watch])
    >>> [finding.name for finding in watch.findings]
    ['learning rate too low']
    """

    def __init__(
        self,
        x: DataLike | None = None,
        y: DataLike | None = None,
        validation_data: Any = None,
        verbose: int = 1,
    ) -> None:
        if (x is None) != (y is None):
            raise ArgumentError("Diagnose: give x and y, or neither of them")
        self.x, self.y, self.validation_data = x, y, validation_data
        self.verbose = verbose
        self.findings: list[Finding] = []
        self.seconds = 0.0
        self.curves: dict[str, list[float]] = {}
        self.kinds: list[str] = []  # of which something was printed

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget an earlier training."""
        self.findings, self.curves, self.kinds, self.seconds = [], {}, [], 0.0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at the curves, and after the epochs 1, 2, 4, ... inside the network."""
        began = time.perf_counter()
        for name, value in (logs or {}).items():
            self.curves.setdefault(name, []).append(value)
        done = len(self.curves.get("loss", ()))
        new = list(of_curves(self.curves)) if done else []
        if self.x is not None and done & (done - 1) == 0:
            new += self._inside()
        for finding in new:
            if finding.name not in self.kinds:
                self.kinds.append(finding.name)
                self.findings.append(finding)
                if self.verbose:
                    print(f"epoch {epoch + 1}: {finding}")
        self.seconds += time.perf_counter() - began

    def _inside(self) -> list[Finding]:
        from .checks import CHECKS
        from .examination import Examination

        assert self.x is not None
        examination = Examination(
            self.model, self.x, self.y, validation_data=self.validation_data,
            history=self.curves, most_rows=ROWS,
        )  # fmt: skip
        checks = [c for c in CHECKS if c.live and c.kind not in self.kinds]
        return [f for check in checks for f in _of(check, examination)]


def _of(check: Check, examination: Examination) -> Iterator[Finding]:
    if all(examination.lacks(need) is None for need in check.needs):
        yield from check.look(examination)


def of_curves(curves: Mapping[str, list[float]]) -> Iterator[Finding]:
    """What the curves say so far."""
    loss = np.asarray(curves["loss"], np.float64)
    held = np.asarray(curves.get("val_loss", ()), np.float64)
    if not np.isfinite(loss).all():
        return
    lowest, scale = float(loss.min()), abs(float(loss[0]))
    rises = int((np.diff(loss) > HIGHER * scale).sum())
    if rises >= RISES:
        yield _about_rate("high", "lower", loss, Message(
            "The loss rose in {rises} of {epochs} epochs, from {lowest} at its lowest to {now}.",
            rises=rises, epochs=len(loss), lowest=number(lowest), now=number(loss[-1]),
        ))  # fmt: skip
    fallen = scale - float(loss[-1])
    if len(loss) >= SLOW_EPOCHS and 0 < fallen < SLOW * scale and (np.diff(loss) < 0).mean() > 0.9:
        yield _about_rate("low", "higher", loss, Message(
            "In {epochs} epochs the loss has fallen from {first} to {now} only, and falls on.",
            epochs=len(loss), first=number(loss[0]), now=number(loss[-1]),
        ))  # fmt: skip
    if len(held) == len(loss) and np.isfinite(held).all():
        best = int(held.argmin())
        now = float(held[-SINCE:].mean())
        risen = now > max(RISE * held[best], held[best] + RISE_SHARE * abs(held[0]))
        if len(held) - 1 - best >= SINCE and risen and loss[-1] < loss[best]:
            yield Finding(
                "overfitting",
                "problem",
                Message(
                    "Over-fitting has begun: the validation loss was lowest in epoch {epoch} "
                    "({best}) and is now {now}, while the loss falls.",
                    epoch=best + 1, best=number(held[best]), now=number(now),
                ),
                {
                    "epoch": np.arange(1.0, len(loss) + 1),
                    "loss": loss,
                    "validation loss": held,
                    "best epoch": best + 1.0,
                },
                "callbacks=[ranvier.callbacks.EarlyStopping(patience=10, "
                "restore_best_weights=True)]",
                None,
                Chart("lines", ("loss", "validation loss"), "epoch", at="best epoch"),
            )  # fmt: skip


def _about_rate(kind: str, advice: str, loss: Array, what: Message) -> Finding:
    evidence = {"epoch": np.arange(1.0, len(loss) + 1), "loss": loss}
    change = f"optimizer: a {advice} learning_rate"
    chart = Chart("lines", ("loss",), "epoch")
    return Finding(f"learning rate too {kind}", "problem", what, evidence, change, None, chart)
