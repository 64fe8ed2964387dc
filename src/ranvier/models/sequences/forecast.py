"""Forecasters: windows of the past in, the next points in time out, for several series at once.

All take rows (length, series) and give (horizon, series), as `ranvier.data.windows` cuts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, Unpack

from ...base.missing import spelled
from ...errors import ShapeError
from ...nn import Conv1D, Dense, Dropout, Layer, register_layer
from ...nn.basic.dense import integer_argument
from ...nn.constructor_options import LayerOptions
from ...ops.elementwise import log, sqrt
from ...ops.movement import broadcast_to, concat, permute_dims
from ...ops.reduce import mean
from ...optim import Adam
from ...optim.rates import LearningRate
from ...tensors.tensor import Tensor
from ...train.models.model import Model
from ...train.models.sequential import Sequential
from ...typing import Shape

M = TypeVar("M", bound=Model)
_LEAST = 0.01  # added to the variance of a window, so that a still one can be divided by


@register_layer
class MLPForecaster(Model):
    """One network for all series: a linear forecast plus what dense layers add to it.

    For the window s of one series, with its last value l and its deviation d:

        forecast = l + (s - l) A + d * mlp([(s - l) / d, log d, e])

    Taking l away lets it follow a level that drifts (NLinear, Zeng et al. 2022), dividing by d
    makes windows of all sizes alike (Kim et al. 2022), and e, a few learned numbers for each
    series, says whose window it is. A alone is a linear regression shared by all series.

    >>> import numpy as np
    >>> model = mlp_forecaster(48, horizon=12, series=3)
    >>> model.predict(np.zeros((5, 48, 3), np.float32)).shape
    (5, 12, 3)
    """

    def __init__(
        self,
        horizon: int,
        width: int = 128,
        dropout: float = 0.3,
        code: int = 8,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.horizon = integer_argument(self.name, "horizon", horizon)
        self.width, self.dropout, self.code = width, dropout, code
        self.linear = Dense(horizon, kernel_initializer="zeros")
        hidden = [(Dense(width, activation="gelu"), Dropout(dropout)) for _ in range(2)]
        self.hidden = [layer for pair in hidden for layer in pair]
        self.out = Dense(horizon, kernel_initializer="zeros")
        self.codes: Any = None

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) != 2:
            raise ShapeError(
                f"{self.name}: got rows of shape {input_shape}; expected (length, series), as "
                "ranvier.data.windows gives them"
            )
        self.codes = self.add_weight((input_shape[1], self.code), "glorot_uniform", name="codes")
        super().build(input_shape)

    def forward(self, x: Tensor) -> Any:
        lines = permute_dims(x, (0, 2, 1))  # (batch, series, length)
        last = lines[:, :, -1:]
        middle = mean(lines, axis=2, keepdims=True)
        size = sqrt(mean((lines - middle) ** 2, axis=2, keepdims=True) + _LEAST)
        codes = broadcast_to(self.codes, (x.shape[0], *self.codes.shape))
        moved = lines - last
        seen = concat([moved / size, log(size), codes], axis=2)
        for layer in self.hidden:
            seen = layer(seen)
        return permute_dims(last + self.linear(moved) + self.out(seen) * size, (0, 2, 1))


@spelled
def mlp_forecaster(
    length: int,
    horizon: int,
    series: int = 1,
    learning_rate: LearningRate = 0.001,
    **options: Any,
) -> MLPForecaster:
    """An `MLPForecaster` for windows (length, series), built and compiled; `options` go to it."""
    model = MLPForecaster(horizon, **options)
    return _compiled(model, (length, series), learning_rate)


@register_layer
class _Causal(Layer):
    """`x + relu(convolution)` over the past only: one level of a temporal convolutional network."""

    def __init__(
        self, filters: int, dilation: int, dropout: float, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        self.filters, self.dilation, self.dropout = filters, dilation, dropout
        self.window = Conv1D(
            filters, 3, padding="causal", dilation_rate=dilation, activation="relu"
        )
        self.drop = Dropout(dropout)
        self.fit: Any = None

    def build(self, input_shape: Shape) -> None:
        if input_shape[-1] != self.filters:
            self.fit = Dense(self.filters, use_bias=False)

    def forward(self, x: Tensor) -> Any:
        return (x if self.fit is None else self.fit(x)) + self.drop(self.window(x))

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.filters)


@register_layer
class Ahead(Layer):
    """The state at the last point in time -> the next `horizon` points: (horizon, series).

    The values themselves are foretold, not their change; so series are best given as differences
    or standardized.
    """

    keeps_mask = False

    def __init__(self, horizon: int, series: int, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.horizon, self.series = horizon, series
        self.out = Dense(horizon * series)

    def forward(self, x: Tensor) -> Any:
        state = x if x.ndim == 2 else x[:, -1]
        return self.out(state).reshape((x.shape[0], self.horizon, self.series))

    def output_shape(self, input_shape: Shape) -> Shape:
        return (self.horizon, self.series)


@spelled
def temporal_cnn(
    length: int,
    horizon: int,
    series: int = 1,
    filters: int = 32,
    dilations: Sequence[int] = (1, 2, 4, 8, 16),
    dropout: float = 0.1,
    learning_rate: LearningRate = 0.001,
) -> Sequential:
    """Convolutions over the past with growing gaps, and a dense layer: Bai, Kolter & Koltun 2018.

    The last point sees `1 + 2 * sum(dilations)` points back. Built and compiled.

    >>> temporal_cnn(48, horizon=12, series=3).output_shape((48, 3))
    (12, 3)
    """
    levels: list[Layer] = [_Causal(filters, d, dropout) for d in dilations]
    model = Sequential([*levels, Ahead(horizon, series)])
    return _compiled(model, (length, series), learning_rate)


def _compiled(model: M, shape: Shape, learning_rate: LearningRate) -> M:
    model.ensure_built(shape)
    model.compile(Adam(learning_rate), "mean_absolute_error")
    return model
