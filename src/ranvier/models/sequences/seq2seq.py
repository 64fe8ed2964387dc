"""From one sequence to another: an encoder, a decoder, and attention between them."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from ...base.missing import spelled
from ...errors import ArgumentError
from ...losses import SparseCategoricalCrossentropy
from ...nn import GRU, Attention, Bidirectional, Dense, Embedding, register_layer
from ...nn.constructor_options import LayerOptions
from ...ops.movement import concat
from ...optim import Adam
from ...tensors.tensor import Tensor
from ...train.models.model import Model
from ...typing import Array, DataLike


@register_layer
class Seq2Seq(Model):
    """Translate a sequence of ids into another: Sutskever et al. 2014, Luong et al. 2015.

        e_1 ... e_n = GRU, run both ways, over the source
        d_t         = GRU(d_{t-1}, target_{t-1}), beginning with the encoder's last state
        a_t         = sum_i softmax_i(q(d_t) . e_i) e_i
        logits_t    = W tanh(V [d_t, a_t])

    Inputs: source ids (batch, n) and the target shifted by one position (batch, m); 0 fills up both
    and is masked. Output: logits (batch, m, vocabulary of the target); loss and metrics leave out
    the positions whose target input is 0. The first 0 behind a sequence counts: it ends it. Make
    one with `seq2seq`.
    """

    def __init__(
        self,
        source_vocabulary: int,
        target_vocabulary: int,
        units: int = 64,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.source_vocabulary, self.target_vocabulary = source_vocabulary, target_vocabulary
        self.units = units
        self.source = Embedding(source_vocabulary, units, mask_zero=True)
        self.target = Embedding(target_vocabulary, units, mask_zero=True)
        self.encoder = Bidirectional(GRU(units, return_sequences=True, return_state=True))
        self.bridge = Dense(units, activation="tanh")
        self.decoder = GRU(units, return_sequences=True)
        self.query = Dense(2 * units, use_bias=False)
        self.attention = Attention()
        self.mix = Dense(units, activation="tanh")
        self.out = Dense(target_vocabulary)

    def forward(self, source: Tensor, target: Tensor) -> Any:
        read = self.source(source)
        seen, *states = self.encoder(read)
        start = self.bridge(concat(states, axis=1))
        done = self.decoder(self.target(target), initial_state=start)
        context = self.attention([self.query(done), seen])
        return self.out(self.mix(concat([done, context], axis=2)))

    @spelled
    def translate(self, source: DataLike, start: int, length: int) -> Array:
        """The likeliest id at each position, (batch, length), one after the other from `start` on.

        `length` may be as long as the targets that the model was trained on.
        """
        source = np.asarray(source)
        positions = length
        if self.built:
            (positions,) = self._takes[1][0]
        if length > positions:
            raise ArgumentError(
                f"{self.name}: translate(length={length}), but the model was trained on targets of "
                f"{positions} positions; ask for {positions} at most, or train on longer "
                "targets (filled up with 0: ranvier.data.pad_sequences)"
            )
        ids = np.zeros((len(source), positions + 1), np.int32)
        ids[:, 0] = start
        for t in range(length):
            logits = self.predict([source, ids[:, :positions]])
            ids[:, t + 1] = logits[:, t].argmax(axis=1)
        return ids[:, 1 : length + 1]


@spelled
def seq2seq(
    source_vocabulary: int,
    target_vocabulary: int,
    units: int = 64,
    learning_rate: float = 0.002,
) -> Seq2Seq:
    """A `Seq2Seq`, compiled: `fit([source, target[:, :-1]], target[:, 1:])`.

    >>> model = seq2seq(20, 10, units=4)
    >>> model.predict([np.ones((2, 7), np.int32), np.ones((2, 5), np.int32)]).shape
    (2, 5, 10)
    """
    model = Seq2Seq(source_vocabulary, target_vocabulary, units)
    model.compile(
        Adam(learning_rate, global_clipnorm=1.0),
        SparseCategoricalCrossentropy(from_logits=True),
        ["accuracy"],
    )
    return model
