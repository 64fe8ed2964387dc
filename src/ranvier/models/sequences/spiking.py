"""Spiking networks: neurons that gather current and fire, trained through a surrogate gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from ...base.missing import spelled
from ...nn import Dense, GlobalAveragePooling1D, Layer, RepeatVector, initializers, register_layer
from ...nn.basic.dense import integer_argument
from ...nn.constructor_options import LayerOptions
from ...nn.initializers import InitializerLike
from ...ops import elementwise as e
from ...ops.composites.shaping import moveaxis
from ...ops.contraction import matmul
from ...ops.creation import zeros
from ...tensors.tensor import Tensor
from ...tracing.scan import scan
from ...train.models.sequential import Sequential
from ...typing import Shape


def spike(v: Tensor, slope: float = 10.0) -> Tensor:
    """1 where v > 0, else 0; the gradient is that of `v / (1 + slope |v|)`: Neftci et al. 2019.

    >>> import ranvier
    >>> v = ranvier.tensor([-0.1, 0.0, 0.1], requires_grad=True)
    >>> out = spike(v)
    >>> out.sum().backward()
    >>> out.tolist(), v.grad.tolist()
    ([0.0, 0.0, 1.0], [0.25, 1.0, 0.25])
    """
    soft = v / (1.0 + slope * e.abs(v))
    fired = e.astype(e.greater(v, 0.0), soft.dtype)
    return soft + e.detach(fired - soft)


@register_layer
class LeakyIntegrateAndFire(Layer):
    """A layer of leaky integrate-and-fire neurons over (batch, time, features).

        u <- leak u + x_t W + b      the membrane gathers current and leaks
        s  = 1 if u > threshold      the neuron fires,
        u <- u - threshold s         and is set back

    The output is s for every moment: (batch, time, units) of 0 and 1. Lapicque 1907; trained as in
    Neftci, Mostafa & Zenke 2019 with the gradient of `spike`.

    >>> import ranvier
    >>> LeakyIntegrateAndFire(3)(ranvier.ones((2, 5, 4))).shape
    (2, 5, 3)
    """

    in_float32 = True

    def __init__(
        self,
        units: int,
        leak: float = 0.9,
        threshold: float = 1.0,
        slope: float = 10.0,
        kernel_initializer: InitializerLike = "glorot_uniform",
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.units = integer_argument(self.name, "units", units)
        self.leak, self.threshold, self.slope = leak, threshold, slope
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel: Any = None
        self.bias: Any = None

    def build(self, input_shape: Shape) -> None:
        self.kernel = self.add_weight((input_shape[-1], self.units), self.kernel_initializer)
        self.bias = self.add_weight((self.units,), "zeros")

    def forward(self, x: Tensor) -> Any:
        current = moveaxis(matmul(x, self.kernel) + self.bias, 1, 0)

        def moment(u: Tensor, i: Tensor) -> tuple[Tensor, Tensor]:
            u = self.leak * u + i
            s = spike(u - self.threshold, self.slope)
            return u - self.threshold * e.detach(s), s

        _, spikes = scan(moment, zeros((x.shape[0], self.units), current.dtype), current)
        return moveaxis(spikes, 0, 1)

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)


@spelled
def spiking_classifier(
    inputs: int, classes: int, hidden: Sequence[int] = (64,), steps: int = 10, leak: float = 0.9
) -> Sequential:
    """Each row flows in as a current for `steps` moments; classes are read off the firing rates.

    Ready for `fit` with labels 0, 1, ...; scale the features first.
    """
    layers = [LeakyIntegrateAndFire(units, leak) for units in hidden]
    entry = RepeatVector(steps, input_shape=(inputs,))
    end = [GlobalAveragePooling1D(), Dense(classes, "softmax")]
    model = Sequential([entry, *layers, *end])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return model
