"""PyTorch's optimizers in a model of Ranvier, and how they are called."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.compat import torch
from ranvier.compat.torch import optim
from ranvier.errors import ArgumentError, KeywordError
from ranvier.nn import Dense

OPTIONS: dict[str, dict[str, Any]] = {
    "SGD": {"momentum": 0.8, "dampening": 0.1}, "RMSprop": {"momentum": 0.5, "centered": True},
    "Adagrad": {"lr_decay": 0.1}, "Adadelta": {}, "Adam": {"amsgrad": True}, "AdamW": {},
    "Adamax": {"eps": 1e-3}, "NAdam": {"decoupled_weight_decay": True},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_a_model_with_one_is_saved_and_goes_on(name: str, tmp_path: Path) -> None:
    draw = np.random.default_rng(4)
    x, y = draw.normal(size=(40, 3)).astype("f4"), draw.normal(size=(40, 2)).astype("f4")
    ranvier.seed(1)
    model = ranvier.Sequential([Dense(3, "tanh", input_shape=(3,)), Dense(2)])
    made = getattr(optim, name)(model.parameters(), lr=0.02, weight_decay=0.01, **OPTIONS[name])
    model.compile(made, "mse", engine="reference")
    model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    model.save(tmp_path / "m.safetensors")
    again = ranvier.load(tmp_path / "m.safetensors")
    again.compile(again.optimizer, "mse", engine="reference")
    for m in (model, again):
        m.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_arguments_in_pytorchs_order() -> None:
    w = ranvier.tensor([1.0], requires_grad=True)
    made = optim.Adam([w], 0.5, (0.8, 0.9), 1e-3, 0.25, True)
    assert (made.learning_rate.item(), made.beta_1, made.beta_2) == (0.5, 0.8, 0.9)
    assert (made.epsilon, made.weight_decay, made.amsgrad) == (1e-3, 0.25, True)
    assert list(inspect.signature(optim.SGD).parameters)[:4] == [
        "params", "lr", "momentum", "dampening",
    ]  # fmt: skip
    assert optim.Adam(params=[w], fused=True).defaults["lr"] == 1e-3
    with pytest.raises(KeywordError, match="did you mean 'nesterov'"):
        optim.SGD([w], nestrov=True)
    with pytest.raises(ArgumentError, match="give its tensors"):
        optim.SGD(Dense(1))


def test_a_subclass_has_arguments_of_its_own() -> None:
    class Half(optim.SGD):
        def __init__(self, params: Any, twice: float) -> None:
            super().__init__(params, lr=twice / 2)

    w = ranvier.tensor([1.0], requires_grad=True)
    assert Half([w], twice=1.0).learning_rate.item() == 0.5
    with pytest.raises(KeywordError, match="Half has no argument 'lr'"):
        Half([w], lr=1.0)  # type: ignore[call-arg]


class Rprop(optim.Optimizer):
    """As tutorials write an optimizer of their own: steps by the sign, longer while it lasts."""

    def __init__(self, params: Any, lr: float = 0.1, up: float = 1.2, down: float = 0.5) -> None:
        super().__init__(params, {"lr": lr, "up": up, "down": down})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["size"] = torch.full_like(p, group["lr"])
                    state["before"] = torch.zeros_like(p)
                same = torch.sign(p.grad * state["before"])
                state["size"] *= torch.where(same < 0, group["down"], group["up"])
                state["before"] = p.grad.clone()
                p -= torch.sign(p.grad) * state["size"]


def test_an_optimizer_of_ones_own() -> None:
    a, b = (torch.tensor([4.0, -3.0], requires_grad=True) for _ in range(2))
    optimizer = Rprop([{"params": [a]}, {"params": b, "lr": 0.2}], up=1.5)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 0.2]
    assert optimizer.param_groups[1]["up"] == 1.5
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = (a**2).sum() + (b**2).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.01 * losses[0]
    scheduler.step()
    assert scheduler.get_last_lr() == [0.05, 0.1]
    extra = torch.tensor([1.0], requires_grad=True)
    optimizer.add_param_group({"params": extra, "lr": 1.0})
    assert optimizer.param_groups[2]["params"] == [extra]
    with pytest.raises(ArgumentError, match="in no other group"):
        optimizer.add_param_group({"params": [a]})
