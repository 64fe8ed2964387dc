"""Predict: the model in use, in microseconds for one row and at memory's speed for many.

What a call needs is found out once for each shape of x and kept as a plan. A plan holds as long as
nothing in the model was replaced: the predictor remembers every attribute of every layer, and looks
at them again after an attribute of any layer was set, or one of its lists changed. Numbers inside
tensors are no part of it, since the graph reads them where they are: a weight that changed is seen
by the next call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from functools import partial
from itertools import chain
from operator import attrgetter, is_
from typing import Any

import numpy as np

from ...base.config import switches
from ...base.locks import ProcessLock
from ...nn.layer import Layer, training_mode
from ...nn.policy import float_dtype
from ...nn.symbolic import packed
from ...nn.walk import changes
from ...tensors.tensor import Tensor
from ...typing import Array
from ..intake.arrange import inputs_of
from .concurrency import InTraining, in_training, trained_elsewhere
from .step import Step, predict_function

_PLANS = 256  # shapes of x remembered
_SHORT = 64  # elements of a list that is looked at though it holds no layer yet

# Attributes of a model that say how it is trained.
_OF_TRAINING = {
    "column_names", "loss", "loss_weights", "metrics", "optimizer", "stop_training", "_warned",
    "_steps", "_uses", "weighted_metrics",
}  # fmt: skip
_END = object()  # stands behind all attributes, so that one more is seen too

_FLOAT64 = np.dtype("float64")

_preparing = ProcessLock()  # one thread at a time traces a model
_data = attrgetter("_data")

Plan = Callable[[Array], Array | None]
Quick = Callable[[Any, int | None], Array | None]


def predict(model: Any, x: Any, batch_size: int | None) -> Any:
    """The outputs for the rows of x, whatever holds them; all that is wrong with x is said here."""
    names, xs = inputs_of(model, x)
    xs = [_in_order(a) for a in xs]
    elsewhere = trained_elsewhere(model)
    if elsewhere is not None:
        return _beside(elsewhere, xs, batch_size)
    if names is not None:
        return _several(model, xs, batch_size)
    (x,) = xs
    if model._uses is not None:
        known = model._uses.last(x, batch_size)
        if known is not None:
            return known
    model._build_for([x])
    with _preparing:
        step, plan = _predictor(model).prepare(x, batch_size)
    step.check_ids([x])
    out = plan(x)
    return _in_parts(step, [x]) if out is None else out


def _beside(training: InTraining, xs: list[Array], batch_size: int | None) -> Any:
    """The outputs while another thread trains the model: by the weights between two stretches."""
    model = training.model
    model._build_for(xs)
    with _preparing:
        step, run = _predictor(model).step(xs, batch_size)
    step.check_ids(xs)
    state = training.arrays(step.traced.captured)
    out = run(xs[0], state) if run is not None and len(xs) == 1 else None
    return _in_parts(step, xs, state) if out is None else out


def _predictor(model: Any) -> Predictor:
    """What the model has prepared, begun anew when it has changed; to be called with the lock."""
    if model._uses is None or not model._uses.holds():
        model._uses = Predictor(model)
    return model._uses  # type: ignore[no-any-return]


def _several(model: Any, xs: list[Array], batch_size: int | None) -> Any:
    """The outputs of a model with several inputs."""
    model._build_for(xs)
    with _preparing:
        step = _predictor(model).step(xs, batch_size)[0]
    step.check_ids(xs)
    return _in_parts(step, xs)


class Predictor:
    """The plans of a model."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.engine = model.engine or switches.engine
        self.function = predict_function(model)
        self.wide = float_dtype(model) == _FLOAT64
        self.steps: dict[Any, tuple[Step, Any]] = {}
        self.last: Quick = _none_yet  # the plan of the last shape with all that must be looked at
        self._quick: dict[Any, tuple[Quick, bool]] = {}  # and whether it looks at x's shape itself
        self.mark: Any = None  # the last change that was looked at; None: look at each call
        self._layers = [vars(layer) for layer in model.sublayers()]
        self._seen = list(_attributes(self._layers))
        lists = [c for v in self._seen for c in _containers(v)]
        self._plain = [c for c in lists if _is_plain(c)]
        self._plain_seen = [copy(c) for c in self._plain]
        self._mixed = [_values(c) for c in lists if not _is_plain(c)] + [[_END]]
        self._mixed_seen = list(chain.from_iterable(self._mixed))

    def quick(self, x: Any, batch_size: int | None) -> Array | None:
        """The outputs for an array of a known shape; None where it takes a closer look."""
        if type(x) is not np.ndarray:
            return None
        # As `features` has it; a number too large becomes infinite here.
        if x.dtype is _FLOAT64 and not self.wide:
            with np.errstate(over="ignore"):
                x = x.astype(np.float32)
            out = self.last(x, batch_size)
            if out is not None:
                return out
        if not self.holds():
            return None
        found, single = self._quick.get((x.shape, batch_size), (_none_yet, False))
        if single:
            self.last = found
        return found(x, batch_size)

    def holds(self) -> bool:
        """Whether everything in the model is what it was."""
        mark = changes.last
        try:
            same = (
                all(map(is_, _attributes(self._layers), self._seen))
                and self._plain == self._plain_seen
                and all(map(is_, chain.from_iterable(self._mixed), self._mixed_seen))
                and (self.model.engine or switches.engine) == self.engine
            )
        except RuntimeError:  # an attribute was added just now, by another thread
            return False
        if same:
            self.mark = mark
            if in_training(self.model):
                self.mark = None
        return same

    def step(self, xs: Sequence[Array], batch_size: int | None) -> tuple[Step, Any]:
        """The step for arrays like these, and what runs it by rows if it can be run so."""
        batch = round_up(len(xs[0]), batch_size or len(xs[0]))
        key = (batch, *[(x.shape[1:], x.dtype) for x in xs])
        if key not in self.steps or not _guarded(self.steps[key][0]):
            specs = [((batch, *x.shape[1:]), x.dtype) for x in xs]
            names = ["x"] if len(xs) == 1 else [f"x{i}" for i in range(len(xs))]
            step = Step(self.function, specs, names, self.engine)
            self.steps[key] = step, step.executable.row_runner()
        return self.steps[key]

    def prepare(self, x: Array, batch_size: int | None) -> tuple[Step, Plan]:
        """The step and the plan for arrays like x."""
        step, run = self.step([x], batch_size)
        if run is None:
            return step, lambda x: _in_parts(step, [x])
        others = partial(map, _data, step.traced.captured)
        single: Plan | None = run.single(len(x), others)
        plan: Plan = single or (lambda x: run(x, others()))
        # NOTE: these look at dtype and numbers of x themselves, `single` at type and shape too.
        quick = self._looking(step, plan, batch_size)
        if len(self._quick) >= _PLANS:
            self._quick.clear()
        self._quick[x.shape, batch_size] = quick, single is not None
        return step, plan

    def _looking(self, step: Step, plan: Plan, batch_size: int | None) -> Quick:
        """The plan behind what must be looked at each time."""
        plain, plain_seen, mixed = self._plain, self._plain_seen, len(self._mixed) > 1
        guarded = bool(step.traced.guards)
        given = self.model.engine is not None
        ids = step.ids

        def quick(x: Any, size: int | None) -> Array | None:
            if (
                changes.last is not self.mark
                or size != batch_size
                or plain != plain_seen
                or not (given or switches.engine == self.engine)
                or (mixed and not self.holds())
                or (guarded and not _guarded(step))
            ):
                return None
            if ids is not None:
                ids([x])
            return plan(x)

        return quick


def _none_yet(x: Any, batch_size: int | None) -> None:
    return None


def _attributes(layers: Iterable[dict[str, Any]]) -> Iterator[Any]:
    """The values of all attributes that a forward pass may depend on."""
    for attributes in layers:
        skipped = _OF_TRAINING if "_uses" in attributes else ()
        for name, value in attributes.items():
            if name not in skipped:
                yield value
    yield _END


def _containers(value: Any) -> Iterator[list[Any] | dict[Any, Any]]:
    """The lists and dicts in which a model may keep its layers, and those inside them."""
    if isinstance(value, list | dict) and (len(value) <= _SHORT or _holds_layers(value)):
        yield value
    if isinstance(value, list | tuple | dict):
        for v in _values(value):
            yield from _containers(v)


def _values(container: Any) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


def _holds_layers(container: Any) -> bool:
    return any(isinstance(v, Layer | Tensor | list | tuple | dict) for v in _values(container))


def _is_plain(container: Any) -> bool:
    """Whether equal lists of such things are the same: layers, functions, numbers, words."""
    return all(isinstance(v, Layer | str | int | float | None) for v in _values(container))


def _guarded(step: Step) -> bool:
    with training_mode(False):
        return step.traced.holds()


def _in_order(x: Array) -> Array:
    """x as the graph reads it: aligned, and of the one dtype object that NumPy has for its kind."""
    kind = np.dtype(x.dtype.newbyteorder("=").str)
    return x if x.dtype is kind and x.flags.aligned else x.astype(kind)


def _in_parts(step: Step, xs: Sequence[Array], state: Sequence[Array] | None = None) -> Any:
    """One batch after the other, the last one filled up with copies of its first row."""
    state = step.state() if state is None else state
    parts: list[list[Array]] = []
    total = len(xs[0])
    for start in range(0, total, step.batch):
        chunks = [x[start : start + step.batch] for x in xs]
        rows = len(chunks[0])
        if rows < step.batch:
            fill = step.batch - rows
            chunks = [np.concatenate([c, np.repeat(c[:1], fill, axis=0)]) for c in chunks]
        parts.append([np.array(out[:rows]) for out in step.run(chunks, state)])
    whole = parts[0] if len(parts) == 1 else [np.concatenate(p) for p in zip(*parts, strict=True)]
    return packed(step.structure, whole)


def round_up(rows: int, batch: int) -> int:
    """The batch size for `rows` rows: at most `batch`; for fewer rows the next power of two.

    So a model asked for 1 row, then 3, then 7 builds three small graphs and never one for each
    number.

    >>> round_up(1000, 256), round_up(100, 256), round_up(1, 256)
    (256, 128, 1)
    """
    return min(batch, 1 << (rows - 1).bit_length())
