"""How optimizers are made, used, observed and saved, and what they say to wrong arguments."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import optim
from ranvier.errors import ArgumentError, ShapeError, StateError


def parameter(values: Any = (1.0, 2.0)) -> ranvier.Tensor:
    return ranvier.tensor(list(values), requires_grad=True)


@pytest.mark.parametrize("make", sorted(optim.OPTIMIZERS))
def test_every_optimizer_descends_a_bowl(make: str) -> None:
    w = parameter()
    optimizer = optim.OPTIMIZERS[make](w, lr=1.0 if make == "Adadelta" else 0.01)
    before = float((w * w).sum().item())
    for _ in range(20):
        optimizer.zero_grad()
        (w * w).sum().backward()
        optimizer.step()
    assert (w * w).sum().item() < before


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_a_step_compiles_whole_and_the_rate_changes_without_compiling(engine: str) -> None:
    w = ranvier.tensor(5.0, requires_grad=True)
    optimizer = optim.SGD(w, lr=0.1)
    traces = []

    @ranvier.compile(engine=engine)
    def step() -> Any:
        traces.append(1)
        optimizer.zero_grad()
        loss = 0.5 * (w * 2.0 - 6.0) ** 2
        loss.backward()
        optimizer.step()
        return loss

    assert step().item() == 8
    assert w.item() == pytest.approx(4.2)
    step()
    seen = len(traces)
    optimizer.learning_rate = 0.0
    still = w.item()
    step()
    assert w.item() == still
    assert len(traces) == seen
    assert optimizer.iterations.item() == 3


def test_both_ways_to_make_one() -> None:
    w = parameter()
    assert optim.Adam(0.5).learning_rate.item() == 0.5
    assert optim.Adam(learning_rate=0.5).parameters == []
    assert optim.Adam(w, 0.5).learning_rate.item() == 0.5
    given = optim.Adam((t for t in [w, w]), lr=0.5).parameters
    assert len(given) == 1
    assert given[0] is w
    assert optim.SGD(optim.StepDecay(0.1, 5)).current_rate().item() == pytest.approx(0.1)
    assert optim.get("NADAM").__class__ is optim.Nadam
    assert optim.get(optim.Adam).learning_rate.item() == pytest.approx(0.001)


def test_schedules_count_steps() -> None:
    w = parameter()
    optimizer = optim.SGD(w, lr=optim.PiecewiseConstant([0], [1.0, 0.5]))
    seen = []
    for _ in range(3):
        before = w.numpy().copy()
        optimizer.apply([(w, ranvier.tensor([1.0, 1.0]))])
        seen.append(float((before - w.numpy())[0]))
    assert seen == [1.0, 0.5, 0.5]
    optimizer.learning_rate = 0.25
    assert optimizer.current_rate().item() == 0.25


def test_a_parameter_without_gradient_stays() -> None:
    w, other = parameter(), parameter()
    optimizer = optim.Adam([w, other], lr=0.1)
    (w * w).sum().backward()
    optimizer.step()
    assert other.tolist() == [1, 2]
    assert w.tolist() != [1, 2]


def test_configuration_and_state_survive() -> None:
    made = optim.AdamW(learning_rate=optim.CosineDecay(0.1, 100), weight_decay=0.02, clipnorm=1.0)
    text = json.dumps({"class": "AdamW", "config": made.get_config()})
    again = optim.get(json.loads(text))
    assert again.get_config() == made.get_config()
    assert optim.get({"class": "SGD", "config": optim.SGD(0.1).get_config()}).get_config()[
        "learning_rate"
    ] == pytest.approx(0.1)
    w = parameter()
    made.apply([(w, ranvier.tensor([1.0, 1.0]))])
    names = made.named_tensors({"0.kernel": w})
    assert set(names) == {"iterations", "0.kernel.m", "0.kernel.v"}
    assert names["0.kernel.m"] is made.slots(w)["m"]


def test_float16_parameters_have_float32_slots() -> None:
    w = ranvier.tensor(np.ones(2, np.float16), requires_grad=True)
    optimizer = optim.Adam(lr=0.1)
    optimizer.apply([(w, ranvier.tensor(np.ones(2, np.float16)))])
    assert w.dtype == np.float16
    assert optimizer.slots(w)["v"].dtype == np.float32
    assert w.numpy()[0] == pytest.approx(0.9, abs=1e-3)


def test_clipping() -> None:
    grads = [ranvier.tensor([3.0, 0.0]), ranvier.tensor([0.0, 4.0])]
    scaled = optim.clip_by_global_norm(grads, 1.0)
    np.testing.assert_allclose([g.numpy() for g in scaled], [[0.6, 0], [0, 0.8]], rtol=1e-6)
    zero = optim.clip_by_global_norm([ranvier.tensor([0.0])], 1.0)
    assert zero[0].item() == 0
    assert optim.clip_by_norm(grads, 3.0)[0].tolist() == [3.0, 0.0]
    assert [g.tolist() for g in optim.clip_by_value(grads, 2.0)] == [[2.0, 0.0], [0.0, 2.0]]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: optim.get("adem"),
            ArgumentError,
            "unknown optimizer 'adem'; did you mean 'adam'?",
        ),
        (lambda: optim.Adam(-1.0), ArgumentError, "Adam: learning_rate=-1.0; expected"),
        (lambda: optim.Adam(0.1, 0.9), ArgumentError, "give every other argument by name"),
        (lambda: optim.Adam(0.1, lr=0.9), ArgumentError, "give one of them"),
        (lambda: optim.Adam([], lr=0.1), ArgumentError, "empty list of parameters"),
        (lambda: optim.Adam([3]), ArgumentError, "parameter 0 is a int, not a tensor"),  # type: ignore[list-item]
        (lambda: optim.SGD(ranvier.tensor([1.0])), ArgumentError, "has requires_grad=False"),
        (lambda: optim.SGD(parameter() * 2), ArgumentError, "is the result of an operation"),
        (lambda: optim.SGD(momentum=1.5), ArgumentError, "expected 0 <= momentum < 1"),
        (lambda: optim.Adam(beta_1=1.0), ArgumentError, "beta_1=1.0"),
        (lambda: optim.Adam(clipnorm=1, clipvalue=1), ArgumentError, "give one of clipnorm"),
        (lambda: optim.SGD(0.1).step(), StateError, "made without parameters"),
        (
            lambda: optim.SGD(0.1).apply([(parameter(), ranvier.tensor([1.0]))]),
            ShapeError,
            "a gradient of (1,) for a parameter of (2,)",
        ),
        (lambda: optim.OneCycle(1.0, 10, anneal_strategy="x"), ArgumentError, "'cos' or 'linear'"),
        (lambda: optim.PiecewiseConstant([1], [1]), ArgumentError, "need 2 values"),
    ],
)
def test_errors(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make()


def test_a_sequence_of_schedules_is_saved_and_checked() -> None:
    made = optim.Stages([optim.Constant(0.5), optim.InverseSquareRoot(1.0, 4)], [3])
    again = optim.schedules.restore_schedule(
        json.loads(json.dumps({"class": "Stages", "config": made.get_config()}))
    )
    rates = [round(again(t).item(), 4) for t in (0, 2, 3, 5, 6, 18)]
    assert rates == [0.5, 0.5, 0.25, 0.75, 1.0, 0.5]
    with pytest.raises(ArgumentError, match="2 schedules need 1 milestones"):
        optim.Stages([optim.Constant(1.0), optim.Constant(1.0)], [])
    with pytest.raises(ArgumentError, match="triangular2"):
        optim.Cyclic(0.1, 1.0, mode="triangular3")


# -- schedules that can be stretched -------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_longer_plan_compiles_nothing_again(engine: str) -> None:
    schedule = optim.FlatCos(0.8, 10)
    traced = 0

    def rate(t: ranvier.Tensor) -> ranvier.Tensor:
        nonlocal traced
        traced += 1
        return schedule(t)

    run = ranvier.compile(rate, engine=engine)
    assert run(ranvier.tensor(10.0)).item() == 0
    schedule.total_steps = 40
    assert run(ranvier.tensor(10.0)).item() == pytest.approx(0.8)
    assert run(ranvier.tensor(30.0)).item() == pytest.approx(0.4)
    assert traced == 1
    assert schedule.get_config() == {"initial_value": 0.8, "total_steps": 40.0}
    with pytest.raises(ArgumentError, match="total_steps=0"):
        schedule.total_steps = 0


@pytest.mark.parametrize("decoupled", [True, False])
def test_weight_decay_follows_a_schedule(decoupled: bool) -> None:
    def moved(decay: Any) -> list[Any]:
        w = parameter()
        optimizer = optim.SGD(w, lr=0.5, weight_decay=decay, decoupled=decoupled)
        seen: list[Any] = []
        for _ in range(4):
            if not isinstance(decay, optim.Schedule):
                optimizer.weight_decay = 0.1 if len(seen) < 2 else 0.3
            optimizer.apply([(w, ranvier.tensor([0.5, 1.0]))])
            seen.append(w.tolist())
        return seen

    np.testing.assert_allclose(
        moved(optim.PiecewiseConstant([1], [0.1, 0.3])), moved(0.1), rtol=1e-6
    )


def test_a_scheduled_decay_is_saved_and_checked() -> None:
    made = optim.AdamW(
        0.1, weight_decay=optim.FlatCos(0.2, 9),
        groups=[{"names": ["bias"], "weight_decay": optim.Constant(0.0)}],
    )  # fmt: skip
    config = json.loads(json.dumps(made.get_config()))
    again = optim.AdamW.from_config(config)
    assert again.get_config() == config
    assert isinstance(again.groups[0].rule.weight_decay, optim.Constant)
    with pytest.raises(ArgumentError, match="weight_decay='much'"):
        optim.AdamW(0.1, weight_decay="much")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="weight_decay=-1"):
        optim.SGD(0.1, weight_decay=-1)
