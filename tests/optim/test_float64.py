"""Optimizers and schedules in float64: formulas written again in NumPy, and PyTorch and Keras."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from optim.golden_cases import CASES, RATES, VALUES, of_keras, of_torch, schedule_of
from ranvier import optim
from ranvier.compat.torch.optim import rules
from ranvier.optim import schedules

STEPS = 200
EXACT = 1e-12
Array = np.ndarray[Any, Any]
Path = Iterator[Array]


def gradients() -> list[Array]:
    draw = np.random.default_rng(5)
    return [draw.standard_normal((3, 2)) + 0.1 for _ in range(STEPS)]


START = np.random.default_rng(6).standard_normal((3, 2)) * 3

# -- the formulas, each as a generator of the parameters after every step --------------------------


def sgd(a: float, mu: float = 0.0, nesterov: bool = False, decay: float = 0.0) -> Path:
    w, v = START, np.zeros_like(START)
    for g in gradients():
        w = w - a * decay * w
        v = mu * v - a * g
        w = w + (mu * v - a * g if nesterov else v)
        yield w


def raw_sgd(a: float, mu: float, dampening: float) -> Path:
    w, v = START, np.zeros_like(START)
    for t, g in enumerate(gradients()):
        v = g if t == 0 else mu * v + (1 - dampening) * g
        w = w - a * v
        yield w


def rmsprop(a: float, rho: float, mu: float, eps: float, centered: bool) -> Path:
    w, s, m, v = START, *[np.zeros_like(START)] * 3
    for g in gradients():
        s = rho * s + (1 - rho) * g**2
        m = rho * m + (1 - rho) * g
        v = mu * v + a * g / np.sqrt(s - (m**2 if centered else 0) + eps)
        w = w - v
        yield w


def adagrad(a: float, first: float, eps: float) -> Path:
    w, s = START, np.full_like(START, first)
    for g in gradients():
        s = s + g**2
        w = w - a * g / np.sqrt(s + eps)
        yield w


def adadelta(a: float, rho: float, eps: float) -> Path:
    w, s, u = START, *[np.zeros_like(START)] * 2
    for g in gradients():
        s = rho * s + (1 - rho) * g**2
        d = g * np.sqrt(u + eps) / np.sqrt(s + eps)
        u = rho * u + (1 - rho) * d**2
        w = w - a * d
        yield w


def adam(
    rates: Callable[[int], float],
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-7,
    decay: float = 0.0,
    amsgrad: bool = False,
    hat: bool = True,
) -> Path:
    w, m, v, top = START, *[np.zeros_like(START)] * 3
    for t, g in enumerate(gradients(), 1):
        a = rates(t - 1)
        w = w - a * decay * w
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        top = np.maximum(top, v)
        size = np.sqrt(top if amsgrad else v)
        root = math.sqrt(1 - b2**t)
        if hat:
            w = w - a * root / (1 - b1**t) * m / (size + eps)
        else:
            w = w - a * (m / (1 - b1**t)) / (size / root + eps)
        yield w


def adamax(a: float, b1: float, b2: float, eps: float) -> Path:
    w, m, u = START, *[np.zeros_like(START)] * 2
    for t, g in enumerate(gradients(), 1):
        m = b1 * m + (1 - b1) * g
        u = np.maximum(b2 * u, np.abs(g))
        w = w - a / (1 - b1**t) * m / (u + eps)
        yield w


def nadam(a: float, b1: float, b2: float, eps: float, psi: float) -> Path:
    w, m, v = START, *[np.zeros_like(START)] * 2

    def mu(t: int) -> float:
        return b1 * (1 - 0.5 * 0.96 ** (t * psi))

    product = 1.0
    for t, g in enumerate(gradients(), 1):
        product *= mu(t)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        ahead = mu(t + 1) * m / (1 - product * mu(t + 1)) + (1 - mu(t)) * g / (1 - product)
        w = w - a * ahead / (np.sqrt(v / (1 - b2**t)) + eps)
        yield w


def accumulated(a: float, n: int) -> Path:
    w, total = START, np.zeros_like(START)
    for t, g in enumerate(gradients(), 1):
        total = total + g
        if t % n == 0:
            w, total = w - a * total / n, np.zeros_like(START)
        yield w


def clipped(a: float, longest: float) -> Path:
    w = START
    for g in gradients():
        w = w - a * g * min(1.0, longest / np.sqrt((g * g).sum()))
        yield w


FORMULAS: dict[str, tuple[Callable[[], optim.Optimizer], Callable[[], Path]]] = {
    "SGD": (lambda: optim.SGD(0.1), lambda: sgd(0.1)),
    "SGD, decayed": (
        lambda: optim.SGD(0.1, momentum=0.7, weight_decay=0.3),
        lambda: sgd(0.1, 0.7, decay=0.3),
    ),
    "SGD, dampened": (
        lambda: rules.TorchSGD(0.1, momentum=0.7, dampening=0.3),
        lambda: raw_sgd(0.1, 0.7, 0.3),
    ),
    "Momentum": (lambda: optim.Momentum(0.01), lambda: sgd(0.01, 0.9)),
    "Nesterov": (lambda: optim.Nesterov(0.01), lambda: sgd(0.01, 0.9, True)),
    "RMSprop": (lambda: optim.RMSprop(0.01), lambda: rmsprop(0.01, 0.9, 0.0, 1e-7, False)),
    "RMSprop, all": (
        lambda: optim.RMSprop(0.01, momentum=0.3, centered=True, epsilon=1e-3),
        lambda: rmsprop(0.01, 0.9, 0.3, 1e-3, True),
    ),
    "Adagrad": (lambda: optim.Adagrad(0.1), lambda: adagrad(0.1, 0.1, 1e-7)),
    "Adadelta": (lambda: optim.Adadelta(1.0), lambda: adadelta(1.0, 0.95, 1e-7)),
    "Adam": (lambda: optim.Adam(0.001), lambda: adam(lambda t: 0.001)),
    "Adam, amsgrad": (
        lambda: rules.TorchAdam(0.003, epsilon=1e-7, amsgrad=True),
        lambda: adam(lambda t: 0.003, amsgrad=True, hat=False),
    ),
    "AdamW": (
        lambda: optim.AdamW(0.003, weight_decay=0.1),
        lambda: adam(lambda t: 0.003, decay=0.1),
    ),
    "AdamW, scheduled": (
        lambda: optim.AdamW(schedules.ExponentialDecay(0.003, 7, 0.9), weight_decay=0.1),
        lambda: adam(lambda t: 0.003 * 0.9 ** (t / 7), decay=0.1),
    ),
    "Adamax": (lambda: optim.Adamax(0.003), lambda: adamax(0.003, 0.9, 0.999, 1e-7)),
    "Nadam": (lambda: optim.Nadam(0.003), lambda: nadam(0.003, 0.9, 0.999, 1e-7, 1.0)),
    "accumulated": (
        lambda: optim.SGD(0.1, gradient_accumulation_steps=3),
        lambda: accumulated(0.1, 3),
    ),
    "clipped": (lambda: optim.SGD(0.1, global_clipnorm=0.7), lambda: clipped(0.1, 0.7)),
}


def walk(optimizer: optim.Optimizer, w: ranvier.Tensor, engine: str) -> list[Array]:
    """The parameter after every step."""

    def step(g: Any) -> None:
        optimizer.apply([(w, g)])

    run = step if engine == "eager" else ranvier.compile(step, engine=engine)
    seen = []
    for g in gradients():
        run(ranvier.tensor(g))
        seen.append(w.numpy().copy())
    return seen


def test_every_optimizer_has_a_formula() -> None:
    assert {name.partition(",")[0] for name in FORMULAS} >= set(optim.OPTIMIZERS)


@pytest.mark.parametrize("engine", ["eager", *ENGINES])
@pytest.mark.parametrize("name", FORMULAS)
def test_200_steps_are_the_formula(name: str, engine: str) -> None:
    make, formula = FORMULAS[name]
    w = ranvier.tensor(START, requires_grad=True)
    for got, expected in zip(walk(make(), w, engine), formula(), strict=True):
        assert got.dtype == np.float64
        np.testing.assert_allclose(got, expected, rtol=EXACT, atol=EXACT)


def test_averages_of_parameters_are_the_formula() -> None:
    w = ranvier.tensor(START, requires_grad=True)
    optimizer = optim.SGD(0.1, use_ema=True, ema_momentum=0.9)
    average = START
    for t, value in enumerate(walk(optimizer, w, "reference")):
        average = value if t == 0 else 0.9 * average + 0.1 * value
    optimizer.finalize_variable_values([w])
    np.testing.assert_allclose(w.numpy(), average, rtol=EXACT)


# PyTorch keeps the product of NAdam's momenta, and Keras the norms of gradients, in float32.
ROUNDED_BY_THEM = {
    "torch-nadam": 1e-9,
    "keras-sgd_clipnorm": 1e-8,
    "keras-sgd_global_clipnorm": 1e-8,
    "keras-adam_global_clipnorm": 1e-8,
}


@pytest.mark.parametrize(("library", "name"), [(lib, name) for lib in CASES for name in CASES[lib]])
def test_the_steps_of_pytorch_and_keras(library: str, name: str) -> None:
    case, data = CASES[library][name], VALUES[library]
    w, b = (
        ranvier.tensor(data[f"initial_{k}"].astype(np.float64), requires_grad=True) for k in "wb"
    )
    optimizer = of_keras(case) if library == "keras" else of_torch(case, [w, b])
    clip = case.get("clip", {})

    @ranvier.compile(engine="reference")
    def step(gw: Any, gb: Any) -> None:
        grads = [gw, gb]
        if "norm" in clip:
            grads = optim.clip_by_global_norm(grads, clip["norm"], epsilon=1e-6)
        if "value" in clip:
            grads = optim.clip_by_value(grads, clip["value"])
        optimizer.apply(zip([w, b], grads, strict=True))

    for gw, gb in zip(data["gradient_w"], data["gradient_b"], strict=True):
        step(*[ranvier.tensor(g.astype(np.float64)) for g in (gw, gb)])
    tolerance = ROUNDED_BY_THEM.get(f"{library}-{name}", 1e-13)
    for t, key in ((w, "w"), (b, "b")):
        expected = VALUES[library][f"{name}/{key}"][-1]
        np.testing.assert_allclose(t.numpy(), expected, rtol=EXACT, atol=tolerance)


# -- schedules ------------------------------------------------------------------------------------


def cosine(a: float, b: float, share: float) -> float:
    return b + (a - b) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))


def restarts(t: float) -> float:
    length, top = 13.0, 0.1
    while t >= length - 1e-9:
        t, length, top = t - length, length * 1.5, top * 0.8
    return (1 - 0.05) * cosine(top, 0.0, t / length) + 0.05 * 0.1


def cyclic(t: float) -> float:
    cycle, passed = divmod(t, 30)
    height = passed / 10 if passed <= 10 else (30 - passed) / 20
    return 0.01 + 0.09 * height * 0.99**t


def one_cycle(t: float) -> float:
    low, end = 0.1 / 25, 0.1 / 25 / 1e4
    peak = 0.3 * 200 - 1
    return cosine(low, 0.1, t / peak) if t <= peak else cosine(0.1, end, (t - peak) / (199 - peak))


def polynomial(t: float) -> float:
    share = t / (30 * max(math.ceil(t / 30), 1))
    return 0.09 * (1 - share) ** 1.7 + 0.01


SCHEDULES: dict[str, tuple[schedules.Schedule, Callable[[float], float]]] = {
    "Constant": (schedules.Constant(0.1), lambda t: 0.1),
    "StepDecay": (schedules.StepDecay(0.1, 7, 0.9), lambda t: 0.1 * 0.9 ** (t // 7)),
    "PiecewiseConstant": (
        schedules.PiecewiseConstant([9, 50], [0.1, 0.03, 0.007]),
        lambda t: 0.1 if t <= 9 else 0.03 if t <= 50 else 0.007,
    ),
    "ExponentialDecay": (
        schedules.ExponentialDecay(0.1, 7, 0.9),
        lambda t: 0.1 * 0.9 ** (t / 7),
    ),
    "InverseTimeDecay": (
        schedules.InverseTimeDecay(0.1, 7, 0.3),
        lambda t: 0.1 / (1 + 0.3 * t / 7),
    ),
    "PolynomialDecay": (schedules.PolynomialDecay(0.1, 30, 0.01, 1.7, True), polynomial),
    "CosineDecay": (
        schedules.CosineDecay(0.001, 120, 0.1, warmup_target=0.1, warmup_steps=30),
        lambda t: 0.001 + 0.099 * t / 30 if t < 30 else cosine(0.1, 0.01, (t - 30) / 120),
    ),
    "CosineDecayRestarts": (schedules.CosineDecayRestarts(0.1, 13, 1.5, 0.8, 0.05), restarts),
    "OneCycle": (schedules.OneCycle(0.1, 200), one_cycle),
    "Cyclic": (schedules.Cyclic(0.01, 0.1, 10, 20, "exp_range", 0.99), cyclic),
    "InverseSquareRoot": (
        schedules.InverseSquareRoot(0.1, 40),
        lambda t: 0.1 * min((t + 1) / 40, math.sqrt(40 / (t + 1))),
    ),
    "CosLog4": (
        schedules.CosLog4(0.1, 150),
        lambda t: 0.05 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * min(t / 150, 1)))),
    ),
    "FlatCos": (
        schedules.FlatCos(0.1, 150),
        lambda t: cosine(0.1, 0.0, min(max(2 * t / 150 - 1, 0), 1)),
    ),
    "Stages": (
        schedules.Stages([schedules.Constant(0.1), schedules.StepDecay(0.07, 3, 0.3)], [60]),
        lambda t: 0.1 if t < 60 else 0.07 * 0.3 ** ((t - 60) // 3),
    ),
}


def test_every_schedule_has_a_formula() -> None:
    assert set(SCHEDULES) == set(schedules.SCHEDULES)


@pytest.mark.parametrize("engine", ["eager", *ENGINES])
@pytest.mark.parametrize("name", SCHEDULES)
def test_200_rates_are_the_formula(name: str, engine: str) -> None:
    schedule, formula = SCHEDULES[name]
    run: Any = schedule if engine == "eager" else ranvier.compile(schedule, engine=engine)
    steps = np.arange(STEPS, dtype=np.float64)
    got = run(ranvier.tensor(steps)).numpy()
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, [formula(t) for t in steps], rtol=EXACT, atol=1e-15)


@pytest.mark.parametrize("name", sorted(RATES))
def test_the_rates_of_pytorch_and_keras(name: str) -> None:
    case = RATES[name]
    steps = ranvier.arange(len(case["values"]), dtype="float64")
    got = schedule_of(case)(steps).numpy()
    np.testing.assert_allclose(got, case["values"], rtol=1e-12, atol=1e-17)


# -- how an optimizer learns what its parameters are -----------------------------------------------


def test_scalars_follow_the_parameters() -> None:
    narrow, wide = (ranvier.ones(2, d).requires_grad_() for d in ("float32", "float64"))
    assert optim.Adam([narrow], 0.1).learning_rate.dtype == np.float32
    assert optim.Adam([narrow, wide], 0.1).learning_rate.item() == 0.1
    late = optim.Nadam(0.1)  # a model gives it its parameters
    assert late.learning_rate.dtype == np.float32
    late.named_tensors([wide])
    assert late.learning_rate.item() == 0.1
    assert {t.dtype.name for t in late.named_tensors([wide]).values()} == {"int64", "float64"}
    late.learning_rate = 0.3
    assert late.learning_rate.item() == 0.3
    late.learning_rate = schedules.Constant(0.7)
    assert late.current_rate().item() == 0.7
    changed = optim.SGD(0.1)
    changed.learning_rate.assign(0.2)
    changed.slots(wide)
    assert changed.learning_rate.item() == np.float32(0.2)


def test_a_float32_parameter_beside_one_of_float64_moves_as_alone() -> None:
    def moved(*parameters: ranvier.Tensor) -> list[Array]:
        optimizer = optim.AdamW(0.01, weight_decay=0.1)
        for g in gradients():
            optimizer.apply([(p, ranvier.tensor(g, p.dtype)) for p in parameters])
        return [p.numpy() for p in parameters]

    def fresh(dtype: str) -> ranvier.Tensor:
        return ranvier.tensor(START, dtype, requires_grad=True)

    both = moved(fresh("float32"), fresh("float64"))
    assert [a.dtype for a in both] == [np.float32, np.float64]
    np.testing.assert_array_equal(both[1], moved(fresh("float64"))[0])
    # the shared factors are rounded once here, at every operation there
    np.testing.assert_allclose(both[0], moved(fresh("float32"))[0], rtol=1e-6, atol=1e-6)


def test_numbers_given_to_float64_keep_their_digits() -> None:
    t = ranvier.zeros((2,), "float64")
    for put in (
        lambda: t.assign(0.1),
        lambda: t.assign([0.1, 0.1]),
        lambda: t.assign(np.float64(0.1)),
        lambda: t.fill_(0.1),
        lambda: t.copy_([0.1, 0.1]),
        lambda: t.zero_().add_(0.1),
        lambda: t.__setitem__(slice(None), 0.1),
        lambda: t.__setitem__(slice(None), [0.1, 0.1]),
    ):
        t.zero_()
        put()
        assert t.tolist() == [0.1, 0.1]


def test_the_rate_is_saved_with_its_digits() -> None:
    described = json.loads(json.dumps(optim.Adam(0.1234567890123).get_config()))
    wide = ranvier.ones(2, "float64").requires_grad_()
    optimizer = optim.Adam([wide], 0.1234567890123)
    assert optimizer.get_config()["learning_rate"] == 0.1234567890123
    assert described["learning_rate"] == pytest.approx(0.1234567890123, rel=1e-7)
