"""Every argument of a layer, set later: it takes effect as if given to the constructor, or it is
refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import ranvier
from layer_table import TAKES
from ranvier import nn
from ranvier.base.missing import constructor_arguments
from ranvier.errors import RanvierError, StateError

# What a layer is called, what it was built with, or where random numbers come from.
LEFT_OUT = {"name", "input_shape", "input_dim", "dtype", "trainable", "seed"}
LEFT_OUT |= {"kernel_initializer", "bias_initializer"}
TEXTS = {"valid": "same", "same": "valid", "reflect": "constant", "constant": "reflect"}
TEXTS |= {"nearest": "bilinear", "bilinear": "nearest", "horizontal_and_vertical": "horizontal"}


def annotation(kind: type, argument: str) -> str:
    for owner in kind.__mro__:
        if "__init__" in vars(owner):
            parameters = inspect.signature(vars(owner)["__init__"]).parameters
            if argument in parameters:
                return str(parameters[argument].annotation)
    return ""


def others(argument: str, value: Any, kind: type) -> list[Any]:
    """Other values of the same kind."""
    if argument in ("activation", "recurrent_activation"):
        return ["relu", "tanh"]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, max(1, value - 1)]
    if isinstance(value, float):
        return [value * 0.5 + 0.05, value + 0.25]
    if isinstance(value, str):
        return [TEXTS[value]] if value in TEXTS else []
    if isinstance(value, tuple) and all(isinstance(i, int) for i in value):
        return [tuple(i + 1 for i in value)]
    if value is None and "float" in annotation(kind, argument):
        return [0.5]
    return [2] if value is None and "int" in annotation(kind, argument) else []


def outputs(layer: Any, xs: list[Any], training: bool) -> list[Any]:
    ranvier.seed(3)
    out = ranvier.compile(lambda *xs: layer(*xs, training=training), engine="reference")(*xs)
    return [t.numpy() for t in (out if isinstance(out, list | tuple) else [out])]


def same(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(
        x.shape == y.shape and np.allclose(x, y, atol=1e-5) for x, y in zip(a, b, strict=True)
    )


def cases(name: str) -> Iterator[tuple[str, Any, bool, list[Any], list[Any]]]:
    """(argument, another value, training, what comes before and with it) where it matters."""
    x, make = TAKES[name]
    kind: Any = type(make())
    for argument in constructor_arguments(kind) or ():
        layer = make()
        if argument in LEFT_OUT or not hasattr(layer, argument):
            continue
        for value in others(argument, getattr(layer, argument), kind):
            for training in (False, True):
                xs = arrays(x)
                ranvier.seed(1)
                before = outputs(make(), xs, training)
                ranvier.seed(1)
                try:
                    other = kind.from_config({**make().get_config(), argument: value})
                    after = outputs(other, xs, training)
                except (RanvierError, TypeError, ValueError):
                    continue  # no value for this layer
                if not same(before, after):
                    yield argument, value, training, before, after


def arrays(x: Any) -> list[Any]:
    several = [np.asarray(one) for one in (x if isinstance(x, list) else [x])]
    return [a.astype(np.float32) if a.dtype.kind == "f" else a for a in several]


@pytest.mark.parametrize("name", TAKES)
def test_an_argument_set_later_takes_effect_or_is_refused(name: str) -> None:
    x, make = TAKES[name]
    for argument, value, training, before, after in cases(name):
        ranvier.seed(1)
        layer = make()
        outputs(layer, arrays(x), training)
        try:
            setattr(layer, argument, value)
            later = outputs(layer, arrays(x), training)
        except RanvierError:
            continue
        assert not same(later, before), f"{name}.{argument} = {value!r} has no effect"
        if not (training and ("dropout" in argument or "Random" in name)):  # drawn otherwise
            assert same(later, after), f"{name}.{argument} = {value!r} is another thing"


def test_many_arguments_are_tried() -> None:
    tried = {name: {case[0] for case in cases(name)} for name in ("TransformerEncoder", "Conv2D")}
    assert {"dropout", "layer_norm_epsilon", "num_heads"} <= tried["TransformerEncoder"]
    assert {"filters", "kernel_size", "padding", "use_bias"} & tried["Conv2D"]


REFUSED = {
    "Dense": ("units", 7), "Conv2D": ("filters", 9), "Embedding": ("output_dim", 7),
    "MultiHeadAttention": ("num_heads", 4), "RandomRotation": ("factor", 0.5),
    "LSTM": ("use_bias", False),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_weights_have_is_refused(name: str) -> None:
    x, make = TAKES[name]
    layer: Any = make()
    argument, value = REFUSED[name]
    outputs(layer, arrays(x), False)
    before = getattr(layer, argument)
    with pytest.raises(StateError, match=f"{argument} is .* and cannot become"):
        setattr(layer, argument, value)
    assert getattr(layer, argument) == before
    setattr(layer, argument, before)  # nothing changes


def test_a_size_may_be_set_before_the_layer_is_built() -> None:
    layer = nn.Dense(2)
    layer.units = 5
    assert layer(np.ones((1, 3), np.float32)).shape == (1, 5)
