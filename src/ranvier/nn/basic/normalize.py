"""Input normalization, fitted on data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Unpack

import numpy as np

from ...data.conversion import as_array
from ...data.named_columns import ColumnNames
from ...errors import DataError, ShapeError
from ...tensors.tensor import Tensor
from ...typing import Array, DataLike, Shape
from ..constructor_options import UNBUILT, LayerOptions
from ..layer import Layer, register_layer


class Adapting(Layer, ABC):
    """Base: a layer that learns from data before training, by `adapt`.

    `Model.adapt` adapts all those of a model, each to what reaches it.
    """

    @abstractmethod
    def adapt(self, data: DataLike) -> None:
        """Learn from `data`, rows of what the layer will read."""


@register_layer
class Normalize(Adapting):
    """`(x - mean) / std` for each feature (the last axis), with mean and std measured by `adapt`.

    They are state of the model: saved with it, not trained. A feature that never varies is only
    shifted.

    >>> layer = Normalize()
    >>> layer.adapt([[1.0, 10.0], [3.0, 10.0]])
    >>> layer([[1.0, 10.0]])
    tensor([[-1.,  0.]])
    """

    in_float32 = True

    def __init__(self, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.column_names = ColumnNames()  # of the table it was adapted to
        self.mean: Tensor = UNBUILT
        self.std: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        if not input_shape:
            raise ShapeError(f"{self.name}: rows are single numbers; reshape (n,) to (n, 1)")
        self.mean = self.add_weight((input_shape[-1],), "zeros", trainable=False, name="mean")
        self.std = self.add_weight((input_shape[-1],), "ones", trainable=False, name="std")

    def adapt(self, data: DataLike) -> None:
        """Measure mean and deviation of each feature over `data` (rows, ..., features).

        Of a table the names of the columns are kept: the model takes tables by these names.
        """
        flat = rows_to_adapt(self, self.column_names.arrange(data), "mean")
        std = flat.std(axis=0)
        self.column_names.arrange(data, learn=True)
        self.mean.assign(flat.mean(axis=0))
        # NOTE: rounding leaves a tiny deviation in a constant column; it must not be a divisor.
        self.std.assign(np.where(std > 1e-7 * np.abs(flat).max(axis=0), std, 1.0))

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] != self.mean.shape[0]:
            raise ShapeError(
                f"{self.name}: got rows of {x.shape[-1]} features; it was fitted on "
                f"{self.mean.shape[0]}"
            )
        return (x - self.mean) / self.std

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


def rows_to_adapt(layer: Layer, data: DataLike, measured: str) -> Array:
    """`data` for the `adapt` of a layer, (rows, features) in float64, after building the layer.

    `measured` is the attribute whose first axis is the features.
    DataError for data without rows or with NaN or infinity, ShapeError for another number of
    features.
    """
    x = as_array(data, f"{layer.name}: adapt", float_dtype=np.float64).astype(np.float64)
    if x.ndim < 2 or not x.size:
        raise DataError(
            f"{layer.name}: adapt got data of shape {x.shape}; expected rows of features, "
            "(rows, features), with at least one row"
        )
    if not np.isfinite(x).all():
        index = np.argwhere(~np.isfinite(x))[0]
        raise DataError(
            f"{layer.name}: adapt: NaN or infinity in row {index[0]}, feature {index[-1]}; "
            "remove such rows or fill the holes first"
        )
    layer.ensure_built(x.shape[1:])
    features = vars(layer)[measured].shape[0]
    if x.shape[-1] != features:
        raise ShapeError(f"{layer.name}: adapt got {x.shape[-1]} features, built for {features}")
    return x.reshape(-1, x.shape[-1])
