"""25 steps of every optimizer beside those of PyTorch and Keras, eager and compiled."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import ranvier
from optim.golden_cases import CASES, RATES, VALUES, of_keras, of_torch, schedule_of
from ranvier import optim
from ranvier.optim import schedules

STEPS = 25


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
