"""`torch.nn`'s normalization, transposed convolution and other image layers: PyTorch's numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import ranvier.compat.torch as torch
from compat.snippets import run
from paths import GOLDEN
from ranvier.compat.torch import nn
from ranvier.compat.torch.nn import functional as F
from ranvier.errors import ArgumentError, ShapeError

CASES = json.loads((GOLDEN / "layers_image.json").read_text())["torch"]
VALUES = dict(np.load(GOLDEN / "layers_image.npz"))


@pytest.mark.parametrize("case", CASES)
def test_modules_are_those_of_pytorch(case: str) -> None:
    start = f"torch/{case}/"
    values = {k[len(start) :]: v for k, v in VALUES.items() if k.startswith(start)}
    settings = CASES[case]
    options = dict(settings["options"])
    if any(k.startswith("state/") for k in values):
        options["dtype"] = torch.float64
    module = getattr(nn, settings["class"])(*settings["args"], **options)
    module.load_state_dict({k[6:]: v for k, v in values.items() if k.startswith("state/")})
    x = torch.tensor(values["x"], requires_grad=True)
    out = module(x)
    (out * torch.tensor(values["upstream"])).sum().backward()
    found = {"output": out, "gradient_x": x.grad, "used": module.eval()(x)}
    found |= {f"gradient/{name}": p.grad for name, p in module.named_parameters()}
    found |= {f"after/{k[6:]}": module.state_dict()[k[6:]] for k in values if k[:6] == "after/"}
    for name, value in found.items():
        expected = values[name]
        assert value is not None and value.dtype == expected.dtype
        np.testing.assert_allclose(
            value.detach().numpy(), expected, rtol=1e-9, atol=1e-11, err_msg=name
        )


def test_a_network_of_a_tutorial_trains() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.PReLU(4),
        nn.Dropout2d(0.1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.LayerNorm(4),
        nn.Linear(4, 2),
    )
    x = torch.randn(16, 1, 6, 6)
    y = (x.mean(dim=(1, 2, 3)) > 0).long()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(15):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert model[1].num_batches_tracked.item() == 15
    assert set(model.state_dict()) - {n for n, _ in model.named_parameters()} == {
        "1.running_mean",
        "1.running_var",
        "1.num_batches_tracked",
    }


def test_channels_are_dropped_whole() -> None:
    x = torch.ones(8, 6, 4, 4)
    out = F.dropout2d(x, 0.5).numpy()
    assert (out == out[:, :, :1, :1]).all() and 0 < (out == 0).mean() < 1
    assert (F.alpha_dropout(x, 0.5, training=False).numpy() == 1).all()


def test_pad() -> None:
    x = torch.ones(1, 1, 2, 2)
    out = F.pad(x, (1, 0, 0, 2), value=3.0).numpy()[0, 0]
    np.testing.assert_array_equal(out, [[3, 1, 1], [3, 1, 1], [3, 3, 3], [3, 3, 3]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.BatchNorm2d(3)(torch.ones(2, 4, 5, 5)), ShapeError, "with 3 channels"),
        (lambda: nn.BatchNorm1d(3)(torch.ones(2, 3, 5, 5)), ShapeError, r"\(batch, features\)"),
        (lambda: nn.GroupNorm(3, 4), ArgumentError, "multiple of num_groups"),
        (lambda: nn.LayerNorm(4)(torch.ones(2, 5)), ShapeError, r"normalized_shape=\(4,\)"),
        (lambda: nn.InstanceNorm2d(4, track_running_stats=True), ArgumentError, "not in Ranvier"),
        (lambda: F.interpolate(torch.ones(1, 1, 4, 4), 6), ShapeError, "no multiple"),
        (lambda: F.interpolate(torch.ones(1, 1, 4, 4)), ArgumentError, "either size or"),
        (lambda: F.pad(torch.ones(1, 4), (1, 1), mode="mirror"), ArgumentError, "constant"),
        (lambda: nn.ConvTranspose2d(3, 4, 2, groups=2), ArgumentError, "multiples of groups"),
    ],
)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_names_of_keras() -> None:
    found = run(
        """
        import numpy as np
        from tensorflow.keras import layers, models
        model = models.Sequential([
            layers.Input(shape=(8, 8, 1)),
            layers.ZeroPadding2D(1),
            layers.Conv2D(4, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(alpha=0.1),
            layers.SpatialDropout2D(0.1),
            layers.Conv2DTranspose(2, 3, strides=2, padding="same"),
            layers.UpSampling2D(2),
            layers.Cropping2D(4),
            layers.LayerNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1),
        ])
        model.compile(optimizer="adam", loss="mse")
        out = model.predict(np.ones((3, 8, 8, 1)), verbose=0)
        """
    )
    assert found["out"].shape == (3, 1)
