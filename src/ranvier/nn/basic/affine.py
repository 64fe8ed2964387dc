"""What dense and convolution layers share: kernels, a bias, an activation."""

from __future__ import annotations

from typing import Unpack

from ...base.observer import note
from ...tensors.tensor import Tensor
from ...typing import Shape
from .. import activations, initializers, regularizers
from ..activations import ActivationLike
from ..constructor_options import UNBUILT, BiasedOptions, LayerOptions
from ..initializers import InitializerLike
from ..layer import Layer
from ..policy import widened
from ..regularizers import RegularizerLike


class Biased(Layer):
    """Base: sums of products, then `activation(sums + bias)`, a bias for each output."""

    # NOTE: not set in __init__, so that a kernel comes before the bias among the layer's tensors.
    bias: Tensor | None = None

    def __init__(
        self,
        activation: ActivationLike = None,
        use_bias: bool = True,
        bias_initializer: InitializerLike = "zeros",
        bias_regularizer: RegularizerLike = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.function = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)

    activation = activations.by_name("function")

    def add_bias(self, outputs: int) -> None:
        """Create the bias, unless there is to be none."""
        if self.use_bias:
            self.bias = self.add_weight(
                (outputs,), self.bias_initializer, regularizer=self.bias_regularizer, name="bias"
            )

    def activated(self, sums: Tensor) -> Tensor:
        """`activation(sums + bias)`; of float16 sums a softmax is computed in float32."""
        sums = sums if self.bias is None else sums + self.bias
        note("z", sums)
        return self.function(widened(sums) if self.function is activations.softmax else sums)


class Affine(Biased):
    """Base: `Biased` with one kernel.

    The kernel's initializer is glorot_uniform unless given; kernel_regularizer and bias_regularizer
    ("l1", "l2", `L2(0.001)`...) add a term to the loss.
    """

    kernel: Tensor = UNBUILT

    def __init__(
        self,
        kernel_initializer: InitializerLike = "glorot_uniform",
        kernel_regularizer: RegularizerLike = None,
        **options: Unpack[BiasedOptions],
    ) -> None:
        super().__init__(**options)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)

    def add_kernel(self, shape: Shape) -> None:
        """Create the kernel."""
        self.kernel = self.add_weight(
            shape, self.kernel_initializer, regularizer=self.kernel_regularizer, name="kernel"
        )
