"""Dtype policies: float32, float64, or float16 mixed with float32.

Under "float64" weights, inputs and outputs are float64, and with the parameters the optimizer's
state and its learning rate. Under "mixed_float16", as in Keras (Micikevicius et al. 2018, "Mixed
Precision Training"),

    weights    stay float32, also in the optimizer; a layer reads float16 copies of its own
    inputs     become float16, and so do outputs: half the memory for what the gradient needs
    sums       of products are added up in float32
    float32    is what layers with `in_float32` compute in: normalization, attention, recurrence...
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ..base.missing import answered
from ..base.temporary import temporarily
from ..dtypes import float16, float32, float64
from ..errors import ArgumentError, unknown_name
from ..ops.elementwise import astype
from ..tensors.tensor import Tensor
from ..tracing.trace import replace_tensors, tensors_in
from ..tracing.watched import standing
from ..typing import DType, DTypeLike
from .walk import walk

if TYPE_CHECKING:
    from ..base.temporary import Temporary
    from .layer import Layer

_Structure = TypeVar("_Structure")  # tensors in lists, tuples and dicts

MIXED = "mixed_float16"
WIDE = "float64"
POLICIES = ("float32", WIDE, MIXED)


class _Global:
    policy = "float32"
    wide = False  # whether any layer of this process may have the policy "float64"


class _ThreadState(threading.local):
    float32 = False  # whether this thread is inside a layer that computes in float32


_thread = _ThreadState()


@answered
def set_dtype_policy(policy: str) -> None:
    """The dtype policy of layers made from now on: "float32", "float64" or "mixed_float16".

    With "mixed_float16" training takes less memory and more time. A layer's own argument
    `dtype` comes first: `Dense(1, dtype="float32")` is best for the last layer of a regression.

    >>> import ranvier
    >>> ranvier.set_dtype_policy("mixed_float16")
    >>> ranvier.nn.Dense(2)(ranvier.ones((1, 3))).dtype
    dtype('float16')
    >>> ranvier.set_dtype_policy("float32")
    """
    _Global.policy = resolve(policy)


@answered
def dtype_policy() -> str:
    """The policy of layers that are made without `dtype`."""
    return _Global.policy


def made_with(policy: str) -> Temporary:
    """Inside, layers are made with this policy."""
    return temporarily(_Global, "policy", resolve(policy))


def resolve(policy: DTypeLike | None) -> str:
    """The policy meant by a name, a dtype, or None: the global one."""
    if policy is None:
        return _Global.policy
    name = str(getattr(policy, "name", policy))
    if name in POLICIES:
        _Global.wide = _Global.wide or name == WIDE
        return name
    if "bfloat16" in name:
        raise ArgumentError(
            f"dtype policy {name!r}: NumPy has no bfloat16, and so Ranvier has none; use {MIXED!r}"
        )
    if name == "float16":
        raise ArgumentError(
            "dtype policy 'float16': weights in float16 lose the small steps of training; use "
            f"{MIXED!r}, which keeps them in float32"
        )
    raise unknown_name("dtype policy", name, POLICIES)


def cast(value: _Structure, old: DType, new: DType) -> _Structure:
    """`value`, tensors in any structure, with those of dtype `old` as `new`, masks and logits too.

    The result of a softmax stays: its small numbers would be lost in float16.
    """

    def one(t: Tensor) -> Tensor:
        if t.dtype != old or (new == float16 and t.logits is not None and t.logits[0] == "softmax"):
            return t
        out: Tensor = astype(t, new)
        if t.logits is not None:
            out.logits = (t.logits[0], astype(t.logits[1], new))
        return out

    return replace_tensors(value, iter([one(t) for t in tensors_in(value)]))


def widened(value: _Structure) -> _Structure:
    """`value` with its float16 tensors as float32."""
    return cast(value, float16, float32)


def widest(value: _Structure) -> _Structure:
    """`value` with all its float tensors as float64."""
    return cast(cast(value, float32, float64), float16, float64)


def float_dtype(layer: Layer) -> DType:
    """The dtype that NumPy's float64 and Python's floats become as inputs of the layer."""
    if not _Global.wide:  # NOTE: spares a walk over the layers in every call of fit
        return float32
    return float64 if any(x.dtype_policy == WIDE for x in layer.sublayers()) else float32


def hand_down(layer: Layer) -> None:
    """The layer's own policy "float64" to the layers that it has made, unless they have one."""
    if layer.dtype_policy == WIDE and layer.own_policy:
        for inner in walk(layer).inside:
            if not inner.own_policy and not inner.built:
                inner.dtype_policy = WIDE


def _computes_in_float16(layer: Layer) -> bool:
    """Whether the layer itself keeps numbers in float16; one made of layers leaves it to them."""
    return layer.dtype_policy == MIXED and (layer.in_float32 or not walk(layer).inside)


def is_mixed(layer: Layer) -> bool:
    """Whether something in it keeps numbers in float16."""
    return any(_computes_in_float16(inner) for inner in layer.sublayers())


def forward(layer: Layer, inputs: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """`layer.forward` in the dtypes of its policy, which is not "float32"."""
    if layer.dtype_policy == WIDE:
        inputs, options = widest((list(inputs), dict(options)))
        return widest(layer.forward(*inputs, **options))
    return _mixed_forward(layer, inputs, options)


def _mixed_forward(layer: Layer, inputs: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """`layer.forward` in the dtypes of "mixed_float16"."""
    if _thread.float32 or not _computes_in_float16(layer):
        return layer.forward(*inputs, **options)
    if layer.in_float32:
        inputs, options = widened((list(inputs), dict(options)))
        _thread.float32 = True
        try:
            out = layer.forward(*inputs, **options)
        finally:
            _thread.float32 = False
    else:
        inputs, options = cast((list(inputs), dict(options)), float32, float16)
        with _float16_copies(layer):
            out = layer.forward(*inputs, **options)
    return cast(out, float32, float16)


@contextmanager
def _float16_copies(layer: Layer) -> Iterator[None]:
    """Inside, the trained float32 tensors of the layer stand as float16 copies."""
    # NOTE: set past Walked.__setattr__: they are back before anybody walks the layer.
    with standing:
        weights = {
            name: t
            for name, t in vars(layer).items()
            if isinstance(t, Tensor) and t.dtype == float32 and t.requires_grad
        }
        try:
            for name, t in weights.items():
                object.__setattr__(layer, name, astype(t, float16))
            yield
        finally:
            for name, t in weights.items():
                object.__setattr__(layer, name, t)
