"""Rules are pure: the same arguments give the same result, and nothing else changes."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import optim
from ranvier.compat.torch.optim import rules

CASES: dict[str, Any] = {
    **optim.OPTIMIZERS,
    "momentum": lambda: optim.SGD(momentum=0.9, nesterov=True),
    "amsgrad": lambda: optim.Adam(amsgrad=True),
    "rmsprop": lambda: optim.RMSprop(momentum=0.5, centered=True),
    "dampening": lambda: rules.TorchSGD(momentum=0.9, dampening=0.5),
    "torch adam": lambda: rules.TorchAdam(amsgrad=True),
    "torch adamax": rules.TorchAdamax,
    "torch adagrad": rules.TorchAdagrad,
    "torch rmsprop": lambda: rules.TorchRMSprop(momentum=0.5),
}


@pytest.mark.parametrize("name", CASES)
def test_a_rule_is_pure(name: str) -> None:
    rule = CASES[name]()
    draw = np.random.default_rng(0)
    w, g = (ranvier.tensor(draw.normal(size=(2, 3))) for _ in range(2))
    slots = {slot: ranvier.tensor(draw.uniform(1, 2, (2, 3))) for slot in rule.first_values()}
    scalars = {name: ranvier.tensor(0.5) for name in rule.scalar_values}
    rate, step = ranvier.tensor(0.1), ranvier.tensor(3.0)
    values = [w, g, *slots.values(), *scalars.values(), rate, step]
    before, attributes = [t.numpy().copy() for t in values], copy.copy(vars(rule))

    def once() -> tuple[Any, Any, Any]:
        changed = dict(scalars)
        factors = rule.factors(rate, step, changed)
        assert isinstance(factors, tuple)
        new, new_slots = rule.update(w, g, slots, factors)
        assert new.shape == w.shape and new_slots.keys() == slots.keys()
        assert changed.keys() == scalars.keys()
        return new.numpy(), [t.numpy() for t in new_slots.values()], changed

    first, second = once(), once()
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert not np.array_equal(first[0], before[0])
    for t, value in zip(values, before, strict=True):
        np.testing.assert_array_equal(t.numpy(), value)
    assert {k: id(v) for k, v in vars(rule).items()} == {k: id(v) for k, v in attributes.items()}
