"""The tensor: the user's handle on numbers, with `.backward()` and `.grad`.

An eager tensor holds a NumPy array. Inside a function that is being traced (tracing/trace.py) a
tensor wraps a Node instead; user code cannot tell the difference until it asks for a number. In
both cases a tensor remembers the op and the tensors it was made from when a gradient may be asked
for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .. import dtypes
from ..base import source
from ..base.arguments import flag
from ..base.changes import changes
from ..base.missing import answered
from ..base.sizes import too_large
from ..errors import (
    DTypeError,
    RanvierError,
    ShapeError,
    StateError,
    TraceError,
    UnknownSizeError,
)
from ..graph.node import Node, Spec, Value, result_spec
from ..ops import elementwise
from ..ops.backpropagation import backpropagate
from ..ops.creation import full, input_node
from ..ops.mask_rules import LostMask, carried
from ..ops.op import Op, apply, as_values, set_default_value
from ..typing import Array, DType, DTypeLike, Shape, SupportsDLPack, TensorLike
from .mode import grad_mode, state
from .versions import CHANGED, NO_PARAMS, History, changed_too_soon, clock

if TYPE_CHECKING:
    from ..tracing.trace import Trace

_HISTORY = {
    "op", "_inputs", "params", "_node", "_trace", "_made", "_changed", "_earlier", "_retained",
}  # fmt: skip

# Whether any tensor that is no leaf has ever asked to keep its gradient: until then `backward`
# need not look for one.
_retaining = [False]

# What stands for a tensor whose size depends on rows that are not there yet (nn/symbolic.py).
_symbolic: list[type[Tensor]] = []


def set_symbolic_value(kind: type[Tensor]) -> None:
    """Say which tensor an op makes that computes with a number of rows that is not known."""
    _symbolic[:] = [kind]


class Tensor(History):
    """An array of numbers with a shape, a dtype and, if wanted, a gradient.

    Python floats become float32, Python ints int64; NumPy arrays keep their dtype and are copied.

    >>> import ranvier
    >>> w = ranvier.tensor(5.0, requires_grad=True)
    >>> loss = 0.5 * (w * 2.0 - 6.0) ** 2
    >>> loss.backward()
    >>> loss.item(), w.grad.item()
    (8.0, 8.0)
    """

    # NOTE: `_retained` is there only once it is set; making a tensor costs nothing more for it.
    __slots__ = ("__weakref__", "_grad", "_retained")

    _retained: bool

    def __init__(
        self,
        data: TensorLike | SupportsDLPack,
        dtype: DTypeLike | None = None,
        requires_grad: bool = False,
        name: str = "",
        copy: bool = True,
    ) -> None:
        self._node = None
        self._trace = None
        self._grad: Tensor | None = None
        self._made = 0
        self._changed = None
        self._earlier = None
        self.op = None
        self._inputs = ()
        self.params = NO_PARAMS
        self.name = name
        self._logits = None
        self._mask = None
        self._requires_grad = False
        if isinstance(data, Tensor) and data._node is not None:
            self._mask = data._mask
            cast = data if dtype is None else elementwise.astype(data, dtype)
            self._node, self._trace, self._data = cast._node, cast._trace, None
        else:
            if isinstance(data, Tensor):
                self._mask = data._mask
                data = data._array()
            elif isinstance(data, list | tuple) and any(isinstance(x, Tensor) for x in data):
                data = [x.numpy() if isinstance(x, Tensor) else x for x in data]
            self._data = dtypes.as_array(data, dtype, copy)
            if copy and state.trace is not None and type(data) is np.ndarray:
                state.trace.array_read(data)
        if requires_grad is not False and flag("tensor", "requires_grad", requires_grad):
            self._check_float()
            self._requires_grad = True

    # -- copies and pickles -----------------------------------------------------------------------

    def __getstate__(self) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """The numbers and what is said of them; not the history, which stays with the original."""
        kept: Any = object.__getstate__(self)
        rest, slots = kept if isinstance(kept, tuple) else (kept, {})
        state = {name: value for name, value in slots.items() if name not in _HISTORY}
        if self.op is not None:
            state["_requires_grad"] = False
        if self._data is None:  # a value of a trace, which is over
            state["_spec"] = (tuple(self.shape), self.dtype.name)
        return rest, state

    def __copy__(self) -> Tensor:
        out: Tensor = type(self).__new__(type(self))
        kept: Any = object.__getstate__(self)
        for part in kept if isinstance(kept, tuple) else (kept,):
            for name, value in (part or {}).items():
                setattr(out, name, value)
        return out

    def __setstate__(self, state: tuple[dict[str, Any] | None, dict[str, Any]]) -> None:
        rest, slots = state
        self.op, self._inputs, self.params = None, (), NO_PARAMS
        self._node, self._trace = None, None
        self._made, self._changed, self._earlier = 0, None, None
        if "_spec" in slots:
            shape, dtype = slots.pop("_spec")
            self._node = input_node(shape, dtypes.BY_NAME[dtype], slots["name"])
        for name, value in slots.items():
            setattr(self, name, value)
        if self._data is not None:
            # NOTE: an array from a pickle has a dtype object of its own, and may be read-only.
            data = self._data if self._data.flags.writeable else self._data.copy()
            self._data = data.view(dtypes.BY_NAME[data.dtype.name])
        for name, value in (rest or {}).items():
            setattr(self, name, value)

    # -- how ops make tensors ---------------------------------------------------------------------

    @classmethod
    def _record(cls, op: Op, inputs: tuple[Tensor, ...], params: dict[str, Any]) -> Tensor:
        try:
            spec = result_spec(op, inputs, params)
            out = cls.__new__(cls)
            trace = state.trace
            if trace is None:
                arrays = [x._array() for x in inputs]
                with np.errstate(all="ignore"):
                    try:
                        data = np.asarray(op.reference(*arrays, **params), spec.dtype)
                    except MemoryError:
                        raise too_large(op.name, spec.shape, spec.dtype) from None
                # NOTE: a view would change when the tensor it looks at is assigned to, and a trace
                # knows no views. Views of repeated elements are read-only and cheap, and stay.
                if data.base is not None and data.flags.writeable:
                    data = np.array(data)
                out._data, out._node = data, None
            else:
                out._data = None
                out._node = Node(
                    op, [trace.node_of(x) for x in inputs], params, spec, source.here()
                )
        except RanvierError as error:
            if isinstance(error, UnknownSizeError) and state.trace is None and _symbolic:
                return _symbolic[0]._record(op, inputs, params)
            origin = source.here()
            if origin is not None and not error.notes:
                error.add_note(f"at {origin}")
            raise
        out._trace = trace
        out._grad = out._changed = out._earlier = None
        out._made = clock[0]
        out.name = ""
        out._logits = None
        out._mask = None
        for x in inputs:
            if x._mask is not None:
                out._mask = carried(op, inputs, params, out)
                break
        if state.grad and spec.dtype.kind == "f" and any(x._requires_grad for x in inputs):
            out._requires_grad = True
            out.op, out._inputs, out.params = op, inputs, params
        else:
            out._requires_grad = False
            out.op, out._inputs, out.params = None, (), NO_PARAMS
        return out

    @classmethod
    def _wrap(cls, array: Array) -> Self:
        """A tensor on `array` itself, without a copy."""
        if type(array) is not np.ndarray or array.dtype not in dtypes.ALL:
            return cls(array, copy=False)
        out = cls.__new__(cls)
        out._data, out._node, out._trace, out._grad = array, None, None, None
        out._made, out._changed, out._earlier = 0, None, None
        out.op, out._inputs, out.params = None, (), NO_PARAMS
        out.name, out._logits, out._mask, out._requires_grad = "", None, None, False
        return out

    @classmethod
    def _traced(cls, node: Node, trace: Trace | object) -> Self:
        """A tensor for `node` of `trace`."""
        out = cls.__new__(cls)
        out._data, out._node, out._trace, out._grad = None, node, trace, None
        out._made, out._changed, out._earlier = 0, None, None
        out.op, out._inputs, out.params = None, (), NO_PARAMS
        out.name, out._logits, out._mask, out._requires_grad = node.name, None, None, False
        return out

    def _number(self) -> Array:
        """The array, for Python to look at; what it decides then holds while the numbers do."""
        if state.trace is not None and self._node is None:
            state.trace.looked_at(self)
        return self._array()

    def _array(self) -> Array:
        if self._data is None:
            raise _no_number(self)
        return self._data

    def numbers(self) -> Array | None:
        return None if self._node is not None else self._number()

    def remember_logits(self, kind: str, logits: Tensor) -> None:
        self._logits = (kind, logits)

    def made_at(self) -> source.Source | None:
        """Where it was traced; None outside of a trace."""
        return None if self._node is None else self._node.source

    @property
    def origin(self) -> Value:
        """The node it stands for while a function is traced, else the tensor itself."""
        return self if self._node is None else self._node

    # -- what is known without computing ----------------------------------------------------------

    @property
    def shape(self) -> Shape:
        return self._data.shape if self._data is not None else self._node.shape  # type: ignore[union-attr]

    @property
    def dtype(self) -> DType:
        return self._data.dtype if self._data is not None else self._node.dtype  # type: ignore[union-attr]

    @property
    def spec(self) -> Spec:
        x = self._data if self._data is not None else self._node
        return Spec(x.shape, x.dtype)  # type: ignore[union-attr]

    @property
    def is_traced(self) -> bool:
        """True for a tensor that stands for a node of a graph being traced."""
        return self._node is not None

    @property
    def mask(self) -> Tensor | None:
        """(batch, time) bools, False where a sequence is filled up; None: it has no mask.

        Layers and ops that keep the positions hand it on (ops/mask_rules.py).
        """
        mask = self._mask
        return mask if isinstance(mask, Tensor) and mask.ndim > 1 else None

    @mask.setter
    def mask(self, mask: Tensor | None) -> None:
        self._mask = mask

    @property
    def logits(self) -> tuple[str, Tensor] | None:
        """(kind, tensor) when this is the sigmoid or softmax of `tensor` as it was then; losses
        read it. None: it is not, or one of them has been changed in place since.
        """
        if self._logits is None:
            return None
        kind, t = self._logits
        t = t._at(self._made)
        if t._changed is not None and t._changed[0] > self._made:
            return None
        return kind, t

    @logits.setter
    def logits(self, logits: tuple[str, Tensor] | None) -> None:
        self._logits = logits

    @property
    def lost_mask(self) -> LostMask | None:
        """Where the mask of what this was made from was lost; None: nowhere."""
        return self._mask if isinstance(self._mask, LostMask) else None

    # -- gradients --------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether `.backward()` computes the gradient of this tensor, or flows through it."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        value = flag("tensor", "requires_grad", value)
        if value:
            self._check_float()
        elif self.op is not None:
            raise StateError(
                "requires_grad=False: this tensor is the result of an op, through which gradients "
                "flow; take x.detach(), or compute it under `with ranvier.no_grad():`"
            )
        if value is not self._requires_grad:
            self._requires_grad = value
            changes.of_flags()

    def _check_float(self) -> None:
        if self.dtype.kind != "f":
            raise DTypeError(f"only floats have gradients; this tensor is {self.dtype}")

    def requires_grad_(self, value: bool = True) -> Tensor:
        """Set `requires_grad` and return the tensor itself."""
        self.requires_grad = value
        return self

    @property
    def grad(self) -> Tensor | None:
        """The gradient that `.backward()` has added up here, or None."""
        if state.trace is not None:
            state.trace.grad_read(self)
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if state.trace is not None:
            state.trace.grad_set(self)
        self._grad = value

    def retain_grad(self) -> None:
        """Let `.backward()` keep the gradient of this tensor in `.grad` too, though an op made it.

        A leaf keeps its gradient anyway.

        >>> import ranvier
        >>> w = ranvier.tensor(5.0, requires_grad=True)
        >>> z = w * 2.0
        >>> z.retain_grad()
        >>> (0.5 * (z - 6.0) ** 2).backward()
        >>> z.grad, w.grad
        (tensor(4.), tensor(8.))
        """
        if not self._requires_grad:
            raise StateError(
                "retain_grad: no gradient reaches this tensor; set requires_grad=True on a leaf "
                "that it is made from, and do not compute it under no_grad()"
            )
        if self.op is not None:
            self._retained = _retaining[0] = True

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on this tensor, which an op made."""
        try:
            return self.op is not None and self._retained
        except AttributeError:
            return False

    @property
    def is_leaf(self) -> bool:
        """True when no op made this tensor (or no history was kept)."""
        return self.op is None

    def backward(
        self,
        gradient: TensorLike | None = None,
        retain_graph: bool = True,
        create_graph: bool = False,
    ) -> None:
        """Add the gradient of this tensor to `.grad` of every leaf that requires it, and of every
        tensor that was told to keep its own (`retain_grad`).

        `gradient` weighs the elements (needed unless this is a single number). History is kept as
        long as the tensor lives, so `retain_graph` changes nothing. With `create_graph` the
        gradients have a history of their own.
        """
        if not self._requires_grad:
            raise StateError(
                "backward: nothing this tensor was made from requires a gradient; "
                "set requires_grad=True on a leaf, and do not compute it under no_grad(). "
                "step, comparisons, argmax and integers pass no gradient on: their "
                "derivative is 0 wherever it exists"
            )
        if gradient is None:
            if self.size != 1:
                raise ShapeError(
                    f"backward: a tensor of shape {self.shape} is not one number; reduce it with "
                    ".sum() or .mean(), or pass gradient= with the same shape"
                )
            gradient = apply(full, like=self, value=1.0, shape=self.shape, dtype=self.dtype)
        (gradient,) = as_values(gradient, like=self)
        if gradient.shape != self.shape:
            raise ShapeError(f"backward: gradient has shape {gradient.shape}, not {self.shape}")
        gradient = elementwise.astype(gradient, self.dtype)
        made_of = _ancestors(self)
        leaves = [t for t in made_of if t.op is None and t._requires_grad]
        if _retaining[0]:
            leaves += [t for t in made_of if t.retains_grad]
        with grad_mode(create_graph):
            gradients = backpropagate(self, gradient, leaves, _requires_grad)
            for leaf in leaves:
                g = gradients.get(id(leaf))
                if isinstance(g, Tensor):
                    before = leaf.grad
                    leaf.grad = g._own() if before is None else before + g

    def _own(self) -> Tensor:
        """The same value in memory of its own: two leaves must not share one gradient."""
        if self._node is None:
            return self.clone()
        out = self._traced(self._node, self._trace)
        out.op, out._inputs, out.params = self.op, self._inputs, self.params
        out._requires_grad, out._made = self._requires_grad, self._made
        return out

    def _beside(self, value: TensorLike) -> Tensor:
        """`value` as a tensor; numbers, also in lists, in the dtype of this one, if it is a float.

        >>> import ranvier
        >>> ranvier.zeros((1,), "float64").assign([0.1]).item()
        0.1
        """
        if self.dtype == dtypes.float64 and isinstance(value, list | tuple):
            return Tensor(value, self.dtype)
        return as_values(value, like=self, common=self.dtype)[0]


set_default_value(Tensor)


@answered
def tensor(
    data: TensorLike | SupportsDLPack, dtype: DTypeLike | None = None, requires_grad: bool = False
) -> Tensor:
    """A new tensor from numbers, nested lists, an array or anything with `__array__` or DLPack.

    >>> tensor([[1.0, 2.0], [3.0, 4.0]]).shape
    (2, 2)
    """
    return Tensor(data, dtype, requires_grad)


@answered
def asarray(
    data: TensorLike | SupportsDLPack, dtype: DTypeLike | None = None, copy: bool | None = None
) -> Tensor:
    """`data` as a tensor: itself if it is one of this dtype, else a new one.

    A NumPy array is looked at in place unless `copy` or the dtype asks for a copy.

    >>> t = tensor([1.0])
    >>> asarray(t) is t, asarray(t, copy=True) is t
    (True, False)
    """
    if isinstance(data, Tensor) and not copy and (dtype is None or data.dtype == dtype):
        return data
    return Tensor(data, dtype, copy=bool(copy))


@answered
def from_dlpack(x: SupportsDLPack) -> Tensor:
    """A tensor on the memory of another library's array, through DLPack."""
    return Tensor._wrap(np.from_dlpack(x))


def _ancestors(result: Tensor) -> list[Tensor]:
    seen: dict[int, Tensor] = {}
    stack = [result]
    while stack:
        t = stack.pop()
        if id(t) not in seen:
            seen[id(t)] = t
            stack.extend(x for x in t.inputs if x._requires_grad)
    return list(seen.values())


def _requires_grad(t: Tensor) -> bool:
    return bool(t._requires_grad)


def _no_number(t: Tensor) -> RanvierError:
    if t._trace is CHANGED:
        return changed_too_soon(t)
    if state.trace is None:
        return TraceError(
            f"this tensor ({t.spec}) was made inside a compiled function and has no number outside "
            "it; return it from the function instead of keeping it"
        )
    return TraceError(
        f"inside a compiled function a tensor ({t.spec}) has no number yet. Python's if, while, "
        "print, float() and .item() need one: use ranvier.where for a choice, return the value "
        "and look at it outside, or run without ranvier.compile"
    )
