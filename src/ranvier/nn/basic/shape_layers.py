"""Layers without parameters: shapes, an activation, the declared input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Unpack

from ... import dtypes
from ...base.missing import spelled
from ...errors import ArgumentError, ShapeError
from ...ops.composites.shaping import expand_dims
from ...ops.elementwise import astype
from ...ops.movement import broadcast_to, permute_dims, reshape
from ...tensors.tensor import Tensor
from ...typing import DTypeLike, Shape
from .. import activations, policy
from ..activations import ActivationLike
from ..constructor_options import LayerOptions, RowOptions
from ..layer import Layer, register_layer
from ..symbolic import Symbolic, symbolic_input
from .dense import integer_argument


@register_layer
class Activation(Layer):
    """An activation function as a layer of its own.

    >>> Activation("relu")([[-1.0, 2.0]])
    tensor([[0., 2.]])
    """

    def __init__(self, activation: ActivationLike, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.function = activations.get(activation)

    @property
    def in_float32(self) -> bool:  # type: ignore[override]
        """Whether it computes in float32 also under the policy "mixed_float16"."""
        return self.function is activations.softmax

    activation = activations.by_name("function")

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


@register_layer
class Flatten(Layer):
    """Each row as a vector: (batch, 28, 28) -> (batch, 784)."""

    def forward(self, x: Tensor) -> Tensor:
        return reshape(x, (x.shape[0], math.prod(x.shape[1:])))

    def output_shape(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)


@register_layer
class Reshape(Layer):
    """Each row under another shape; one size may be -1.

    >>> import ranvier
    >>> Reshape((28, -1))(ranvier.full((5, 784), 0.0)).shape
    (5, 28, 28)
    """

    def __init__(self, target_shape: Sequence[int] | int, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        shape = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        if shape.count(-1) > 1 or any(n < -1 for n in shape):
            raise ArgumentError(f"{self.name}: target_shape={shape}; only one size may be -1")
        self.target_shape = tuple(int(n) for n in shape)

    def forward(self, x: Tensor) -> Tensor:
        return reshape(x, (x.shape[0], *self.output_shape(x.shape[1:])))

    def output_shape(self, input_shape: Shape) -> Shape:
        total = math.prod(input_shape)
        known = -math.prod(self.target_shape) if -1 in self.target_shape else total
        shape = tuple(total // known if n == -1 and known else n for n in self.target_shape)
        if math.prod(shape) != total:
            raise ShapeError(
                f"{self.name}: rows of shape {input_shape} hold {total} numbers and cannot become "
                f"{self.target_shape}"
            )
        return shape


@register_layer
class Permute(Layer):
    """The axes of each row in another order; they are counted from 1, the batch being 0.

    >>> import ranvier
    >>> Permute((2, 1))(ranvier.full((5, 3, 4), 0.0)).shape
    (5, 4, 3)
    """

    def __init__(self, dims: Sequence[int], **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ArgumentError(
                f"{self.name}: dims={self.dims}; expected each axis of a row once, counted from 1, "
                "such as (2, 1)"
            )

    def forward(self, x: Tensor) -> Tensor:
        self.output_shape(x.shape[1:])
        return permute_dims(x, (0, *self.dims))

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != len(self.dims):
            raise ShapeError(
                f"{self.name}: dims={self.dims} does not name the axes of rows {input_shape}"
            )
        return tuple(input_shape[d - 1] for d in self.dims)


@register_layer
class RepeatVector(Layer):
    """Each row n times, as a series of equal steps: (batch, features) -> (batch, n, features).

    >>> RepeatVector(2)([[1.0, 2.0]])
    tensor([[[1., 2.],
             [1., 2.]]])
    """

    def __init__(self, n: int, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.n = integer_argument(self.name, "n", n)

    def forward(self, x: Tensor) -> Tensor:
        shape = self.output_shape(x.shape[1:])
        return broadcast_to(expand_dims(x, 1), (x.shape[0], *shape))

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 1:
            raise ShapeError(
                f"{self.name}: got rows of shape {input_shape}; expected (batch, features)"
            )
        return (self.n, *input_shape)


@register_layer
class InputLayer(Layer):
    """The shape of a row, declared at the start of a model: `Input(shape=(784,))`."""

    def __init__(
        self,
        shape: Sequence[int] | int | None = None,
        dtype: DTypeLike | None = None,
        **options: Unpack[RowOptions],
    ) -> None:
        if shape is not None:
            options["input_shape"] = shape
        super().__init__(**options)
        if self.input_shape is None:
            raise ArgumentError(f"{self.name}: give the shape of a row: Input(shape=(784,))")
        self.shape = self.input_shape
        self.dtype_policy = policy.WIDE if policy.dtype_policy() == policy.WIDE else "float32"
        self.dtype = None if dtype is None else dtypes.as_dtype(dtype)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1:] != self.shape:
            raise ShapeError(
                f"{self.name}: got an input of shape {x.shape}; expected rows of {self.shape}: "
                f"(batch, {', '.join(map(str, self.shape))})"
            )
        return x if self.dtype is None else astype(x, self.dtype)

    def output_shape(self, input_shape: Shape) -> Shape:
        return self.shape

    def symbolic(self) -> Symbolic:
        """The symbolic value that stands for the rows."""
        return symbolic_input(self, self.dtype or policy.float_dtype(self))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("input_shape", None)
        return config


@spelled
def Input(
    shape: Sequence[int] | int | None = None,
    batch_size: int | None = None,
    dtype: DTypeLike | None = None,
    name: str | None = None,
    batch_shape: Sequence[Any] | None = None,
) -> Symbolic:
    """The rows that a model will be given, as a symbolic value to call layers on.

    `shape` is that of one row; of a whole batch, with None for the rows, `batch_shape`. Numbers of
    another dtype are cast to `dtype`, if one is given. Models take any number of rows, whatever
    `batch_size` says. In a `Sequential` it stands first.

    >>> import ranvier
    >>> x = ranvier.Input(shape=(4,), name="x")
    >>> model = ranvier.Model(inputs=x, outputs=ranvier.nn.Dense(3)(x) * 2.0)
    >>> model.predict([[1.0, 2.0, 3.0, 4.0]]).shape
    (1, 3)
    """
    if batch_shape is not None:
        shape = tuple(batch_shape)[1:]
    return InputLayer(shape, dtype=dtype, name=name).symbolic()
