"""Trackers: what they are told of a training, read back from files or heard by a false library."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.callbacks import MLflow, Record, TensorBoard, WandB
from ranvier.errors import StateError

X = np.random.default_rng(0).normal(size=(48, 5)).astype(np.float32)


def fitted(*callbacks: Any, rate: Any = 0.1, epochs: int = 4, **how: Any) -> Any:
    ranvier.seed(0)
    model = ranvier.Sequential([
        nn.Dense(4, "relu", input_shape=(5,), name="hidden"), nn.Dense(1, name="out")
    ])  # fmt: skip
    model.compile(ranvier.optim.SGD(rate, momentum=0.5), "mse", metrics=["mae"])
    how = {"validation_split": 0.25} | how
    return model, model.fit(
        X, X[:, 0], epochs=epochs, batch_size=12, verbose=0, callbacks=list(callbacks), **how
    )


# --- event files --------------------------------------------------------------------------------


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli).

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 & -(crc & 1))
    return crc ^ 0xFFFFFFFF


def checksum(data: bytes) -> int:
    """CRC-32C, masked as records have it."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17 & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF


def records(path: Path) -> Iterator[bytes]:
    """The records of an event file: length, its checksum, data, their checksum."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        assert struct.unpack_from("<I", data, at + 8)[0] == checksum(data[at : at + 8])
        body = data[at + 12 : at + 12 + length]
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == checksum(body)
        yield body
        at += 16 + length


def events(folder: Path) -> list[Any]:
    proto = pytest.importorskip("tensorboardX.proto.event_pb2", reason="needs ranvier[tensorboard]")
    (path,) = folder.iterdir()
    return [proto.Event.FromString(record) for record in records(path)]


def scalars(folder: Path) -> dict[str, list[float]]:
    series: dict[str, list[float]] = {}
    for event in events(folder):
        for value in event.summary.value:
            if value.WhichOneof("value") == "simple_value":
                series.setdefault(value.tag, []).append(value.simple_value)
    return series


def test_event_files_hold_what_the_history_and_the_record_hold(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="needs ranvier[tensorboard]")
    board = TensorBoard(tmp_path, Record(3, max_cost=None))
    _, history = fitted(board)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["train", "validation"]
    train, validation = scalars(tmp_path / "train"), scalars(tmp_path / "validation")
    for name in ("loss", "mae"):
        np.testing.assert_allclose(train[name], history.history[name], rtol=1e-6)
        np.testing.assert_allclose(validation[name], history.history[f"val_{name}"], rtol=1e-6)
    np.testing.assert_allclose(train["learning_rate"], [0.1] * 4, rtol=1e-6)
    assert board.record is not None and board.record.steps.tolist() == [0, 3, 6, 9]
    kernel = board.record["hidden.kernel"]
    np.testing.assert_allclose(train["update_ratio/hidden.kernel"], kernel.ratio, rtol=1e-6)
    histograms = [
        (event.step, value.histo)
        for event in events(tmp_path / "train")
        for value in event.summary.value
        if value.tag == "weights/hidden.kernel"
    ]
    assert [step for step, _ in histograms] == [0, 3, 6, 9]
    for (_, histogram), low, high in zip(
        histograms, kernel.weight.low, kernel.weight.high, strict=True
    ):
        assert (histogram.min, histogram.max, histogram.num) == (low, high, 20)
        assert sum(histogram.bucket) == pytest.approx(20)
    tags = {v.tag for event in events(tmp_path / "train") for v in event.summary.value}
    assert {"gradients/out.bias", "outputs/hidden", "settings/text_summary"} <= tags
    assert any("hparams" in tag for tag in tags)


def test_the_graph_is_written_by_section_and_layer(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="needs ranvier[tensorboard]")
    graphs = pytest.importorskip("tensorboardX.proto.graph_pb2")
    fitted(TensorBoard(tmp_path, record=False), epochs=1)
    (data,) = [event.graph_def for event in events(tmp_path / "train") if event.graph_def]
    nodes = {node.name: node for node in graphs.GraphDef.FromString(data).node}
    assert any(name.startswith("forward/hidden/matmul_") for name in nodes)
    assert any(name.startswith("gradient/out/") for name in nodes)
    assert all(other in nodes for node in nodes.values() for other in node.input)


def test_the_training_is_the_same_and_a_schedule_is_followed(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="needs ranvier[tensorboard]")
    plain, _ = fitted()
    model, _ = fitted(TensorBoard(tmp_path / "a"))
    assert plain.get_weights()[0].tobytes() == model.get_weights()[0].tobytes()
    schedule = ranvier.optim.schedules.ExponentialDecay(0.1, 3, 0.5)
    fitted(TensorBoard(tmp_path / "b"), rate=schedule)
    np.testing.assert_allclose(
        scalars(tmp_path / "b" / "train")["learning_rate"], [0.05, 0.025, 0.0125, 0.00625],
        rtol=1e-5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("callback", "library"),
    [(TensorBoard, "tensorboardX"), (MLflow, "mlflow"), (WandB, "wandb")],
)
def test_a_missing_library_is_named(
    callback: Any, library: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(StateError, match=rf"needs {library}, which is not installed: pip install"):
        fitted(callback())


# --- MLflow and Weights & Biases ----------------------------------------------------------------


class FalseMLflow(ModuleType):
    """Hears the calls of mlflow's fluent functions."""

    def __init__(self, run: object = None) -> None:
        super().__init__("mlflow")
        self.run, self.heard = run, []  # type: ignore[var-annotated]

    def active_run(self) -> object:
        return self.run

    def start_run(self, run_name: str | None = None) -> None:
        self.run = run_name or "new"

    def end_run(self) -> None:
        self.heard.append("end")
        self.run = None

    def log_params(self, params: dict[str, Any]) -> None:
        self.heard.append(params)

    def log_metrics(self, metrics: dict[str, float], step: int) -> None:
        self.heard.append((step, metrics))


@pytest.mark.parametrize("outer", [None, "a run around it"])
def test_mlflow_hears_settings_and_epochs(outer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    library = FalseMLflow(outer)
    monkeypatch.setitem(sys.modules, "mlflow", library)
    _, history = fitted(MLflow("mine"), epochs=2)
    settings, *epochs = library.heard
    assert settings["optimizer"] == "SGD" and settings["momentum"] == 0.5
    assert settings["batch_size"] == 12 and settings["parameters"] == 29
    ended = [] if outer else ["end"]
    assert [e if e == "end" else e[0] for e in epochs] == [0, 1, *ended]
    assert library.run == outer
    assert epochs[1][1]["val_mae"] == history.history["val_mae"][1]
    assert epochs[0][1]["learning_rate"] == pytest.approx(0.1)


@pytest.mark.parametrize("outer", [False, True])
def test_wandb_hears_settings_and_epochs(outer: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    config = SimpleNamespace(update=lambda values, allow_val_change: heard.append(values))
    run = SimpleNamespace(config=config, log=heard.append, finish=lambda: heard.append("end"))
    library: Any = ModuleType("wandb")
    library.run = run if outer else None

    def init(**options: Any) -> Any:
        heard.append(options)
        return run

    library.init = init
    monkeypatch.setitem(sys.modules, "wandb", library)
    _, history = fitted(WandB("digits", {"tags": ["a"]}), epochs=2)
    if not outer:
        assert heard.pop(0) == {"project": "digits", "tags": ["a"]} and heard.pop() == "end"
    settings, *epochs = heard
    assert settings["loss"] == "mean_squared_error" and settings["learning_rate"] == pytest.approx(
        0.1
    )
    assert [e["epoch"] for e in epochs] == [0, 1]
    assert epochs[1]["val_loss"] == history.history["val_loss"][1]
