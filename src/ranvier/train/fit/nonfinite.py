"""The first NaN or infinity of a training: found, named, and undone.

While training runs, a `Recorder` keeps a copy of all that a step changes, at most every half
second, and the list of stretches run since. When the loss is no longer finite it goes back to the
copy, runs the stretches again, stops before the first step that breaks, and runs that one on the
reference executor, looking at every value.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import numpy as np

from ...base.finite import all_finite
from ...errors import NonFiniteError
from ...graph.graph import Graph
from ...graph.interpret import evaluate
from ...graph.node import Node
from ...nn.basic.normalization_layers import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
)
from ...nn.basic.normalize import Normalize
from ...tensors.tensor import Tensor
from ...tracing.trace import Traced, trace
from ..intake.arrange import readers
from ..intake.rows import Rows
from ..steps.step import Step
from .cautions import lower_rate, rate_of
from .likely_cause import Batch, Finding, describe

if TYPE_CHECKING:
    from ..models.model import Model

_EVERY = 0.5  # seconds between two copies at least; more when copying is slow
_SHARE = 0.01  # of the time, at most, goes into copies
_LONGEST = 256  # stretches between two copies
_BLOCKS = 2  # blocks of a stream between two copies
# Layers that bring what they read to about 1.
_SCALING = (Normalize, BatchNormalization, LayerNormalization, GroupNormalization, RMSNormalization)
_SECTIONS = {"loss": "the loss", "gradient": "the gradient of the loss", "update": "the update"}
_SMALL = 4096  # numbers of an array that is quicker copied than looked at alone


class _Stretch(NamedTuple):
    epoch: int
    order: np.ndarray
    first: int
    last: int
    rate: float | None
    rows: Rows
    earlier: int  # steps of the epoch before the first one on these rows


class Recorder:
    """Keeps what is needed to go back to the step in which the first NaN appeared."""

    def __init__(self, model: Model, step: Step, rows: Rows) -> None:
        self.model, self.step, self.rows = model, step, rows
        self._saved: list[np.ndarray] = []
        self._saved_at = -1e9
        self._interval = _EVERY
        self._log: list[_Stretch] = []
        # Which weights are those of the last good epoch, in words; None: there are none yet.
        self._good: str | None = None
        self._good_weights: list[np.ndarray] | None = None  # None: those in the copy
        self._earlier = 0
        self._blocks = 0  # of rows that the log holds; 0: there is one for all the training

    def follow(self, rows: Rows, earlier: int) -> None:
        """The stretches that follow read these rows of a stream, `earlier` steps into an epoch."""
        self.rows, self._earlier = rows, earlier
        self._blocks += 1
        if self._blocks > _BLOCKS:  # a new copy lets go of the rows before it
            self._saved_at, self._blocks = -1e9, 1

    def before(
        self, epoch: int, order: np.ndarray, first: int, last: int, state: list[np.ndarray]
    ) -> None:
        """Note a stretch that is about to run on these arrays."""
        now = time.perf_counter()
        begins = first == 0 and self._earlier == 0
        left = self._saved_at + self._interval - now
        # Where the next copy would be made within the epoch, it is made before it.
        steps = -(-self.rows.count // self.step.batch)
        long = begins and left < steps * self.step.pace.seconds_per_step
        if left < 0 or long or len(self._log) >= _LONGEST:
            if self._log and not _finite(state):
                self.rewind()
            if begins or self._good is None:
                which = f"epoch {epoch + 1}" if begins else "this training"
                self._good, self._good_weights = f"those that {which} began with", None
            elif self._good_weights is None:
                self._good_weights = self._weights(self._saved)
            self._saved = [a.copy() for a in state]
            self._saved_at = time.perf_counter()
            self._interval = max(_EVERY, (self._saved_at - now) / _SHARE)
            self._log.clear()
        rate = self._rate()
        self._log.append(_Stretch(epoch, order, first, last, rate, self.rows, self._earlier))

    def take(self, step: Step) -> None:
        """The stretches that follow run this step: what it changes is copied again before them."""
        self.finish()
        if self._good is not None and self._good_weights is None:
            self._good_weights = self._weights(self._saved)
        self.step, self._saved_at = step, -1e9
        self._log.clear()

    def finish(self) -> None:
        """The weights after the last step must be finite too."""
        if self._log and not _finite(self.step.state()):
            self.rewind()

    def rewind(self) -> NoReturn:
        """Restore the state before the first step that breaks and raise NonFiniteError naming its
        cause.
        """
        self._restore(self._saved)
        for stretch in self._log:
            self._note_epoch(stretch, stretch.first)
            before = [a.copy() for a in self.step.state()]
            self._run(stretch, stretch.first, stretch.last)
            if _finite(self.step.state()):
                continue
            self._restore(before)
            for s in range(stretch.first, stretch.last):
                self._note_epoch(stretch, s)
                before = [a.copy() for a in self.step.state()]
                self._run(stretch, s, s + 1)
                if not _finite(self.step.state()):
                    self._restore(before)
                    raise self._error(self._explain(stretch, s))
        self._restore(self._saved)
        raise self._error(
            "the loss became NaN or infinite, but not when the same batches ran again; a callback "
            "must have changed weights or data meanwhile."
        )

    def _error(self, text: str) -> NonFiniteError:
        weights = self._good_weights
        if weights is None:
            weights = self._weights(self._saved)
        state = "The model has its last finite weights, from before this batch"
        if not _finite(self.step.state()):
            state = "The model is as it was before this batch"
        return NonFiniteError(
            f"{text} {state}; {self._good} are kept in the error: model.set_weights(error.weights)",
            [w.copy() for w in weights],
        )

    def _weights(self, state: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The model's weights in `state`, in the order of get_weights."""
        known = {id(t): a for t, a in zip(self.step.traced.captured, state, strict=True)}
        return [known[id(t)] if id(t) in known else t.numpy() for t in self.model.state_tensors()]

    def _note_epoch(self, stretch: _Stretch, s: int) -> None:
        """Keep the weights if an epoch begins with step `s` of a stretch that runs again."""
        per_epoch = -(-stretch.rows.count // self.step.batch)
        if s % per_epoch == 0 and not stretch.earlier:
            self._good_weights = [a.copy() for a in self._weights(self.step.state())]
            epoch = stretch.epoch + s // per_epoch
            self._good = f"those that epoch {epoch + 1} began with"

    def _rate(self) -> float | None:
        return rate_of(self.model.optimizer)

    def _restore(self, saved: Sequence[np.ndarray]) -> None:
        for array, copy in zip(self.step.state(), saved, strict=True):
            np.copyto(array, copy)

    def _run(self, stretch: _Stretch, first: int, last: int) -> None:
        if stretch.rate is not None:
            self.model.optimizer.learning_rate = stretch.rate
        self.step.run_batches(stretch.rows.arrays, stretch.order, first, last)

    def _explain(self, stretch: _Stretch, s: int) -> str:
        batch = self.step.batch
        rows = stretch.rows
        epochs, batch_number = divmod(s, -(-rows.count // batch))
        count = min(batch, rows.count - batch_number * batch)
        step = self.step.for_rows(count)
        chosen = stretch.order[s * batch : s * batch + step.batch]
        arguments = [*[a[chosen] for a in rows.arrays], np.asarray(count, np.float32)]
        where = f"epoch {stretch.epoch + epochs + 1}, batch {stretch.earlier + batch_number + 1}"
        whole = "x"
        if self._blocks:
            chosen, whole = np.arange(step.batch), "the batch"
        finding = search(step, arguments, chosen)
        if finding is None:
            return (
                f"the loss became NaN or infinite in {where} on the compiled engine, but not on "
                "the reference engine: this is a defect of Ranvier; please report it, and use "
                "engine='reference' meanwhile"
            )
        inputs = len(rows.xs)
        scaled = [
            any(isinstance(layer, _SCALING) for layer in readers(self.model, i) or ())
            for i in range(inputs)
        ]
        rate = self._rate()
        lower = None if rate is None else lower_rate(self.model.optimizer, rate)
        seen = Batch(
            where,
            arguments[:inputs],
            arguments[inputs : inputs + len(rows.ys)],
            scaled,
            chosen[:count],
            whole,
            rate,
            lower,
        )
        return describe(finding, seen)


def _finite(arrays: Sequence[np.ndarray]) -> bool:
    """Whether all floats are finite; small arrays are looked at together."""
    floats = [a for a in arrays if a.dtype.kind == "f"]
    small = [a for a in floats if a.size <= _SMALL]
    if small:
        together = np.concatenate(small, axis=None)
        if not all_finite(together):
            return False
    return len(small) == len(floats) or all(all_finite(a) for a in floats if a.size > _SMALL)


# --- the search ---------------------------------------------------------------------------------


def search(step: Step, arguments: Sequence[np.ndarray], chosen: np.ndarray) -> Finding | None:
    """The first value that is not finite and that the loss or a new weight depends on."""
    traced: Traced = trace(step.function, step.specs, step.names)[0]
    values: dict[Node, np.ndarray] = {}
    state = [t._array().copy() for t in traced.captured]
    evaluate(traced.graph, [*arguments, *state], values.__setitem__)
    for node, value in zip(traced.graph.inputs, [*arguments, *state], strict=True):
        values.setdefault(node, value)
    bad = {n for n, v in values.items() if v.dtype.kind == "f" and not np.isfinite(v).all()}
    start = [n for n in traced.graph.results if n in bad]
    if not start:
        return None
    origin = _origin(start, bad)
    is_input = origin in traced.graph.inputs
    finding = Finding(
        origin, values[origin], [values[x] for x in origin.inputs], _layer_of(origin),
        [] if is_input or _like_state(origin, traced) else _rows_of(values[origin], chosen),
        is_input, line=_own_line(origin, traced.graph),
    )  # fmt: skip
    return _inside_loop(finding, chosen) if origin.op.kind == "loop" else finding


def _like_state(node: Node, traced: Traced) -> bool:
    """Whether `node` is a gradient or update of a tensor, whose first axis is none of rows."""
    source = node.source
    late = source is not None and source.section in ("gradient", "update")
    tensors = [t for t in traced.captured if isinstance(t, Tensor)]
    return late and any(node.shape == t.shape for t in tensors)


def _inside_loop(finding: Finding, chosen: np.ndarray) -> Finding:
    """The first bad value of the iteration in which a loop broke."""
    params, operands = finding.node.params, finding.operands
    body, carries = params["body"], params["carries"]
    moving = operands[carries : carries + params["xs"]]
    fixed = operands[carries + params["xs"] :]
    state, length = operands[:carries], params["length"]
    for t in reversed(range(length)) if params["reverse"] else range(length):
        arrays = [*state, *[x[t] for x in moving], *fixed]
        values: dict[Node, np.ndarray] = dict(zip(body.inputs, arrays, strict=True))
        state = evaluate(body, arrays, values.__setitem__)[:carries]
        bad = {n for n, v in values.items() if v.dtype.kind == "f" and not np.isfinite(v).all()}
        start = [n for n in body.results if n in bad]
        if start:
            origin = _origin(start, bad)
            return finding._replace(
                node=origin,
                value=values[origin],
                operands=[values[x] for x in origin.inputs],
                rows=_rows_of(values[origin], chosen),
                iteration=(t + 1, length),
            )
    return finding


def _own_line(node: Node, graph: Graph) -> str:
    """Where the user's own code made `node`; "" when the library did, called by `fit`."""
    source = node.source
    if source is None or source.section not in ("forward", "loss"):
        return ""
    called = {str(n.source) for n in graph.nodes if n.source and n.source.section == "update"}
    return "" if str(source) in called else str(source)


def _origin(start: Sequence[Node], bad: set[Node]) -> Node:
    """Of the bad nodes that lead to a bad result: the earliest, whose own inputs are all finite."""
    seen: set[Node] = set()
    stack, origins = list(start), []
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        worse = [x for x in node.inputs if x in bad]
        stack.extend(worse)
        if not worse:
            origins.append(node)
    return min(origins, key=lambda n: n.number)


def _layer_of(node: Node) -> str:
    """The layer that made `node`, or whose gradient it is part of, or else the part of the step."""
    source = node.source
    section = "" if source is None else source.section
    if source is None or source.layer is None:
        return _SECTIONS.get(section, "the loss or the update")
    inside = ", in its gradient" if section == "gradient" else ""
    return f"layer {source.layer}{inside}"


def _rows_of(value: np.ndarray, chosen: np.ndarray) -> list[int]:
    """The rows of x in which `value` is not finite, when its first axis is the batch."""
    if value.ndim == 0 or len(value) != len(chosen):
        return []
    bad = ~np.isfinite(value.reshape(len(value), -1)).all(axis=1)
    return sorted({int(row) for row in chosen[bad]})
