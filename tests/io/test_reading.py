"""Nothing but plain files is read: no pipe is waited for, no device read without end."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import ranvier
from ranvier.callbacks import Checkpoint
from ranvier.cli.main import main
from ranvier.compat import torch as torch_names
from ranvier.compat.tensorflow import keras
from ranvier.data import TextVectorization, Vocabulary, stream_csv, stream_npy
from ranvier.errors import FileError

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes and devices of POSIX")
X = np.ones((4, 3), np.float32)


def network() -> Any:
    model = ranvier.Sequential([ranvier.nn.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse", engine="reference")
    return model


def parquet(path: str) -> None:
    pytest.importorskip("pyarrow")
    ranvier.data.stream_parquet(path)


def pairs(path: str) -> None:
    pytest.importorskip("tokenizers")
    ranvier.data.BytePairs.load(path)


def images(path: str) -> None:
    """A folder of one class whose only image is the file."""
    pytest.importorskip("PIL")
    inside = Path("photos/a/x.png")
    inside.parent.mkdir(parents=True)
    inside.symlink_to(path)
    list(ranvier.data.stream_images("photos").chunks())


def command(*arguments: str) -> None:
    done = CliRunner().invoke(main, arguments)
    if done.exit_code == 1 and done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code, done.output
    raise FileError(done.output)


def resumed(path: str) -> None:
    network().fit(X, X[:, 0], verbose=0, callbacks=[Checkpoint("run.ckpt")], resume=path)


READERS: dict[str, Callable[[str], Any]] = {
    "load": ranvier.load,
    "load_weights": lambda path: network().load_weights(path),
    "resume": resumed,
    "stream_csv": lambda path: stream_csv(path, "y"),
    "stream_npy": stream_npy,
    "stream_parquet": parquet,
    "stream_images": images,
    "Vocabulary.load": Vocabulary.load,
    "TextVectorization.load": TextVectorization.load,
    "BytePairs.load": pairs,
    "torch.load": torch_names.load,
    "load_model": keras.models.load_model,
    "inspect": lambda path: command("inspect", path),
    "predict": lambda path: command("predict", path),
    "predict a table": lambda path: command("predict", "model.safetensors", path),
    "evaluate": lambda path: command("evaluate", path),
    "compare": lambda path: command("compare", path, "--target", "y", "--out", "o.png"),
}
KINDS = ["a pipe", "a socket", "a device", "a folder", "empty"]


@pytest.fixture
def odd(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of something that is no file with something in it."""
    monkeypatch.chdir(tmp_path)
    network().save("model.safetensors")
    kind, name = request.param, "odd"
    listener = socket.socket(socket.AF_UNIX)
    if kind == "a pipe":
        os.mkfifo(name)
    elif kind == "a socket":
        listener.bind(name)
    elif kind == "a device":
        name = "/dev/zero"
    elif kind == "a folder":
        os.mkdir(name)
    else:
        Path(name).touch()
    yield os.path.abspath(name)
    listener.close()


def ended(_: int, __: Any) -> None:
    raise AssertionError("it waits")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("odd", KINDS, indirect=True)
def test_what_is_no_plain_file_is_refused(reader: str, odd: str, request: Any) -> None:
    kind = request.node.callspec.params["odd"]
    before = signal.signal(signal.SIGALRM, ended)
    signal.alarm(20)  # far more than it takes; a pipe would be waited for without end
    try:
        with pytest.raises(FileError) as caught:
            READERS[reader](odd)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    if not (kind == "a folder" and reader in ("stream_npy", "stream_csv", "stream_parquet")):
        assert kind in str(caught.value), caught.value


def test_what_the_system_shows_is_no_file() -> None:
    shown = Path("/proc/self/environ")
    if not shown.exists():
        pytest.skip("no /proc here")
    for read in (ranvier.load, Vocabulary.load, stream_npy, torch_names.load):
        with pytest.raises(FileError, match="empty"):
            read(shown)
