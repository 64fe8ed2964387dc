"""The rules of layer-wise relevance: how each kind of layer shares out what it gave.

The table `RULES` is by class. A rule gets the call of the layer, its inputs and the relevance of
its output, and gives that of each input. Sources: the epsilon rule, Bach et al. 2015; weights of
attention and sizes of normalization as constants, Ali et al. 2022; products in equal parts,
Achtibat et al. 2024.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ... import nn
from ...errors import ArgumentError
from ...nn.basic.normalization import as_float32
from ...nn.images.convolution_layers import Windowed
from ...nn.layer import Layer
from ...ops.composites.functions import rsqrt, square
from ...ops.elementwise import detach, where
from ...ops.reduce import mean, sum
from ...tensors.tensor import Tensor
from ...tracing.transforms import vjp


@dataclass(frozen=True)
class Use:
    """One call of a layer: `run` computes it again, with the options of that call."""

    layer: Any
    run: Callable[[Sequence[Tensor]], Any]
    inputs: Sequence[Tensor]

    def __call__(self, *inputs: Tensor) -> Tensor:
        """The output for other inputs, which have the masks of the first ones."""
        for x, first in zip(inputs, self.inputs, strict=True):
            if first.mask is not None:
                x.mask = first.mask
        out: Tensor = self.run(inputs)
        return out


Rule: TypeAlias = Callable[[Use, Tensor, float], list[Tensor]]


def share(
    f: Callable[..., Tensor], inputs: Sequence[Tensor], r: Tensor, epsilon: float
) -> list[Tensor]:
    """The epsilon rule for a function that is linear in its inputs, but for a bias."""
    out, pull = vjp(f, *inputs)
    step = where(out >= 0, epsilon, -epsilon)
    shares = pull(r / (out.detach() + step))
    return [x * share for x, share in zip(inputs, shares, strict=True)]


def _affine(use: Use, r: Tensor, epsilon: float) -> list[Tensor]:
    """Dense and convolution layers: the sums before the activation, which passes relevance on."""
    return share(lambda x: pre_activation(use.layer, x), use.inputs, r, epsilon)


def pre_activation(layer: Any, x: Tensor) -> Tensor:
    """What a dense or convolution layer computes before its activation."""
    sums = layer.convolve(x) if isinstance(layer, Windowed) else layer.sums(x)
    return sums if layer.bias is None else sums + layer.bias


def _applied(use: Use, r: Tensor, epsilon: float) -> list[Tensor]:
    """Sums, means and the largest of several: the epsilon rule on the layer itself."""
    return share(use, use.inputs, r, epsilon)


def _moved(use: Use, r: Tensor, epsilon: float) -> list[Tensor]:
    """Layers that only move numbers: relevance moves back."""
    _, pull = vjp(use, *use.inputs)
    return list(pull(r))


def _passed(use: Use, r: Tensor, epsilon: float) -> list[Tensor]:
    """Activations, noise, scaling of the input: each number keeps its relevance."""
    return [r]


def _layer_normalized(use: Use, r: Tensor, epsilon: float) -> list[Tensor]:
    """Linear where the size that it is divided by counts as a constant."""
    layer = use.layer
    (x,) = use.inputs
    axes = layer.axes_of(x.ndim)
    centered = x - mean(x, axes, keepdims=True)
    size = detach(rsqrt(mean(square(centered), axes, keepdims=True) + layer.epsilon))
    return share(
        lambda x: layer.scaled((as_float32(x) - mean(x, axes, keepdims=True)) * size), [x], r,
        epsilon,
    )  # fmt: skip


def _multiplied(use: Use, r: Tensor, epsilon: float) -> list[Tensor]:
    """A product has as much from each factor."""
    return [r / float(len(use.inputs))] * len(use.inputs)


def _attended(use: Use, r: Tensor, epsilon: float) -> list[Tensor]:
    """Where attention looks is taken as it is; what it finds there, the value, is what counts."""
    query, value, *keys = use.inputs
    (part,) = share(lambda v: use(query, v, *keys), [value], r, epsilon)
    return [query * 0.0, part, *[key * 0.0 for key in keys]]


def _looked_up(use: Use, r: Tensor, epsilon: float) -> list[Tensor]:
    """An id has the relevance of its vector."""
    return [sum(r, axis=-1)]


# By class; of a layer the first that it belongs to counts.
RULES: dict[type[Layer], Rule] = {
    nn.Dense: _affine,
    nn.Conv2D: _affine,
    nn.Conv1D: _affine,
    nn.DepthwiseConv2D: _affine,
    nn.SeparableConv2D: _affine,
    nn.Conv2DTranspose: _affine,
    nn.Conv1DTranspose: _affine,
    nn.AveragePooling2D: _applied,
    nn.AveragePooling1D: _applied,
    nn.AdaptiveAveragePooling2D: _applied,
    nn.AdaptiveAveragePooling1D: _applied,
    nn.GlobalAveragePooling2D: _applied,
    nn.GlobalAveragePooling1D: _applied,
    nn.MaxPooling2D: _applied,
    nn.MaxPooling1D: _applied,
    nn.AdaptiveMaxPooling2D: _applied,
    nn.AdaptiveMaxPooling1D: _applied,
    nn.GlobalMaxPooling2D: _applied,
    nn.GlobalMaxPooling1D: _applied,
    nn.UpSampling2D: _applied,
    nn.UpSampling1D: _applied,
    nn.BatchNormalization: _applied,
    nn.LayerNormalization: _layer_normalized,
    nn.Add: _applied,
    nn.Average: _applied,
    nn.Subtract: _applied,
    nn.Maximum: _applied,
    nn.Minimum: _applied,
    nn.Multiply: _multiplied,
    nn.Attention: _attended,
    nn.AdditiveAttention: _attended,
    nn.MultiHeadAttention: _attended,
    nn.GroupedQueryAttention: _attended,
    nn.Embedding: _looked_up,
    nn.TokenAndPositionEmbedding: _looked_up,
    nn.Flatten: _moved,
    nn.Reshape: _moved,
    nn.Permute: _moved,
    nn.RepeatVector: _moved,
    nn.Concatenate: _moved,
    nn.ZeroPadding2D: _moved,
    nn.ZeroPadding1D: _moved,
    nn.Cropping2D: _moved,
    nn.Cropping1D: _moved,
    nn.CenterCrop: _moved,
    nn.Activation: _passed,
    nn.ReLU: _passed,
    nn.LeakyReLU: _passed,
    nn.PReLU: _passed,
    nn.ELU: _passed,
    nn.Dropout: _passed,
    nn.SpatialDropout1D: _passed,
    nn.SpatialDropout2D: _passed,
    nn.GaussianNoise: _passed,
    nn.GaussianDropout: _passed,
    nn.Normalize: _passed,
    nn.RobustScale: _passed,
    nn.Rescaling: _passed,
    nn.Scale: _passed,
    nn.Masking: _passed,
    nn.RandomBrightness: _passed,
    nn.RandomContrast: _passed,
    nn.RandomErasing: _passed,
    nn.RandomFlip: _passed,
    nn.RandomRotation: _passed,
    nn.RandomTranslation: _passed,
    nn.RandomZoom: _passed,
}


def rule_for(layer: Layer) -> Rule:
    """The rule of a layer; an ArgumentError for one without."""
    for cls in type(layer).__mro__:
        if cls in RULES and type(layer).forward is cls.forward:
            return RULES[cls]
    raise ArgumentError(
        f"layerwise_relevance: {layer.name} ({type(layer).__name__}) has no rule to share out "
        "relevance by; docs/attribution.md lists the layers that have one. Use "
        "integrated_gradients instead, which is for every layer"
    )
