"""A small GPT: a language model over integers, such as the letters of a text."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...base.missing import spelled
from ...errors import ArgumentError, DataError, ShapeError
from ...nn import LayerNormalization, TokenAndPositionEmbedding, TransformerDecoder, register_layer
from ...nn.initializers import RandomNormal
from ...ops.contraction import matmul, swap_last
from ...tensors.tensor import Tensor
from ...train.models.model import Model
from ...typing import Array, ArrayLike, Shape


@register_layer
class GPT(Model):
    """Radford et al. 2018 and 2019 ("Language Models are Unsupervised Multitask Learners").

        x = token[ids] + position
        x <- x + attention(norm(x)),  x <- x + narrow(gelu(wide(norm(x))))     `depth` times
        logits = norm(x) @ token.T

    Each position looks at itself and those before it. Shapes: ids (batch, context) ->
    (batch, context, vocabulary), logits of the next id. First values are normal with deviation
    0.02, those that end a shortcut 1 / sqrt(2 depth) of it.
    """

    def __init__(
        self,
        vocabulary: int,
        depth: int = 4,
        heads: int = 4,
        width: int = 128,
        context: int = 64,
        dropout: float = 0.0,
        use_bias: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.vocabulary, self.depth, self.heads = vocabulary, depth, heads
        self.width, self.context, self.dropout = width, context, dropout
        self.use_bias = use_bias
        first = RandomNormal(stddev=0.02)
        self.embedding = TokenAndPositionEmbedding(
            vocabulary, context, width, first, dropout=dropout
        )
        self.blocks = [
            TransformerDecoder(
                4 * width,
                heads,
                dropout,
                activation="gelu",
                kernel_initializer=first,
                normalize_first=True,
                use_bias=use_bias,
            )
            for _ in range(depth)
        ]
        self.norm = LayerNormalization(epsilon=1e-5, center=use_bias)

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) != 1 or input_shape[0] > self.context:
            raise ShapeError(
                f"{self.name}: rows of shape {input_shape}; expected up to {self.context} ids, as "
                f"context={self.context}"
            )
        super().build(input_shape)
        for block in self.blocks:
            for kernel in (block.self_attention.output_kernel, block.narrow.kernel):
                kernel.assign(kernel / math.sqrt(2 * self.depth))

    def forward(self, x: Tensor) -> Any:
        x = self.embedding(x)
        for block in self.blocks:
            x = block(x)
        return matmul(self.norm(x), swap_last(self.embedding.token.embeddings))

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.vocabulary)


@spelled
def gpt(
    vocabulary: int,
    layers: int = 4,
    heads: int = 4,
    width: int = 128,
    context: int = 64,
    dropout: float = 0.0,
    use_bias: bool = False,
) -> GPT:
    """A `GPT` ready to be compiled: as many ids as `vocabulary`, sequences of `context` of them.

    Train it on ids (rows, context) with the ids one position later as targets, and with
    `ranvier.losses.SparseCategoricalCrossentropy(from_logits=True)`.

    >>> model = gpt(65, layers=2, heads=2, width=32, context=16)
    >>> model.count_params()
    27328
    """
    model = GPT(vocabulary, layers, heads, width, context, dropout, use_bias)
    model.ensure_built((context,))
    return model


@spelled
def generate(
    model: Model,
    ids: ArrayLike,
    steps: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    seed: int | None = None,
) -> Array:
    """`ids` (time,) or (batch, time) with `steps` more, each drawn from what `model` predicts.

    >>> model = gpt(5, layers=1, heads=1, width=4, context=8)
    >>> generate(model, [0, 1], 10, seed=0).shape
    (12,)

    Args:
        model: any that gives logits (batch, context, vocabulary) for ids (batch, context) and
            looks only backwards.
        temperature: logits are divided by it; 0 takes the most likely id each time.
        top_k: draw from so many of the most likely ids only.
        seed: the same seed gives the same ids.
    """
    ids = np.asarray(ids)
    if ids.dtype.kind not in "iu" or ids.ndim not in (1, 2) or not ids.size:
        raise DataError(
            f"generate: ids of shape {ids.shape} and dtype {ids.dtype}; expected integers "
            "(time,) or (batch, time), at least one"
        )
    if temperature < 0 or (top_k is not None and top_k < 1):
        raise ArgumentError(
            f"generate: temperature={temperature}, top_k={top_k}; expected a temperature of at "
            "least 0 and a top_k of at least 1"
        )
    rows = ids.reshape(-1, ids.shape[-1]).astype(np.int32)
    random = np.random.default_rng(seed)
    assert model.built_shape is not None
    context = model.built_shape[0]
    for _ in range(steps):
        last = rows[:, -context:]
        # NOTE: filled up behind, where no earlier position looks; so one graph does for all.
        window = np.pad(last, ((0, 0), (0, context - last.shape[1])))
        logits = model.predict(window)[:, last.shape[1] - 1]
        rows = np.concatenate([rows, _drawn(logits, temperature, top_k, random)[:, None]], axis=1)
    return np.asarray(rows[0] if ids.ndim == 1 else rows)


def _drawn(
    logits: Array, temperature: float, top_k: int | None, random: np.random.Generator
) -> Array:
    """One id for each row of logits (batch, vocabulary)."""
    if not temperature:
        return np.asarray(logits.argmax(axis=-1), np.int32)
    z = logits.astype(np.float64) / temperature
    if top_k is not None and top_k < z.shape[-1]:
        least = np.partition(z, -top_k, axis=-1)[:, -top_k, None]
        z = np.where(z < least, -np.inf, z)
    # The largest of logits with Gumbel noise is a draw from their softmax.
    return np.asarray((z + random.gumbel(size=z.shape)).argmax(axis=-1), np.int32)
