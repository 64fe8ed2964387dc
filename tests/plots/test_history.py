"""Pictures of a history: the lines lie where the numbers are; files, wrong names, notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn, plots
from ranvier.errors import ArgumentError, FileError, StateError
from ranvier.plots.drawing import Stroke


def trained(epochs: int = 3) -> Any:
    model = ranvier.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse", ["mae"], engine="reference")
    x = np.ones((8, 2), np.float32)
    return model.fit(x, x[:, :1], epochs=epochs, verbose=0, validation_split=0.5)


def test_the_curves_lie_where_the_numbers_are() -> None:
    numbers = {"loss": [4.0, 3.0, 2.0, 1.0], "val_loss": [4.0, 3.5, 3.0, 2.5]}
    drawing = plots.history(numbers)
    lines = [m for m in drawing.marks if isinstance(m, Stroke) and len(m.points) == 4]
    assert [line.role for line in lines] == ["s1", "s2"] and lines[1].dash
    for line, name in zip(lines, numbers, strict=True):
        xs, ys = zip(*line.points, strict=True)
        assert np.allclose(np.diff(xs), xs[1] - xs[0]) and xs[1] > xs[0]
        # one straight line for both: pixels are a linear function of the values
        slope = np.diff(ys) / np.diff(numbers[name])
        assert np.allclose(slope, slope[0]) and slope[0] < 0
    assert drawing.head == ("epoch", "training", "validation") and len(drawing.rows) == 4


def test_a_falling_loss_has_a_logarithmic_axis() -> None:
    values = [100.0, 10.0, 1.0]
    for log, equal in ((None, True), (False, False)):
        drawing = plots.history({"loss": values}, log=log)
        line = next(m for m in drawing.marks if isinstance(m, Stroke) and len(m.points) == 3)
        steps = np.diff([y for _, y in line.points])
        assert bool(np.isclose(steps[0], steps[1])) is equal


def test_a_history_of_fit_has_a_panel_for_each_quantity() -> None:
    history = trained()
    drawing = history.plot()
    assert drawing.width == 800 and {row[0] for row in drawing.rows} == {
        "loss by epoch", "mae by epoch",
    }  # fmt: skip
    assert history._repr_html_() == drawing.svg()
    assert history.plot("loss").width == 400
    assert ranvier.callbacks.History()._repr_html_() is None


@pytest.mark.parametrize("name", ["curves.png", "curves.svg", "curves.pdf", "curves.html"])
def test_a_history_is_drawn_into_a_file(name: str, tmp_path: Path) -> None:
    if not name.endswith((".svg", ".html")):
        pytest.importorskip("matplotlib")
    history = trained()
    history.plot(str(tmp_path / name))
    history.plot("loss", path=tmp_path / f"loss-{name}")
    for made in (tmp_path / name, tmp_path / f"loss-{name}"):
        assert made.stat().st_size > 1000
    assert (tmp_path / name).read_bytes()[:5] in (b"\x89PNG\r", b"<svg ", b"%PDF-", b"<!DOC")


def test_a_name_under_which_no_picture_can_be_written(tmp_path: Path) -> None:
    history = trained(1)
    with pytest.raises(ArgumentError, match=r"curves.txt: expected a name that ends in .html"):
        history.plot("curves.txt")
    with pytest.raises((ArgumentError, FileError), match="nowhere"):
        history.plot(str(tmp_path / "nowhere" / "curves.svg"))
    with pytest.raises(ArgumentError, match="did you mean 'loss'"):
        history.plot("los")
    with pytest.raises(ArgumentError, match="one file"):
        history.plot("a.png", "b.png")
    assert not list(tmp_path.iterdir())


def test_what_is_no_history() -> None:
    with pytest.raises(StateError, match="call fit first"):
        plots.history(ranvier.callbacks.History())
    with pytest.raises(ArgumentError, match="what fit returned"):
        plots.history([1.0, 2.0])  # type: ignore[arg-type]
