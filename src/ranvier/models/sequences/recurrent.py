"""Recurrent networks for letters, sentences and series."""

from __future__ import annotations

from ...base.missing import spelled
from ...losses import SparseCategoricalCrossentropy
from ...nn import LSTM, Bidirectional, Dense, Dropout, Embedding, Layer
from ...optim import Adam
from ...train.models.sequential import Sequential
from .forecast import Ahead


@spelled
def char_lstm(
    vocabulary: int,
    units: int = 256,
    length: int = 64,
    layers: int = 1,
    width: int = 64,
    dropout: float = 0.0,
    learning_rate: float = 0.002,
) -> Sequential:
    """The next letter from those before it: Sutskever, Martens & Hinton 2011, Karpathy 2015.

        h_t = lstm(embedding[id_t], h_{t-1}),  logits of id_{t+1} = h_t W + b

    Rows are ids (length,), targets the ids one position later; the output is logits (length,
    vocabulary). Built and compiled. `ranvier.models.generate` lets it write.

    >>> char_lstm(65, units=32, length=16).output_shape((16,))
    (16, 65)
    """
    inner: list[Layer] = []
    for _ in range(layers):
        inner.append(LSTM(units, return_sequences=True))
        if dropout:
            inner.append(Dropout(dropout))
    model = Sequential([Embedding(vocabulary, width), *inner, Dense(vocabulary)])
    model.ensure_built((length,))
    model.compile(
        Adam(learning_rate, global_clipnorm=1.0), SparseCategoricalCrossentropy(from_logits=True)
    )
    return model


@spelled
def lstm_classifier(
    vocabulary: int,
    classes: int = 2,
    units: int = 64,
    width: int = 64,
    dropout: float = 0.5,
    bidirectional: bool = True,
    learning_rate: float = 0.001,
) -> Sequential:
    """The class of a sentence from the last state of an LSTM, run both ways: Graves et al. 2005.

    Rows are ids (length,), 0 where a short sentence is filled up at the end: those positions are
    masked. Compiled.

    >>> import numpy as np
    >>> lstm_classifier(100, units=4).predict(np.array([[5, 7, 0], [3, 0, 0]])).shape
    (2, 1)
    """
    lstm: Layer = LSTM(units)
    words = Embedding(vocabulary, width, mask_zero=True)
    out = Dense(1, "sigmoid") if classes == 2 else Dense(classes, "softmax")
    reader = Bidirectional(lstm) if bidirectional else lstm
    model = Sequential([words, Dropout(dropout), reader, Dropout(dropout), out])
    loss = "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"
    model.compile(Adam(learning_rate), loss, ["accuracy"])
    return model


@spelled
def lstm_forecaster(
    length: int,
    horizon: int,
    series: int = 1,
    units: int = 32,
    dropout: float = 0.0,
    learning_rate: float = 0.002,
) -> Sequential:
    """The next points of a series from the last state of an LSTM: Hochreiter & Schmidhuber 1997.

    Rows are windows (length, series), targets (horizon, series), as `ranvier.data.windows` cuts
    them; standardize them first. Built and compiled.

    >>> lstm_forecaster(24, horizon=6, series=2).output_shape((24, 2))
    (6, 2)
    """
    model = Sequential([LSTM(units), Dropout(dropout), Ahead(horizon, series)])
    model.ensure_built((length, series))
    model.compile(Adam(learning_rate), "mean_squared_error")
    return model
