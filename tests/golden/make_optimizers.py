"""25 steps of every optimizer along given gradients, from PyTorch and Keras. See README.md."""

import inspect
import json

import numpy as np
import torch
from common import FOLDER, keras_in_float64, write_arrays, write_json

STEPS = 25

# name -> (class, arguments that differ from the class's defaults, clipping before the step)
TORCH = {
    "sgd": ("SGD", {"lr": 0.1}, None),
    "sgd_momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}, None),
    "sgd_dampening": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}, None),
    "sgd_nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}, None),
    "sgd_weight_decay": ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}, None),
    "rmsprop": ("RMSprop", {}, None),
    "rmsprop_momentum": ("RMSprop", {"momentum": 0.9}, None),
    "rmsprop_centered": ("RMSprop", {"centered": True, "weight_decay": 0.01}, None),
    "adagrad": ("Adagrad", {}, None),
    "adagrad_decay": ("Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.1}, None),
    "adadelta": ("Adadelta", {}, None),
    "adam": ("Adam", {}, None),
    "adam_weight_decay": ("Adam", {"lr": 0.01, "weight_decay": 0.01}, None),
    "adam_amsgrad": ("Adam", {"lr": 0.01, "amsgrad": True}, None),
    "adamw": ("AdamW", {"weight_decay": 0.01}, None),
    "adamax": ("Adamax", {}, None),
    "nadam": ("NAdam", {}, None),
    "sgd_clip_norm": ("SGD", {"lr": 0.1}, {"norm": 1.0}),
    "adam_clip_norm": ("Adam", {"lr": 0.01}, {"norm": 1.0}),
    "sgd_clip_value": ("SGD", {"lr": 0.1}, {"value": 0.5}),
}

KERAS = {
    "sgd": ("SGD", {}),
    "sgd_momentum": ("SGD", {"momentum": 0.9}),
    "sgd_nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "sgd_weight_decay": ("SGD", {"weight_decay": 0.01}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_momentum": ("RMSprop", {"momentum": 0.9}),
    "rmsprop_centered": ("RMSprop", {"centered": True}),
    "adagrad": ("Adagrad", {}),
    "adadelta": ("Adadelta", {}),
    "adadelta_rate_1": ("Adadelta", {"learning_rate": 1.0}),
    "adam": ("Adam", {}),
    "adam_amsgrad": ("Adam", {"learning_rate": 0.01, "amsgrad": True}),
    "adamw": ("AdamW", {"weight_decay": 0.01}),
    "adamax": ("Adamax", {}),
    "nadam": ("Nadam", {}),
    "sgd_clipnorm": ("SGD", {"clipnorm": 1.0}),
    "sgd_clipvalue": ("SGD", {"clipvalue": 0.5}),
    "sgd_global_clipnorm": ("SGD", {"global_clipnorm": 1.0}),
    "adam_global_clipnorm": ("Adam", {"learning_rate": 0.01, "global_clipnorm": 1.0}),
}


def problem() -> dict[str, np.ndarray]:
    """Parameters and 25 gradients of uneven size, some exactly zero, all exact in float32."""
    random = np.random.default_rng(0)
    scale = np.array([10.0, 1.0, 0.01])
    gradient_w = (random.normal(size=(STEPS, 4, 3)) + 0.3) * scale
    gradient_b = (random.normal(size=(STEPS, 3)) - 0.3) * scale
    gradient_w[:, 1, 1] = 0
    gradient_w[::3, 2, :] = 0
    gradient_w[::2] *= 0.05
    gradient_b[::2] *= 0.05
    made = {
        "initial_w": random.normal(size=(4, 3)),
        "initial_b": random.normal(size=3),
        "gradient_w": gradient_w,
        "gradient_b": gradient_b,
    }
    return {key: value.astype(np.float32) for key, value in made.items()}


def plain(arguments: dict) -> dict:
    """Only what JSON can hold and a reader can use."""
    kept = (bool, int, float, str, list, tuple)
    hidden = ("foreach", "capturable", "differentiable", "fused", "maximize", "name", "lr_decay_")
    return {k: v for k, v in arguments.items() if isinstance(v, kept) and k not in hidden}


def torch_steps(data: dict, cls: str, arguments: dict, clip: dict | None):
    w = torch.tensor(data["initial_w"], dtype=torch.float64, requires_grad=True)
    b = torch.tensor(data["initial_b"], dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, cls)([w, b], **arguments)
    path = []
    for gradient_w, gradient_b in zip(data["gradient_w"], data["gradient_b"], strict=True):
        w.grad = torch.tensor(gradient_w, dtype=torch.float64)
        b.grad = torch.tensor(gradient_b, dtype=torch.float64)
        if clip and "norm" in clip:
            torch.nn.utils.clip_grad_norm_([w, b], clip["norm"])
        if clip and "value" in clip:
            torch.nn.utils.clip_grad_value_([w, b], clip["value"])
        optimizer.step()
        path.append((w.detach().numpy().copy(), b.detach().numpy().copy()))
    case = {"class": cls, "arguments": plain(optimizer.defaults)}
    return path, case | ({"clip": clip} if clip else {})


def keras_steps(data: dict, cls: str, arguments: dict):
    keras = keras_in_float64()
    made = getattr(keras.optimizers, cls)
    optimizer = made(**arguments)
    w = keras.Variable(data["initial_w"].astype(np.float64), dtype="float64", name="w")
    b = keras.Variable(data["initial_b"].astype(np.float64), dtype="float64", name="b")
    path = []
    for gradient_w, gradient_b in zip(data["gradient_w"], data["gradient_b"], strict=True):
        gradients = [torch.tensor(g, dtype=torch.float64) for g in (gradient_w, gradient_b)]
        optimizer.apply(gradients, [w, b])
        path.append((w.numpy().copy(), b.numpy().copy()))
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(made.__init__).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    return path, {"class": cls, "arguments": plain(defaults | arguments)}


def main() -> None:
    data = problem()
    described = {"torch": {}, "keras": {}}
    stored = {"torch": dict(data), "keras": dict(data)}
    for name, (cls, arguments, clip) in TORCH.items():
        path, described["torch"][name] = torch_steps(data, cls, arguments, clip)
        for key, values in zip("wb", zip(*path, strict=True), strict=True):
            stored["torch"][f"{name}/{key}"] = np.stack(values)
    for name, (cls, arguments) in KERAS.items():
        path, described["keras"][name] = keras_steps(data, cls, arguments)
        for key, values in zip("wb", zip(*path, strict=True), strict=True):
            stored["keras"][f"{name}/{key}"] = np.stack(values)
    for library, arrays in stored.items():
        assert all(np.isfinite(value).all() for value in arrays.values())
        assert all(v.dtype == np.float64 for k, v in arrays.items() if "/" in k)
        write_arrays(f"optimizers_{library}", arrays)
    write_json("optimizers", described)
    write_versions()


def write_versions() -> None:
    import keras
    import shap
    import sklearn

    versions = {module.__name__: module.__version__ for module in (np, torch, keras, sklearn, shap)}
    (FOLDER / "versions.json").write_text(json.dumps(versions, indent=1) + "\n")


if __name__ == "__main__":
    main()
