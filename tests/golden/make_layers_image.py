"""Normalization, transposed convolutions and other image layers: Keras on TensorFlow and PyTorch,
both in float64. See README.md."""

import os

import numpy as np
from common import write_arrays, write_json

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf
import torch

keras.config.set_floatx("float64")

IMAGE, SERIES = (3, 5, 4, 6), (2, 7, 4)
SMALL = (2, 4, 3, 3)
CASES = {
    "batch": ("BatchNormalization", {"momentum": 0.9}, IMAGE),
    "batch_axis_1": ("BatchNormalization", {"axis": 1, "center": False}, SERIES),
    "batch_rows": ("BatchNormalization", {"epsilon": 0.01, "scale": False}, (6, 5)),
    "layer": ("LayerNormalization", {}, SERIES),
    "layer_axes": ("LayerNormalization", {"axis": [1, 3], "epsilon": 1e-5}, IMAGE),
    "group": ("GroupNormalization", {"groups": 3}, IMAGE),
    "group_axis_1": ("GroupNormalization", {"groups": 2, "axis": 1}, (2, 4, 5)),
    "instance": ("GroupNormalization", {"groups": -1}, IMAGE),
    "rms": ("RMSNormalization", {}, SERIES),
    "upsampling2d": ("UpSampling2D", {"size": [2, 3]}, SMALL),
    "upsampling2d_bilinear": ("UpSampling2D", {"size": [2, 3], "interpolation": "bilinear"}, SMALL),
    "upsampling1d": ("UpSampling1D", {"size": 3}, SERIES),
    "zeros1d": ("ZeroPadding1D", {"padding": [2, 1]}, SERIES),
    "cropping2d": ("Cropping2D", {"cropping": [[1, 0], [1, 2]]}, IMAGE),
    "cropping1d": ("Cropping1D", {"cropping": [2, 1]}, SERIES),
    "adaptive_average2d": ("AdaptiveAveragePooling2D", {"output_size": [3, 2]}, IMAGE),
    "adaptive_average1d": ("AdaptiveAveragePooling1D", {"output_size": 3}, SERIES),
    "adaptive_max2d": ("AdaptiveMaxPooling2D", {"output_size": [2, 3]}, IMAGE),
    "permute": ("Permute", {"dims": [3, 1, 2]}, IMAGE),
    "repeat": ("RepeatVector", {"n": 3}, (2, 5)),
    "prelu": ("PReLU", {"shared_axes": [1, 2]}, IMAGE),
    "relu": ("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}, SERIES),
    "elu": ("ELU", {"alpha": 0.7}, SERIES),
    "leaky_relu": ("LeakyReLU", {}, SERIES),
    "softmax": ("Softmax", {"axis": 1}, SERIES),
    "transposed1d": (
        "Conv1DTranspose",
        {"filters": 3, "kernel_size": 4, "strides": 3, "padding": "same"},
        SERIES,
    ),
    "transposed2d_output_padding": (
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": [1, 0]},
        SMALL,
    ),
    "transposed2d_output_padding_same": (
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1},
        SMALL,
    ),
}
CASES |= {
    f"transposed2d_{padding}_{k}_{s}": (
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": k, "strides": s, "padding": padding},
        SMALL,
    )
    for padding in ("valid", "same")
    for k, s in ((1, 1), (3, 1), (4, 2), (3, 2), (5, 3), (2, 3), ([2, 3], [3, 1]))
}

TORCH = {
    "batch1d": ("BatchNorm1d", [4], {}, (5, 4)),
    "batch1d_series": ("BatchNorm1d", [4], {"momentum": 0.3, "eps": 0.01}, (3, 4, 5)),
    "batch2d": ("BatchNorm2d", [4], {"momentum": None}, (3, 4, 2, 3)),
    "layer": ("LayerNorm", [[3, 5]], {}, (2, 4, 3, 5)),
    "layer_no_bias": ("LayerNorm", [5], {"bias": False}, (2, 4, 5)),
    "group": ("GroupNorm", [2, 4], {}, (2, 4, 3, 5)),
    "instance1d": ("InstanceNorm1d", [4], {"affine": True}, (2, 4, 6)),
    "instance2d": ("InstanceNorm2d", [4], {}, (2, 4, 3, 5)),
    "rms": ("RMSNorm", [5], {}, (2, 4, 5)),
    "prelu": ("PReLU", [4], {}, (2, 4, 3)),
    "zeros": ("ZeroPad2d", [[1, 2, 0, 3]], {}, (2, 4, 3, 5)),
    "upsample": ("Upsample", [], {"scale_factor": 2}, (2, 4, 3, 5)),
    "upsample_linear": ("Upsample", [], {"size": 15, "mode": "linear"}, (2, 4, 5)),
    "upsample_bilinear": (
        "Upsample",
        [],
        {"scale_factor": [2, 3], "mode": "bilinear"},
        (2, 4, 3, 5),
    ),
    "adaptive_average1d": ("AdaptiveAvgPool1d", [3], {}, (2, 4, 7)),
    "adaptive_average2d": ("AdaptiveAvgPool2d", [[None, 3]], {}, (2, 4, 3, 5)),
    "adaptive_max1d": ("AdaptiveMaxPool1d", [3], {}, (2, 4, 7)),
    "adaptive_max2d": ("AdaptiveMaxPool2d", [[2, 3]], {}, (2, 4, 3, 5)),
    "transposed1d": (
        "ConvTranspose1d",
        [4, 6, 5],
        {"stride": 3, "padding": 2, "output_padding": 1, "groups": 2},
        (2, 4, 5),
    ),
    "transposed2d": (
        "ConvTranspose2d",
        [4, 6, 4],
        {"stride": 2, "padding": 1, "bias": False},
        (2, 4, 3, 5),
    ),
    "transposed2d_dilated": (
        "ConvTranspose2d",
        [4, 6, [2, 3]],
        {"stride": [4, 1], "dilation": [6, 2], "output_padding": [3, 1], "groups": 2},
        (2, 4, 3, 5),
    ),
}


def tuples(value):
    return tuple(map(tuples, value)) if isinstance(value, list) else value


def run(name: str, config: dict, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Output in training and gradients of sum(upstream * output); then the untrained state."""
    random = np.random.default_rng(0)
    layer = getattr(keras.layers, name)(**{k: tuples(v) for k, v in config.items()})
    layer.build(shape)
    weights = [random.normal(1.0, 0.5, w.shape) for w in layer.trainable_variables]
    for variable, w in zip(layer.trainable_variables, weights, strict=True):
        variable.assign(w)
    x = tf.constant(random.normal(0.5, 1.0, shape))
    training = {"training": True} if name == "BatchNormalization" else {}
    with tf.GradientTape() as tape:
        tape.watch(x)
        out = layer(x, **training)
        upstream = random.normal(size=tuple(out.shape))
        total = tf.reduce_sum(out * upstream)
    variables = [v.value for v in layer.trainable_variables]
    gradient_x, *gradients = tape.gradient(total, [x, *variables])
    found = {"x": x, "upstream": upstream, "output": out, "gradient_x": gradient_x}
    for i, (w, gradient) in enumerate(zip(weights, gradients, strict=True)):
        found |= {f"weight_{i}": w, f"gradient_{i}": gradient}
    for i, variable in enumerate(layer.non_trainable_variables):
        found[f"state_{i}"] = variable.value
    if training:
        found["used"] = layer(x)
    return {key: np.asarray(value) for key, value in found.items()}


def pytorch(name: str, args: list, options: dict, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """A module in training: output, gradients of sum(upstream * output), buffers after it."""
    random = np.random.default_rng(1)
    torch.set_default_dtype(torch.float64)
    module = getattr(torch.nn, name)(
        *map(tuples, args), **{k: tuples(v) for k, v in options.items()}
    )
    for p in module.parameters():
        p.data = torch.tensor(random.normal(1.0, 0.5, tuple(p.shape)))
    found = {f"state/{key}": value.clone() for key, value in module.state_dict().items()}
    x = torch.tensor(random.normal(0.5, 1.0, shape), requires_grad=True)
    out = module(x)
    upstream = torch.tensor(random.normal(size=tuple(out.shape)))
    (out * upstream).sum().backward()
    found |= {"x": x, "output": out, "upstream": upstream, "gradient_x": x.grad}
    found |= {f"gradient/{key}": p.grad for key, p in module.named_parameters()}
    found |= {f"after/{key}": value for key, value in module.named_buffers()}
    found["used"] = module.eval()(x)
    return {key: value.detach().numpy() for key, value in found.items()}


def main() -> None:
    arrays = {}
    for case, settings in CASES.items():
        arrays |= {f"keras/{case}/{key}": value for key, value in run(*settings).items()}
    for case, settings in TORCH.items():
        arrays |= {f"torch/{case}/{key}": value for key, value in pytorch(*settings).items()}
    write_arrays("layers_image", arrays)
    keras_cases = {c: {"class": n, "config": s} for c, (n, s, _) in CASES.items()}
    torch_cases = {c: {"class": n, "args": a, "options": o} for c, (n, a, o, _) in TORCH.items()}
    write_json("layers_image", {"keras": keras_cases, "torch": torch_cases})


if __name__ == "__main__":
    main()
