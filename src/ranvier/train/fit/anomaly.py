"""The first NaN of a loop of one's own: `.backward()` and `optimizer.step()`, or `train_on_batch`.

`fit` always finds it. A loop written in Python asks for it, as in PyTorch: inside `detect_anomaly`
each op that computes with numbers says what it made of what, and what is not finite is kept.
Before a gradient goes on, or an update is left, the origin is looked for as `fit` does it. Outside
nothing is asked: the ops are those of before.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...base import source
from ...base.finite import all_finite
from ...base.missing import spelled
from ...base.observer import Observer, observed
from ...base.source import LayerName, Source
from ...errors import NonFiniteError, StateError
from ...graph.node import Node
from ...nn.layer import Layer
from ...ops.creation import input_node
from ...optim.optimizer import Optimizer
from ...tensors.tensor import Tensor
from ...tracing.compiled import CompiledFunction
from ..intake.arrange import rows_of
from ..models.model import Model
from ..steps.order import Orders
from .likely_cause import Batch, Finding, describe
from .nonfinite import Recorder
from .ready import ready

if TYPE_CHECKING:
    from ...ops.op import Op

_DEPTH = 6  # ops before a bad one that are looked at for its cause


class _Made(NamedTuple):
    """What an op made of what, in which layer and line."""

    out: Tensor
    op: Op
    inputs: tuple[Tensor, ...]
    params: dict[str, Any]
    layer: LayerName | None
    line: Source | None
    in_gradient: bool


class _Watch(Observer):
    """What ops have made since the last step of an optimizer."""

    def __init__(self) -> None:
        self.made: dict[int, _Made] = {}
        self.bad: dict[int, _Made] = {}
        self._pulled: _Made | None = None  # the value whose gradient is computed now

    def note_op(
        self, out: Tensor, op: Op, inputs: tuple[Tensor, ...], params: dict[str, Any]
    ) -> None:
        """An op has made `out`."""
        if out._data is None:  # it is traced
            return
        pulled = self._pulled
        layer, line = _layer_at_work(), source.here()
        if pulled is not None:
            layer, line = pulled.layer, pulled.line
        made = _Made(out, op, inputs, params, layer, line, pulled is not None)
        self.made[id(out)] = made
        if _is_bad(out):
            self.bad[id(out)] = made

    def gradient(self, value: object, grad: object) -> None:
        self._pulled = self.made.get(id(value))

    def forget(self) -> None:
        """A step is over: what was made before it has led to finite weights."""
        self.made.clear()
        self.bad.clear()
        self._pulled = None

    # -- the search --

    def origin(self, result: Tensor) -> _Made | None:
        """The first bad value that leads to `result`, whose own inputs are finite."""
        seen: set[int] = set()
        stack, origins = [result], []
        while stack:
            made = self.bad.get(id(stack.pop()))
            if made is None or id(made.out) in seen:
                continue
            seen.add(id(made.out))
            worse = [x for x in made.inputs if id(x) in self.bad]
            stack.extend(worse)
            if not worse:
                origins.append(made)
        order = {key: i for i, key in enumerate(self.bad)}
        return min(origins, key=lambda made: order[id(made.out)], default=None)

    def error(self, made: _Made | None, where: str, kept: str) -> NonFiniteError:
        """What is to be said of it."""
        if made is None:
            return NonFiniteError(
                f"NaN or infinity in {where}, and no op inside detect_anomaly has made it: it was "
                f"in the data or the weights before. {kept}"
            )
        spoiled = next((x for x in made.inputs if _is_bad(x)), None)
        if spoiled is not None:
            name = spoiled.name or f"a tensor of {spoiled.spec}"
            finding = Finding(self._node(spoiled, 0), spoiled._array(), [], "", [], True)
            finding = finding._replace(node=input_node(spoiled.shape, spoiled.dtype, name))
            return NonFiniteError(f"{describe(finding, _batch(where))} {kept}")
        layer = "a computation of your own" if made.layer is None else f"layer {made.layer}"
        finding = Finding(
            self._node(made.out, _DEPTH),
            made.out._array(),
            [x._array() for x in made.inputs],
            f"{layer}, in its gradient" if made.in_gradient else layer,
            _rows(made),
            False,
            line="" if made.line is None else str(made.line),
        )
        return NonFiniteError(f"{describe(finding, _batch(where))} {kept}")

    def _node(self, t: Tensor, depth: int) -> Node:
        """What made a tensor, as nodes of a graph."""
        made = self.made.get(id(t))
        if made is None or not depth:
            return input_node(t.shape, t.dtype, t.name)
        inputs = [self._node(x, depth - 1) for x in made.inputs]
        return Node(made.op, inputs, made.params, t.spec, made.line)


def _batch(where: str) -> Batch:
    return Batch(where, [], [], [], np.arange(0), "the batch")


def _is_bad(t: Tensor) -> bool:
    data = t._data
    return data is not None and data.dtype.kind == "f" and not all_finite(data)


def _rows(made: _Made) -> list[int]:
    """Along the first axis, if it is that of a batch: not of a gradient of a tensor so shaped."""
    value = made.out._array()
    leaf = any(x.is_leaf and x.requires_grad and x.shape == value.shape for x in made.inputs)
    if value.ndim == 0 or len(value) < 2 or leaf:
        return []
    bad = ~np.isfinite(value.reshape(len(value), -1)).all(axis=1)
    return [] if bad.all() else [int(row) for row in np.flatnonzero(bad)]


def _layer_at_work() -> LayerName | None:
    """The innermost layer whose forward pass is on the stack."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code is Layer._run.__code__:
            layer = frame.f_locals["self"]
            return LayerName(layer.name, type(layer).__name__)
        frame = frame.f_back  # type: ignore[assignment]
    return None


_replacing: list[_Watch] = []  # the one that is on; two would not give the methods back in order


@spelled
@contextmanager
def detect_anomaly() -> Iterator[None]:
    """Inside, the first NaN or infinity of a training loop of your own is an error that names it.

    For loops with `.backward()` and `optimizer.step()`, compiled ones too, and for
    `model.train_on_batch`; `fit` does it in any case. The error is a `NonFiniteError`, with the op,
    the layer, your line, the rows and the likely cause; weights and gradients are as they were
    before the step. It is meant for looking: everything is slower, functions given to
    `ranvier.compile` run op by op, and other threads should not train meanwhile.

    >>> import ranvier
    >>> w = ranvier.tensor([4.0, 0.0], requires_grad=True)
    >>> with detect_anomaly():
    ...     loss = ranvier.sqrt(w).sum()
    ...     loss.backward()
    Traceback (most recent call last):
    ranvier.errors.NonFiniteError: infinity first appeared in backward(), ... the gradient of a ...
    """
    if _replacing:
        raise StateError(
            "detect_anomaly is on already, here or in another thread; leave it before it begins "
            "again"
        )
    watch = _Watch()
    make, backward, step = vars(Tensor)["_record"].__func__, Tensor.backward, Optimizer.step
    on_batch = Model.train_on_batch

    def noted(cls: type[Tensor], op: Op, inputs: tuple[Tensor, ...], params: Any) -> Tensor:
        out: Tensor = make(cls, op, inputs, params)
        watch.note_op(out, op, inputs, params)
        return out

    def checked_backward(self: Tensor, *arguments: Any, **options: Any) -> None:
        if _is_bad(self):
            kept = "No gradient was computed: weights and gradients are those from before."
            raise watch.error(watch.origin(self), "the forward pass", kept)
        leaves = _leaves(self)
        before = [t._grad for t in leaves]
        known = set(watch.bad)
        with observed(watch):
            backward(self, *arguments, **options)
        watch._pulled = None
        if not any(t._grad is not None and _is_bad(t._grad) for t in leaves):
            return
        for t, grad in zip(leaves, before, strict=True):
            t._grad = grad
        new = [made for key, made in watch.bad.items() if key not in known]
        first = next((m for m in new if not any(map(_is_bad, m.inputs))), None)
        kept = "Weights and gradients are those from before."
        raise watch.error(first, "backward()", kept)

    def checked_step(self: Optimizer) -> None:
        tensors = [*self.parameters, *self.named_tensors(self.parameters).values()]
        before = [(t, t._array().copy()) for t in tensors]
        step(self)
        if any(map(_is_bad, self.parameters)):
            every = list(watch.bad.values())
            bad = [m for m in every if not any(map(_is_bad, m.inputs))] or every
            for t, array in before:
                np.copyto(t._array(), array)
            kept = "Weights and the optimizer's state are those from before."
            raise watch.error(bad[-1] if bad else None, "optimizer.step()", kept)
        watch.forget()

    def checked_batch(self: Model, x: Any, y: Any = None, *others: Any, **options: Any) -> Any:
        self._compiled("train_on_batch")
        weights = dict(zip(("sample_weight", "class_weight"), others, strict=False)) | options
        rows = rows_of(
            self, x, y, weights.get("sample_weight"), weights.get("class_weight"), learn=True
        )
        step = ready(self, rows).get("train", rows.count, rows, self.engine, larger=True)
        box = Recorder(self, step, rows)
        order = Orders(rows.count, step.batch, shuffle=False).take(1)
        box.before(0, order, 0, 1, step.state())
        answer = on_batch(self, x, y, *others, **options)
        box.finish()
        return answer

    def op_by_op(self: CompiledFunction[Any, Any], *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    with ExitStack() as stack:
        _replacing.append(watch)
        stack.callback(_replacing.clear)
        for owner, name, value in (
            (Tensor, "_record", classmethod(noted)),
            (Tensor, "backward", checked_backward),
            (Optimizer, "step", checked_step),
            (Model, "train_on_batch", checked_batch),
            (CompiledFunction, "__call__", op_by_op),
        ):
            stack.enter_context(_replaced(owner, name, value))
        yield


@contextmanager
def _replaced(owner: type, name: str, value: object) -> Iterator[None]:
    """Inside, a class has another method, which may be one of the class."""
    before = vars(owner)[name]  # NOTE: `getattr` would give a class method bound to this class
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _leaves(result: Tensor) -> list[Tensor]:
    """The tensors that `result.backward()` gives a gradient."""
    seen: dict[int, Tensor] = {}
    stack = [result]
    while stack:
        t = stack.pop()
        if id(t) not in seen:
            seen[id(t)] = t
            stack.extend(x for x in t._inputs if x._requires_grad)
    return [t for t in seen.values() if t.op is None]
