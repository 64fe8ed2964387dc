"""Layers that slide over images and series in Keras float64; a LeNet in PyTorch. See README.md."""

import numpy as np
from common import keras_in_float64, write_arrays, write_json

keras = keras_in_float64()
import torch  # noqa: E402  (after Keras has chosen its backend)

IMAGE, SERIES = (2, 7, 6, 4), (2, 9, 4)
CASES = {
    "conv2d": ("Conv2D", {"filters": 5, "kernel_size": 3, "activation": "tanh"}, IMAGE),
    "conv2d_same": ("Conv2D", {"filters": 3, "kernel_size": [2, 3], "padding": "same"}, IMAGE),
    "conv2d_strided": (
        "Conv2D",
        {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "use_bias": False},
        IMAGE,
    ),
    "conv2d_dilated": ("Conv2D", {"filters": 3, "kernel_size": 2, "dilation_rate": [2, 3]}, IMAGE),
    "conv2d_groups": ("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 2}, IMAGE),
    "conv1d": ("Conv1D", {"filters": 5, "kernel_size": 4, "strides": 2}, SERIES),
    "conv1d_causal": (
        "Conv1D",
        {"filters": 5, "kernel_size": 3, "padding": "causal", "dilation_rate": 2},
        SERIES,
    ),
    "depthwise": ("DepthwiseConv2D", {"kernel_size": 3, "padding": "same"}, IMAGE),
    "depthwise_strided": (
        "DepthwiseConv2D",
        {"kernel_size": 3, "strides": 2, "depth_multiplier": 2},
        IMAGE,
    ),
    "depthwise_dilated": (
        "DepthwiseConv2D",
        {"kernel_size": 2, "dilation_rate": 2, "depth_multiplier": 3},
        IMAGE,
    ),
    "separable": (
        "SeparableConv2D",
        {"filters": 5, "kernel_size": 3, "depth_multiplier": 2, "padding": "same"},
        IMAGE,
    ),
    "max2d": ("MaxPooling2D", {}, IMAGE),
    "max2d_overlapping": ("MaxPooling2D", {"pool_size": 3, "strides": 2}, IMAGE),
    "max2d_same": ("MaxPooling2D", {"pool_size": [3, 2], "strides": 2, "padding": "same"}, IMAGE),
    "max1d": ("MaxPooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, SERIES),
    "average2d": ("AveragePooling2D", {"pool_size": [2, 3]}, IMAGE),
    # NOTE: as many places at both edges. Otherwise Keras on PyTorch repeats the edge, where
    # Keras on TensorFlow counts only what is inside.
    "average2d_same": (
        "AveragePooling2D",
        {"pool_size": 3, "strides": 1, "padding": "same"},
        IMAGE,
    ),
    "average1d": ("AveragePooling1D", {"pool_size": 2, "padding": "same"}, SERIES),
    "global_max2d": ("GlobalMaxPooling2D", {}, IMAGE),
    "global_max1d": ("GlobalMaxPooling1D", {"keepdims": True}, SERIES),
    "global_average2d": ("GlobalAveragePooling2D", {"keepdims": True}, IMAGE),
    "global_average1d": ("GlobalAveragePooling1D", {}, SERIES),
    "zeros2d": ("ZeroPadding2D", {"padding": [[1, 0], [2, 3]]}, IMAGE),
}


TORCH = {
    "conv2d": ("conv2d", {"padding": "same", "dilation": [1, 2], "groups": 2}, (6, 2, 3, 2)),
    "conv2d_strided": ("conv2d", {"padding": [2, 1], "stride": 2}, (3, 4, 3, 3)),
    "conv1d": ("conv1d", {"padding": 1, "stride": 2}, (3, 4, 3)),
    "max2d": ("max_pool2d", {"kernel_size": 3, "stride": 2, "padding": 1}, ()),
    "max2d_ceil": (
        "max_pool2d",
        {"kernel_size": [3, 2], "stride": [3, 2], "padding": 1, "ceil_mode": True},
        (),
    ),
    "max1d": ("max_pool1d", {"kernel_size": 2, "ceil_mode": True}, ()),
    "average2d": ("avg_pool2d", {"kernel_size": 3, "stride": 2, "padding": 1}, ()),
    "average2d_inside": (
        "avg_pool2d",
        {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False},
        (),
    ),
    "average1d": ("avg_pool1d", {"kernel_size": 3, "stride": 1}, ()),
    "adaptive2d": ("adaptive_avg_pool2d", {"output_size": [7, 3]}, ()),
}


def run(name: str, config: dict, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Output and gradients of sum(upstream * output)."""
    random = np.random.default_rng(0)
    layer = getattr(keras.layers, name)(**{k: _tuples(v) for k, v in config.items()})
    layer.build(shape)
    weights = [random.normal(size=w.shape) / 2 for w in layer.get_weights()]
    if weights:
        layer.set_weights(weights)
    x = torch.tensor(random.normal(size=shape), requires_grad=True)
    out = layer(x)
    upstream = random.normal(size=tuple(out.shape))
    (out * torch.tensor(upstream)).sum().backward()
    made = {"x": x, "upstream": torch.tensor(upstream), "output": out, "gradient_x": x.grad}
    found = {key: value.detach().numpy() for key, value in made.items()}
    for i, (w, variable) in enumerate(zip(weights, layer.trainable_variables, strict=True)):
        found[f"weight_{i}"] = w
        found[f"gradient_{i}"] = variable.value.grad.numpy()
    return found


def _tuples(value):
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def pytorch(name: str, options: dict, kernel: tuple[int, ...]) -> dict[str, np.ndarray]:
    """A function of torch.nn.functional, and gradients of sum(upstream * output)."""
    random = np.random.default_rng(1)
    shape = (2, 4, 9) if name.endswith("1d") else (2, 4, 7, 6)
    inputs = [torch.tensor(random.normal(size=shape), requires_grad=True)]
    if kernel:
        inputs.append(torch.tensor(random.normal(size=kernel), requires_grad=True))
    out = getattr(torch.nn.functional, name)(*inputs, **options)
    upstream = torch.tensor(random.normal(size=tuple(out.shape)))
    (out * upstream).sum().backward()
    made = {"output": out, "upstream": upstream}
    for i, tensor in enumerate(inputs):
        made |= {f"input_{i}": tensor, f"gradient_{i}": tensor.grad}
    return {key: value.detach().numpy() for key, value in made.items()}


def lenet() -> dict[str, np.ndarray]:
    """Two convolutions, two pools, two dense layers: gradients, then ten steps of Adam."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 5, padding=2),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(4, 8, 3),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2, stride=1),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 4 * 4, 10),
    )
    x, y = torch.randn(6, 1, 14, 14), torch.randint(0, 10, (6,))
    made = {"x": x, "y": y}
    made |= {f"initial/{name}": p.detach().clone() for name, p in model.named_parameters()}
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for step in range(10):
        out = model(x)
        loss = torch.nn.functional.cross_entropy(out, y)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            made["output"] = out.detach()
            made |= {f"gradient/{n}": p.grad.clone() for n, p in model.named_parameters()}
        optimizer.step()
    made |= {f"final/{name}": p.detach() for name, p in model.named_parameters()}
    return {key: value.numpy() for key, value in made.items()} | {"losses": np.array(losses)}


def main() -> None:
    arrays = {}
    for case, settings in CASES.items():
        arrays |= {f"{case}/{key}": value for key, value in run(*settings).items()}
    for case, settings in TORCH.items():
        arrays |= {f"torch/{case}/{key}": value for key, value in pytorch(*settings).items()}
    arrays |= {f"lenet/{key}": value for key, value in lenet().items()}
    write_arrays("convolution", arrays)
    keras_cases = {c: {"class": n, "config": s} for c, (n, s, _) in CASES.items()}
    torch_cases = {c: {"function": n, "options": s} for c, (n, s, _) in TORCH.items()}
    write_json("convolution", {"keras": keras_cases, "torch": torch_cases})


if __name__ == "__main__":
    main()
