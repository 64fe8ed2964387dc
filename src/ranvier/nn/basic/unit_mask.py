"""Masks of units: layers that are narrower than their shape."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from ...errors import ArgumentError, ShapeError
from ...tensors.tensor import Tensor
from ...typing import Shape
from ..constructor_options import UNBUILT, LayerOptions
from ..layer import Layer, register_layer
from .dense import integer_argument


@register_layer
class UnitMask(Layer):
    """The first `units` features of a row as they are, 0 in the others.

    Behind a layer it takes units out of use, so that models of one form, such as the members of
    `ranvier.ensemble`, may differ in their widths: each has the widest layer and a mask of its own.
    `mask`, (features,), is state: saved with the model, not trained.

    Shapes: (batch, ..., features), unchanged.

    >>> UnitMask(2)([[5.0, 6.0, 7.0]])
    tensor([[5., 6., 0.]])

    Args:
        units: how many are in use; `use` takes another number.
        options: those of every layer.
    """

    def __init__(self, units: int, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self._units = integer_argument(self.name, "units", units)
        self.mask: Tensor = UNBUILT

    @property
    def units(self) -> int:
        """How many units are in use."""
        return int(self.mask.numpy().sum()) if self.built else self._units

    def build(self, input_shape: Shape) -> None:
        if not input_shape:
            raise ShapeError(f"{self.name}: got numbers; expected rows of features")
        self.mask = self.add_weight(input_shape[-1:], "zeros", trainable=False, name="mask")
        self._put(self._units)

    def use(self, units: int) -> None:
        """Another number of units in use; nothing is compiled again."""
        self._units = integer_argument(self.name, "units", units)
        if self.built:
            self._put(self._units)

    def _put(self, units: int) -> None:
        features = self.mask.shape[0]
        if units > features:
            raise ArgumentError(
                f"{self.name}: units={units}; expected at most {features}, the features of its rows"
            )
        self.mask.assign((np.arange(features) < units).astype(self.mask.numpy().dtype))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.mask

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
