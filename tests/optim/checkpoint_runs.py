"""Trainings that are interrupted and resumed, one for each way that a step may look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import ranvier
from ranvier import optim
from ranvier.callbacks import Checkpoint
from ranvier.nn import BatchNormalization, Dense, Dropout

_BIAS: dict[str, Any] = {"names": ["bias"], "learning_rate": 0.05, "weight_decay": 0.0}
_SLOWER = optim.schedules.ExponentialDecay(0.1, 10, 0.9)

RUNS: dict[str, Callable[[], Any]] = {
    **optim.OPTIMIZERS,
    "decay": lambda: optim.Adam(0.01, weight_decay=0.1),
    "penalty": lambda: optim.SGD(0.01, weight_decay=0.1, decoupled=False),
    "groups": lambda: optim.Adam(0.01, weight_decay=0.1, groups=[_BIAS]),
    "schedule": lambda: optim.SGD(_SLOWER, momentum=0.9, weight_decay=0.01, clipnorm=1.0),
    "averages": lambda: optim.AdamW(0.01, use_ema=True, ema_overwrite_frequency=3),
    "accumulated": lambda: optim.AdamW(0.01, gradient_accumulation_steps=2, global_clipnorm=1.0),
    "scaled": lambda: optim.LossScaleOptimizer(optim.AdamW(0.01, clipvalue=1.0)),
}


def run(name: str, path: Path, epochs: int) -> Any:
    """The model after so many epochs, begun again or resumed."""
    draw = np.random.default_rng(5)
    x, y = draw.normal(size=(20, 3)).astype(np.float32), draw.normal(size=(20, 2)).astype("f4")
    ranvier.seed(3)
    layers = [
        Dense(4, activation="relu", input_shape=(3,), name="one"), Dropout(0.2, name="two"),
        BatchNormalization(name="three"), Dense(2, name="four"),
    ]  # fmt: skip
    model = ranvier.Sequential(layers, name="run")
    model.compile(RUNS[name](), "mse", metrics=["mae"], engine="reference")
    keep, resume = [Checkpoint(path)], path if path.exists() else None
    model.fit(x, y, batch_size=8, epochs=epochs, verbose=0, callbacks=keep, resume=resume)
    return model
