"""Residual networks for small images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from ...base.missing import spelled
from ...errors import ArgumentError
from ...nn import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    Layer,
    register_layer,
)
from ...nn.constructor_options import LayerOptions
from ...ops.composites.functions import relu
from ...optim import Adam
from ...optim.rates import LearningRate
from ...tensors.tensor import Tensor
from ...train.models.sequential import Sequential
from ...typing import Shape


@register_layer
class ResidualBlock(Layer):
    """`relu(F(x) + x)`: two 3 x 3 convolutions learn what is to be added: He et al. 2016, figure 2.

        F(x) = norm(conv(relu(norm(conv(x)))))

    with batch normalization. Where strides or filters change the shape, x goes through a 1 x 1
    convolution and a normalization of its own (the paper's option B).

    Shapes: (batch, height, width, channels) -> (batch, ceil(height / strides),
    ceil(width / strides), filters).

    >>> import ranvier
    >>> ResidualBlock(8, strides=2)(ranvier.ones((1, 6, 6, 4))).shape
    (1, 3, 3, 8)

    Args:
        filters: how many channels come out.
        strides: of the first convolution and of the 1 x 1 convolution.
        options: those of every layer.
    """

    def __init__(self, filters: int, strides: int = 1, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.filters, self.strides = filters, strides
        self.first, self.first_norm = _conv(filters, 3, strides), _norm()
        self.second, self.second_norm = _conv(filters, 3), _norm()
        self.shortcut: Layer | None = None
        self.shortcut_norm: Layer | None = None

    def build(self, input_shape: Shape) -> None:
        inside = self.output_shape(input_shape)
        if inside != input_shape:
            self.shortcut = _conv(self.filters, 1, self.strides)
            self.shortcut_norm = _norm()
            self.shortcut.ensure_built(input_shape)
            self.shortcut_norm.ensure_built(inside)
        self.first.ensure_built(input_shape)
        for layer in (self.first_norm, self.second, self.second_norm):
            layer.ensure_built(inside)

    def forward(self, x: Tensor) -> Any:
        out = relu(self.first_norm(self.first(x)))
        out = self.second_norm(self.second(out))
        if self.shortcut is not None and self.shortcut_norm is not None:
            x = self.shortcut_norm(self.shortcut(x))
        return relu(out + x)

    def output_shape(self, input_shape: Shape) -> Shape:
        return self.first.output_shape(input_shape)


def _conv(filters: int, size: int, strides: int = 1) -> Conv2D:
    """A convolution that a normalization follows, whose offset makes a bias useless."""
    return Conv2D(filters, size, strides, "same", use_bias=False, kernel_initializer="he_normal")


def _norm() -> BatchNormalization:
    """Statistics that follow fast enough for a few hundred steps of training."""
    return BatchNormalization(momentum=0.9)


@spelled
def resnet(
    blocks: Sequence[int] = (3, 3, 3),
    width: int = 16,
    classes: int = 10,
    input_shape: Sequence[int] = (32, 32, 3),
    learning_rate: LearningRate = 0.001,
) -> Sequential:
    """A residual network for images of 32 x 32, 28 x 28 and the like: He, Zhang, Ren & Sun 2016,
    "Deep residual learning for image recognition", section 4.2.

    A 3 x 3 convolution, then for each number in `blocks` a stage of so many `ResidualBlock`s. Every
    stage but the first halves the image and doubles the `width`; at the end stands the mean of each
    channel and one dense layer. (3, 3, 3) is ResNet-20, (5, 5, 5) ResNet-32, (9, 9, 9) ResNet-56.
    The paper trains with SGD (0.1, momentum 0.9, L2 1e-4), this model with Adam:
    `model.compile(...)` again for another choice.

    >>> model = resnet(blocks=(1, 1), width=8, input_shape=(28, 28, 1))
    >>> model.output_shape((28, 28, 1)), model.count_params()
    ((10,), 5266)
    """
    if not blocks or min(blocks) < 1:
        raise ArgumentError(
            f"resnet: blocks={tuple(blocks)}; expected how many blocks each stage has, such as "
            "(3, 3, 3)"
        )
    first = _conv(width, 3)
    first.input_shape = tuple(input_shape)
    layers: list[Layer] = [first, _norm(), Activation("relu")]
    for stage, many in enumerate(blocks):
        for i in range(many):
            layers.append(ResidualBlock(width * 2**stage, 2 if stage and not i else 1))
    model = Sequential([*layers, GlobalAveragePooling2D(), Dense(classes, "softmax")])
    model.compile(Adam(learning_rate), "sparse_categorical_crossentropy", ["accuracy"])
    return model
