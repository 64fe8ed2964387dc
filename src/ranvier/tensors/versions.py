"""Numbers that are replaced, and the history that stays with what was made before.

A tensor that is changed in place takes other numbers and, where a gradient may be asked for, the
history of the new ones. What was made from it before keeps the former numbers and history: each
tensor knows when it was made, and each that was changed what it was until when. The changes of all
tensors are counted (`clock`), so one that was made after an op is known to be later.
"""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .. import dtypes
from ..base.changes import changes
from ..errors import DTypeError, ShapeError, StateError
from ..graph.node import Node, Spec
from ..ops import elementwise, movement
from ..ops.creation import input_node
from ..ops.op import Op
from ..typing import Array, TensorLike
from .in_place import InPlace
from .mode import no_grad, state

if TYPE_CHECKING:
    from ..ops.mask_rules import Flat, LostMask
    from ..tracing.trace import Trace
    from .tensor import Tensor

NO_PARAMS: Mapping[str, Any] = {}
CHANGED = object()  # stands as the trace of a tensor whose numbers have been replaced

_ticks = itertools.count(1)
clock = [0]


class History(InPlace):
    """A value made by an op from others, whose numbers may be replaced.

    `Tensor` is the one class built on it, and what it holds are tensors: mypy is told so below.
    """

    __slots__ = (
        "_changed",
        "_data",
        "_earlier",
        "_inputs",
        "_logits",
        "_made",
        "_mask",
        "_node",
        "_requires_grad",
        "_trace",
        "name",
        "op",
        "params",
    )

    _data: Array | None
    _node: Node | None
    _trace: Trace | object
    # [when its numbers were last replaced], shared by tensors that share memory; None: never.
    _changed: list[int] | None
    # (when it was changed in place, what it was until then): what was made from it before
    # keeps that history. None: never.
    _earlier: list[tuple[int, Tensor]] | None
    _made: int
    _inputs: tuple[Tensor, ...]
    _requires_grad: bool
    _mask: Tensor | Flat | LostMask | None
    # (kind, tensor) when this is the sigmoid or softmax of `tensor`; losses read it.
    _logits: tuple[str, Tensor] | None
    op: Op | None
    params: Mapping[str, Any]
    name: str

    @property
    @abstractmethod
    def spec(self) -> Spec:
        """Shape and dtype."""

    @classmethod
    @abstractmethod
    def _wrap(cls, array: Array) -> Tensor:
        """A tensor on `array` itself, without a copy."""

    @classmethod
    @abstractmethod
    def _traced(cls, node: Node, trace: Trace | object) -> Tensor:
        """A tensor for `node` of `trace`."""

    @abstractmethod
    def _array(self) -> Array:
        """The numbers; TraceError where there are none."""

    # -- what a gradient rule reads ----------------------------------------------------------------

    def for_gradient(self) -> tuple[Tensor, ...]:
        """This tensor and its inputs for its gradient rule, which must not read changed numbers."""
        values = (self, *self.inputs)
        for t in values:
            if t._changed is not None and t._changed[0] > self._made:
                return tuple(t._as_changed(self._made) for t in values)
        return values  # type: ignore[return-value]

    def _as_changed(self, made: int) -> Tensor:
        """What a gradient rule may know of this tensor: all but numbers replaced after `made`."""
        if self._changed is None or self._changed[0] <= made:
            return self  # type: ignore[return-value]
        return self._traced(input_node(self.shape, self.dtype, self.name), CHANGED)

    def _touch(self) -> None:
        """Note that the numbers have been replaced."""
        clock[0] = now = next(_ticks)
        if self._changed is None:
            self._changed = [now]
        else:
            self._changed[0] = now

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What its op was applied to, as it was then."""
        for x in self._inputs:
            if x._earlier is not None:
                return tuple(x._at(self._made) for x in self._inputs)
        return self._inputs

    def detach(self) -> Tensor:
        """The same numbers without history; an eager result shares memory."""
        if self._data is not None and state.trace is None:
            out = self._wrap(self._data)
            out._mask = self._mask
            if self._changed is None:
                self._changed = [0]
            out._changed = self._changed
            return out
        with no_grad():
            return elementwise.detach(self)

    @property
    def data(self) -> Tensor:
        """The same numbers without history (as in PyTorch); assigning to it replaces them."""
        return self.detach()

    @data.setter
    def data(self, value: TensorLike) -> None:
        self.assign(value)

    # -- in-place changes --------------------------------------------------------------------------

    def assign(self, value: TensorLike) -> Self:
        """Replace the numbers by those of `value` (same shape) and return the tensor itself.

        Meant for leaves, the state of a model: no gradient flows through an assignment to a leaf.
        The result of an op forgets how it was made and takes the history of `value`. Inside a
        compiled function the new numbers are in place when the call returns.
        """
        if self.op is not None and state.grad:
            return self.copy_(value)
        return self._write(value)

    def _write_element(self, index: int, number: float) -> None:
        """Another number at a position of a vector outside of any trace: quickly."""
        self._touch()
        array = self._array()
        if not array.flags.writeable:
            array = self._data = array.copy()
        array[index] = number

    def _write(self, value: TensorLike) -> Self:
        """Other numbers (broadcast, cast) under the same history."""
        if not isinstance(value, History) or value.spec != self.spec:
            with no_grad():
                value = self._beside(value)
                if value.shape != self.shape:
                    value = movement.broadcast_to(value, self.shape)
                value = elementwise.astype(value, self.dtype)
        self._touch()
        self._logits = None
        if state.trace is not None:
            state.trace.write(self, value)  # type: ignore[arg-type]
            return self
        data = self._array() if self._data is None else self._data
        if data.flags.writeable:
            np.copyto(data, value._array())
        else:
            self._data = np.array(value._array())
        return self

    def _in_place(self, name: str, new: Self) -> Self:
        if new.shape != self.shape:
            raise ShapeError(
                f"{name}: the result has shape {new.shape}, but the tensor that is to hold it "
                f"{self.shape}; write x = ... for a tensor of the new shape"
            )
        if new.dtype != self.dtype:
            if dtypes.promote(new.dtype, self.dtype).kind != self.dtype.kind:
                raise DTypeError(
                    f"{name}: the result is {new.dtype}, which a tensor of {self.dtype} cannot "
                    f"hold; cast the tensor first, x = x.astype('{new.dtype}'), or write x = ..."
                )
            new = elementwise.astype(new, self.dtype)  # type: ignore[assignment]
        if not state.grad or not (self._requires_grad or new._requires_grad):
            self._write(new)
        elif self.op is None and self._requires_grad:
            raise StateError(
                f"{name}: a leaf that requires a gradient cannot be changed in place while history "
                "is kept; do it under `with ranvier.no_grad():`"
            )
        else:
            self._rebind(new)
        if state.trace is None or self._node is not None:
            self._mask = new._mask
        return self

    def detach_(self) -> Self:
        """Forget how this tensor was made; what was made from it before keeps its history."""
        if self.op is not None:
            if state.trace is not None:
                state.trace.rebinding(self)  # type: ignore[arg-type]
            former = self._former(self._data)
            former._changed, mask = self._changed, self._mask
            self._forget(former)
            self._mask = mask
        if self._requires_grad:
            self._requires_grad = False
            changes.of_flags()
        return self

    def _rebind(self, new: Self) -> None:
        """Take the values and the history of `new`; what was made before keeps the former ones."""
        if state.trace is not None:
            state.trace.rebinding(self)  # type: ignore[arg-type]
        if self._node is None and state.trace is not None:  # a leaf from outside
            former = self._traced(state.trace.node_of(self), state.trace)  # type: ignore[arg-type]
        else:
            former = self._former(None if self._data is None else np.array(self._data))
        # `new` was mostly made from this very tensor, which stands for the former one there.
        inputs = tuple(former if x is self else self._apart(x) for x in new.inputs)
        self._write(new)
        first = self.op is None and self._node is None
        self._forget(former)
        self._requires_grad = new._requires_grad
        self.op, self._inputs, self.params = new.op, inputs, new.params
        if first:
            changes.of_flags()

    def _former(self, data: Array | None) -> Tensor:
        """What this tensor is now, in a tensor of its own on `data`."""
        if data is not None:
            out = self._wrap(data)
        else:
            assert self._node is not None
            out = self._traced(self._node, self._trace)
        out._requires_grad, out._made = self._requires_grad, self._made
        out._changed = None if self._changed is None else list(self._changed)
        out.op, out._inputs, out.params = self.op, self._inputs, self.params
        return out

    def _apart(self, x: Tensor) -> Tensor:
        """x, or what it holds now if it shares the memory that is about to be changed."""
        if x._changed is None or x._changed is not self._changed:
            return x
        if x._requires_grad:
            raise StateError(
                f"a tensor ({self.spec}) cannot be changed in place by one that shares its memory "
                "(detach(), .data) and requires a gradient; give a copy, other.clone()"
            )
        return self._wrap(np.array(x._data))

    def _forget(self, former: Tensor) -> None:
        """Reset, without a history; what was made until now was made from `former`."""
        clock[0] = self._made = next(_ticks)
        if self._earlier is None:
            self._earlier = []
        self._earlier.append((self._made, former))
        self.op, self._inputs, self.params = None, (), NO_PARAMS
        self._logits = self._mask = None

    def _at(self, tick: int) -> Tensor:
        """This tensor as it was when the clock stood at `tick`."""
        for changed, former in self._earlier or ():
            if tick < changed:
                return former
        return self  # type: ignore[return-value]


def changed_too_soon(t: Tensor) -> StateError:
    """The error for a gradient rule that asks for numbers that are gone."""
    name = f"{t.name!r} ({t.spec})" if t.name else f"({t.spec})"
    return StateError(
        f"backward: a gradient needs the numbers that the tensor {name} held when the result was "
        "computed, but they have been replaced since. Call backward() before the tensor is "
        "changed in place (assign, -=, optimizer.step()), or change a copy: t = t.clone()"
    )
