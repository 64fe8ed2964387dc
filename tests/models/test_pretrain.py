"""Boltzmann machines and layer-wise pre-training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.data import load_digits
from ranvier.errors import ArgumentError
from ranvier.models import RestrictedBoltzmannMachine, pretrain
from ranvier.nn import Dense


def digits() -> tuple[Any, Any]:
    x, y = load_digits(split=False)
    return x.reshape(-1, 64).astype(np.float32) / 16, y


def machine_of(visible: int, hidden: int) -> RestrictedBoltzmannMachine:
    machine = RestrictedBoltzmannMachine(hidden)
    machine.build(visible)
    chance = np.random.default_rng(0)
    for t in (machine.W, machine.a, machine.b):
        t.assign(chance.normal(0, 0.7, t.shape).astype(np.float32))
    return machine


def test_free_energy_is_the_sum_over_hidden_states() -> None:
    machine = machine_of(4, 3)
    W, a, b = (t.numpy().astype(float) for t in (machine.W, machine.a, machine.b))
    states = np.array([[i >> j & 1 for j in range(3)] for i in range(8)])
    v = np.array([[0.0, 1, 1, 0], [1, 0, 0, 1]])
    energy = -(v @ a)[:, None] - states @ b - v @ W @ states.T
    wanted = -np.log(np.exp(-energy).sum(axis=1))
    np.testing.assert_allclose(
        machine.free_energy(ranvier.tensor(v, "float32")).numpy(), wanted, rtol=1e-5
    )


def test_the_step_is_the_rule_of_contrastive_divergence() -> None:
    machine = machine_of(5, 3)
    v = (np.random.default_rng(1).random((8, 5)) > 0.5).astype(np.float32)
    W, b = machine.W.numpy().copy(), machine.b.numpy().copy()
    sigmoid = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    ranvier.seed(5)
    after = machine.gibbs(ranvier.tensor(v)).numpy()
    ranvier.seed(5)
    machine._step(v)
    rise = (v.T @ sigmoid(v @ W + b) - after.T @ sigmoid(after @ W + b)) / len(v)
    kept = 1 - machine.rule.learning_rate.item() * machine.rule.weight_decay
    np.testing.assert_allclose(machine.W.numpy(), W * kept + 0.1 * rise, rtol=1e-4, atol=1e-6)


def test_gibbs_sampling_draws_from_the_model() -> None:
    machine = machine_of(3, 2)
    states = np.array([[i >> j & 1 for j in range(3)] for i in range(8)], np.float32)
    wanted = np.exp(-machine.free_energy(ranvier.tensor(states)).numpy())
    wanted /= wanted.sum()
    ranvier.seed(0)
    v = ranvier.tensor(np.zeros((4000, 3), np.float32))
    for _ in range(30):
        v = ranvier.astype(ranvier.random.bernoulli(machine.gibbs(v)), "float32")
    code = (v.numpy() @ [1, 2, 4]).astype(int)
    np.testing.assert_allclose(np.bincount(code, minlength=8) / 4000, wanted, atol=0.03)


def test_a_machine_learns_what_digits_are_like() -> None:
    x, _ = digits()
    ranvier.seed(0)
    machine = RestrictedBoltzmannMachine(64)
    errors = machine.fit(x[:1500], count=15)
    assert errors[-1] < 0.6 * errors[0]
    noise = np.random.default_rng(0).permuted(x[1500:], axis=1)
    energy = lambda rows: machine.free_energy(ranvier.tensor(rows)).numpy().mean()  # noqa: E731
    assert energy(x[1500:]) < energy(noise) - 10
    assert machine.reconstruction_error(x[1500:]) < 0.05


@pytest.mark.parametrize("method", ["rbm", "autoencoder"])
def test_a_deep_network_of_sigmoids_needs_pretraining(method: str) -> None:
    x, y = digits()
    accuracy = []
    for start in (None, method):
        ranvier.seed(0)
        small = ranvier.nn.initializers.RandomNormal(0.0, 0.05)
        layers = [Dense(64, "sigmoid", kernel_initializer=small) for _ in range(4)]
        model = ranvier.Sequential([*layers, Dense(10, "softmax")])
        model.ensure_built((64,))
        if start:
            errors = pretrain(model, x[:1400], start, epochs=20)
            assert len(errors) == 4 and errors[0][-1] < errors[0][0]
        rule = ranvier.optim.SGD(0.2)
        model.compile(rule, "sparse_categorical_crossentropy", ["accuracy"])
        model.fit(x[:1400], y[:1400], epochs=30, verbose=0)
        accuracy.append(model.evaluate(x[1400:], y[1400:])[1])
    assert accuracy[0] < 0.3 < 0.8 < accuracy[1]


def test_wrong_inputs_are_explained() -> None:
    with pytest.raises(ArgumentError, match="run from 0 to 16; expected 0 to 1"):
        RestrictedBoltzmannMachine(3).fit(np.array([[0.0, 16.0]]))
    model = ranvier.Sequential([Dense(3, "relu", input_shape=(2,)), Dense(1)])
    with pytest.raises(ArgumentError, match="use method='autoencoder'"):
        pretrain(model, np.zeros((4, 2)))
    with pytest.raises(ArgumentError, match="method of pretrain"):
        pretrain(model, np.zeros((4, 2)), "rbms")
