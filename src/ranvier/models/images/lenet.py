"""LeNet-5, the convolutional network that read the digits on cheques."""

from __future__ import annotations

from collections.abc import Sequence

from ...base.missing import spelled
from ...nn import AveragePooling2D, Conv2D, Dense, Flatten
from ...nn.activations import ActivationLike
from ...optim import Adam
from ...optim.rates import LearningRate
from ...train.models.sequential import Sequential


@spelled
def lenet5(
    input_shape: Sequence[int] = (28, 28, 1),
    classes: int = 10,
    activation: ActivationLike = "tanh",
    learning_rate: LearningRate = 0.001,
) -> Sequential:
    """Two convolutions, each with a mean over 2 x 2 positions, then three dense layers: LeCun,
    Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document recognition",
    figure 2.

    The first convolution keeps the size of the image: 28 x 28 digits are as the paper's, which had
    a frame of zeros. As usual today, the second one sees all channels, the means have no weights
    of their own, and softmax and cross-entropy stand for radial basis functions.

    >>> lenet5().count_params()
    61706
    """
    model = Sequential(
        [
            Conv2D(6, 5, padding="same", activation=activation, input_shape=tuple(input_shape)),
            AveragePooling2D(2),
            Conv2D(16, 5, activation=activation),
            AveragePooling2D(2),
            Flatten(),
            Dense(120, activation),
            Dense(84, activation),
            Dense(classes, "softmax"),
        ]
    )
    model.compile(Adam(learning_rate), "sparse_categorical_crossentropy", ["accuracy"])
    return model
