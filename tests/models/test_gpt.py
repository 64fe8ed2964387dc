"""The small GPT: what it is made of, that it learns and looks only backwards, and drawing text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import losses, models
from ranvier.errors import ArgumentError, DataError, ShapeError


def counting(rows: int) -> tuple[Any, Any]:
    """Sequences that count up in steps of one, modulo 7, and the ids one position later."""
    ids = (np.arange(rows)[:, None] + np.arange(9)) % 7
    return ids[:, :-1], ids[:, 1:]


def small(engine: str = "compiled", rate: float = 0.01) -> Any:
    ranvier.seed(0)
    model = models.gpt(7, layers=2, heads=2, width=16, context=8)
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(ranvier.optim.Adam(learning_rate=rate), loss, engine=engine)
    return model


def test_parts_and_first_values() -> None:
    model = models.gpt(65)
    # nanoGPT at this size: 0.80 million, the output shares the letters' vectors.
    assert model.count_params() == 804_096
    assert model.predict(np.zeros((3, 64), np.int32)).shape == (3, 64, 65)
    block = model.blocks[0]
    deviations = [w.numpy().std() for w in (block.wide.kernel, block.narrow.kernel)]
    np.testing.assert_allclose(deviations, [0.02, 0.02 / 8**0.5], rtol=0.02)
    x = np.random.default_rng(0).integers(0, 65, (4, 64))
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    assert abs(float(loss(x[::-1].copy(), model(x)).item()) - np.log(65)) < 0.15


@pytest.mark.parametrize("engine", ENGINES)
def test_it_learns_to_count(engine: str) -> None:
    model = small(engine)
    x, y = counting(56)
    history = model.fit(x, y, batch_size=8, epochs=3, verbose=0).history["loss"]
    assert history[-1] < 0.7 * history[0]


def test_both_engines_take_the_same_steps() -> None:
    x, y = counting(20)
    made = [
        small(engine).fit(x, y, batch_size=8, epochs=2, verbose=0, shuffle=False).history["loss"]
        for engine in ("compiled", "reference")
    ]
    np.testing.assert_allclose(made[0], made[1], rtol=1e-4)


def test_text_is_drawn_from_a_saved_model(tmp_path: Path) -> None:
    model = small()
    x, y = counting(56)
    model.fit(x, y, batch_size=8, epochs=20, verbose=0)
    model.save(tmp_path / "gpt.safetensors")
    again = ranvier.load(tmp_path / "gpt.safetensors")
    assert models.generate(again, [3, 4], 12, temperature=0).tolist() == [
        (3 + i) % 7 for i in range(14)
    ]
    drawn = [models.generate(m, [[0], [5]], 10, 2.0, top_k=3, seed=1) for m in (model, again)]
    assert drawn[0].shape == (2, 11) and np.array_equal(drawn[0], drawn[1])
    # A start longer than the context is cut at its beginning.
    assert models.generate(again, np.arange(20) % 7, 2, temperature=0)[-2:].tolist() == [6, 0]


def test_no_position_attends_ahead() -> None:
    model = small()
    x = counting(2)[0]
    other = x.copy()
    other[:, 5:] = 0
    assert np.array_equal(model.predict(x)[:, :5], model.predict(other)[:, :5])


def test_errors() -> None:
    model = small()
    with pytest.raises(DataError, match="id 9 is outside the table of 7"):
        model.predict(np.full((1, 8), 9))
    with pytest.raises(ShapeError, match="expected up to 8 ids"):
        models.GPT(7, 1, 1, 4, context=8).ensure_built((9,))
    with pytest.raises(DataError, match="expected integers"):
        models.generate(model, [0.5], 1)
    with pytest.raises(ArgumentError, match="top_k=0"):
        models.generate(model, [1], 1, top_k=0)
