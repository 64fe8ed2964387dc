"""Calls that fit no signature: every public function and class says so in words of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import callbacks, data, losses, metrics, models, nn, optim, random
from ranvier.errors import ArgumentError, KeywordError, RanvierError

ROOMS = [ranvier, random, nn, nn.activations, nn.initializers, nn.regularizers, losses, metrics]
ROOMS += [optim, optim.schedules, optim.wrappers, data, models, callbacks]

# Whose own words Python gives, since they take nothing, or that are helpers of their modules.
PLAIN = {
    "answered", "apply", "as_integer", "as_leaf", "as_shape", "as_values", "by_name",
    "check_finite", "check_rows", "clean", "config", "configuration", "enable_grad", "fans",
    "is_grad_enabled", "is_ours", "is_tracing", "module_getattr", "name_of", "narrow",
    "no_grad", "numpy_random", "philox", "register_layer", "resolve", "restore",
    "restore_schedule", "room_for", "training_mode", "unknown_name",
}  # fmt: skip


def public(kind: Callable[[Any], bool]) -> Iterator[tuple[str, Any]]:
    seen = set()
    for room in ROOMS:
        for name in getattr(room, "__all__", None) or dir(room):
            thing = getattr(room, name)
            home = getattr(thing, "__module__", None) or type(thing).__module__
            if name.startswith("_") or name in PLAIN or id(thing) in seen or not kind(thing):
                continue
            if str(home).startswith("ranvier"):
                seen.add(id(thing))
                yield f"{room.__name__}.{name}", thing


def is_function(thing: Any) -> bool:
    return callable(thing) and not inspect.isclass(thing) and not inspect.ismodule(thing)


FUNCTIONS = dict(public(is_function))
CLASSES = dict(public(inspect.isclass))


def bound(function: Any, *args: Any, **kwargs: Any) -> bool:
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_call_that_does_not_fit(name: str) -> None:
    function = FUNCTIONS[name]
    called = name.rpartition(".")[2]
    for args, kwargs in [((), {"qqq": 1}), ((), {}), ((0.5,) * 30, {})]:
        if not bound(function, *args, **kwargs):
            with pytest.raises(ArgumentError if args else KeywordError) as caught:
                function(*args, **kwargs)
            assert str(caught.value).startswith(called), caught.value


@pytest.mark.parametrize("name", FUNCTIONS)
def test_none_where_no_annotation_has_it(name: str) -> None:
    function = FUNCTIONS[name]
    parameters = list(inspect.signature(function).parameters.values())
    needed = [p for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    for count in range(1, len(needed) + 1):
        try:
            function(*[None] * count, *[np.ones((2, 2))] * (len(needed) - count))
        except RanvierError as error:
            assert len(str(error)) > 15


def test_many_functions_are_tried() -> None:
    assert len(FUNCTIONS) > 180
    assert len(CLASSES) > 150


# Without their types, which would say it before the call.
r: Any = ranvier
layers: Any = nn
m: Any = metrics
draw: Any = random
loss: Any = losses

CALLS: dict[str, tuple[Callable[[], Any], str]] = {
    "another library's name": (lambda: r.sum(np.ones(2), dim=1), "did you mean 'axis'"),
    "too few": (lambda: r.where(np.ones(2)), "where needs 'x' and 'y' too. It takes: cond"),
    "too many": (lambda: r.round(2.5, 2), r"round takes 1 positional argument \(x\); got 2"),
    "twice": (lambda: r.sum(np.ones(2), x=1), "sum got 'x' twice, by position and by name"),
    "none of a list": (lambda: r.stack(None), "stack: xs=None; it needs a value"),
    "none of labels": (lambda: m.confusion_matrix([1], None), "x: y_pred=None"),
    "a method": (lambda: draw.normal(size=2), "normal has no argument 'size'"),
    "a loss": (lambda: loss.mean_squared_error([1.0]), "mean_squared_error needs 'y_pred' too"),
    "a layer of nothing": (lambda: layers.Dense(2)(None), "its first input is None"),
    "a model of nothing": (lambda: r.Sequential([layers.Dense(2)])(None), "input is None"),
    "weights of nothing": (lambda: model().set_weights(None), "set_weights takes a list of arrays"),
    "weights by name": (lambda: model().set_weights({}), "a list of arrays, as get_weights"),
    "no such layer": (lambda: model().get_layer(index=5), "index=5; .* has 1 layers, -1 to 0"),
    "half a layer": (lambda: model().get_layer(index=0.5), "index=0.5; expected an integer"),
    "text for a number": (lambda: layers.Dense("2"), "this is text: write units=2"),
    "a word": (lambda: layers.Dense("two"), "expected an integer of .*; this is text$"),
    "text for a flag": (lambda: layers.Dense(2, use_bias="True"), "text: write use_bias=True"),
    "text for a rate": (lambda: layers.Dropout("0.5"), "this is text: write rate=0.5"),
}  # fmt: skip


def model() -> Any:
    return ranvier.Sequential([nn.Dense(2, input_shape=(3,))])


@pytest.mark.parametrize("case", CALLS)
def test_the_words_of_errors(case: str) -> None:
    call, message = CALLS[case]
    with pytest.raises(ArgumentError, match=message):
        call()


def test_an_error_inside_a_call_stays_what_it_is() -> None:
    def broken(x: Any) -> Any:
        raise TypeError("of the user's own")

    with pytest.raises(TypeError, match="of the user's own"):
        ranvier.grad(broken)(1.0)
    with pytest.raises(AttributeError, match="no_such_thing"):
        ranvier.vjp(lambda x: x.no_such_thing, 1.0)


# --- constructors -------------------------------------------------------------------------------

# What a constructor takes an array for.
OF_ARRAYS = {"Rescaling", "Sequential", "Model", "FunctionLoss"}


@pytest.mark.parametrize("name", CLASSES)
def test_more_arguments_than_a_constructor_takes(name: str) -> None:
    cls = CLASSES[name]
    if inspect.isabstract(cls) or not issubclass(cls, ranvier.base.missing.Spelled):
        return
    if any(p.kind is p.VAR_POSITIONAL for p in inspect.signature(cls).parameters.values()):
        return
    with pytest.raises(RanvierError, match="takes (no|[0-9]+) positional arg"):
        cls(*range(1, 40))


@pytest.mark.parametrize("made", [np.ones((2, 2)), ranvier.ones((2, 2))], ids=["array", "tensor"])
def test_data_given_to_the_constructor_instead_of_the_call(made: Any) -> None:
    tried = 0
    for name, cls in CLASSES.items():
        called = issubclass(cls, nn.Layer | losses.Loss | metrics.Metric)
        if called and cls.__name__ not in OF_ARRAYS and not issubclass(cls, ranvier.Model):
            tried += 1
            with pytest.raises(ArgumentError, match="makes a .*, it does not call one"):
                print(name, cls(made, made))
    assert tried > 100


def test_a_users_class_may_take_an_array() -> None:
    class Shift(nn.Layer):
        def __init__(self, by: Any) -> None:
            super().__init__()
            self.by = by

        def forward(self, x: Any) -> Any:
            return x + self.by

    assert Shift(np.ones(2))([[1.0, 2.0]]).numpy().tolist() == [[2.0, 3.0]]


# --- build --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [4, (4,), [4]])
@pytest.mark.parametrize("make", [lambda: nn.Dense(3), lambda: ranvier.Sequential([nn.Dense(3)])])
def test_build_leaves_a_layer_that_is_built(make: Any, shape: Any) -> None:
    layer = make()
    layer.build(shape)
    before = layer.get_weights()
    layer(np.ones((2, 4), np.float32))
    assert layer.built and layer.built_shape == (4,)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("shape", ["4", None, (4.5,), (-1,)])
def test_build_refuses_what_is_no_shape(shape: Any) -> None:
    with pytest.raises(ArgumentError, match="expected the sizes of one row"):
        ranvier.Sequential([nn.Dense(3)]).build(shape)


# --- names --------------------------------------------------------------------------------------

REGISTRIES: dict[str, tuple[Callable[[str], Any], Any]] = {
    "activations": (nn.activations.get, nn.activations.NAMES),
    "initializers": (nn.initializers.get, nn.initializers._NAMES),
    "regularizers": (nn.regularizers.get, nn.regularizers._NAMES),
    "losses": (losses.get, losses.NAMES),
    "metrics": (metrics.get, metrics.NAMES),
    "optimizers": (optim.get, [n.lower() for n in optim.OPTIMIZERS]),
}


def slip(name: str) -> str:
    """Two letters in the middle exchanged, or the last one doubled."""
    i = len(name) // 2
    made = name[: i - 1] + name[i] + name[i - 1] + name[i + 1 :]
    return made if made != name else name + name[-1]


@pytest.mark.parametrize("kind", REGISTRIES)
def test_an_unknown_name_is_answered_with_the_nearest(kind: str) -> None:
    get, names = REGISTRIES[kind]
    for name in names:
        if len(name) > 4 and slip(name) not in names:
            with pytest.raises(ArgumentError, match="did you mean"):
                print(kind, name, get(slip(name)))


@pytest.mark.parametrize(
    ("kind", "name", "meant"),
    [
        ("initializers", "xavier_uniform", "glorot_uniform"),
        ("initializers", "kaiming_normal", "he_normal"),
        ("initializers", "glorot", "glorot_uniform"),
        ("initializers", "gaussian", "random_normal"),
        ("regularizers", "ridge", "l2"),
        ("activations", "identity", "linear"),
        ("losses", "bce_with_logits", "binary_crossentropy"),
        ("losses", "smooth_l1", "huber"),
        ("losses", "l1", "mean_absolute_error"),
        ("metrics", "roc_auc", "auc"),
        ("optimizers", "rms_prop", "rmsprop"),
    ],
)
def test_a_name_of_another_library_is_answered(kind: str, name: str, meant: str) -> None:
    with pytest.raises(ArgumentError, match=f"did you mean '{meant}'"):
        REGISTRIES[kind][0](name)
