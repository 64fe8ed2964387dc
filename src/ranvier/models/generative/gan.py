"""Generative adversarial networks: one network makes rows, another tells them from real ones."""

from __future__ import annotations

from ... import random
from ...base.missing import Spelled, spelled
from ...nn import training_mode
from ...nn.activations import softplus
from ...nn.layer import Layer
from ...ops.elementwise import detach, negative
from ...ops.reduce import mean
from ...optim import Adam
from ...tensors.tensor import Tensor
from ...tracing.compiled import compile
from ...typing import Array, DataLike
from ..batches import as_rows, descend, epochs


class GAN(Spelled):
    """Goodfellow et al. 2014. `generator` maps codes of `code` normal numbers to rows;
    `discriminator` ends in one number d, a logit that is high for real rows.

        the discriminator lowers   mean log(1 + exp(-d(x))) + mean log(1 + exp(d(g(z))))
        the generator lowers       mean log(1 + exp(-d(g(z))))

    Both take a step of Adam (beta_1 = 0.5 as in Radford, Metz & Chintala 2016) at every batch, in
    one compiled step.

    >>> import ranvier
    >>> from ranvier.nn import Dense
    >>> made = GAN(Dense(2, input_shape=(4,)), Dense(1, input_shape=(2,)), code=4)
    >>> made.generate(3).shape
    (3, 2)
    """

    def __init__(
        self, generator: Layer, discriminator: Layer, code: int, learning_rate: float = 0.001
    ) -> None:
        self.generator, self.discriminator, self.code = generator, discriminator, code
        self.generator.ensure_built((code,))
        self.discriminator.ensure_built(self.generator.output_shape((code,)))
        self.rules = [Adam(learning_rate, beta_1=0.5) for _ in range(2)]
        self.step = compile(self._step)

    @spelled
    def fit(self, x: DataLike, count: int = 100, batch_size: int = 64) -> dict[str, list[float]]:
        """Train for `count` epochs on rows x; returns the two losses of every epoch."""
        x = as_rows(x)
        seen = [losses.tolist() for losses in epochs(self.step, x, batch_size, count)]
        names = ("discriminator", "generator")
        return {k: list(v) for k, v in zip(names, zip(*seen, strict=True), strict=True)}

    @spelled
    def generate(self, rows: int) -> Array:
        """New rows from random codes."""
        return self.generator(random.normal((rows, self.code))).numpy()  # type: ignore[no-any-return]

    def _step(self, real: Tensor) -> tuple[Tensor, Tensor]:
        with training_mode(True):
            fake = self.generator(random.normal((real.shape[0], self.code)))
            judged, forged = self.discriminator(real), self.discriminator(detach(fake))
            caught = mean(softplus(negative(judged))) + mean(softplus(forged))
            descend(self.rules[0], caught, self.discriminator.parameters())
            fooled = mean(softplus(negative(self.discriminator(fake))))
            descend(self.rules[1], fooled, self.generator.parameters())
        return caught, fooled
