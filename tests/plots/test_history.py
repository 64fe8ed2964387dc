"""Pictures of a history: files of every kind, wrong names, and notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.errors import ArgumentError, FileError


def trained() -> Any:
    model = ranvier.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse", ["mae"], engine="reference")
    x = np.ones((4, 2), np.float32)
    return model.fit(x, x[:, :1], epochs=2, verbose=0)


@pytest.mark.parametrize("name", ["curves.png", "curves.svg", "curves.pdf"])
def test_a_history_is_drawn_into_a_file(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    history = trained()
    history.plot(str(tmp_path / name))
    history.plot("loss", path=tmp_path / f"loss-{name}")
    for made in (tmp_path / name, tmp_path / f"loss-{name}"):
        assert made.stat().st_size > 1000
    start = (tmp_path / name).read_bytes()[:5]
    assert start in (b"\x89PNG\r", b"<?xml", b"%PDF-")


def test_a_name_under_which_no_picture_can_be_written(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    history = trained()
    with pytest.raises(ArgumentError, match=r"curves.txt: expected a name that ends in .png"):
        history.plot("curves.txt")
    with pytest.raises((ArgumentError, FileError), match="nowhere"):
        history.plot(str(tmp_path / "nowhere" / "curves.png"))
    with pytest.raises(ArgumentError, match="did you mean 'loss'"):
        history.plot("los")
    with pytest.raises(ArgumentError, match="one file"):
        history.plot("a.png", "b.png")
    assert not list(tmp_path.iterdir())


def test_a_notebook_shows_a_history_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.close("all")
    figure = trained().plot()
    assert plt.get_fignums() == [figure.number]  # a script shows it with plt.show()
    plt.close("all")
    monkeypatch.setattr(plt, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
    assert trained().plot() is not None
    assert plt.get_fignums() == []  # the notebook shows what the cell returns, and nothing else
