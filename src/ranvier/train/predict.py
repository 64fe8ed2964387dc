"""Predict: the model in use, in microseconds for one row and at memory's speed for many.

What a call needs is found out once for each shape of x and kept as a plan. A plan holds as long as
nothing in the model was replaced: the predictor remembers every attribute of every layer and
compares identities, which takes a microsecond. Numbers inside tensors are no part of it, since the
graph reads them where they are: a weight that changed is seen by the next call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from operator import attrgetter, is_
from typing import Any

import numpy as np

from ..config import switches
from ..nn.layer import Layer, training_mode
from ..tensor import Tensor
from .rows import features
from .step import Step, predict_function

_PLANS = 256  # shapes of x remembered
_SHORT = 64  # elements of a list that is remembered though it holds no layer yet

_preparing = threading.RLock()  # one thread at a time traces a model
_data = attrgetter("_data")

Array = np.ndarray[Any, Any]
Plan = Callable[[Array], Array | None]


def predict(model: Any, x: Any, batch_size: int | None) -> Array:
    """The outputs for the rows of x, whatever holds them; all that is wrong with x is said here."""
    x = _in_order(features(x))
    model._build_for(x)
    with _preparing:
        if model._uses is None or not model._uses.holds():
            model._uses = Predictor(model)
        step, plan = model._uses.prepare(x, batch_size)
    out = plan(x)
    return _in_parts(step, x) if out is None else out


class Predictor:
    """The plans of a model."""

    def __init__(self, model: Any) -> None:
        self.engine = model.engine or switches.engine
        self.function = predict_function(model)
        self.steps: dict[Any, tuple[Step, Plan]] = {}
        self._plans: dict[Any, Plan] = {}
        self._views: list[Iterable[Any]] = []
        self._seen: list[Any] = []
        model._uses = self  # NOTE: an attribute too, so it must be there before they are looked at
        self._views = [*_views(model), vars(switches).values(), [None]]
        self._seen = list(chain.from_iterable(self._views))

    def quick(self, x: Any, batch_size: int | None) -> Array | None:
        """The outputs for an array of a known shape; None where it takes a closer look."""
        if type(x) is not np.ndarray:
            return None
        plan = self._plans.get((x.shape, batch_size))
        return plan(x) if plan is not None and self.holds() else None

    def holds(self) -> bool:
        """Whether everything in the model is what it was."""
        try:
            return all(map(is_, chain.from_iterable(self._views), self._seen))
        except RuntimeError:  # an attribute was added just now, by another thread
            return False

    def prepare(self, x: Array, batch_size: int | None) -> tuple[Step, Plan]:
        """The step and the plan for arrays like x."""
        batch = round_up(len(x), batch_size or len(x))
        key = (batch, x.shape[1:], x.dtype)
        if key not in self.steps or not _guarded(self.steps[key][0]):
            step = Step(self.function, [((batch, *x.shape[1:]), x.dtype)], ["x"], self.engine)
            self.steps[key] = step, _plan(step)
        if len(self._plans) >= _PLANS:
            self._plans.clear()
        self._plans[x.shape, batch_size] = self.steps[key][1]
        return self.steps[key]


def _views(model: Layer) -> Iterator[Iterable[Any]]:
    """The live attributes of all layers, and the lists and dicts of layers among them."""
    for layer in model.sublayers():
        yield vars(layer).values()
        for value in vars(layer).values():
            yield from _containers(value)


def _containers(value: Any) -> Iterator[Iterable[Any]]:
    if not isinstance(value, list | tuple | dict):
        return
    inside = value.values() if isinstance(value, dict) else value
    if len(value) > _SHORT and not any(
        isinstance(v, Tensor | Layer | list | tuple | dict) for v in inside
    ):
        return
    yield inside
    for v in inside:
        yield from _containers(v)


def _guarded(step: Step) -> bool:
    with training_mode(False):
        return step.traced.holds()


def _plan(step: Step) -> Plan:
    """How to run a step over the rows of an array; None of it where the step no longer holds."""
    captured = step.traced.captured
    if step.engine != "reference":
        from ..compiler.by_rows import ByRows

        if ByRows.fits(step.executable):
            run = ByRows(step.executable)
            if step.traced.guards:
                return lambda x: run(x, map(_data, captured)) if _guarded(step) else None
            return lambda x: run(x, map(_data, captured))
    return lambda x: _in_parts(step, x)


def _in_order(x: Array) -> Array:
    """x as the graph reads it: aligned, and of the one dtype object that NumPy has for its kind."""
    kind = np.dtype(x.dtype.newbyteorder("=").str)
    return x if x.dtype is kind and x.flags.aligned else x.astype(kind)


def _in_parts(step: Step, x: Array) -> Array:
    """One batch after the other, the last one filled up with copies of its first row."""
    parts = []
    for start in range(0, len(x), step.batch):
        chunk = x[start : start + step.batch]
        rows = len(chunk)
        if rows < step.batch:
            chunk = np.concatenate([chunk, np.repeat(chunk[:1], step.batch - rows, axis=0)])
        parts.append(np.array(step.run([chunk])[0][:rows]))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def round_up(rows: int, batch: int) -> int:
    """The batch size for `rows` rows: at most `batch`; for fewer rows the next power of two.

    So a model asked for 1 row, then 3, then 7 builds three small graphs and never one for each
    number.

    >>> round_up(1000, 256), round_up(100, 256), round_up(1, 256)
    (256, 128, 1)
    """
    return min(batch, 1 << (rows - 1).bit_length())
