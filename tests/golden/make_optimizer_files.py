"""Small models saved in the middle of a training, with the optimizer's state, and how it goes on.

Was run with the code of November 2026 (commit 81f35ab), before optimizers had groups and
transforms: such files have to load for ever.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

import ranvier
from ranvier import optim

HERE = Path(__file__).parent


def excluding() -> Any:
    optimizer = optim.AdamW(0.02, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def makers() -> dict[str, Any]:
    return {
        "sgd": lambda: optim.Nesterov(0.05, clipvalue=0.1),
        "raw_sgd": lambda: optim.SGD(0.05, momentum=0.8, dampening=0.1, raw_velocity=True),
        "rmsprop": lambda: optim.RMSprop(0.01, momentum=0.5, centered=True, global_clipnorm=1.0),
        "rmsprop_mixed": lambda: optim.RMSprop(0.01, momentum=0.5, epsilon_inside=False),
        "adagrad": lambda: optim.Adagrad(0.05, epsilon_inside=False),
        "adadelta": lambda: optim.Adadelta(1.0, weight_decay=0.01, decoupled=False),
        "adam": lambda: optim.Adam(
            0.02, amsgrad=True, clipnorm=0.5, use_ema=True, gradient_accumulation_steps=2
        ),
        "adam_corrected": lambda: optim.AdamW(0.02, epsilon=1e-3, epsilon_hat=False),
        "adamw": excluding,
        "adamax": lambda: optim.Adamax(0.02, epsilon=1e-3, epsilon_inside=True),
        "nadam": lambda: optim.Nadam(optim.CosineDecay(0.02, 40), gradient_accumulation_steps=3),
        "scaled": lambda: optim.LossScaleOptimizer(optim.Adam(0.02), dynamic_growth_steps=5),
    }


def rows() -> tuple[Any, Any]:
    draw = np.random.default_rng(4)
    return draw.normal(size=(40, 3)).astype(np.float32), draw.normal(size=(40, 2)).astype("f4")


def main() -> None:
    found: dict[str, Any] = {}
    x, y = rows()
    for name, make in makers().items():
        ranvier.seed(1)
        layers = [
            ranvier.nn.Dense(3, "tanh", input_shape=(3,), name="first"),
            ranvier.nn.Dense(2, name="second"),
        ]
        model = ranvier.Sequential(layers)
        model.compile(make(), "mse")
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        path = Path("/tmp") / f"{name}.safetensors"
        model.save(path)
        found[f"{name}/file"] = np.frombuffer(path.read_bytes(), np.uint8)
        path.unlink()
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        for i, w in enumerate(model.get_weights()):
            found[f"{name}/{i}"] = w
    packed = io.BytesIO()
    np.savez_compressed(packed, **found)
    (HERE / "optimizer_files.npz").write_bytes(packed.getvalue())


if __name__ == "__main__":
    main()
