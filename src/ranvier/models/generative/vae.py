"""The variational autoencoder: an autoencoder whose codes can be drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from ... import random
from ...base.missing import spelled
from ...nn import Dense, register_layer
from ...nn.constructor_options import LayerOptions
from ...ops.elementwise import exp
from ...ops.reduce import sum
from ...tensors.tensor import Tensor
from ...train.models.model import Model
from ...train.models.sequential import Sequential
from ...typing import Array, DataLike
from ..batches import as_rows


@register_layer
class VariationalAutoencoder(Model):
    """Kingma & Welling 2014, for rows of `features` values from 0 to 1.

    The encoder gives mean m and log-variance l of a normal distribution of codes; training draws
    `z = m + exp(l / 2) e`, e standard normal, and minimises for each row

        cross-entropy(x, decoder(z)) + beta * sum(exp(l) + m^2 - 1 - l) / 2

    summed over pixels; `beta` other than 1 is the beta-VAE of Higgins et al. 2017. Fit with
    `fit(x, x)`; the loss shown is the sum above divided by `features`.

    >>> VariationalAutoencoder(64, code=2).generate(3).shape
    (3, 64)
    """

    def __init__(
        self,
        features: int,
        code: int = 2,
        hidden: Sequence[int] = (128,),
        beta: float = 1.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.features, self.code, self.hidden, self.beta = features, code, tuple(hidden), beta
        self.encoder = Sequential([Dense(units, "relu") for units in hidden])
        self.mean = Dense(code)
        self.log_variance = Dense(code, kernel_initializer="zeros")
        back = [Dense(units, "relu") for units in reversed(self.hidden)]
        self.decoder = Sequential([*back, Dense(features, "sigmoid")])
        self.ensure_built((features,))
        self.compile("adam", "binary_crossentropy")

    def forward(self, x: Tensor) -> Any:
        h = self.encoder(x)
        mean, log_variance = self.mean(h), self.log_variance(h)
        divergence = sum(exp(log_variance) + mean * mean - 1.0 - log_variance, axis=-1)
        # NOTE: the loss is a mean over pixels, so the divergence is divided by their number too.
        self.add_loss(divergence * (0.5 * self.beta / self.features))
        noise = random.normal(mean.shape) if self.training else 0.0
        return self.decoder(mean + exp(log_variance * 0.5) * noise)

    def encode(self, x: DataLike) -> Array:
        """The mean codes of the rows of x."""
        return self.mean(self.encoder(as_rows(x, self.column_names))).numpy()  # type: ignore[no-any-return]

    def decode(self, code: DataLike) -> Array:
        """The rows that belong to codes."""
        rows: Array = self.decoder.predict(code)
        return rows

    @spelled
    def generate(self, rows: int) -> Array:
        """New rows, decoded from codes drawn at random."""
        return self.decode(random.normal((rows, self.code)).numpy())
