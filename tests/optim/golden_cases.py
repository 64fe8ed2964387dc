"""The optimizers and schedules of PyTorch and Keras that have golden values, as Ranvier's."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

import ranvier
from paths import GOLDEN
from ranvier import optim
from ranvier.compat.torch.optim import rules
from ranvier.optim import schedules

CASES = json.loads((GOLDEN / "optimizers.json").read_text())
VALUES = {lib: np.load(GOLDEN / f"optimizers_{lib}.npz") for lib in CASES}
RATES = json.loads((GOLDEN / "schedules.json").read_text())


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
    if given.get("lr_decay"):
        made["lr"] = schedules.InverseTimeDecay(given["lr"], 1, given["lr_decay"])
    form = {"NAdam": optim.Nadam, "Adadelta": optim.Adadelta, "AdamW": rules.TorchAdam}.get(kind)
    return (form or getattr(rules, f"Torch{kind}"))(parameters, **made)  # type: ignore[no-any-return]


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
