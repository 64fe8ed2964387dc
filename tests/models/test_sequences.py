"""Models of sequences learn small real samples: dates, digits row by row, passengers, reviews."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pytest

import ranvier
from ranvier.base.config import switches
from ranvier.data import Vocabulary, pad_sequences, windows
from ranvier.models import (
    char_lstm,
    generate,
    lstm_classifier,
    lstm_forecaster,
    mlp_forecaster,
    seq2seq,
    temporal_cnn,
    text_cnn,
)


def dates(count: int, seed: int) -> list[tuple[str, str]]:
    """Days as people write them, and as ISO 8601 does."""
    random = np.random.default_rng(seed)
    days = [
        datetime.date(1950, 1, 1) + datetime.timedelta(int(n))
        for n in random.integers(0, 36525, count)
    ]
    forms = [
        ("%d %B %Y", "%B %d, %Y", "%d.%m.%Y", "%a %d %b %Y")[n]
        for n in random.integers(0, 4, count)
    ]
    return [
        (day.strftime(form).lower(), day.isoformat()) for day, form in zip(days, forms, strict=True)
    ]


def test_dates_are_translated() -> None:
    pairs = dates(3300, 0)
    source = Vocabulary.from_texts([a for a, _ in pairs], by="character")
    target = Vocabulary.from_texts(["0123456789-<"], by="character")
    x = pad_sequences([source.encode(a) for a, _ in pairs], padding="post")
    y = np.array([target.encode("<" + b) for _, b in pairs], np.int32)
    ranvier.seed(0)
    model = seq2seq(len(source), len(target), units=32, learning_rate=0.012)
    model.fit([x[:3000], y[:3000, :-1]], y[:3000, 1:], epochs=8, batch_size=64, verbose=0)
    ids = model.translate(x[3000:], start=target.encode("<")[0], length=10)
    assert (ids == y[3000:, 1:]).all(axis=1).mean() > 0.9


def data(folder: str) -> None:
    if not (Path(switches.data or "none") / folder).is_dir():
        pytest.skip(f"RANVIER_DATA has no {folder}")


def test_letters_are_learned() -> None:
    data("tiny_shakespeare")
    text, held, vocabulary = ranvier.data.load_tiny_shakespeare(ids=True)
    rows = windows(text[:60_000].astype(np.int32), 33, 1, stride=32)[0]
    ranvier.seed(0)
    model = char_lstm(len(vocabulary), units=64, length=32, learning_rate=0.01)
    model.fit(rows[:, :-1], rows[:, 1:], epochs=4, verbose=0)
    checked = windows(held[:10_000].astype(np.int32), 33, 1, stride=32)[0]
    assert model.evaluate(checked[:, :-1], checked[:, 1:]) < 2.4  # 3.3: by frequency alone
    ids = generate(model, [vocabulary.index("T")], 20, seed=0)
    assert ids.shape == (21,) and ids.max() < len(vocabulary)


def test_sentences_are_classed() -> None:
    data("rt_polarity")
    (texts, y), (more, y_more) = ranvier.data.load_rt_polarity()
    words = Vocabulary.from_texts(texts, min_count=3)
    x, x_test = (
        pad_sequences([words.encode(t) for t in part], 32, padding="post", truncating="post")
        for part in (texts, more)
    )
    ranvier.seed(0)
    model = lstm_classifier(len(words), units=16, width=32, learning_rate=0.003)
    model.fit(x, y, epochs=3, batch_size=64, verbose=0)
    assert model.evaluate(x_test, y_more)[1] > 0.70
    cnn = text_cnn(len(words), length=32, width=32, filters=16, learning_rate=0.003)
    cnn.fit(x, y, epochs=3, batch_size=64, verbose=0)
    assert cnn.evaluate(x_test, y_more)[1] > 0.70


@pytest.mark.parametrize("make", [lstm_forecaster, temporal_cnn, mlp_forecaster])
def test_passengers_of_the_next_year(make: object) -> None:
    data("airline_passengers")
    series = np.log(ranvier.data.load_airline_passengers())[:, None]
    change = (series[12:] - series[:-12]) * 10  # against the same month of the year before
    x, y = windows(change[:96], 24, 12)
    ranvier.seed(0)
    model = make(24, 12)  # type: ignore[operator]
    model.fit(x, y, epochs=60, batch_size=16, verbose=0)
    x_test, y_test = windows(change[96 - 24 :], 24, 12)
    error = np.mean((model.predict(x_test) - y_test) ** 2)
    assert error < np.mean((x_test[:, -12:] - y_test) ** 2)  # as much more as a year ago
