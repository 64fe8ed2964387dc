"""Arguments: by their signatures, every public constructor and function refuses what is no answer.

A flag is True or False, a count an integer that is not negative, a rate a number. What stands in
the annotation is tried on every class and function: nothing else is taken in silence, and nothing
ends in an error from inside.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import callbacks, data, losses, metrics, models, nn, optim
from ranvier.base.arguments import as_integer, flag, number
from ranvier.errors import ArgumentError, RanvierError
from ranvier.nn.configuration import restore

ROOMS = [callbacks, data, losses, metrics, models, nn, nn.initializers, nn.regularizers, optim]
ROOMS += [optim.schedules, optim.wrappers]
MODEL = ("compile", "evaluate", "fit", "save", "test_on_batch", "train_on_batch", "verify")

# Integers and numbers of which those below 0 mean something.
NEGATIVE = {
    "alpha": "a slope, or a share that is looked at elsewhere",
    "axis": "counted from the end",
    "baseline": "a value of what is monitored",
    "fill_value": "a number that is filled in",
    "gain": "a factor",
    "groups": "-1: one group for each channel",
    "k": "a diagonal",
    "mask_value": "a number that is compared with",
    "maxval": "the end of a range", "minval": "the start of a range",
    "mean": "the middle of a distribution",
    "min_delta": "taken without its sign, as in Keras",
    "negative_slope": "a slope",
    "scale": "a factor",
    "threshold": "a number that is compared with",
    "value": "a number that is filled in",
}  # fmt: skip
# What takes these arguments only together with others, or hands them on to a class.
LEFT_OUT = {"losses.refuse_predictions", "nn.concatenate", "nn.dot"}
LEFT_OUT |= {"nn.training_mode"}  # looks at it when it is entered
# Flags of how much is shown are integers too.
SHOWN = {"verbose"}


def things() -> Iterator[tuple[str, Any]]:
    """Every public class and function of the rooms, and what a model does."""
    seen = set()
    for room in ROOMS:
        for name in sorted(getattr(room, "__all__", None) or dir(room)):
            thing = getattr(room, name, None)
            listed = name in getattr(room, "__all__", ())
            ours = getattr(thing, "__module__", "").startswith(
                "ranvier" if listed else room.__name__
            )
            if name.startswith("_") or not ours or not callable(thing) or thing in seen:
                continue
            seen.add(thing)
            if inspect.isclass(thing) and (
                inspect.isabstract(thing) or not hasattr(thing, "__mro__")
            ):
                continue
            title = f"{room.__name__.removeprefix('ranvier.')}.{name}"
            if title not in LEFT_OUT:
                yield title, thing
    model = ranvier.Sequential([nn.Dense(1)])
    for name in MODEL:
        yield f"model.{name}", getattr(model, name)
    for kind in (models.GAN, models.DeepClustering, models.NeighbourClustering, models.Seq2Seq):
        for name in ("fit", "generate", "translate"):
            if name in vars(kind):
                method = vars(kind)[name]
                yield f"{kind.__name__}.{name}", lambda *a, m=method, **o: m(None, *a, **o)
                ORIGINAL[f"{kind.__name__}.{name}"] = method


ORIGINAL: dict[str, Any] = {}


def parameters(name: str, thing: Any) -> dict[str, inspect.Parameter]:
    """Its arguments, with those of base classes behind `**options`."""
    if not inspect.isclass(thing):
        return dict(inspect.signature(ORIGINAL.get(name, thing)).parameters)
    found: dict[str, inspect.Parameter] = {}
    for owner in thing.__mro__:
        init = vars(owner).get("__init__")
        if init is None or owner is object:
            continue
        own = dict(list(inspect.signature(init).parameters.items())[1:])
        found = {**own, **found}
        if not any(p.kind is p.VAR_KEYWORD for p in own.values()):
            break
    return found


def wrong(name: str, annotation: str) -> list[Any]:
    """Values that no argument of this name and annotation means."""
    kinds = {kind.strip() for kind in annotation.split("|")}
    none = [] if "None" in kinds else [None]
    kinds.discard("None")
    if kinds == {"bool"}:
        return ["no", "yes", 2, 1.0, np.int64(1), *none]
    if kinds == {"int"}:
        bools = [] if name in SHOWN else [True, np.True_]
        return [1.5, "2", float("nan"), [1], *bools, *([] if name in NEGATIVE else [-1]), *none]
    if kinds == {"float"}:
        return [True, "0.5", float("nan"), [0.5], *([] if name in NEGATIVE else [-1.5]), *none]
    return []


def valid(arguments: dict[str, inspect.Parameter]) -> dict[str, Any]:
    """Values for what has no default."""
    known = {
        "layer": nn.Dense(2), "forward_layer": nn.LSTM(2), "cell": nn.LSTMCell(2),
        "target_shape": (2,), "dims": (1,), "axes": 1, "shape": (2,), "activation": "relu",
        "inner_optimizer": optim.SGD(0.1), "optimizer": optim.SGD(0.1), "loss": "mse",
        "boundaries": [1], "values": [0.1, 0.2], "milestones": [1], "path": "x", "filepath": "x",
        "schedules": [optim.schedules.ExponentialDecay(0.1, 10, 0.5), 0.1], "output_size": 2,
        "schedule": lambda i: 0.1, "cells": [nn.LSTMCell(2)], "levels": [3, 2],
    }  # fmt: skip
    plain = {"int": 2, "float": 0.5, "str": "x", "bool": True}
    return {
        p.name: known.get(p.name, plain.get(str(p.annotation), 2))
        for p in arguments.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }


def cases() -> Iterator[tuple[str, Callable[..., Any], str, Any, dict[str, Any]]]:
    for name, thing in things():
        arguments = parameters(name, thing)
        given = valid(arguments) if inspect.isclass(thing) else {}
        given = {"shape": (2,)} if name == "nn.Input" else given
        for argument, p in arguments.items():
            for value in wrong(argument, str(p.annotation)):
                yield name, thing, argument, value, given


def test_every_argument_refuses_what_it_cannot_mean() -> None:
    """By the signatures of all: at least as many as there were when this was written."""
    taken, tried, kinds = [], set(), set()
    for name, thing, argument, value, given in cases():
        tried.add((name, argument))
        kinds.add(type(value))
        message = f"{name}({argument}={value!r})"
        try:
            thing(**{**given, argument: value})
        except RanvierError as error:
            assert argument in str(error) or not isinstance(error, ArgumentError), (message, error)
        except Exception as error:
            taken.append(f"{message}: {type(error).__name__}: {error}")
        else:
            taken.append(f"{message} is accepted")
    # What is never below 0 is named in base/arguments.py; else NEGATIVE says what it means.
    assert taken == []
    assert len(tried) > 700
    assert kinds == {str, int, float, bool, list, np.int64, np.bool, type(None)}


def saved() -> Iterator[tuple[Any, dict[str, Any], str, Any, Any]]:
    """Every class that a file may name: its configuration, an argument in it, the value that is
    meant, and that which versions until November 2026 took for it.
    """
    for name, cls in things():
        if not inspect.isclass(cls) or name.startswith(("callbacks", "data", "models")):
            continue
        arguments = parameters(name, cls)
        try:
            made: Any = cls(**valid(arguments))
            config = made.get_config()
        except (RanvierError, AttributeError):
            continue
        for argument in config.keys() & arguments.keys():
            meant = config[argument]
            kinds = {kind.strip() for kind in str(arguments[argument].annotation).split("|")}
            kinds.discard("None")
            if isinstance(meant, bool) and kinds == {"bool"}:
                yield cls, config, argument, meant, int(meant)
                yield cls, config, argument, True, 2
            elif type(meant) is int and kinds == {"int"}:
                yield cls, config, argument, meant, float(meant)


def test_files_may_hold_what_earlier_versions_took() -> None:
    tried = set()
    for cls, config, argument, meant, value in saved():
        described = {"class": cls.__name__, "config": {**config, argument: value}}
        try:
            restored: Any = restore("thing", described, {cls.__name__: cls})
            by_value = restored.get_config()
        except ArgumentError as error:  # where it goes with others only
            if argument in str(error) and f"={value!r}" in str(error):
                raise
            continue
        assert by_value[argument] == meant, (cls, argument)
        assert type(by_value[argument]) is type(meant), (cls, argument)
        tried.add((cls, argument))
    assert len(tried) > 200


@pytest.mark.parametrize("value", [0.5, float("nan"), float("inf"), "2", None, [2], -1])
def test_a_file_holds_no_other_integer(value: Any) -> None:
    described = {"class": "Dense", "config": {"units": value}}
    with pytest.raises(ArgumentError, match="units"):
        restore("layer", described, {"Dense": nn.Dense})


def test_every_negative_number_that_is_allowed_is_an_argument() -> None:
    names = {a for name, thing in things() for a in parameters(name, thing)}
    assert set(NEGATIVE) <= names


@pytest.mark.parametrize("value", ["no", 0, 1, None, 1.0])
@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_shuffle_is_a_flag(engine: str, value: Any) -> None:
    model = ranvier.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse", engine=engine)
    x = np.ones((4, 2), "f4")
    with pytest.raises(ArgumentError, match=f"fit: shuffle={value!r}; expected True or False"):
        model.fit(x, x[:, :1], shuffle=value)
    assert not model.built


def test_flags_of_tensors_and_modes() -> None:
    no: Any = "no"
    for call in (
        lambda: ranvier.zeros(2, requires_grad=no),
        lambda: ranvier.tensor([1.0], requires_grad=no),
        lambda: ranvier.tensor([1.0]).requires_grad_(no),
        lambda: nn.training_mode(no).__enter__(),
    ):
        with pytest.raises(ArgumentError, match="='no'; expected True or False"):
            call()


@pytest.mark.parametrize("value", [0, -1, 1.5, "8", True])
def test_batch_sizes(value: Any) -> None:
    model = ranvier.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse", engine="reference")
    x = np.ones((4, 2), "f4")
    message = f"batch_size={value!r}; expected an integer of at least 1"
    for call in (
        lambda: model.fit(x, x[:, :1], batch_size=value),
        lambda: model.evaluate(x, x[:, :1], batch_size=value),
        lambda: model.predict(x, batch_size=value),
        lambda: model.predict(x, value),
    ):
        with pytest.raises(ArgumentError, match=message):
            call()
    two: Any = np.int64(2)
    assert model.predict(x, batch_size=two).shape == (4, 1)


def test_users_annotate_as_they_like() -> None:
    class Mine(nn.Layer):
        def __init__(self, count: int = 1, on: bool = True, **options: Any) -> None:
            super().__init__(**options)
            self.count, self.on = count, on

    assert Mine(count="many", on="maybe").on == "maybe"  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="Mine: trainable='no'; expected True or False"):
        Mine(trainable="no")


def test_numbers_of_numpy_are_numbers() -> None:
    three, yes, half = (np.int32(3), np.True_, np.float32(0.5))
    assert nn.Dense(three, use_bias=yes).units == 3  # type: ignore[arg-type]
    assert optim.SGD(momentum=half).momentum == 0.5  # type: ignore[arg-type]
    assert flag("f", "x", np.False_) is False
    assert as_integer("f", "x", np.uint8(7)) == 7
    assert number("f", "x", np.float32(0.5), 0) == 0.5
    for value in (np.nan, np.inf, -1, "1", True, None):
        with pytest.raises(ArgumentError, match="f: x="):
            number("f", "x", value, 0)
