"""The loop of training: epochs of all members at once, and what happens between them.

As in `fit` of one model (fit/loop.py) a stretch is as many steps as take about a tenth of a second,
run by one native call. Each member draws its own order of the rows, from its own random state, so
it sees the batches that it would see alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import warn
from ...typing import Array
from ..callbacks.callback import Callback, History, Logs
from ..fit.loop import CtrlC, Moments
from ..intake.rows import Rows
from ..steps.order import Orders
from .members import RandomStates
from .step import MembersStep
from .sums import MembersSums

if TYPE_CHECKING:
    from .ensemble import Ensemble

_ORDER_BYTES = 64 << 20  # of the orders of all members that are drawn at once


class EnsembleHistory(History):
    """The numbers of every epoch: the mean over the members in `history`, each member's own in
    `members`, {name: [numbers of all members, an entry for each epoch]}.
    """

    def __init__(self) -> None:
        super().__init__()
        self.members: dict[str, list[list[float]]] = {}

    def add(self, numbers: dict[str, list[float]]) -> None:
        """Append what the members did in an epoch."""
        for name, values in numbers.items():
            self.members.setdefault(name, []).append(list(values))


class MembersOrders:
    """The orders in which members see the rows: for each step the batch of every member."""

    def __init__(
        self,
        rows: int,
        batch: int,
        shuffle: bool,
        engine: str,
        states: RandomStates,
        together: bool,
    ) -> None:
        self.batch = batch
        self._orders: list[Orders] = []
        for member in range(1 if together else len(states.numbers)):
            with states.of(member):
                self._orders.append(Orders(rows, batch, shuffle, engine))
        if together and shuffle:  # the others have drawn, too
            states.numbers[1:, 1] += np.uint32(1)
        self.most = max(1, _ORDER_BYTES // (8 * len(self._orders) * (rows + batch)))

    def take(self, epochs: int) -> Array:
        """The orders of the next epochs, one behind the other."""
        if len(self._orders) == 1:
            return self._orders[0].take(epochs)
        each = np.stack([orders.take(epochs).reshape(-1, self.batch) for orders in self._orders], 1)
        return each.reshape(-1)


class EnsembleTraining:
    """One call of `fit`."""

    def __init__(
        self,
        ensemble: Ensemble,
        make_step: Callable[[], MembersStep],
        sums: MembersSums,
        rows: Rows,
        validate: Callable[[], tuple[dict[str, float], dict[str, list[float]]]] | None,
        callbacks: Sequence[Callback],
    ) -> None:
        self.ensemble, self.make_step, self.sums = ensemble, make_step, sums
        self.step = make_step()
        self.rows, self.validate = rows, validate
        self.history = EnsembleHistory()
        self.moments = Moments([*callbacks, self.history])
        looked_at = all(callback.only_looks for callback in callbacks)
        self.each_epoch = validate is not None or not looked_at
        self.steps = -(-rows.count // self.step.batch)
        self.logs: Logs = {}

    def run(
        self, first: int, epochs: int, params: dict[str, Any], shuffle: bool
    ) -> EnsembleHistory:
        """All epochs; whatever happens, the callbacks see the end of the training."""
        self.ensemble.stop_training = False
        for callback in self.moments.callbacks:
            callback.set_model(self.ensemble)  # type: ignore[arg-type]
            callback.set_params({**params, "steps": self.steps})
        began = time.perf_counter()
        states, together = self.step.states, not self.step.own_rows
        batch, engine = self.step.batch, self.step.engine
        orders = MembersOrders(self.rows.count, batch, shuffle, engine, states, together)
        with CtrlC() as ctrl_c:
            begun = False
            try:
                self.moments.call("on_train_begin", {})
                begun = True
                self._epochs(first, epochs, orders, ctrl_c)
            finally:
                self.history.interrupted = ctrl_c.asked
                self.history.seconds["train"] = time.perf_counter() - began
                if begun:
                    self.moments.call("on_train_end", dict(self.logs))
        self._warn_of_diverged()
        return self.history

    def _epochs(self, epoch: int, epochs: int, orders: MembersOrders, ctrl_c: CtrlC) -> None:
        while epoch < epochs and not self.ensemble.stop_training and not ctrl_c.asked:
            if self.each_epoch:
                self._run_epoch(epoch, orders.take(1), ctrl_c)
                epoch += 1
                continue
            count = max(1, self.step.pace.steps((epochs - epoch) * self.steps) // self.steps)
            count = min(count, epochs - epoch, orders.most)
            if count == 1:
                self._run_epoch(epoch, orders.take(1), ctrl_c)
            else:
                self._run_epochs(epoch, orders.take(count), count)
            epoch += count

    def _run_epochs(self, epoch: int, order: Array, count: int) -> None:
        """Several epochs by one call of the executor."""
        log = np.empty((count, len(self.sums.flat)))
        self.sums.reset()
        self._stretch(order, 0, count * self.steps, log)
        for i in range(count):
            self.moments.call("on_epoch_begin", epoch + i, {})
            self._tell(epoch + i, self.sums.results(self.rows.count, log[i]))

    def _run_epoch(self, epoch: int, order: Array, ctrl_c: CtrlC) -> None:
        """One epoch in stretches."""
        self.moments.call("on_epoch_begin", epoch, {})
        self.sums.reset()
        at = 0
        while at < self.steps:
            steps = self.step.pace.steps(self.steps - at)
            self._stretch(order, at, at + steps)
            at += steps
            if at < self.steps and self.moments.at("on_progress"):
                rows = min(at * self.step.batch, self.rows.count)
                self.moments.call("on_progress", at, _means(self.sums.results(rows)))
            if ctrl_c.asked:
                return
        self._tell(epoch, self.sums.results(self.rows.count))

    def _tell(self, epoch: int, numbers: dict[str, list[float]]) -> None:
        """The end of an epoch: validation, and the numbers for the callbacks."""
        self.history.add(numbers)
        logs = _means(numbers)
        if self.validate is not None:
            self.moments.call("on_test_begin", {})
            score, each = self.validate()
            self.moments.call("on_test_end", dict(score))
            logs |= {f"val_{name}": value for name, value in score.items()}
            self.history.add({f"val_{name}": values for name, values in each.items()})
        self.moments.call("on_epoch_end", epoch, logs)
        self.logs = logs

    def _stretch(self, order: Array, first: int, last: int, log: Array | None = None) -> None:
        """The steps `first` to `last - 1` by one call of the executor."""
        if not self.step.holds():  # a callback has changed what it depends on
            self.step = self.make_step()
        state = self.step.state()
        began = time.perf_counter()
        self.step.run_batches(self.rows.arrays, order, first, last, self.sums.flat, log, state)
        self.step.pace.took(last - first, time.perf_counter() - began)
        self.step.settle(state)

    def _warn_of_diverged(self) -> None:
        """Members whose loss is no number any more are named; the others are as they are."""
        losses = self.history.members.get("loss")
        if not losses:
            return
        lost = np.flatnonzero(~np.isfinite(losses[-1])).tolist()
        if lost:
            some = ", ".join(map(str, lost[:8])) + (", ..." if len(lost) > 8 else "")
            warn(
                f"ensemble: the loss of {len(lost)} of {self.step.count} members is NaN or "
                f"infinite (members {some}); their weights are of no use. A smaller learning rate "
                "for them, or scaled inputs, may help"
            )


def _means(numbers: dict[str, list[float]]) -> Logs:
    """The mean over the members whose number is one."""
    logs: Logs = {}
    for name, values in numbers.items():
        finite = [v for v in values if np.isfinite(v)]
        logs[name] = float(np.mean(finite)) if finite else float("nan")
    return logs
