"""Networks for images: they learn the handwritten digits, and come back from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier.data import load_digits
from ranvier.errors import ArgumentError
from ranvier.models import ResidualBlock, lenet5, resnet


def digits(times: int = 1) -> tuple[Any, Any]:
    """The first digits as images, each pixel `times` times each way."""
    x, y = load_digits(split=False)
    large = np.kron(x.reshape(-1, 8, 8), np.ones((times, times)))
    return large[..., None].astype(np.float32) / 16, y


def test_lenet_learns_the_digits() -> None:
    ranvier.seed(0)
    x, y = digits(2)
    model = lenet5(input_shape=(16, 16, 1), learning_rate=0.003)
    model.fit(x[:1200], y[:1200], epochs=5, batch_size=32, verbose=0)
    assert model.evaluate(x[1200:], y[1200:], verbose=0)[1] > 0.9


def test_a_residual_network_learns_the_digits(tmp_path: Path) -> None:
    ranvier.seed(0)
    x, y = digits()
    model = resnet((1, 1), 8, input_shape=(8, 8, 1), learning_rate=0.005)
    model.fit(x[:1200], y[:1200], epochs=6, batch_size=50, verbose=0)
    assert model.evaluate(x[1200:], y[1200:], verbose=0)[1] > 0.9
    model.save(tmp_path / "resnet")
    again = ranvier.load(tmp_path / "resnet")
    np.testing.assert_array_equal(again.predict(x[:9]), model.predict(x[:9]))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_block_adds_its_input(engine: str) -> None:
    x = np.random.default_rng(0).normal(size=(3, 5, 5, 4)).astype(np.float32)
    block = ResidualBlock(4)
    block.ensure_built((5, 5, 4))
    block.second.kernel.assign(np.zeros((3, 3, 4, 4), np.float32))
    out = ranvier.compile(block, engine=engine)(ranvier.tensor(x)).numpy()
    np.testing.assert_allclose(out, np.maximum(x, 0), atol=1e-6)
    assert block.shortcut is None
    wider = ResidualBlock(6)
    assert wider(x).shape == (3, 5, 5, 6) and wider.shortcut is not None


def test_depths_are_those_of_the_paper() -> None:
    # Table 6: 0.27 and 0.46 million parameters, with shortcuts that have none.
    shortcuts = (16 * 32 + 64) + (32 * 64 + 128)
    for blocks, millions in (((3, 3, 3), 0.27), ((5, 5, 5), 0.46)):
        count = sum(t.size for t in resnet(blocks).parameters()) - shortcuts
        assert round(count / 1e6, 2) == millions


def test_blocks_that_are_none() -> None:
    with pytest.raises(ArgumentError, match=r"resnet: blocks=\(\)"):
        resnet(())
