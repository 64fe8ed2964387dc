"""Wrappers around a rule: what each does, in which orders they compose, and which are refused."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import optim
from ranvier.base.changes import changes
from ranvier.errors import ArgumentError
from ranvier.nn import Dense
from ranvier.optim import wrappers as w

STEPS = 12
SCALE = 8.0


def gradients() -> Any:
    draw = np.random.default_rng(7)
    return draw.standard_normal((STEPS, 3, 2)) * 2


def moved(optimizer: Any, engine: str = "eager", scale: float = 1.0) -> Any:
    """The parameter after each step along the same gradients."""
    p = ranvier.tensor(np.linspace(-1, 1, 6).reshape(3, 2), requires_grad=True)

    def step(g: Any) -> None:
        optimizer.apply([(p, g)])

    run = step if engine == "eager" else ranvier.compile(step, engine=engine)
    path = []
    for g in gradients():
        run(ranvier.tensor(g * scale))
        path.append(p.numpy().copy())
    return np.stack(path), optimizer.slots(p)


# By name: the wrapper, and what it does to (parameter, gradient, memory) in NumPy; None: not due.
GRADIENT_WRAPPERS: dict[str, tuple[Any, Any]] = {
    "scale": (lambda: w.LossScale(SCALE), lambda p, g, m: g / SCALE),
    "accumulate": (lambda: w.Accumulation(3), lambda p, g, m: accumulated(g, m)),
    "value": (lambda: w.Clipping(value=0.4), lambda p, g, m: np.clip(g, -0.4, 0.4)),
    "norm": (lambda: w.Clipping(norm=0.7), lambda p, g, m: g * min(1.0, 0.7 / np.linalg.norm(g))),
    "decay": (w.WeightDecay, lambda p, g, m: g + 0.3 * p),
}


def accumulated(g: Any, memory: list[Any]) -> Any:
    memory.append(g)
    if len(memory) < 3:
        return None
    mean = sum(memory) / 3
    memory.clear()
    return mean


def by_hand(order: tuple[str, ...], rate: float, scale: float) -> Any:
    p = np.linspace(-1, 1, 6).reshape(3, 2)
    memory: list[Any] = []
    path = []
    for g in gradients() * scale:
        for name in order:
            g = GRADIENT_WRAPPERS[name][1](p, g, memory)
            if g is None:
                break
        if g is not None:
            p = p - rate * g
        path.append(p)
    return np.stack(path)


def makes_sense(order: tuple[str, ...]) -> bool:
    """Gradients of a multiple of the loss are neither clipped nor added to decay."""
    if "scale" not in order:
        return True
    return not {"value", "norm", "decay"} & set(order[: order.index("scale")])


ORDERS = [o for n in (1, 2, 3) for o in itertools.permutations(GRADIENT_WRAPPERS, n)]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_any_order_that_makes_sense_is_its_composition(order: tuple[str, ...]) -> None:
    def make() -> Any:
        decay = 0.3 if "decay" in order else None
        chain = [GRADIENT_WRAPPERS[name][0]() for name in order]
        return optim.SGD(0.1, weight_decay=decay, decoupled=False, wrappers=chain)

    if not makes_sense(order):
        with pytest.raises(ArgumentError, match="until LossScale; put it before"):
            make()
        return
    scale = SCALE if "scale" in order else 1.0
    expected = by_hand(order, 0.1, scale)
    np.testing.assert_allclose(moved(make(), scale=scale)[0], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("engine", ENGINES)
def test_orders_are_the_same_compiled(engine: str) -> None:
    chain = [w.Clipping(value=0.4), w.Accumulation(3), w.WeightDecay(), w.Clipping(norm=0.2)]
    options: dict[str, Any] = {"weight_decay": 0.3, "decoupled": False}
    options["wrappers"] = [*chain, w.EqualAverage(2)]
    eager, slots = moved(optim.Adam(0.1, **options))
    compiled, again = moved(optim.Adam(0.1, **options), engine)
    np.testing.assert_allclose(compiled, eager, rtol=1e-11)
    np.testing.assert_allclose(again["average"].numpy(), slots["average"].numpy(), rtol=1e-11)


@pytest.mark.parametrize(
    ("options", "chain"),
    [
        ({"clipnorm": 0.5}, [w.Clipping(norm=0.5)]),
        (
            {"global_clipnorm": 0.5, "use_ema": True},
            [w.Clipping(None, 0.5), w.ExponentialAverage()],
        ),
        (
            {"loss_scale_factor": 4.0, "gradient_accumulation_steps": 2, "clipvalue": 0.1},
            [w.LossScale(4.0), w.Accumulation(2), w.Clipping(value=0.1)],
        ),
        (
            {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3},
            [w.ExponentialAverage(0.5, 3)],
        ),
    ],
)
def test_arguments_are_the_usual_order(options: Any, chain: Any) -> None:
    a, b = (
        moved(optim.AdamW(0.1, weight_decay=0.2, **more))[0]
        for more in (options, {"wrappers": chain})
    )
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("start", "every"), [(0, 1), (4, 1), (1, 3), (20, 1)])
def test_equal_averages_by_hand(start: int, every: int) -> None:
    path, slots = moved(optim.SGD(0.1, wrappers=[w.EqualAverage(start, every)]))
    counted = path[start::every] if start < STEPS else path[-1:]
    np.testing.assert_allclose(slots["average"].numpy(), counted.mean(axis=0), rtol=1e-12)


def network(optimizer: Any) -> Any:
    ranvier.seed(3)
    model = ranvier.Sequential([Dense(4, "tanh", input_shape=(3,)), Dense(2)])
    model.compile(optimizer, "mse")
    return model


def test_wrappers_are_saved_and_fit_ends_with_the_average(tmp_path: Path) -> None:
    draw = np.random.default_rng(4)
    x, y = draw.normal(size=(40, 3)).astype("f4"), draw.normal(size=(40, 2)).astype("f4")
    chain = [w.Clipping(value=0.5), w.Accumulation(2), w.EqualAverage(start=4)]
    model = network(optim.Adam(0.02, wrappers=chain))
    model.fit(x, y, batch_size=8, epochs=2, verbose=0)
    average = model.optimizer.slots(model.layers[0].kernel)["average"]
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), average.numpy())
    model.save(tmp_path / "m.safetensors")
    again = ranvier.load(tmp_path / "m.safetensors")
    config = json.loads(json.dumps(model.optimizer.get_config()))
    assert again.optimizer.get_config() == config
    assert [c["class"] for c in config["wrappers"]] == [type(c).__name__ for c in chain]
    for m in (model, again):
        m.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: [w.EqualAverage(), w.ExponentialAverage()], "an optimizer has one only"),
        (lambda: [w.Accumulation(2), w.Accumulation(3)], "an optimizer has one only"),
        (lambda: [w.WeightDecay(), w.Clipping(norm=1.0), w.WeightDecay()], "one only"),
        (lambda: [w.EqualAverage(), w.Clipping(norm=1.0)], "put EqualAverage last"),
        (lambda: [w.Clipping(norm=1.0), w.LossScale(2.0)], "put it before Clipping"),
        (lambda: ["clipnorm"], "wrappers[0] is 'clipnorm'; expected a wrapper"),
        (lambda: [{"class": "Cliping", "config": {}}], "did you mean 'Clipping'"),
        (lambda: [w.Accumulation(0)], "batches=0; expected an integer of at least 1"),
        (lambda: [w.Clipping(norm=1.0, value=1.0)], "give one of norm, global_norm and value"),
        (lambda: [w.EqualAverage(-1)], "start=-1; expected an integer of at least 0"),
        (lambda: [w.LossScale(0.0)], "factor=0.0; expected a number above 0"),
        (lambda: [w.ExponentialAverage(1.5)], "momentum=1.5; expected 0 to 1"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message.replace("[", r"\[")):
        optim.SGD(0.1, wrappers=make())


def test_arguments_beside_a_list_are_refused() -> None:
    with pytest.raises(ArgumentError, match="clipnorm and wrappers both say"):
        optim.SGD(0.1, clipnorm=1.0, wrappers=[])


def test_a_loss_is_scaled_by_one_optimizer_only() -> None:
    scaled = optim.LossScaleOptimizer(optim.SGD(0.1))
    with pytest.raises(ArgumentError, match="scales the loss already"):
        optim.LossScaleOptimizer(scaled)


def test_options_set_on_a_scaled_optimizer_are_those_of_the_one_inside() -> None:
    inner = optim.Adam([ranvier.tensor([1.0], requires_grad=True)], use_ema=True)
    scaled: Any = optim.LossScaleOptimizer(inner)
    scaled.weight_decay = 0.5
    scaled.set_option("beta_1", 0.5)
    scaled.swap_averages()
    assert (inner.weight_decay, inner.beta_1, inner.swapped) == (0.5, 0.5, True)
    assert "swapped" not in vars(scaled)


def test_a_step_outside_of_compiled_code_leaves_what_is_compiled_valid() -> None:
    p = ranvier.tensor([1.0, -2.0], requires_grad=True)
    optimizer = optim.Adam([p], clipvalue=0.5, gradient_accumulation_steps=2, use_ema=True)
    optimizer.apply([(p, p * 1)])
    mark = changes.last
    optimizer.apply([(p, p * 1)])
    assert changes.last is mark


@pytest.mark.parametrize("engine", ENGINES)
def test_a_compiled_step_notices_another_option_of_a_wrapper(engine: str) -> None:
    p = ranvier.tensor([8.0], requires_grad=True)
    clipping = w.Clipping(value=1.0)
    by_list, by_name = optim.SGD([p], 1.0, wrappers=[clipping]), optim.SGD([p], 1.0, clipvalue=1.0)

    @ranvier.compile(engine=engine)
    def step() -> None:
        by_list.apply([(p, p * 0 + 8.0)])
        by_name.apply([(p, p * 0 + 8.0)])

    step()
    assert p.item() == 6.0
    clipping.value = 2.0
    step()
    assert p.item() == 3.0
    by_name.clipvalue = 3.0
    step()
    assert p.item() == -2.0
    assert by_list.wrappers is not None
    by_list.wrappers.append(w.Clipping(value=0.5))
    step()
    assert p.item() == -5.5


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("engine", ["eager", "reference"])
@pytest.mark.parametrize("name", sorted(optim.OPTIMIZERS))
def test_a_step_that_is_not_finite_is_none_at_all(name: str, engine: str, dtype: str) -> None:
    def path(skipped: bool) -> Any:
        p = ranvier.tensor(np.ones((2, 3), dtype), requires_grad=True)
        # NOTE: it learns at the first step that its parameters are float64.
        inner = optim.OPTIMIZERS[name](0.1, groups=[{"names": ["nothing"]}], use_ema=True)
        scaled = optim.LossScaleOptimizer(inner, initial_scale=4.0)

        def step(g: Any) -> None:
            scaled.apply([(p, g * scaled.loss_scale)])

        run = step if engine == "eager" else ranvier.compile(step, engine=engine)
        for i, g in enumerate(gradients()[:6].reshape(-1, 2, 3).astype(dtype)):
            if i == 2 and skipped:
                bad = g.copy()
                bad[0, 0] = np.inf
                run(ranvier.tensor(bad))
            run(ranvier.tensor(g))
        state = inner.named_tensors([p])
        return [p.numpy(), *[state[key].numpy() for key in sorted(state)]]

    for a, b in zip(path(True), path(False), strict=True):
        np.testing.assert_array_equal(a, b)
