"""The loop of training: epochs of all members at once, and what happens between them.

As in `fit` of one model (fit/loop.py) a stretch is as many steps as take about a tenth of a second,
run by one native call. Each member draws its own order of the rows, from its own random state, so
it sees the batches that it would see alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...base.config import thread_count
from ...errors import warn
from ...executors import executor
from ...graph.member_arrays import MembersArrays, MembersRows
from ...typing import Array
from ..callbacks.callback import Callback, History, Logs
from ..fit.loop import CtrlC, Moments
from ..intake.rows import Rows
from ..steps.order import Orders
from ..steps.step import Pace, Step
from .members import RandomStates
from .members_sums import MembersSums

if TYPE_CHECKING:
    from .ensemble import Ensemble

_MAX_ROWS = 1_000_000  # of the epochs that are run at once
_MAX_LOG_BYTES = 64 << 20  # of the numbers of all members in these epochs


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


class MembersStep(NamedTuple):
    """A step of one member, and the arrays of all that it is run on."""

    step: Step
    arrays: MembersArrays


def run_members(
    step: Step,
    members: MembersArrays,
    rows: MembersRows,
    first: int,
    last: int,
    sums: Array,
    log: Array | None = None,
) -> None:
    """The steps `first` to `last - 1` of every member, on its arrays and rows.

    `sums` (members, numbers) and `log` (members, epochs, numbers) hold those of each. Machine code
    runs all members in one call; other engines, and models whose short batch has a graph of its
    own, run one after the other.
    """
    native = None if step.splits(rows.total, first, last) else step.executable.native()
    together = 0
    if native is not None:
        threads = min(native.threads, thread_count())
        # Of a graph that is worth several threads, members that leave threads idle have them all.
        together = len(members) // threads * threads
    if native is not None and together:
        log_of = None if log is None else log[:together]
        native.run_members(members.part(together), rows, first, last, sums[:together], log_of)
    draw = executor(step.engine).draw
    for member in range(together, len(members)):
        step.run_batches(
            rows.of(member),
            rows.order_of(member, draw),
            first,
            last,
            sums[member],
            None if log is None else log[member],
            members.arrays[member],
        )


class MembersOrders:
    """The orders in which members see the rows."""

    def __init__(
        self,
        rows: Rows,
        own: Mapping[int, Array],
        batch: int,
        shuffle: bool,
        states: RandomStates,
        together: bool,
    ) -> None:
        self._streams = [own.get(i, a) for i, a in enumerate(rows.arrays)]
        self._own = frozenset(own)
        self._rows, self._batch = rows.count, batch
        self._width = -(-rows.count // batch) * batch
        self._keys: Array | None = None
        self._drawn = 0
        if shuffle:
            keys = states.keys()
            self._keys = np.full_like(keys, keys[0]) if together else keys

    def take(self, epochs: int) -> MembersRows:
        """The rows of the next epochs."""
        order = None
        if self._keys is None:
            order = Orders(self._rows, self._batch, shuffle=False).take(epochs)
        drawn, self._drawn = self._drawn, self._drawn + epochs * -(-self._rows // 2)
        return MembersRows(
            self._streams, self._own, self._rows, self._width, epochs, order, self._keys, drawn
        )


class EnsembleTraining:
    """One call of `fit`."""

    def __init__(
        self,
        ensemble: Ensemble,
        make_step: Callable[[], MembersStep],
        sums: MembersSums,
        rows: Rows,
        orders: MembersOrders,
        validate: Callable[[], tuple[dict[str, float], dict[str, list[float]]]] | None,
        callbacks: Sequence[Callback],
    ) -> None:
        self.ensemble, self.make_step, self.sums = ensemble, make_step, sums
        self.step, self.arrays = make_step()
        self.rows, self.orders, self.validate = rows, orders, validate
        self.history = EnsembleHistory()
        self.moments = Moments([*callbacks, self.history])
        looked_at = all(callback.only_looks for callback in callbacks)
        self.each_epoch = validate is not None or not looked_at
        self.steps = -(-rows.count // self.step.batch)
        self.logs: Logs = {}
        self.pace = Pace()  # of the steps of all members

    def run(self, first: int, epochs: int, params: dict[str, Any]) -> EnsembleHistory:
        """All epochs; whatever happens, the callbacks see the end of the training."""
        self.ensemble.stop_training = False
        for callback in self.moments.callbacks:
            callback.set_model(self.ensemble)  # type: ignore[arg-type]
            callback.set_params({**params, "steps": self.steps})
        began = time.perf_counter()
        with CtrlC() as ctrl_c:
            begun = False
            try:
                self.moments.call("on_train_begin", {})
                begun = True
                self._epochs(first, epochs, ctrl_c)
            finally:
                self.history.interrupted = ctrl_c.asked
                self.history.seconds["train"] = time.perf_counter() - began
                if begun:
                    self.moments.call("on_train_end", dict(self.logs))
        self._warn_of_diverged()
        return self.history

    def _epochs(self, epoch: int, epochs: int, ctrl_c: CtrlC) -> None:
        while epoch < epochs and not self.ensemble.stop_training and not ctrl_c.asked:
            if self.each_epoch:
                self._run_epoch(epoch, self.orders.take(1), ctrl_c)
                epoch += 1
                continue
            count = max(1, self.pace.steps((epochs - epoch) * self.steps) // self.steps)
            most = min(_MAX_ROWS // self.rows.count, _MAX_LOG_BYTES // self.sums.flat.nbytes)
            count = min(count, epochs - epoch, max(most, 1))
            if count == 1:
                self._run_epoch(epoch, self.orders.take(1), ctrl_c)
            else:
                self._run_epochs(epoch, self.orders.take(count), count)
            epoch += count

    def _run_epochs(self, epoch: int, rows: MembersRows, count: int) -> None:
        """Several epochs by one call of the executor."""
        members, numbers = self.sums.flat.shape
        log = np.empty((members, count, numbers))
        self.sums.reset()
        self._stretch(rows, 0, count * self.steps, log)
        for i in range(count):
            self.moments.call("on_epoch_begin", epoch + i, {})
            self._tell(epoch + i, self.sums.results(self.rows.count, log[:, i]))

    def _run_epoch(self, epoch: int, rows: MembersRows, ctrl_c: CtrlC) -> None:
        """One epoch in stretches."""
        self.moments.call("on_epoch_begin", epoch, {})
        self.sums.reset()
        at = 0
        while at < self.steps:
            steps = self.pace.steps(self.steps - at)
            self._stretch(rows, at, at + steps)
            at += steps
            if at < self.steps and self.moments.at("on_progress"):
                seen = min(at * self.step.batch, self.rows.count)
                self.moments.call("on_progress", at, _means(self.sums.results(seen)))
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

    def _stretch(self, rows: MembersRows, first: int, last: int, log: Array | None = None) -> None:
        """The steps `first` to `last - 1` of all members by one call of the executor."""
        if not self.step.holds():  # a callback has changed what it depends on
            self.step, self.arrays = self.make_step()
        began = time.perf_counter()
        run_members(self.step, self.arrays, rows, first, last, self.sums.flat, log)
        self.pace.took(last - first, time.perf_counter() - began)

    def _warn_of_diverged(self) -> None:
        """Members whose loss is no number any more are named; the others are as they are."""
        losses = self.history.members.get("loss")
        if not losses:
            return
        lost = np.flatnonzero(~np.isfinite(losses[-1])).tolist()
        if lost:
            some = ", ".join(map(str, lost[:8])) + (", ..." if len(lost) > 8 else "")
            warn(
                f"ensemble: the loss of {len(lost)} of {len(self.arrays)} members is NaN or "
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
