"""Autoencoders: networks that learn to say again what they saw, through a narrow code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import numpy as np

from ... import random
from ...base.missing import spelled
from ...nn import Conv2D, Dense, Flatten, Layer, Reshape, UpSampling2D, register_layer
from ...nn.activations import ActivationLike
from ...nn.configuration import plain, restore
from ...nn.constructor_options import LayerOptions
from ...nn.layer import LAYERS
from ...tensors.tensor import Tensor
from ...train.models.model import Model
from ...train.models.sequential import Sequential
from ...typing import Array, DataLike, Shape


@register_layer
class Autoencoder(Model):
    """`decoder(encoder(x))`, trained by `fit(x, x)`: Hinton & Salakhutdinov 2006.

    With `noise` s the input of training is `x + s e`, e standard normal, and the target stays the
    clean x: a denoising autoencoder (Vincent et al. 2008). Make one with `dense_autoencoder` or
    `convolutional_autoencoder`, or from two `Sequential`.

    >>> model = dense_autoencoder(64, code=8)
    >>> model.encode(np.zeros((5, 64))).shape
    (5, 8)
    """

    def __init__(
        self, encoder: Layer, decoder: Layer, noise: float = 0.0, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        self.encoder, self.decoder, self.noise = encoder, decoder, noise

    def forward(self, x: Tensor) -> Any:
        if self.noise and self.training:
            x = x + self.noise * random.normal(x.shape)
        return self.decoder(self.encoder(x))

    def encode(self, x: DataLike) -> Array:
        """The codes of the rows of x."""
        return self.encoder.predict(self.column_names.arrange(x))  # type: ignore[no-any-return]

    def decode(self, code: DataLike) -> Array:
        """The rows that belong to codes."""
        return self.decoder.predict(code)  # type: ignore[no-any-return]

    def get_config(self) -> dict[str, Any]:
        """Name, both halves and the noise."""
        halves = {k: plain(getattr(self, k), k) for k in ("encoder", "decoder")}
        return {"name": self.name, **halves, "noise": self.noise}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """A new model; both halves are found in the closed registry."""
        halves = {k: restore("layer", config[k], LAYERS) for k in ("encoder", "decoder")}
        return cls(**{**config, **halves})


@spelled
def dense_autoencoder(
    inputs: int,
    code: int = 8,
    hidden: Sequence[int] = (64,),
    activation: ActivationLike = "relu",
    output: ActivationLike = "sigmoid",
    noise: float = 0.0,
) -> Autoencoder:
    """Dense layers down to `code` numbers and the same way back; for values from 0 to 1.

    `output="linear"` with the loss "mse" is for other values.
    """
    down = [Dense(units, activation) for units in hidden]
    up = [Dense(units, activation) for units in reversed(hidden)]
    encoder = Sequential([*down, Dense(code)])
    decoder = Sequential([*up, Dense(inputs, output)])
    encoder.ensure_built((inputs,))
    decoder.ensure_built((code,))
    return _compiled(Autoencoder(encoder, decoder, noise), (inputs,), output)


@spelled
def convolutional_autoencoder(
    image: tuple[int, int, int],
    code: int = 16,
    filters: Sequence[int] = (16, 32),
    noise: float = 0.0,
) -> Autoencoder:
    """For images (height, width, channels) from 0 to 1: Masci et al. 2011.

    Each of `filters` is a 3 x 3 convolution with stride 2, so that height and width are halved;
    on the way back every pixel is doubled, then convolved (Odena, Dumoulin & Olah 2016).
    """
    down: list[Layer] = [
        Conv2D(n, 3, strides=2, padding="same", activation="relu") for n in filters
    ]
    encoder = Sequential(list(down))
    encoder.ensure_built(image)
    small = encoder.output_shape(image)
    encoder = Sequential([*down, Flatten(), Dense(code)])
    up: list[Layer] = [Dense(int(np.prod(small)), "relu"), Reshape(small)]
    for n in reversed(filters[:-1]):
        up += [UpSampling2D(2), Conv2D(n, 3, padding="same", activation="relu")]
    up += [UpSampling2D(2), Conv2D(image[-1], 3, padding="same", activation="sigmoid")]
    decoder = Sequential(up)
    encoder.ensure_built(image)
    decoder.ensure_built((code,))
    return _compiled(Autoencoder(encoder, decoder, noise), image, "sigmoid")


def _compiled(model: Autoencoder, shape: Shape, output: ActivationLike) -> Autoencoder:
    model.ensure_built(shape)
    bounded = output == "sigmoid"
    model.compile("adam", "binary_crossentropy" if bounded else "mean_squared_error")
    return model
