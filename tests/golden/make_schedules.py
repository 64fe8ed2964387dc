"""Learning rates of steps 0 to 50 under the schedules of PyTorch and Keras. See README.md."""

import math

import torch
from common import keras_in_float64, write_json

STEPS = 51

# name -> (class, learning rate of the optimizer, arguments)
TORCH = {
    "torch_step": ("StepLR", 0.1, {"step_size": 10, "gamma": 0.5}),
    "torch_multi_step": ("MultiStepLR", 0.1, {"milestones": [5, 20, 35], "gamma": 0.3}),
    "torch_exponential": ("ExponentialLR", 0.1, {"gamma": 0.9}),
    "torch_cosine": ("CosineAnnealingLR", 0.1, {"T_max": 50, "eta_min": 0.001}),
    "torch_one_cycle": ("OneCycleLR", 0.1, {"max_lr": 0.1, "total_steps": 51}),
    "torch_one_cycle_linear": (
        "OneCycleLR",
        0.1,
        {"max_lr": 0.5, "total_steps": 51, "pct_start": 0.2, "anneal_strategy": "linear"},
    ),
    "torch_one_cycle_three_phase": (
        "OneCycleLR",
        0.1,
        {"max_lr": 0.1, "total_steps": 51, "three_phase": True, "div_factor": 10.0},
    ),
    "torch_cyclic": (
        "CyclicLR",
        0.1,
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 6, "step_size_down": 4},
    ),
    "torch_cyclic_halved": (
        "CyclicLR",
        0.1,
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 7, "mode": "triangular2"},
    ),
    "torch_cyclic_exponential": (
        "CyclicLR",
        0.1,
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 7, "mode": "exp_range", "gamma": 0.95},
    ),
    "torch_polynomial": ("PolynomialLR", 0.1, {"total_iters": 30, "power": 2.0}),
    "torch_constant": ("ConstantLR", 0.1, {"factor": 0.5, "total_iters": 6}),
    "torch_warm_restarts": (
        "CosineAnnealingWarmRestarts",
        0.1,
        {"T_0": 10, "T_mult": 2, "eta_min": 0.01},
    ),
    "torch_linear": ("LinearLR", 0.1, {"start_factor": 0.1, "total_iters": 20}),
}

KERAS = {
    "keras_cosine": ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 40}),
    "keras_cosine_alpha": (
        "CosineDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 40, "alpha": 0.05},
    ),
    "keras_cosine_warmup": (
        "CosineDecay",
        {
            "initial_learning_rate": 0.0,
            "decay_steps": 40,
            "alpha": 0.1,
            "warmup_target": 0.1,
            "warmup_steps": 10,
        },
    ),
    "keras_cosine_restarts": (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 10, "t_mul": 2.0, "m_mul": 0.5},
    ),
    "keras_exponential": (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5},
    ),
    "keras_exponential_staircase": (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": True},
    ),
    "keras_piecewise": (
        "PiecewiseConstantDecay",
        {"boundaries": [10, 25, 40], "values": [0.1, 0.05, 0.01, 0.001]},
    ),
    "keras_polynomial": (
        "PolynomialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 40, "end_learning_rate": 0.001, "power": 2.0},
    ),
    "keras_polynomial_cycle": (
        "PolynomialDecay",
        {
            "initial_learning_rate": 0.1,
            "decay_steps": 12,
            "end_learning_rate": 0.01,
            "power": 0.5,
            "cycle": True,
        },
    ),
    "keras_inverse_time": (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5},
    ),
}


def torch_rates(cls: str, rate: float, arguments: dict) -> list[float]:
    parameter = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([parameter], lr=rate)
    extra = {"cycle_momentum": False} if cls == "CyclicLR" else {}
    schedule = getattr(torch.optim.lr_scheduler, cls)(optimizer, **arguments, **extra)
    rates = []
    for step in range(STEPS):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if step + 1 < STEPS:
            schedule.step()
    return rates


def keras_rates(cls: str, arguments: dict) -> list[float]:
    schedule = getattr(keras_in_float64().optimizers.schedules, cls)(**arguments)
    return [float(schedule(step)) for step in range(STEPS)]


def main() -> None:
    cases = {}
    for name, (cls, rate, arguments) in TORCH.items():
        values = torch_rates(cls, rate, arguments)
        arguments = {"lr": rate} | arguments
        cases[name] = {"library": "torch", "class": cls, "arguments": arguments, "values": values}
    for name, (cls, arguments) in KERAS.items():
        values = keras_rates(cls, arguments)
        cases[name] = {"library": "keras", "class": cls, "arguments": arguments, "values": values}
    assert math.isclose(cases["keras_cosine"]["values"][20], 0.05, rel_tol=1e-12)
    write_json("schedules", cases)


if __name__ == "__main__":
    main()
