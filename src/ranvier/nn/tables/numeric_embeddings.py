"""Embeddings of numbers: periodic and piecewise linear.

A dense layer sees a number as one direction. Several numbers made of it, each sensitive to other
values, let the network learn steps and bumps along it: Gorishniy et al. 2022, "On Embeddings for
Numerical Features in Tabular Deep Learning" (arXiv 2203.05556).
"""

from __future__ import annotations

import math
from typing import Unpack

import numpy as np

from ...errors import ArgumentError, ShapeError
from ...ops.composites.einsum import einsum
from ...ops.composites.shaping import expand_dims
from ...ops.elementwise import cos, maximum, minimum, sin
from ...ops.movement import concat, reshape
from ...tensors.tensor import Tensor
from ...typing import Array, DataLike, Shape
from .. import activations, initializers
from ..activations import ActivationLike
from ..basic.dense import integer_argument
from ..basic.normalize import Adapting, rows_to_adapt
from ..constructor_options import UNBUILT, LayerOptions
from ..layer import Layer, register_layer
from .scaling import UNBOUNDED


class _NumericEmbedding(Layer):
    """Base: rows of numbers become rows of `width` numbers for each."""

    width = 0
    features = 0

    def output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0] * self.width,)

    def check_row(self, shape: Shape) -> int:
        """The number of features of rows of this shape; ShapeError for another or no shape."""
        if len(shape) != 1 or not shape[0] or (self.features and shape[0] != self.features):
            expected = self.features or "features"
            raise ShapeError(
                f"{self.name}: got rows of shape {shape}; expected rows of numbers, "
                f"(batch, {expected})"
            )
        return int(shape[0])


@register_layer
class PeriodicEmbedding(_NumericEmbedding):
    """Sums of cosines of each number, with trained frequencies and phases.

        plr=False    [x, b2 + w2 @ cos(2 pi w1 x + b1)]                          PBLD
        plr=True     f(b2 + w2 @ [cos(2 pi w1 x), sin(2 pi w1 x)])               PLR

    each feature with weights of its own. The first, periodic with a bias, linear and densely
    connected, is that of Holzmueller et al. 2024; the second that of Gorishniy et al. 2022, with
    f = relu. Numbers are expected in units of about 1 (`RobustScale`).

    Shapes: (batch, features) -> (batch, features * output_dim), the numbers of a feature side by
    side. `waves` and `phases` are (features, frequencies), `kernel` is (features, frequencies,
    outputs) and `bias` (features, outputs).

    >>> PeriodicEmbedding(output_dim=4)([[0.5, 1.5]]).shape
    (1, 8)

    Args:
        output_dim: numbers made of one, itself included (`plr=False`).
        frequencies: how many cosines (of PLR also as many sines).
        sigma: deviation of the frequencies at first: the larger, the rougher the functions.
        plr: which of the two.
        activation: f; None: none for PBLD, relu for PLR.
        options: those of every layer.
    """

    in_float32 = True

    def __init__(
        self,
        output_dim: int = 4,
        frequencies: int = 16,
        sigma: float = 0.1,
        plr: bool = False,
        activation: ActivationLike = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.output_dim = integer_argument(self.name, "output_dim", output_dim, 1 if plr else 2)
        self.frequencies = integer_argument(self.name, "frequencies", frequencies)
        if not sigma > 0:
            raise ArgumentError(f"{self.name}: sigma={sigma}; expected a number above 0")
        self.sigma = sigma
        self.plr = plr
        self.function = activations.get("relu" if activation is None and plr else activation)
        self.width = self.output_dim
        self.waves: Tensor = UNBUILT
        self.phases: Tensor | None = None
        self.kernel: Tensor = UNBUILT
        self.bias: Tensor = UNBUILT

    activation = activations.by_name("function")

    def build(self, input_shape: Shape) -> None:
        self.features = n = self.check_row(input_shape)
        count, outputs = self.frequencies, self.output_dim - (not self.plr)
        inner = 2 * count if self.plr else count
        limit = 1 / math.sqrt(inner)
        even = initializers.RandomUniform(-limit, limit)
        self.waves = self.add_weight(
            (n, count), initializers.RandomNormal(stddev=self.sigma), name="waves"
        )
        if not self.plr:
            any_phase = initializers.RandomUniform(-math.pi, math.pi)
            self.phases = self.add_weight((n, count), any_phase, name="phases")
        self.kernel = self.add_weight((n, inner, outputs), even, name="kernel")
        self.bias = self.add_weight((n, outputs), even, name="bias")

    def forward(self, x: Tensor) -> Tensor:
        self.check_row(x.shape[1:])
        column = expand_dims(x, 2)
        angles = column * (self.waves * (2 * math.pi))
        if self.phases is not None:
            waves = cos(angles + self.phases)
        else:
            waves = concat([cos(angles), sin(angles)], axis=2)
        out = self.function(einsum("bni,nio->bno", waves, self.kernel) + self.bias)
        if not self.plr:
            out = concat([column, out], axis=2)
        return reshape(out, (x.shape[0], self.features * self.output_dim))


@register_layer
class PiecewiseLinearEmbedding(_NumericEmbedding, Adapting):
    """Each number as the part of each bin that it has passed, then a trained linear map.

        v_t = (x - e_t) / (e_(t+1) - e_t)       0 before bin t, 1 behind it
        out = a x + c + w @ v                   each feature with weights of its own

    The edges e are quantiles, measured by `adapt`; the first bin goes on to the left and the last
    one to the right, so numbers outside the data stay apart. w begins at 0. Gorishniy et al. 2022,
    section 3.2, in the form of Gorishniy et al. 2024, "TabM" (arXiv 2410.24210).

    Shapes: (batch, features) -> (batch, features * output_dim). `starts` and `slopes`, (features,
    bins), are state: saved with the model, not trained. A feature with fewer distinct quantiles has
    fewer bins; one that hardly varies has none.

    >>> layer = PiecewiseLinearEmbedding(bins=2, output_dim=3)
    >>> layer.adapt([[1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> layer([[2.0]]).shape, layer.starts.tolist(), layer.slopes.tolist()
    ((1, 3), [[1.0, 3.0]], [[0.5, 0.5]])

    Args:
        output_dim: numbers made of one.
        bins: how many at most.
        activation: a function of the outputs.
        options: those of every layer.
    """

    in_float32 = True

    def __init__(
        self,
        output_dim: int = 16,
        bins: int = 48,
        activation: ActivationLike = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.output_dim = integer_argument(self.name, "output_dim", output_dim)
        self.bins = integer_argument(self.name, "bins", bins)
        self.function = activations.get(activation)
        self.width = self.output_dim
        self.starts: Tensor = UNBUILT
        self.slopes: Tensor = UNBUILT
        self.first: Tensor = UNBUILT
        self.last: Tensor = UNBUILT
        self.linear: Tensor = UNBUILT
        self.bias: Tensor = UNBUILT
        self.kernel: Tensor = UNBUILT

    activation = activations.by_name("function")

    def build(self, input_shape: Shape) -> None:
        self.features = n = self.check_row(input_shape)
        bins, outputs = self.bins, self.output_dim
        shape = (n, bins)
        self.starts = self.add_weight(shape, "zeros", trainable=False, name="starts")
        self.slopes = self.add_weight(shape, "zeros", trainable=False, name="slopes")
        # The bounds of v: none to the left of the first bin, none to the right of the last one.
        self.first = self.add_weight(shape, "zeros", trainable=False, name="first")
        self.last = self.add_weight(shape, "ones", trainable=False, name="last")
        limit = 1 / math.sqrt(outputs)
        even = initializers.RandomUniform(-limit, limit)
        self.linear = self.add_weight((n, outputs), even, name="linear")
        self.bias = self.add_weight((n, outputs), even, name="bias")
        self.kernel = self.add_weight((n, bins, outputs), "zeros", name="kernel")

    def adapt(self, data: DataLike) -> None:
        """Measure the quantiles of each feature over `data`, (rows, features)."""
        x = rows_to_adapt(self, data, "starts")
        starts, slopes, first, last = (np.zeros(self.starts.shape) for _ in range(4))
        last += 1
        for i, column in enumerate(x.T):
            edges = bin_edges(column, self.bins)
            count = len(edges) - 1
            if count < 1:
                continue
            starts[i, :count] = edges[:-1]
            slopes[i, :count] = 1 / np.diff(edges)
            first[i, 0], last[i, count - 1] = -UNBOUNDED, UNBOUNDED
        for t, values in (
            (self.starts, starts), (self.slopes, slopes), (self.first, first), (self.last, last)
        ):  # fmt: skip
            t.assign(values)

    def forward(self, x: Tensor) -> Tensor:
        self.check_row(x.shape[1:])
        column = expand_dims(x, 2)
        passed = (column - self.starts) * self.slopes
        passed = minimum(maximum(passed, self.first), self.last)
        out = einsum("bni,nio->bno", passed, self.kernel) + (column * self.linear + self.bias)
        return reshape(self.function(out), (x.shape[0], self.features * self.output_dim))


def bin_edges(column: Array, bins: int) -> Array:
    """Distinct quantiles of a column, about `bins` + 1; a single one if it hardly varies.

    NOTE: edges a rounding apart would make a slope that explodes at the next value; they are one.
    """
    # A value of many rows (the zeros of a gain) is an edge, and leaves the bins to the rest.
    values, counts = np.unique(column, return_counts=True)
    many = values[counts > len(column) / bins]
    rest = column[~np.isin(column, many)] if len(many) < bins else column[:0]
    if len(rest):
        even = np.linspace(0, 1, max(bins + 1 - len(many), 2))
        edges = np.unique(np.concatenate([many, np.quantile(rest, even)]))
    else:
        edges = values[np.linspace(0, len(values) - 1, min(len(values), bins + 1)).astype(int)]
    reach = edges[-1] - edges[0]
    least = max(1e-6 * reach, 4 * np.finfo(np.float32).eps * np.abs(edges).max())
    if reach <= 2 * least:
        return edges[:1]
    kept = [edges[0]]
    for edge in edges[1:]:
        if edge - kept[-1] > least:
            kept.append(edge)
    kept[-1] = edges[-1] if len(kept) > 1 else kept[-1]
    return np.array(kept)[: bins + 1]
