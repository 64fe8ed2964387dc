"""Parameters with options of their own."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import optim
from ranvier.errors import ArgumentError, KeywordError, StateError
from ranvier.nn import Dense

# For each optimizer an option of its own that a group may have.
OWN: dict[str, dict[str, Any]] = {
    "SGD": {"momentum": 0.5}, "Momentum": {"momentum": 0.5}, "Nesterov": {"nesterov": False},
    "RMSprop": {"rho": 0.5, "momentum": 0.2}, "Adagrad": {"initial_accumulator_value": 1.0},
    "Adadelta": {"rho": 0.5}, "Adam": {"amsgrad": True, "beta_1": 0.5}, "AdamW": {"beta_2": 0.9},
    "Adamax": {"beta_1": 0.5}, "Nadam": {"beta_1": 0.5},
}  # fmt: skip


def pair() -> list[ranvier.Tensor]:
    draw = np.random.default_rng(1)
    return [ranvier.tensor(draw.normal(size=s), requires_grad=True) for s in ((3, 2), (4,))]


def walk(optimizers: Any, parameters: Any, engine: str) -> list[Any]:
    """Both parameters after 12 steps; each optimizer gets the parameters beside it."""
    draw = np.random.default_rng(2)

    def step(*grads: Any) -> None:
        for optimizer, which in optimizers:
            optimizer.apply([(parameters[i], grads[i]) for i in which])

    run = step if engine == "eager" else ranvier.compile(step, engine=engine)
    for _ in range(12):
        run(*[ranvier.tensor(draw.normal(size=p.shape)) for p in parameters])
    return [p.numpy().copy() for p in parameters]


@pytest.mark.parametrize("engine", ["eager", *ENGINES])
@pytest.mark.parametrize("name", sorted(optim.OPTIMIZERS))
def test_a_group_is_an_optimizer_of_its_own(name: str, engine: str) -> None:
    make = optim.OPTIMIZERS[name]
    own: dict[str, Any] = {"learning_rate": 0.05, "weight_decay": 0.2, **OWN.get(name, {})}
    shared: dict[str, Any] = {
        "learning_rate": 0.01,
        "gradient_accumulation_steps": 2,
        "clipvalue": 0.9,
    }
    a, b = pair(), pair()
    one = make(a, groups=[{"parameters": [a[1]], **own}], **shared)
    two = [(make(**shared), [0]), (make(**{**shared, **own}), [1])]
    for got, expected in zip(walk([(one, [0, 1])], a, engine), walk(two, b, engine), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12)


def network(optimizer: Any, engine: str | None = None) -> Any:
    ranvier.seed(3)
    layers = [Dense(4, "tanh", input_shape=(3,), name="first"), Dense(2, name="second")]
    model = ranvier.Sequential(layers)
    model.compile(optimizer(model) if callable(optimizer) else optimizer, "mse", engine=engine)
    return model


def rows() -> tuple[Any, Any]:
    draw = np.random.default_rng(4)
    return draw.normal(size=(40, 3)).astype("f4"), draw.normal(size=(40, 2)).astype("f4")


@pytest.mark.parametrize("engine", ENGINES)
def test_fit_moves_each_group_at_its_rate(engine: str) -> None:
    model = network(
        optim.SGD(0.1, groups=[{"names": ["first"], "lr": 0.0}], loss_scale_factor=8.0), engine
    )
    before = model.get_weights()
    model.fit(*rows(), epochs=1, verbose=0)
    moved = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert moved == [False, False, True, True]
    model.optimizer.groups[0].learning_rate = 0.5
    middle = model.get_weights()
    model.fit(*rows(), epochs=1, verbose=0)
    assert not np.array_equal(middle[0], model.get_weights()[0])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_compiled_step_notices_another_option(engine: str) -> None:
    w = ranvier.tensor([2.0], requires_grad=True)
    optimizer = optim.SGD([w], 0.5)
    group = optimizer.set_group([w], weight_decay=0.0)

    @ranvier.compile(engine=engine)
    def step() -> None:
        optimizer.apply([(w, w * 0)])

    step()
    assert w.item() == 2.0
    group.set("weight_decay", 1.0)
    step()
    assert w.item() == 1.0
    group.learning_rate = 0.25
    step()
    assert w.item() == 0.75
    optimizer.learning_rate = optim.Constant(0.0)
    group.learning_rate = optim.Constant(0.0)
    step()
    assert w.item() == 0.75


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_group_follows_an_option_that_it_was_not_given(wrapped: bool, tmp_path: Path) -> None:
    inner = optim.SGD(0.1, momentum=0.5, groups=[{"names": ["bias"], "weight_decay": 0.25}])
    optimizer = optim.LossScaleOptimizer(inner) if wrapped else inner
    model = ranvier.Sequential([Dense(2, input_shape=(3,))])
    model.compile(optimizer, "mse")
    x, y = np.ones((4, 3), np.float32), np.ones((4, 2), np.float32)
    model.fit(x, y, epochs=1, verbose=0)
    optimizer.momentum, optimizer.weight_decay = 0.125, 0.5
    group: Any = optimizer.groups[0]
    assert (group.rule.momentum, group.rule.weight_decay) == (0.125, 0.25)
    model.save(tmp_path / "m.safetensors")
    again = ranvier.load(tmp_path / "m.safetensors")
    losses = [m.fit(x, y, epochs=3, verbose=0).history["loss"] for m in (model, again)]
    assert losses[0] == losses[1]
    group.set("momentum", 0.75)  # from now on it has one of its own
    optimizer.momentum = 0.0
    assert group.rule.momentum == 0.75


def test_a_group_in_a_file_may_hold_what_earlier_versions_took() -> None:
    made = optim.SGD(0.1, momentum=0.9, groups=[{"names": ["bias"], "nesterov": True}])
    config = made.get_config()
    config["groups"][0]["nesterov"] = 1
    assert optim.SGD.from_config(config).get_config() == made.get_config()


def test_a_fixed_loss_scale_changes_nothing() -> None:
    plain, scaled = (
        network(optim.Adam(0.02, clipnorm=0.1, loss_scale_factor=f)) for f in (None, 1024.0)
    )
    for model in (plain, scaled):
        model.fit(*rows(), epochs=2, shuffle=False, verbose=0)
    for a, b in zip(plain.get_weights(), scaled.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)  # powers of 2 round nothing


def test_groups_are_saved_with_the_model(tmp_path: Path) -> None:
    def grouped(model: Any) -> Any:
        schedule = optim.ExponentialDecay(0.05, 7, 0.9)
        optimizer = optim.Nadam(0.01, weight_decay=0.1, groups=[{"names": "bias", "lr": schedule}])
        optimizer.set_group([model.layers[0].kernel], learning_rate=0.5, beta_1=0.5)
        return optim.LossScaleOptimizer(optimizer, dynamic_growth_steps=3)

    model = network(grouped)
    model.fit(*rows(), epochs=2, verbose=0)
    model.optimizer.groups[1].learning_rate = 0.125
    model.save(tmp_path / "m.rv")
    again = ranvier.load(tmp_path / "m.rv")
    assert again.optimizer.groups[1].learning_rate.item() == 0.125
    json.dumps(again.optimizer.get_config())
    for m in (
        model,
        again,
        other := copy.deepcopy(model),
        third := pickle.loads(pickle.dumps(other)),
    ):
        assert len(m.optimizer.groups) == 2
    for m in (model, again, other, third):
        m.fit(*rows(), epochs=2, shuffle=False, verbose=0)
        for a, b in zip(model.get_weights(), m.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_wrong_groups_say_so() -> None:
    w, b = pair()
    with pytest.raises(KeywordError, match="a group has no argument 'learning_rat'; did you mean"):
        optim.Adam(groups=[{"names": ["bias"], "learning_rat": 0.1}])
    with pytest.raises(KeywordError, match="a group has no argument 'clipnorm'"):
        optim.Adam(groups=[{"names": ["bias"], "clipnorm": 0.1}])
    with pytest.raises(ArgumentError, match='group 0 has neither "parameters" nor "names"'):
        optim.Adam(groups=[{"lr": 0.1}])
    with pytest.raises(ArgumentError, match="group 1 is a Tensor; expected a dictionary"):
        optim.Adam([{"params": [w]}, b])
    with pytest.raises(ArgumentError, match="give parameters"):
        optim.Adam().set_group(learning_rate=0.1)
    optimizer = optim.Adam([{"params": [w]}, {"params": b, "lr": 0.1}])
    assert optimizer.parameters[1] is b
    optimizer.apply([(w, w * 1)])
    with pytest.raises(StateError, match="have taken steps already"):
        optimizer.set_group([w], learning_rate=0.1)
    with pytest.raises(StateError, match="has no name"):
        optimizer.get_config()
