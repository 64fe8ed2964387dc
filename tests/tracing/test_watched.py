"""Attributes set from outside: a misspelt one is answered, one of the user's own is not."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

import ranvier
from ranvier import losses, metrics, nn, optim
from ranvier.errors import RanvierWarning
from ranvier.tracing.watched import settable

THINGS: dict[str, Any] = {
    "Dense": lambda: nn.Dense(2),
    "Conv2D": lambda: nn.Conv2D(2, 3),
    "Dropout": lambda: nn.Dropout(0.5),
    "LSTM": lambda: nn.LSTM(2),
    "Adam": lambda: optim.Adam(),
    "SGD": lambda: optim.SGD(momentum=0.5),
    "CosineDecay": lambda: optim.schedules.CosineDecay(0.1, 10),
    "Huber": lambda: losses.Huber(),
    "AUC": lambda: metrics.AUC(),
    "Sequential": lambda: ranvier.Sequential([nn.Dense(2)]),
    "a model of one's own": lambda: Net(),
}


class Net(ranvier.Model):
    def __init__(self) -> None:
        super().__init__()
        self.trainble = 1  # of its own: it is the one that sets it
        self.fc1 = nn.Dense(2)

    def forward(self, x: Any) -> Any:
        return self.fc1(x)


def swaps(name: str) -> Iterator[str]:
    """Two letters in the middle exchanged, and one of them lost."""
    i = len(name) // 2
    yield name[: i - 1] + name[i] + name[i - 1] + name[i + 1 :]
    yield name[:i] + name[i + 1 :]


@pytest.mark.parametrize("name", THINGS)
def test_a_slip_in_an_attribute_is_answered(name: str) -> None:
    kind: Any = type(THINGS[name]())
    known = settable(kind)
    tried = 0
    for attribute in known:
        for slip in swaps(attribute):
            if len(attribute) < 7 or slip in known or "_" in attribute[len(attribute) // 2 - 1 :]:
                continue
            thing = THINGS[name]()
            with pytest.warns(RanvierWarning, match="did you mean"):
                setattr(thing, slip, 0.5)
            tried += 1
    assert tried or name in ("CosineDecay", "Huber")  # whose names are short or of many words


@pytest.mark.parametrize(
    ("name", "attribute", "meant"),
    [
        ("Dense", "trainble", "trainable"),
        ("Dense", "Trainable", "trainable"),
        ("Dense", "requires_grad", "trainable"),
        ("Dense", "activaton", "activation"),
        ("Adam", "beta1", "beta_1"),
        ("Adam", "learnig_rate", "learning_rate"),
        ("Adam", "clip_norm", "clipnorm"),
        ("Sequential", "optmizer", "optimizer"),
        ("Sequential", "stop_traning", "stop_training"),
        ("a model of one's own", "trainabel", "trainable"),
    ],
)
def test_which_attribute_is_meant(name: str, attribute: str, meant: str) -> None:
    thing = THINGS[name]()
    with pytest.warns(RanvierWarning, match=f"no attribute '{attribute}' .* did you mean '{meant}"):
        setattr(thing, attribute, 0.5)
    setattr(thing, attribute, 0.25)  # once


OWN = {
    "built_by", "class_names", "color", "data", "depth", "extra", "fc2", "fc3", "head", "hidden",
    "history", "info", "inner_model", "kernels", "layers2", "losses2", "losses_", "lr_", "mean_",
    "metric", "my_loss", "my_units", "name2", "notes", "old_rate", "out", "outputs_", "owner",
    "parent", "rate_a", "rates", "shape_before", "std_", "tag", "trainer", "training_", "units2",
    "units_a", "val_loss",
}  # fmt: skip


@pytest.mark.parametrize("name", THINGS)
@pytest.mark.parametrize("attribute", sorted(OWN))
def test_attributes_of_ones_own_say_nothing(name: str, attribute: str) -> None:
    thing = THINGS[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if not hasattr(type(thing), attribute):
            setattr(thing, attribute, 0.5)


def test_what_an_object_sets_itself_says_nothing() -> None:
    class Odd(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.trainble = 2.0

        def build(self, input_shape: Any) -> None:
            self.activaton = 3.0

        def forward(self, x: Any) -> Any:
            self.traning = self.trainble
            return x * self.trainble

    assert Odd()([[1.0]]).item() == 2.0


def test_all_that_is_public_may_be_set() -> None:
    for cls in (nn.Dense, optim.Adam, ranvier.Sequential):
        assert {"name"} <= settable(cls)
        for attribute in settable(cls):
            member = inspect.getattr_static(cls, attribute, None)
            assert not isinstance(member, property) or member.fset is not None
