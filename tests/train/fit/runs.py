"""Trainings that are interrupted and resumed, and the hash of how they end.

As a script: the campaign of kills. Each training runs in a forked process that is killed (SIGKILL)
at random times and started again with `fit(resume=...)` until it is through; then its hash must be
that of the uninterrupted training.

    python tests/train/fit/runs.py --kills 200 --seed 0
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import ranvier
from ranvier import Sequential, nn, optim
from ranvier.callbacks import Callback, Checkpoint, EarlyStopping, ReduceLROnPlateau, SwapEMAWeights
from ranvier.nn import Dense
from ranvier.optim import schedules

RNG = np.random.default_rng(7)
X = RNG.normal(size=(203, 6)).astype("f")
Y = (X[:, :1] * X[:, 1:2] > 0).astype("f")
IMAGES = RNG.random((103, 8, 8, 1)).astype("f")
KINDS = np.eye(3, dtype="f")[RNG.integers(0, 3, 103)]


def dense(*layers: Any) -> Any:
    return Sequential([Dense(12, "tanh", input_shape=(6,)), *layers, Dense(1, "sigmoid")])


def dropout() -> tuple[Any, dict[str, Any]]:
    model = dense(nn.Dropout(0.3), Dense(8, "relu"), nn.GaussianNoise(0.1, seed=5))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy", "auc"])
    return model, {"x": X, "y": Y}


def batch_normalization() -> tuple[Any, dict[str, Any]]:
    model = dense(nn.BatchNormalization())
    model.compile(optim.SGD(0.05, momentum=0.9), "binary_crossentropy", metrics=["accuracy"])
    return model, {"x": X, "y": Y, "sample_weight": np.abs(X[:, 0]), "validation_split": 0.2}


def schedule() -> tuple[Any, dict[str, Any]]:
    model = dense()
    rate = schedules.CosineDecay(0.05, decay_steps=80)
    model.compile(optim.AdamW(rate, use_ema=True, ema_momentum=0.9), "mse")
    return model, {
        "x": X,
        "y": Y,
        "validation_data": (X[:50], Y[:50]),
        "callbacks": [SwapEMAWeights()],
    }


def early_stopping() -> tuple[Any, dict[str, Any]]:
    model = dense(nn.Dropout(0.5))
    model.compile(optim.Adam(0.1), "mse", metrics=["mae"])
    watching = [EarlyStopping(patience=2), ReduceLROnPlateau(patience=1, factor=0.5)]
    return model, {"x": X, "y": Y, "validation_split": 0.3, "callbacks": watching}


def augmentation() -> tuple[Any, dict[str, Any]]:
    layers = [
        nn.RandomFlip("horizontal", input_shape=(8, 8, 1)), nn.RandomTranslation(0.2, 0.2, seed=3),
        nn.Conv2D(4, 3, activation="relu"), nn.Flatten(), Dense(3, "softmax"),
    ]  # fmt: skip
    model = Sequential(layers)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"], augment=nn.Mixup())
    return model, {"x": IMAGES, "y": KINDS}


def gradient_accumulation() -> tuple[Any, dict[str, Any]]:
    model = Sequential(
        [Dense(12, "tanh", input_shape=(6,), dtype="mixed_float16"), Dense(1, "sigmoid")]
    )
    inner = optim.Adam(0.02, gradient_accumulation_steps=3, global_clipnorm=1.0)
    model.compile(optim.LossScaleOptimizer(inner, 2.0**16, dynamic_growth_steps=9), "mse")
    return model, {"x": X, "y": Y, "class_weight": {0: 1.0, 1: 2.0}}


def stream() -> tuple[Any, dict[str, Any]]:
    model = dense(nn.Dropout(0.2))
    model.compile("adam", "mse")
    return model, {"x": ranvier.data.stream_arrays(X, Y, chunk_rows=20, buffer_rows=60)}


CONFIGURATIONS: dict[str, Callable[[], tuple[Any, dict[str, Any]]]] = {
    f.__name__: f
    for f in (
        dropout, batch_normalization, schedule, early_stopping, augmentation,
        gradient_accumulation,
    )
}  # fmt: skip


def train(
    name: str, path: Any = None, save_freq: Any = 5, more: Sequence[Callback] = (), epochs: int = 6
) -> str:
    """The hash of weights, optimizer and history after the training, resumed if there is a file."""
    ranvier.seed(11)
    model, given = ({**CONFIGURATIONS, "stream": stream}[name])()
    callbacks = [*given.pop("callbacks", []), *more]
    if path is not None:
        callbacks.append(Checkpoint(path, save_freq))
    history = model.fit(
        **given, batch_size=16, epochs=epochs, verbose=0, callbacks=callbacks, resume=path
    )
    digest = hashlib.sha256()
    optimizer = model.optimizer.named_tensors(model.parameters())
    for t in [*model.state_tensors(), *optimizer.values(), ranvier.random.generator.state]:
        digest.update(t.numpy().tobytes())
    numbers = {k: [float(v).hex() for v in values] for k, values in history.history.items()}
    digest.update(json.dumps([history.epoch, numbers], sort_keys=True).encode())
    return digest.hexdigest()[:16]


# --- the campaign -------------------------------------------------------------------------------


def in_child(work: Callable[[], None]) -> int:
    """The process that does the work."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def campaign(kills: int, seed: int, names: Sequence[str]) -> dict[str, Any]:
    """Kill until so many kills have hit; how many of each training, and all hashes it ended in."""
    chance = random.Random(seed)
    folder = Path(tempfile.mkdtemp())
    result = folder / "result"
    found: dict[str, Any] = {}

    def run(name: str, path: Path | None, save_freq: Any, patience: float | None) -> str | None:
        """The hash, or None where it was killed after `patience` seconds."""

        def written(*arguments: Any) -> None:
            result.write_text(train(*arguments))

        child = in_child(lambda: written(name, path, save_freq))
        if patience is not None:
            time.sleep(patience)
            os.kill(child, signal.SIGKILL)  # of a process that is through it changes nothing
        _, status = os.waitpid(child, 0)
        assert status in (0, signal.SIGKILL), (name, status)
        return None if status else result.read_text()

    for name in names:
        expected = run(name, None, 0, None)
        began = time.perf_counter()
        assert run(name, None, 0, None) == expected
        length = time.perf_counter() - began
        about = found[name] = {"expected": expected, "kills": 0, "ends": []}
        while about["kills"] < -(-kills // len(names)):
            path = folder / "run.ckpt"
            path.unlink(missing_ok=True)
            save_freq = chance.choice([1, 2, 5, 7, "epoch"])
            killed = 0
            while True:
                last = killed > 12  # it may be killed before it gets anywhere: now let it end
                wait = None if last else chance.uniform(0.3, 1.2) * length
                ended = run(name, path, save_freq, wait)
                if ended is not None:
                    break
                killed += 1
            about["kills"] += killed
            about["ends"].append(ended)
        left = [p.name for p in folder.iterdir() if p.name not in ("run.ckpt", "result")]
        about["files left"] = left
        about["same"] = set(about["ends"]) == {expected}
    return found


def main() -> None:
    import argparse

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    ranvier.config(threads=1)
    found = campaign(given.kills, given.seed, list(CONFIGURATIONS))
    for name, about in found.items():
        print(
            f"{name:24} {about['kills']:4} kills, {len(about['ends'])} trainings, "
            f"one hash {about['expected']}: {about['same']}; left over: {about['files left']}"
        )
    if not all(about["same"] for about in found.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
