"""25 steps of every optimizer beside those of PyTorch and Keras, eager and compiled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import optim
from ranvier.optim import schedules

GOLDEN = Path(__file__).parent.parent / "golden"
CASES = json.loads((GOLDEN / "optimizers.json").read_text())
VALUES = {lib: np.load(GOLDEN / f"optimizers_{lib}.npz") for lib in CASES}
STEPS = 25


def of_keras(case: dict[str, Any]) -> optim.Optimizer:
    arguments = {k: v for k, v in case["arguments"].items() if "ema" not in k}
    return getattr(optim, case["class"])(**arguments)  # type: ignore[no-any-return]


def of_torch(case: dict[str, Any], parameters: list[ranvier.Tensor]) -> optim.Optimizer:
    """PyTorch's arguments as Ranvier's."""
    given = dict(case["arguments"])
    kind = case["class"]
    made: dict[str, Any] = {"lr": given["lr"], "weight_decay": given.get("weight_decay", 0)}
    made["decoupled"] = kind == "AdamW"
    names = {
        "eps": "epsilon", "alpha": "rho", "rho": "rho", "momentum": "momentum",
        "amsgrad": "amsgrad", "dampening": "dampening", "nesterov": "nesterov",
        "centered": "centered",
        "initial_accumulator_value": "initial_accumulator_value",
        "momentum_decay": "momentum_decay",
    }  # fmt: skip
    made |= {ours: given[theirs] for theirs, ours in names.items() if theirs in given}
    if "betas" in given:
        made["beta_1"], made["beta_2"] = given["betas"]
    if kind in ("SGD", "RMSprop"):
        made["raw_velocity"] = True
    if kind in ("RMSprop", "Adagrad"):
        made["epsilon_inside"] = False
    if kind in ("Adam", "AdamW"):
        made["epsilon_hat"] = False
    if kind == "Adamax":
        made["epsilon_inside"] = True
    if given.get("lr_decay"):
        made["lr"] = schedules.InverseTimeDecay(given["lr"], 1, given["lr_decay"])
    ours = {"NAdam": "Nadam"}.get(kind, kind)
    return getattr(optim, ours)(parameters, **made)  # type: ignore[no-any-return]


def walk(library: str, name: str, engine: str) -> tuple[list[Any], list[Any]]:
    case, data = CASES[library][name], VALUES[library]
    w = ranvier.tensor(data["initial_w"], requires_grad=True)
    b = ranvier.tensor(data["initial_b"], requires_grad=True)
    optimizer = of_keras(case) if library == "keras" else of_torch(case, [w, b])
    clip = case.get("clip", {})

    def step(gw: Any, gb: Any) -> None:
        grads = [gw, gb]
        if "norm" in clip:
            grads = optim.clip_by_global_norm(grads, clip["norm"], epsilon=1e-6)
        if "value" in clip:
            grads = optim.clip_by_value(grads, clip["value"])
        optimizer.apply(zip([w, b], grads, strict=True))

    run = step if engine == "eager" else ranvier.compile(step, engine=engine)
    ws, bs = [], []
    for gw, gb in zip(data["gradient_w"], data["gradient_b"], strict=True):
        run(ranvier.tensor(gw), ranvier.tensor(gb))
        ws.append(w.numpy().copy())
        bs.append(b.numpy().copy())
    assert optimizer.iterations.item() == STEPS
    return ws, bs


@pytest.mark.parametrize("engine", ["eager", "reference"])
@pytest.mark.parametrize(("library", "name"), [(lib, name) for lib in CASES for name in CASES[lib]])
def test_25_steps_match(library: str, name: str, engine: str) -> None:
    ws, bs = walk(library, name, engine)
    for key, values in (("w", ws), ("b", bs)):
        # 25 roundings of float32 to about 6e-8 of numbers around 1.
        np.testing.assert_allclose(
            np.stack(values), VALUES[library][f"{name}/{key}"], rtol=3e-6, atol=2e-6
        )


@pytest.mark.parametrize("name", sorted(CASES["keras"]))
def test_compiled_steps_match(name: str) -> None:
    ws, bs = walk("keras", name, "compiled")
    np.testing.assert_allclose(ws[-1], VALUES["keras"][f"{name}/w"][-1], rtol=3e-6, atol=2e-6)
    np.testing.assert_allclose(bs[-1], VALUES["keras"][f"{name}/b"][-1], rtol=3e-6, atol=2e-6)


RATES = json.loads((GOLDEN / "schedules.json").read_text())


def schedule_of(case: dict[str, Any]) -> schedules.Schedule:
    given = dict(case["arguments"])
    kind = case["class"]
    if case["library"] == "keras":
        ours = {"PiecewiseConstantDecay": "PiecewiseConstant"}.get(kind, kind)
        return schedules.SCHEDULES[ours](**given)
    lr = given.pop("lr")
    if kind == "StepLR":
        return schedules.StepDecay(lr, given["step_size"], given["gamma"])
    if kind == "MultiStepLR":
        stones = given["milestones"]
        values = [lr * given["gamma"] ** i for i in range(len(stones) + 1)]
        return schedules.PiecewiseConstant([n - 1 for n in stones], values)
    if kind == "ExponentialLR":
        return schedules.ExponentialDecay(lr, 1, given["gamma"])
    if kind == "CosineAnnealingLR":
        return schedules.CosineDecay(lr, given["T_max"], given["eta_min"] / lr)
    if kind == "LinearLR":
        return schedules.PolynomialDecay(lr * given["start_factor"], given["total_iters"], lr)
    if kind == "CyclicLR":
        given["base_learning_rate"] = given.pop("base_lr")
        given["max_learning_rate"] = given.pop("max_lr")
        return schedules.Cyclic(**given)
    if kind == "PolynomialLR":
        return schedules.PolynomialDecay(lr, given["total_iters"], 0.0, given["power"])
    if kind == "ConstantLR":
        return schedules.PiecewiseConstant([given["total_iters"] - 1], [lr * given["factor"], lr])
    if kind == "CosineAnnealingWarmRestarts":
        alpha = given["eta_min"] / lr
        return schedules.CosineDecayRestarts(lr, given["T_0"], given["T_mult"], 1.0, alpha)
    given["max_learning_rate"] = given.pop("max_lr")
    return schedules.OneCycle(**given)


@pytest.mark.parametrize("name", sorted(RATES))
def test_schedules_match(name: str) -> None:
    case = RATES[name]
    schedule = schedule_of(case)
    rates = [schedule(step).item() for step in range(len(case["values"]))]
    np.testing.assert_allclose(rates, case["values"], rtol=2e-6, atol=1e-8)
    again = schedules.restore_schedule(
        json.loads(json.dumps({"class": type(schedule).__name__, "config": schedule.get_config()}))
    )
    assert again(7).item() == schedule(7).item()


@pytest.mark.parametrize("name", sorted(n for n in RATES if n.startswith("torch")))
def test_schedulers_under_pytorch_names_match(name: str) -> None:
    from ranvier.compat import torch

    case = RATES[name]
    given = dict(case["arguments"])
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=given.pop("lr"))
    scheduler = getattr(torch.optim.lr_scheduler, case["class"])(optimizer, **given)
    rates = []
    for _ in case["values"]:
        rates += scheduler.get_last_lr()
        scheduler.step()
    np.testing.assert_allclose(rates, case["values"], rtol=3e-6, atol=1e-8)
