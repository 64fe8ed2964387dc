"""Convolutions over the words of a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from ...base.missing import spelled
from ...nn import Conv1D, Dense, Dropout, Embedding, register_layer
from ...nn.constructor_options import LayerOptions
from ...nn.initializers import RandomUniform
from ...ops.movement import concat
from ...ops.reduce import max
from ...optim import Adam
from ...optim.rates import LearningRate
from ...tensors.tensor import Tensor
from ...train.models.model import Model


@register_layer
class TextCNN(Model):
    """Word vectors, windows of 3, 4 and 5 words, the strongest answer of each: Kim 2014.

        f_k = max over positions t of relu(W_k [v_t, ..., v_(t+k-1)] + b_k)
        probability = sigmoid(w . dropout([f_3, f_4, f_5]) + b)

    Takes ids (batch, length), 0 where a short sentence is filled up (`ranvier.data.pad_sequences`).
    Make one with `text_cnn`.

    >>> import numpy as np
    >>> model = text_cnn(1000, length=20, width=16, filters=8)
    >>> model.predict(np.ones((2, 20), np.int64)).shape
    (2, 1)
    """

    def __init__(
        self,
        vocabulary: int,
        outputs: int = 1,
        width: int = 128,
        filters: int = 100,
        sizes: Sequence[int] = (3, 4, 5),
        dropout: float = 0.5,
        word_dropout: float = 0.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.vocabulary, self.outputs, self.width = vocabulary, outputs, width
        self.filters = filters
        self.sizes, self.dropout, self.word_dropout = tuple(sizes), dropout, word_dropout
        first = RandomUniform(-0.25, 0.25)
        self.words = Embedding(vocabulary, width, embeddings_initializer=first)
        self.noise = Dropout(word_dropout)
        self.windows = [Conv1D(filters, k, padding="same", activation="relu") for k in sizes]
        self.drop = Dropout(dropout)
        self.out = Dense(outputs, "sigmoid" if outputs == 1 else "softmax")

    def forward(self, x: Tensor) -> Any:
        vectors = self.noise(self.words(x))
        strongest = [max(window(vectors), axis=1) for window in self.windows]
        return self.out(self.drop(concat(strongest, axis=1)))


@spelled
def text_cnn(
    vocabulary: int,
    classes: int = 2,
    length: int | None = None,
    learning_rate: LearningRate = 0.001,
    **options: Any,
) -> TextCNN:
    """A `TextCNN`, compiled, and built when the `length` of sentences is given; `options` go to it.

    `word_dropout` drops numbers of the word vectors, the better remedy against learning a small set
    of sentences by heart.
    """
    model = TextCNN(vocabulary, 1 if classes == 2 else classes, **options)
    if length is not None:
        model.ensure_built((length,))
    loss = "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"
    model.compile(Adam(learning_rate), loss, ["accuracy"])
    return model
