"""Accumulated gradients and averaged parameters beside those of Keras, and in `fit`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from paths import GOLDEN
from ranvier import optim
from ranvier.callbacks import Callback, SwapEMAWeights
from ranvier.errors import ArgumentError, StateError
from ranvier.nn import Dense

DATA = np.load(GOLDEN / "optimizer_options.npz")
CASES = json.loads(str(DATA["cases"]))


@pytest.mark.parametrize("engine", ["eager", *ENGINES])
@pytest.mark.parametrize("name", sorted(CASES))
def test_25_batches_match_keras(name: str, engine: str) -> None:
    cls, arguments = CASES[name]
    optimizer = getattr(optim, cls)(**arguments)
    w = ranvier.tensor(DATA["initial_w"], requires_grad=True)
    b = ranvier.tensor(DATA["initial_b"], requires_grad=True)

    def step(gw: Any, gb: Any) -> None:
        optimizer.apply([(w, gw), (b, gb)])

    run = step if engine == "eager" else ranvier.compile(step, engine=engine)
    for i, (gw, gb) in enumerate(zip(DATA["gradient_w"], DATA["gradient_b"], strict=True)):
        run(ranvier.tensor(gw), ranvier.tensor(gb))
        for p, key in ((w, "w"), (b, "b")):
            wanted = DATA[f"{name}/{key}"][i]
            np.testing.assert_allclose(p.numpy(), wanted, rtol=3e-6, atol=2e-6)
    optimizer.finalize_variable_values([w, b])
    np.testing.assert_allclose(w.numpy(), DATA[f"{name}/final_w"], rtol=3e-6, atol=2e-6)


def iris() -> tuple[Any, Any]:
    x, y = ranvier.data.load_iris(split=False)
    return (x - x.mean(0)) / x.std(0), y


def network(optimizer: Any, engine: str | None = None) -> Any:
    ranvier.seed(3)
    model = ranvier.Sequential([Dense(8, "tanh", input_shape=(4,)), Dense(3, "softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", ["accuracy"], engine)
    return model


def test_four_batches_of_ten_are_one_of_forty() -> None:
    x, y = iris()
    x, y = x[:120], y[:120]
    small = network(optim.SGD(0.1, gradient_accumulation_steps=4))
    large = network(optim.SGD(0.1))
    small.fit(x, y, batch_size=10, epochs=3, shuffle=False, verbose=0)
    large.fit(x, y, batch_size=40, epochs=3, shuffle=False, verbose=0)
    for a, b in zip(small.get_weights(), large.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_schedule_counts_batches() -> None:
    optimizer = optim.SGD(optim.PiecewiseConstant([1], [1.0, 0.5]), gradient_accumulation_steps=2)
    w = ranvier.tensor([0.0], requires_grad=True)
    seen = []
    for _ in range(4):
        optimizer.apply([(w, ranvier.tensor([1.0]))])
        seen.append(w.item())
    assert seen == [0.0, -1.0, -1.0, -1.5]


@pytest.mark.parametrize("engine", ENGINES)
def test_fit_ends_with_the_averages(engine: str) -> None:
    x, y = iris()
    model = network(optim.Adam(0.02, use_ema=True, ema_momentum=0.9), engine)
    weights: list[Any] = []

    class Watch(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            weights.append(self.model.get_weights()[0])

    model.fit(x, y, epochs=4, verbose=0, callbacks=[Watch()])
    average = weights[0]
    for w in weights[1:]:
        average = 0.9 * average + (1 - 0.9) * w
    np.testing.assert_allclose(model.get_weights()[0], average, rtol=1e-4, atol=1e-5)


def test_swapping_validates_with_averages_and_trains_without() -> None:
    x, y = iris()
    at_test: list[Any] = []

    class Watch(Callback):
        def on_test_begin(self, logs: Any = None) -> None:
            at_test.append(self.model.get_weights()[0])

    def trained(*callbacks: Callback) -> Any:
        model = network(optim.Adam(0.02, use_ema=True))
        model.fit(x, y, epochs=3, verbose=0, callbacks=list(callbacks), validation_data=(x, y))
        return model

    plain, swapped = trained(), trained(SwapEMAWeights(), Watch())
    for a, b in zip(plain.get_weights(), swapped.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(at_test[-1], swapped.get_weights()[0])
    assert np.abs(at_test[0] - at_test[-1]).max() > 0


def test_swapping_on_epoch_shows_the_averages_to_other_callbacks() -> None:
    x, y = iris()
    at_end: list[Any] = []

    class Watch(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            at_end.append(self.model.get_weights()[0])

    plain = network(optim.Adam(0.02, use_ema=True))
    plain.fit(x, y, epochs=3, verbose=0)
    model = network(optim.Adam(0.02, use_ema=True))
    model.fit(x, y, epochs=3, verbose=0, callbacks=[SwapEMAWeights(True), Watch()])
    np.testing.assert_array_equal(model.get_weights()[0], at_end[-1])
    np.testing.assert_array_equal(model.get_weights()[0], plain.get_weights()[0])


def test_the_state_is_saved(tmp_path: Path) -> None:
    x, y = iris()
    model = network(
        optim.Adam(0.02, gradient_accumulation_steps=3, use_ema=True, ema_overwrite_frequency=50)
    )
    model.fit(x, y, batch_size=15, epochs=1, verbose=0)
    model.save(tmp_path / "m")
    again = ranvier.load(tmp_path / "m")
    assert again.optimizer.get_config() == model.optimizer.get_config()
    for m in (model, again):
        m.fit(x, y, batch_size=15, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("engine", ENGINES)
def test_fine_tuning_moves_only_what_is_not_frozen(engine: str) -> None:
    x, y = iris()
    model = network(optim.Adam(0.02, use_ema=True), engine)
    model.fit(x, y, epochs=3, verbose=0)
    model.layers[0].trainable = False
    before = [w.copy() for w in model.get_weights()]
    loss = model.evaluate(x, y)[0]
    model.fit(x, y, epochs=10, verbose=0)
    after = model.get_weights()
    assert [np.array_equal(a, b) for a, b in zip(before, after, strict=True)] == [
        True, True, False, False,
    ]  # fmt: skip
    assert model.evaluate(x, y)[0] < loss
    model.layers[0].trainable = True
    model.fit(x, y, epochs=1, verbose=0)
    assert not np.array_equal(model.get_weights()[0], before[0])


def test_wrong_arguments_are_explained() -> None:
    with pytest.raises(ArgumentError, match="gradient_accumulation_steps=0; expected an integer"):
        optim.SGD(gradient_accumulation_steps=0)
    with pytest.raises(ArgumentError, match="ema_momentum=1.5; expected 0 to 1"):
        optim.SGD(use_ema=True, ema_momentum=1.5)
    with pytest.raises(StateError, match="keeps no averages: use_ema=True"):
        optim.SGD([ranvier.tensor([1.0], requires_grad=True)]).swap_averages()
    model = network("sgd")
    with pytest.raises(StateError, match="use_ema=True"):
        model.fit(*iris(), verbose=0, callbacks=[SwapEMAWeights()])


def decayed(optimizer: Any, engine: str) -> Any:
    """A fitted network, and for each weight whether decay moved it: there is no gradient."""
    ranvier.seed(0)
    first = Dense(4, input_shape=(3,), name="first", bias_initializer="ones")
    model = ranvier.Sequential([first, Dense(2, name="second", bias_initializer="ones")])
    optimizer = optimizer(model)
    before = {name: t.numpy().copy() for name, t in model.named_tensors().items()}
    model.compile(optimizer, "mse", engine=engine)
    x = np.zeros((8, 3), np.float32)
    model.fit(x, model.predict(x), verbose=0)
    after = model.named_tensors()
    return model, {name: not np.array_equal(w, after[name].numpy()) for name, w in before.items()}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("decoupled", [True, False])
def test_parameters_are_excluded_from_weight_decay(engine: str, decoupled: bool) -> None:
    def by_name(model: Any) -> Any:
        optimizer = optim.SGD(0.1, weight_decay=0.1, decoupled=decoupled)
        optimizer.exclude_from_weight_decay(var_names=["bias"])
        return optimizer

    def by_tensor(model: Any) -> Any:
        optimizer = optim.AdamW(0.1, weight_decay=0.1, decoupled=decoupled)
        optimizer.exclude_from_weight_decay([model.layers[0].kernel], ["second"])
        return optimizer

    assert decayed(by_name, engine)[1] == {
        "0.kernel": True, "0.bias": False, "1.kernel": True, "1.bias": False,
    }  # fmt: skip
    assert decayed(by_tensor, engine)[1] == {
        "0.kernel": False, "0.bias": True, "1.kernel": False, "1.bias": False,
    }  # fmt: skip


def test_decay_by_hand() -> None:
    """Without a gradient: w <- w (1 - rate * decay)."""
    w, b = (ranvier.tensor([2.0], requires_grad=True) for _ in range(2))
    optimizer = optim.SGD(0.5, weight_decay=0.1)
    optimizer.exclude_from_weight_decay([b])
    zero = ranvier.tensor([0.0])
    optimizer.apply([(w, zero), (b, zero)])
    assert w.item() == np.float32(1.9) and b.item() == 2.0


def test_exclusions_are_saved_with_the_model(tmp_path: Path) -> None:
    def some(model: Any) -> Any:
        optimizer = optim.AdamW(0.1)
        optimizer.exclude_from_weight_decay([model.layers[1].kernel], ["bias"])
        return optimizer

    model, _ = decayed(some, "compiled")
    model.save(tmp_path / "m.rv")
    again = ranvier.load(tmp_path / "m.rv")
    left = [again.layers[i].kernel in again.optimizer._undecayed for i in (0, 1)]
    assert left == [False, True] and again.layers[0].bias in again.optimizer._undecayed
    again_again = optim.get({"class": "AdamW", "config": again.optimizer.get_config()})
    assert again_again.get_config() == again.optimizer.get_config()


def test_wrong_exclusions_say_so() -> None:
    optimizer = optim.AdamW(0.1)
    with pytest.raises(ArgumentError, match="give parameters"):
        optimizer.exclude_from_weight_decay()
    with pytest.raises(ArgumentError, match="holds a str"):
        optimizer.exclude_from_weight_decay(["bias"])  # type: ignore[list-item]
    w = ranvier.tensor([1.0], requires_grad=True)
    optimizer.exclude_from_weight_decay([w])
    with pytest.raises(StateError, match="has no name"):
        optimizer.get_config()
    optimizer.apply([(w, w * 1)])
    with pytest.raises(StateError, match="has taken steps already"):
        optimizer.exclude_from_weight_decay(var_names=["bias"])


# Options that ask for another slot, and what each optimizer has before.
LATE: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "momentum": (optim.SGD, {}, {"momentum": 0.9}),
    "velocity of RMSprop": (optim.RMSprop, {"centered": True}, {"momentum": 0.5}),
    "centered": (optim.RMSprop, {}, {"centered": True}),
    "amsgrad": (optim.Adam, {}, {"amsgrad": True}),
    "accumulation": (optim.Adam, {}, {"gradient_accumulation_steps": 2}),
    "averages": (optim.AdamW, {}, {"use_ema": True}),
    "wrappers": (optim.SGD, {"wrappers": []}, {"wrappers": [optim.wrappers.EqualAverage()]}),
}


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("engine", ["eager", *ENGINES])
@pytest.mark.parametrize("name", LATE)
def test_an_option_set_between_steps_finds_its_memory(
    name: str, engine: str, wrapped: bool
) -> None:
    cls, before, options = LATE[name]

    def path(how: str) -> Any:
        p = ranvier.tensor([1.0, -2.0], requires_grad=True)
        optimizer = cls([p], 0.1, **before)
        if wrapped:
            optimizer = optim.LossScaleOptimizer(optimizer, initial_scale=1.0)

        def step(g: Any) -> None:
            optimizer.apply([(p, g)])

        run = step if how == "eager" else ranvier.compile(step, engine=how)
        for i in range(6):
            if i == 2:
                for option, value in options.items():
                    setattr(optimizer, option, value)
            run(ranvier.tensor([0.5 + i, 1.0 - i]))
        state = optimizer.named_tensors([p])
        return [p.numpy().copy(), *[state[key].numpy().copy() for key in sorted(state)]]

    for a, b in zip(path(engine), path("reference"), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_momentum_from_the_third_step_on() -> None:
    p = ranvier.tensor([0.0], requires_grad=True)
    optimizer = optim.SGD([p], 1.0)
    for i in range(4):
        if i == 2:
            optimizer.momentum = 0.5
        optimizer.apply([(p, ranvier.tensor([-1.0]))])
    assert p.item() == 1 + 1 + 1 + 1.5


def test_an_option_set_after_the_last_step_is_saved(tmp_path: Path) -> None:
    x, y = iris()
    model = network("sgd")
    model.fit(x, y, epochs=1, verbose=0)
    model.optimizer.momentum = 0.9
    model.save(tmp_path / "m.safetensors")
    again = ranvier.load(tmp_path / "m.safetensors")
    for m in (model, again):
        m.fit(x, y, epochs=1, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
