"""25 batches with accumulated gradients and averaged parameters, from Keras. See README.md."""

import json

import numpy as np
import torch
from common import keras_in_float64, write_arrays
from make_optimizers import problem

# name -> (class, arguments)
CASES = {
    "sgd_accumulation": ("SGD", {"learning_rate": 0.1, "gradient_accumulation_steps": 4}),
    "adam_accumulation": ("Adam", {"learning_rate": 0.01, "gradient_accumulation_steps": 3}),
    "nadam_accumulation_clipnorm": (
        "Nadam",
        {"learning_rate": 0.01, "gradient_accumulation_steps": 2, "clipnorm": 1.0},
    ),
    "adamw_accumulation": (
        "AdamW",
        {"learning_rate": 0.01, "weight_decay": 0.1, "gradient_accumulation_steps": 5},
    ),
    "sgd_ema": ("SGD", {"momentum": 0.9, "use_ema": True, "ema_momentum": 0.9}),
    "adam_ema_overwrite": (
        "Adam",
        {
            "learning_rate": 0.01,
            "use_ema": True,
            "ema_momentum": 0.8,
            "ema_overwrite_frequency": 7,
        },
    ),
    "adam_accumulation_ema": (
        "Adam",
        {
            "learning_rate": 0.01,
            "gradient_accumulation_steps": 2,
            "use_ema": True,
            "ema_momentum": 0.7,
        },
    ),
}


def path(cls: str, arguments: dict, data: dict) -> dict[str, np.ndarray]:
    """The parameters after every batch, and their averages at the end."""
    keras = keras_in_float64()
    optimizer = getattr(keras.optimizers, cls)(**arguments)
    pair = [keras.Variable(data[f"initial_{k}"].astype(np.float64), name=k) for k in "wb"]
    seen: dict[str, list] = {"w": [], "b": []}
    for gradients in zip(data["gradient_w"], data["gradient_b"], strict=True):
        optimizer.apply([torch.tensor(g, dtype=torch.float64) for g in gradients], pair)
        for key, variable in zip("wb", pair, strict=True):
            seen[key].append(variable.numpy().copy())
    optimizer.finalize_variable_values(pair)
    made = {key: np.stack(values) for key, values in seen.items()}
    return made | {f"final_{k}": v.numpy().copy() for k, v in zip("wb", pair, strict=True)}


def main() -> None:
    data = problem()
    stored = dict(data)
    stored["cases"] = np.array(json.dumps(CASES))
    for name, (cls, arguments) in CASES.items():
        for key, values in path(cls, arguments, data).items():
            assert values.dtype == np.float64
            stored[f"{name}/{key}"] = values
    write_arrays("optimizer_options", stored)


if __name__ == "__main__":
    main()
