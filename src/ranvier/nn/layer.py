"""The layer: the user's building block.

A layer is a plain object that holds tensors. Its parameters are found by walking its attributes:
tensors, lists, tuples, dicts and other layers.

    class Scale(Layer):
        def build(self, input_shape):           # once; the shape is without the batch axis
            self.scale = self.add_weight(input_shape, "ones")

        def forward(self, x):                   # any ops
            return x * self.scale
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Self, TypeVar

import numpy as np

from .. import dtypes
from ..base.aligned import aligned
from ..base.missing import PACKAGE, is_ours, no_attribute
from ..base.observer import listening
from ..base.source import LayerName, here, in_layer
from ..errors import ArgumentError, RanvierError, ShapeError, StateError
from ..tensors.mode import no_trace, state
from ..tensors.tensor import Tensor
from ..tracing.trace import trace
from ..tracing.watched import entered
from ..typing import DTypeLike, Shape, TensorLike
from . import added_losses as added
from . import initializers, policy, regularizers
from .building import being_built, build_once, first_shape, row_shape
from .configuration import Registry, configuration
from .modes import mode, training_mode
from .restoring import count_layer, unfilled
from .settable import SIZES, Fixed
from .symbolic import Symbolic, record, value_of
from .walk import Walked

# The closed registry: every class that a model file may name.
LAYERS = Registry(more=(f"{PACKAGE}.nn.every_layer", f"{PACKAGE}.models"))

_L = TypeVar("_L", bound="type[Layer]")


def register_layer(cls: _L) -> _L:
    """Enter a layer class, so that models holding it can be saved and loaded: `@register_layer`."""
    # Ours enter while they are imported, when not all others can be there.
    taken = LAYERS.known(cls.__name__) if is_ours(cls) else LAYERS.get(cls.__name__)
    if taken is not None and taken.__module__ != cls.__module__:
        raise ArgumentError(
            f"register_layer: the name {cls.__name__!r} is taken; give the class another name"
        )
    LAYERS[cls.__name__] = cls
    return cls


_counters: dict[str, Iterator[int]] = defaultdict(itertools.count)


def unique_name(cls: type) -> str:
    """dense, dense_1, dense_2, ...: the class's name in small letters and a number.

    The D of Conv2D stays with its number: conv2d.
    """
    stem = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])", "_", cls.__name__).lower()
    number = next(_counters[stem])
    return f"{stem}_{number}" if number else stem


class Layer(Walked):
    """Base of all layers.

    Args:
        name: by default the class's name and a number (dense, dense_1, ...).
        input_shape: the shape of one row, without the batch axis; the model can then be built
            before it sees data.
        trainable: see the property.
        input_dim: short for `input_shape=(input_dim,)`.
        dtype: the dtype policy, "float32", "float64" or "mixed_float16"; None:
            `ranvier.set_dtype_policy`'s.
    """

    _called_with = "x"

    # Whether output and input have the same positions along (batch, time); None: as its ops tell.
    keeps_mask: bool | None = None
    in_float32 = False  # computes in float32 also under the policy "mixed_float16"
    dtype: Any = "float32"  # of the weights
    dtype_policy = "float32"
    own_policy = False  # whether it was given as an argument

    _unwatched = frozenset({"_own_mode"})  # a trace that asks for it keeps a guard

    def __init__(
        self,
        name: str | None = None,
        input_shape: Sequence[int] | int | None = None,
        trainable: bool = True,
        input_dim: int | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        count_layer()
        if input_dim is not None:
            input_shape = (input_dim,)
        if name is not None and not isinstance(name, str):
            raise ArgumentError(f"{type(self).__name__}: name={name!r}; expected text")
        self.name = name or unique_name(type(self))
        self.input_shape = None if input_shape is None else row_shape(self.name, input_shape)
        self._trainable = bool(trainable)
        self.dtype_policy, self.own_policy = policy.resolve(dtype), dtype is not None
        self.built = False
        self.built_shape: Shape | None = (
            None  # the input shape it was built for, without batch axis
        )
        self._own_mode: bool | None = None
        self._penalized: tuple[tuple[str, regularizers.Regularizer], ...] = ()

    def __getattr__(self, attribute: str) -> Any:
        # Reached only for what is missing.
        if attribute in ("built", "name", "_trainable", "_own_mode", "_penalized"):
            raise StateError(
                f"{type(self).__name__}: call super().__init__() first in its __init__"
            )
        if attribute in ("input", "output"):  # of its call on ranvier.Input
            return value_of(self, attribute)
        if attribute in _KERAS_LISTS:
            return _KERAS_LISTS[attribute](self)
        raise no_attribute(self, attribute)

    # -- what a subclass writes --

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" in vars(cls) and is_ours(cls):
            for name in SIZES.intersection(vars(cls)["__init__"].__code__.co_varnames):
                if not any(name in vars(owner) for owner in cls.__mro__):
                    setattr(cls, name, Fixed(name))
        if "build" in vars(cls):
            cls.build = build_once(vars(cls)["build"])  # type: ignore[method-assign]

    def build(self, input_shape: Shape) -> None:
        """Create parameters for rows of `input_shape` (without the batch axis). Called once."""

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """The output for the inputs (with the batch axis), mostly one: `forward(self, x)`."""
        raise StateError(f"{type(self).__name__}: a layer needs a method forward(self, x)")

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of an output row for rows of `input_shape`: found by tracing `forward`."""
        with no_trace():
            _, out = trace(self, [((1, *input_shape), dtypes.float32)])
        if out is None:
            raise StateError(f"{self.name}: its forward returned None; end it in return")
        return tuple(out.shape[1:])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-able data, for `from_config`."""
        return self._arguments()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """A new layer from what `get_config` gave; layers that it makes have its dtype policy."""
        mixed, wide = (config.get("dtype") == p for p in (policy.MIXED, policy.WIDE))
        with policy.made_with(config["dtype"] if mixed or wide else "float32"):
            return cls(**{k: v for k, v in config.items() if not (mixed and k == "dtype")})

    def _arguments(self, *skip: str) -> dict[str, Any]:
        """The constructor's arguments but for these, and the dtype policy unless it is float32."""
        own = "dtype" in vars(self)  # an argument of the subclass
        arguments = configuration(self, ("input_dim", *skip, *(() if own else ("dtype",))))
        if self.dtype_policy != "float32" and not own:
            arguments["dtype"] = self.dtype_policy
        return {k: v for k, v in arguments.items() if not (k == "input_shape" and v is None)}

    # -- calling --

    def __call__(self, *inputs: Any, training: bool | None = None, **options: Any) -> Any:
        """Build at the first call, then `forward`; float64 arrays and lists become float32.

        `options` go to `forward` as they are.
        """
        values: list[Any] = [
            x if x is None or isinstance(x, Tensor) else as_input(x, self) for x in inputs
        ]
        try:
            if any(isinstance(x, Symbolic) for x in (*values, *options.values())):
                return record(self, values, training, options)
            if not self.built:
                if values and isinstance(values[0], Tensor) and not values[0].shape:
                    raise ShapeError(f"{self.name}: a single number is not a batch of rows")
                self.ensure_built(first_shape(self.name, values)[1:] if values else ())
            if training is None:
                return self._masked(values, self._named(values, options))
            with training_mode(training):
                return self._masked(values, self._named(values, options))
        except RanvierError as error:
            self._note(error)
            raise

    def _named(self, values: Sequence[Any], options: Mapping[str, Any]) -> Any:
        """What the forward pass gives; nodes that are traced meanwhile carry the layer's name."""
        if state.trace is None:
            return self._run(values, options)
        state.trace.enter(self)
        observer = listening.observer
        with in_layer(LayerName(self.name, type(self).__name__)):
            if observer is None:
                return self._run(values, options)
            observer.enter(self, values)
            out = self._run(values, options)
            observer.leave(self, out)
            return out

    def _run(self, values: Sequence[Any], options: Mapping[str, Any]) -> Any:
        if self.dtype_policy == "float32":
            return self.forward(*values, **options)
        return policy.forward(self, values, options)

    def output_mask(self, *masks: Tensor | None) -> Any:
        """The mask of the output from the masks of the inputs, each (batch, time) bools or None.

        Here: the first one, if the layer says that it keeps the positions of a sequence. Asked
        only of layers that have a rule: `keeps_mask`, or an `output_mask` of their own. Of several
        outputs it is that of the first, or a list.
        """
        return masks[0] if masks and self.keeps_mask else None

    def _masked(self, inputs: Sequence[Any], out: Any) -> Any:
        """`out` with the mask that the layer's rule gives it; without one, as its ops carry it."""
        if self.keeps_mask is None and type(self).output_mask is Layer.output_mask:
            return out
        masks = [x.mask if isinstance(x, Tensor) else None for x in inputs]
        if any(m is not None for m in masks):
            masks_out = self.output_mask(*masks)
            is_list = isinstance(out, list | tuple)
            out_masks = masks_out if is_list and isinstance(masks_out, list) else [masks_out]
            for t, mask in zip_longest(out if is_list else [out], out_masks):
                if mask is None or t.shape[: mask.ndim] == mask.shape:
                    t.mask = mask
        return out

    def ensure_built(self, input_shape: Shape) -> None:
        """Create the parameters for rows of `input_shape`, unless they are there."""
        if not self.built:
            shape = row_shape(self.name, input_shape)
            # First values are numbers even when the first call is being traced.
            with no_trace(), being_built(self):
                if self.dtype_policy == policy.WIDE:
                    policy.hand_down(self)
                    with policy.made_with(policy.WIDE):
                        self.build(shape)
                else:
                    self.build(shape)
            self.built, self.built_shape = True, shape
            if not self._trainable:
                self.trainable = False  # of what was made just now, too

    def _note(self, error: RanvierError) -> None:
        """Say in which (innermost) layer, and on which line of the user, the error appeared."""
        if any(note.startswith("in layer ") for note in error.notes):
            return
        if not any(note.startswith("at ") for note in error.notes) and (line := here()):
            error.add_note(f"at {line}")
        error.add_note(f"in layer {self.name!r} ({type(self).__name__})")

    # -- training or use --

    @property
    def training(self) -> bool:
        """True while training: within `training_mode`, else after `train()`; False in use.

        A compiled function that read it is compiled again when it changes.
        """
        now = self._mode_now()
        if state.trace is not None and not mode.traced:
            state.trace.guard(self._mode_now, now)
        return now

    @training.setter
    def training(self, on: bool) -> None:
        self.train(on)

    def _mode_now(self) -> bool:
        return bool(self._own_mode) if mode.training is None else mode.training

    @property
    def trainable(self) -> bool:
        """Whether training changes the parameters. Setting it sets it for all layers inside too.

        A frozen `BatchNormalization` also keeps its moving statistics, and works with them.
        """
        entered(self)
        return self._trainable

    @trainable.setter
    def trainable(self, on: bool) -> None:
        for layer in self.sublayers():
            layer._trainable = bool(on)

    def train(self, on: bool = True) -> Self:
        """Behave as in training outside of `training_mode`, inner layers too; returns itself."""
        for layer in self.sublayers():
            layer._own_mode = on
        return self

    def eval(self) -> Self:
        """Behave as in use; `train(False)`."""
        return self.train(False)

    # -- tensors --

    def add_weight(
        self,
        shape: Sequence[int] | int = (),
        initializer: initializers.InitializerLike = "glorot_uniform",
        dtype: DTypeLike | None = None,
        trainable: bool = True,
        regularizer: regularizers.RegularizerLike = None,
        name: str = "",
    ) -> Tensor:
        """A new tensor for this layer, filled by `initializer`; keep it in an attribute.

        Without `dtype` it is float32, or float64 under that dtype policy.
        With a `regularizer`, `name` must be the attribute's name.
        """
        shape = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
        if dtype is None:
            dtype = dtypes.float64 if self.dtype_policy == policy.WIDE else dtypes.float32
        first = initializers.get(initializer)
        values = unfilled(shape, dtype)
        if values is None:
            values = first(shape, dtype)
        rule = regularizers.get(regularizer)
        if rule is not None:
            if not name:
                raise ArgumentError(
                    f"{self.name}: a regularizer needs the name of its weight: name="
                )
            others = [one for one in self._penalized if one[0] != name]
            self._penalized = (*others, (name, rule))
        label = f"{self.name}.{name}" if name else ""
        values = aligned(dtypes.as_array(values, dtype, copy=False))
        return Tensor(values, dtype, requires_grad=trainable, name=label, copy=False)

    def _own_readers(self) -> list[Layer] | None:
        """The layers that read its input as it comes: itself, or those inside a model.

        None where only the code of `forward` knows.
        """
        return [self]

    def penalties(self) -> list[Tensor]:
        """The L1 and L2 terms of this layer and those inside it, one number each."""
        return [
            rule(getattr(layer, attribute))
            for layer in self.sublayers()
            for attribute, rule in layer._penalized
        ]

    def add_loss(self, value: Tensor) -> None:
        """Inside `forward`: a term that training adds to the loss, such as a divergence.

        One number, or one for each row, (batch,), of which the mean over the real rows counts.
        """
        added.add(self.name, value)

    def __repr__(self) -> str:
        parts = [repr(self.name)]
        if self.built_shape is not None:
            parts.append(f"{self.built_shape} -> {self.output_shape(self.built_shape)}")
            parts.append(f"{self.count_params():,} parameters")
        return f"{type(self).__name__}({', '.join(parts)})"


def as_input(x: TensorLike, layer: Layer) -> Tensor:
    """`x` as a tensor; NumPy's default float64 and Python's lists become float32, or float64 if
    that is the dtype policy of `layer` or of one inside it.
    """
    array = x if isinstance(x, np.ndarray) else None
    if array is not None and array.dtype != np.float64:
        return Tensor(x)
    if policy.float_dtype(layer) == dtypes.float32:
        return Tensor(x) if array is None else Tensor(x, dtypes.float32)
    t = Tensor(x)
    return Tensor(x, dtypes.float64) if t.dtype.kind == "f" else t


def _untrained(layer: Layer) -> list[Tensor]:
    trained = {id(t) for t in layer.parameters()}
    return [t for t in layer.state_tensors() if id(t) not in trained]


# Keras' names, unless a layer has an attribute of such a name.
_KERAS_LISTS: dict[str, Callable[[Layer], list[Tensor]]] = {
    "weights": lambda layer: layer.state_tensors(),
    "variables": lambda layer: layer.state_tensors(),
    "trainable_weights": lambda layer: layer.parameters(),
    "trainable_variables": lambda layer: layer.parameters(),
    "non_trainable_weights": _untrained,
    "non_trainable_variables": _untrained,
}
