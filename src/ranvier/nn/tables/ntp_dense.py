"""Dense layers in neural tangent parametrization, with weights from data."""

from __future__ import annotations

import math
from typing import Unpack

import numpy as np

from ... import random
from ...ops.contraction import matmul
from ...tensors.tensor import Tensor
from ...typing import Array, DataLike
from ..activations import ActivationLike
from ..basic.dense import Dense
from ..basic.normalize import Adapting, rows_to_adapt
from ..constructor_options import KernelOptions
from ..layer import register_layer

_BIAS_ROWS = 5  # whose mean a unit begins at


@register_layer
class NTPDense(Dense, Adapting):
    """`activation(x @ kernel / sqrt(inputs) + bias)`: Jacot et al. 2018.

    In this neural tangent parametrization kernels begin at deviation 1, whatever their width, so
    one learning rate suits layers of all widths. Shapes and arguments are those of `Dense`.

    `adapt` sets kernel and bias from data (Holzmueller et al. 2024): each unit is scaled to
    variance 1 over the rows, and its bias puts 0 where some of the rows lie.

    >>> import ranvier
    >>> ranvier.seed(0)
    >>> layer = NTPDense(4)
    >>> layer.adapt(ranvier.random.normal((100, 3), mean=5.0).numpy())
    >>> layer.kernel.shape, layer.bias.shape
    ((3, 4), (4,))
    """

    def __init__(
        self,
        units: int,
        activation: ActivationLike = None,
        use_bias: bool = True,
        **options: Unpack[KernelOptions],
    ) -> None:
        options.setdefault("kernel_initializer", {"class": "RandomNormal", "config": {"stddev": 1}})
        super().__init__(units, activation, use_bias, **options)

    def adapt(self, data: DataLike) -> None:
        """Set kernel and bias from `data`, rows of what the layer will read.

        The kernel as it stands is divided, unit by unit, by the deviation of its sums over the
        rows. A bias is minus the mean of such sums at five rows, weighted at random.
        """
        x = rows_to_adapt(self, data, "kernel")
        kernel = self.kernel.numpy().astype(np.float64)
        sums = x @ kernel / math.sqrt(x.shape[-1])
        deviation = sums.std(axis=0)
        # NOTE: inputs that never vary (a table of constants) leave only rounding.
        deviation[deviation <= 1e-6 * np.abs(sums).max(axis=0)] = 1.0
        self.kernel.assign(kernel / deviation)
        if self.bias is not None:
            self.bias.assign(-_mean_at_some_rows(sums / deviation))

    def sums(self, x: Tensor) -> Tensor:
        return matmul(x, self.kernel) * (1 / math.sqrt(self.kernel.shape[0]))


def _mean_at_some_rows(sums: Array) -> Array:
    """For each column of (rows, units) the mean of five elements, weighted at random."""
    generator = random.generator.host()
    rows, units = sums.shape
    weights = generator.exponential(size=(_BIAS_ROWS, units))
    chosen = generator.integers(0, rows, (_BIAS_ROWS, units))
    picked: Array = np.take_along_axis(sums, chosen, axis=0)
    mean: Array = (picked * weights / weights.sum(axis=0)).sum(axis=0)
    return mean
