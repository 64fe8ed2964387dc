"""The bar of the time: live in a terminal, nothing elsewhere."""

from __future__ import annotations

import io
import time
from pathlib import Path

import polars as pl
import pytest

from ranvier.base.status import listening, tell
from ranvier.cli import progress
from ranvier.cli.main import main
from ranvier.cli.progress import status_line, time_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Instead of stderr, from the body of a test on: pytest sets its own before that."""
    made = Terminal()
    monkeypatch.setattr("sys.stderr", made)
    monkeypatch.setenv("TERM", "xterm")
    return made


def test_the_bar_moves_without_a_word_from_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    began = time.perf_counter() - 30
    with time_bar(60, began, "reading"):
        size = len(terminal.getvalue())
        for _ in range(200):  # a thread of its own draws it again, sooner or later
            time.sleep(0.05)
            if len(terminal.getvalue()) > size + 20:
                break
        else:
            pytest.fail("the bar stands still")
        tell("encoding")
    shown = terminal.getvalue()
    assert "reading" in shown and "encoding" in shown and " of 1:00" in shown
    assert not tell("nobody listens any more")


def test_without_a_terminal_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with time_bar(60, time.perf_counter(), "reading"), status_line() as show:
        tell("encoding")
        show("10 rows")
    assert capsys.readouterr() == ("", "")


def test_each_step_of_a_training_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_terminal(monkeypatch)
    monkeypatch.chdir(tmp_path)
    pl.DataFrame({"a": range(60), "y": [i * 37 % 11 for i in range(60)]}).write_csv("t.csv")
    heard: list[str] = []
    monkeypatch.setattr(progress, "listening", lambda show: listening(heard.append))
    arguments = ["t.csv", "--target", "y", "--epochs", "1", "--members", "1", "--no-report"]
    main(["train", *arguments, "--budget", "10m"], standalone_mode=False)
    assert heard[:3] == ["looking at the columns", "encoding", "training"]
    assert heard[3].startswith("network_0 epoch 1/1 held-out ") and heard[-1] == "testing"
