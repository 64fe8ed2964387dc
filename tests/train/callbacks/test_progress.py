"""What shows how far training is: the bar in windows of any width, and its words."""

from __future__ import annotations

import io
import sys
import types
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.train.callbacks.progress import (
    EpochLines,
    ProgressBar,
    bar_lines,
    display,
    numbers,
)

MANY = {f"a_rather_long_metric_{i}": 0.5 + i for i in range(9)}
LOGS: list[dict[str, float]] = [
    {},
    {"loss": 0.123},
    {"loss": 0.1, "accuracy": 0.9, "val_loss": 1e-9, "val_accuracy": 0.85, "learning_rate": 1e-5},
    {"loss": 0.1, **MANY},
    {"loss": 0.1, "m" * 300: 0.25},
]


@pytest.mark.parametrize("logs", LOGS, ids=["none", "loss", "five", "ten", "endless"])
@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 200])
def test_neither_the_epoch_nor_a_number_is_cut(width: int, logs: dict[str, float]) -> None:
    for epoch, epochs in ((1, 3), (10_000, 10_000)):
        lines = bar_lines(width, epoch, epochs, 0.5, 61.0, logs)
        assert lines[0].startswith(f"epoch {epoch}/{epochs}")
        assert max(map(len, lines)) <= max(width, len(f"epoch {epoch}/{epochs}"))
        for name, value in logs.items():
            message = numbers({name: value})
            assert any(message in line for line in lines) or len(message) > width
            assert any(message.rpartition(": ")[2] in line for line in lines)


def test_a_wide_window_shows_all_in_one_line() -> None:
    assert len(bar_lines(100, 1, 3, 0.5, 61.0, LOGS[1])) == 1
    assert len(bar_lines(80, 1, 3, 0.5, 61.0, LOGS[2])) > 1


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_the_bar_as_a_terminal_shows_it(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    text = Terminal()
    monkeypatch.setattr("sys.stdout", text)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(width))
    bar = ProgressBar()
    bar.set_params({"epochs": 12, "steps": 4})
    bar.on_train_begin()
    for epoch in range(12):
        bar.on_epoch_begin(epoch)
        bar.on_progress(2, LOGS[3])
        bar.on_epoch_end(epoch, LOGS[3])
    bar.on_train_end()
    shown = text.getvalue()
    assert "epoch 12/12" in shown and "100%" in shown
    for name, value in LOGS[3].items():
        message = numbers({name: value})
        assert message in shown or len(message) > width - 1


class Handle:
    """What IPython's display returns: it keeps what it is told to show."""

    def __init__(self, shown: list[Any]) -> None:
        self.shown = shown

    def update(self, data: Any, raw: bool) -> None:
        assert raw
        self.shown[-1] = data


def kernel(monkeypatch: pytest.MonkeyPatch, shell: str) -> list[Any]:
    """As if IPython ran, with a shell of this class; the outputs that it shows."""
    outputs: list[Any] = []

    def display(data: Any, raw: bool, display_id: bool) -> Handle:
        assert raw and display_id
        outputs.append(data)
        return Handle(outputs)

    ipython, shown = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    vars(ipython)["get_ipython"] = type(shell, (), {})
    vars(shown)["display"] = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    return outputs


def test_a_notebook_has_one_output_that_is_updated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = kernel(monkeypatch, "ZMQInteractiveShell")
    model = ranvier.Sequential([ranvier.nn.Dense(1)])
    model.compile("sgd", "mse", engine="reference")
    x = np.ones((8, 2), np.float32)
    model.fit(x, x[:, :1], epochs=3, validation_split=0.5)
    (data,) = outputs
    assert "epoch 3/3" in data["text/plain"] and "100%" in data["text/plain"]
    html = data["text/html"]
    assert '<progress value="1.000" max="1"' in html and "val_loss: " in html
    assert capsys.readouterr().out == ""
    model.fit(x, x[:, :1], epochs=1, verbose=0)
    assert len(outputs) == 1
    model.fit(x, x[:, :1], epochs=2, verbose=2)
    assert len(outputs) == 1 and len(capsys.readouterr().out.splitlines()) == 2


def test_ipython_in_a_terminal_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel(monkeypatch, "TerminalInteractiveShell")
    assert isinstance(display("auto"), EpochLines)
