"""Layers that merge inputs into one: sums, products, extremes, concatenation, dot products.

Each takes its inputs as a list, `Add()([a, b])`, or one after another, `Add()(a, b)`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Unpack, cast

from ...base.missing import answered
from ...errors import ArgumentError, RanvierError, ShapeError
from ...ops import elementwise as e
from ...ops.movement import concat, permute_dims, reshape
from ...ops.op import normal_axis
from ...ops.reduce import sum as sum_
from ...tensors.tensor import Tensor
from ...typing import Shape, TensorLike
from ..constructor_options import LayerOptions
from ..layer import Layer, register_layer


class Merging(Layer):
    """Base of layers with several inputs and no parameters."""

    at_least = 2
    at_most: float = math.inf

    def __call__(
        self,
        *inputs: TensorLike | Sequence[TensorLike],
        training: bool | None = None,
        **options: Any,
    ) -> Any:
        """As of a layer; the inputs also as one list."""
        if len(inputs) == 1 and isinstance(inputs[0], list | tuple):
            inputs = tuple(inputs[0])
        if not self.at_least <= len(inputs) <= self.at_most:
            wanted = "2" if self.at_most == 2 else f"at least {self.at_least}"
            raise ArgumentError(f"{self.name}: expected {wanted} inputs, got {len(inputs)}")
        return super().__call__(*inputs, training=training, **options)

    def output_shape(self, input_shape: Shape | Sequence[Shape]) -> Shape:
        """The shape of an output row, from a list of the shapes of the inputs' rows."""
        shapes = [tuple(s) for s in input_shape if isinstance(s, list | tuple)]
        return self.merged_shape(shapes or [cast("Shape", input_shape)])

    def merged_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The shape of an output row for these rows."""
        return _broadcast(self.name, shapes)


class _Elementwise(Merging):
    """Element by element; sizes of 1 and missing first axes of a row are stretched, as in Keras."""

    def forward(self, *inputs: Tensor) -> Tensor:
        ndim = max(x.ndim for x in inputs)
        aligned = []
        for x in inputs:
            shape = (x.shape[0], *[1] * (ndim - x.ndim), *x.shape[1:])
            aligned.append(x if x.ndim == ndim else reshape(x, shape))
        try:
            return self.merge(aligned)
        except RanvierError:
            _broadcast(self.name, [tuple(x.shape[1:]) for x in inputs])  # for its message
            raise

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """The inputs, all with the same number of axes, as one."""
        out = inputs[0]
        for x in inputs[1:]:
            out = self.pair(out, x)
        return out

    def pair(self, x: Tensor, y: Tensor) -> Tensor:
        """Two as one."""
        raise NotImplementedError


@register_layer
class Add(_Elementwise):
    """The sum of the inputs.

    >>> import ranvier
    >>> a, b = ranvier.tensor([[1.0, 2.0]]), ranvier.tensor([[10.0, 20.0]])
    >>> Add()([a, b])
    tensor([[11., 22.]])
    """

    def pair(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


@register_layer
class Subtract(_Elementwise):
    """The first input minus the second."""

    at_most = 2

    def pair(self, x: Tensor, y: Tensor) -> Tensor:
        return x - y


@register_layer
class Multiply(_Elementwise):
    """The product of the inputs, element by element."""

    def pair(self, x: Tensor, y: Tensor) -> Tensor:
        return x * y


@register_layer
class Average(_Elementwise):
    """The mean of the inputs, element by element; with `weights`, one for each, the weighted mean.

    >>> import ranvier
    >>> a, b = ranvier.tensor([[1.0, 2.0]]), ranvier.tensor([[5.0, 10.0]])
    >>> Average()([a, b]), Average(weights=(3, 1))([a, b])
    (tensor([[3., 6.]]), tensor([[2., 4.]]))
    """

    in_float32 = True

    def __init__(
        self, weights: Sequence[float] | None = None, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        self.weights = None if weights is None else tuple(float(w) for w in weights)
        if self.weights is not None and (sum(self.weights) <= 0 or min(self.weights) < 0):
            raise ArgumentError(
                f"Average: weights={weights}: expected one number for each input, none below 0 "
                "and not all 0"
            )

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        weights = self.weights
        if weights is None:
            return self._sum(inputs) / float(len(inputs))
        if len(weights) != len(inputs):
            raise ArgumentError(
                f"{self.name}: got {len(inputs)} inputs for {len(weights)} weights; expected one "
                "weight for each input"
            )
        shares = [w / sum(weights) for w in weights]
        return self._sum([x * share for x, share in zip(inputs, shares, strict=True)])

    def _sum(self, inputs: Sequence[Tensor]) -> Tensor:
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total


@register_layer
class Maximum(_Elementwise):
    """The largest of the inputs, element by element."""

    def pair(self, x: Tensor, y: Tensor) -> Tensor:
        return e.maximum(x, y)


@register_layer
class Minimum(_Elementwise):
    """The smallest of the inputs, element by element."""

    def pair(self, x: Tensor, y: Tensor) -> Tensor:
        return e.minimum(x, y)


@register_layer
class Concatenate(Merging):
    """The inputs concatenated along `axis` (the batch axis is 0).

    >>> import ranvier
    >>> Concatenate()([ranvier.tensor([[1.0]]), ranvier.tensor([[2.0, 3.0]])])
    tensor([[1., 2., 3.]])
    """

    at_least = 1

    def __init__(self, axis: int = -1, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        if axis == 0:
            raise ArgumentError(f"{self.name}: axis 0 holds the rows of the batch; choose another")
        self.axis = axis

    def forward(self, *inputs: Tensor) -> Tensor:
        self.merged_shape([tuple(x.shape[1:]) for x in inputs])
        return concat(inputs, axis=self.axis)

    def merged_shape(self, shapes: Sequence[Shape]) -> Shape:
        axis = self._axis(len(shapes[0]) + 1) - 1
        others = {(*s[:axis], *s[axis + 1 :]) for s in shapes}
        if len({len(s) for s in shapes}) > 1 or len(others) > 1:
            raise ShapeError(
                f"{self.name}: rows of shapes {', '.join(map(str, shapes))} cannot be joined along "
                f"axis {self.axis}: their other sizes must be the same"
            )
        return (*shapes[0][:axis], sum(s[axis] for s in shapes), *shapes[0][axis + 1 :])

    def _axis(self, ndim: int) -> int:
        axis = normal_axis(self.name, self.axis, ndim)
        if axis == 0:
            raise ArgumentError(f"{self.name}: axis {self.axis} holds the rows of the batch")
        return axis


@register_layer
class Dot(Merging):
    """The products of two inputs summed over one axis of each: `sum_k x[.., k, ..] y[.., k, ..]`.

    Args:
        axes: the axis, or one for each input; the batch axis is 0.
        normalize: make the vectors along the axes 1 long first, so that the result is the cosine
            of their angle.

    >>> import ranvier
    >>> Dot(axes=1)([ranvier.tensor([[1.0, 2.0]]), ranvier.tensor([[3.0, 4.0]])])
    tensor([[11.]])
    """

    in_float32 = True
    at_most = 2

    def __init__(
        self, axes: int | Sequence[int], normalize: bool = False, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        pair = axes if isinstance(axes, list | tuple) else (axes, axes)
        if len(pair) != 2 or any(not isinstance(a, int) or a == 0 for a in pair):
            raise ArgumentError(
                f"{self.name}: axes={axes!r}; expected an axis, or one for each of the 2 inputs, "
                "and never 0, which holds the rows of the batch"
            )
        self.axes = axes
        self.normalize = normalize

    def _pair(self, x: int, y: int) -> tuple[int, int]:
        a, b = self.axes if isinstance(self.axes, list | tuple) else (self.axes, self.axes)
        return normal_axis(self.name, a, x), normal_axis(self.name, b, y)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        self.merged_shape([tuple(x.shape[1:]), tuple(y.shape[1:])])
        a, b = self._pair(x.ndim, y.ndim)
        if self.normalize:
            x, y = _unit(x, a), _unit(y, b)
        # As matrices: (batch, the rest of x, k) @ (batch, k, the rest of y).
        left = permute_dims(x, (*[i for i in range(x.ndim) if i != a], a))
        right = permute_dims(y, (0, b, *[i for i in range(1, y.ndim) if i != b]))
        rows, k = x.shape[0], x.shape[a]
        m, n = math.prod(left.shape[1:-1]), math.prod(right.shape[2:])
        out = reshape(left, (rows, m, k)) @ reshape(right, (rows, k, n))
        return reshape(out, (rows, *(left.shape[1:-1] + right.shape[2:] or (1,))))

    def merged_shape(self, shapes: Sequence[Shape]) -> Shape:
        x, y = shapes
        a, b = (axis - 1 for axis in self._pair(len(x) + 1, len(y) + 1))
        if x[a] != y[b]:
            raise ShapeError(
                f"{self.name}: rows of shapes {x} and {y} have sizes {x[a]} and {y[b]} along axes "
                f"{self.axes}; they must be equal"
            )
        return (*x[:a], *x[a + 1 :], *y[:b], *y[b + 1 :]) or (1,)


def _unit(x: Tensor, axis: int) -> Tensor:
    """x with the vectors along `axis` made 1 long."""
    size = sum_(x * x, axis=axis, keepdims=True)
    return x / e.sqrt(e.maximum(size, 1e-12))


def _broadcast(name: str, shapes: Sequence[Shape]) -> Shape:
    """The common shape of rows: sizes of 1 are stretched, missing first axes count as 1."""
    ndim = max(len(s) for s in shapes)
    aligned = [(1,) * (ndim - len(s)) + s for s in shapes]
    sizes = []
    for axis in range(ndim):
        larger = {s[axis] for s in aligned} - {1}
        if len(larger) > 1:
            raise ShapeError(
                f"{name}: rows of shapes {', '.join(map(str, shapes))} do not fit: sizes must be "
                "equal or 1"
            )
        sizes.append(larger.pop() if larger else 1)
    return tuple(sizes)


@answered
def add(inputs: Sequence[TensorLike], **options: Unpack[LayerOptions]) -> Any:
    """The sum of the inputs: `Add(**options)(inputs)`."""
    return Add(**options)(inputs)


@answered
def subtract(inputs: Sequence[TensorLike], **options: Unpack[LayerOptions]) -> Any:
    """The first input minus the second: `Subtract(**options)(inputs)`."""
    return Subtract(**options)(inputs)


@answered
def multiply(inputs: Sequence[TensorLike], **options: Unpack[LayerOptions]) -> Any:
    """The product of the inputs: `Multiply(**options)(inputs)`."""
    return Multiply(**options)(inputs)


@answered
def average(inputs: Sequence[TensorLike], **options: Unpack[LayerOptions]) -> Any:
    """The mean of the inputs: `Average(**options)(inputs)`."""
    return Average(**options)(inputs)


@answered
def maximum(inputs: Sequence[TensorLike], **options: Unpack[LayerOptions]) -> Any:
    """The largest of the inputs, element by element: `Maximum(**options)(inputs)`."""
    return Maximum(**options)(inputs)


@answered
def minimum(inputs: Sequence[TensorLike], **options: Unpack[LayerOptions]) -> Any:
    """The smallest of the inputs, element by element: `Minimum(**options)(inputs)`."""
    return Minimum(**options)(inputs)


@answered
def concatenate(
    inputs: Sequence[TensorLike], axis: int = -1, **options: Unpack[LayerOptions]
) -> Any:
    """The inputs joined along an axis: `Concatenate(axis, **options)(inputs)`."""
    return Concatenate(axis, **options)(inputs)


@answered
def dot(
    inputs: Sequence[TensorLike],
    axes: int | Sequence[int],
    normalize: bool = False,
    **options: Unpack[LayerOptions],
) -> Any:
    """The products of two inputs along axes: `Dot(axes, normalize, **options)(inputs)`."""
    return Dot(axes, normalize, **options)(inputs)
