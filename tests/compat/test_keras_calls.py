"""What Keras hands to code of one's own: inputs of a layer's `call`, `logs` of callbacks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ranvier.compat.tensorflow import keras
from ranvier.compat.tensorflow.keras import layers
from ranvier.errors import ArgumentError, RanvierError

A = np.full((2, 3), 5.0, np.float32)
B = np.full((2, 3), 2.0, np.float32)


class Optional(layers.Layer):
    def call(self, a: Any, b: Any = None) -> Any:
        return a if b is None else a - b


class Two(layers.Layer):
    def call(self, a: Any, b: Any, training: Any = None) -> Any:
        return a + b if training else a - b


class AsList(layers.Layer):
    def call(self, inputs: Any) -> Any:
        assert isinstance(inputs, list)
        return inputs[0] - inputs[1]


class ListAndMore(layers.Layer):
    def call(self, inputs: Any, factor: Any = None, training: bool = False) -> Any:
        out = inputs[0] - inputs[1] if isinstance(inputs, list) else inputs
        return out if factor is None else out * factor


class Any_(layers.Layer):
    def call(self, *inputs: Any) -> Any:
        return inputs[0] - inputs[1]


CALLS: list[tuple[type, Callable[..., Any], float]] = [
    (Optional, lambda f, a, b: f(a), 5.0),
    (Optional, lambda f, a, b: f(a, b), 3.0),
    (Optional, lambda f, a, b: f(a, b=b), 3.0),
    (Two, lambda f, a, b: f(a, b), 3.0),
    (Two, lambda f, a, b: f([a, b]), 3.0),
    (Two, lambda f, a, b: f(a, b, training=True), 7.0),
    (Two, lambda f, a, b: f(a, b, True), 7.0),
    (AsList, lambda f, a, b: f([a, b]), 3.0),
    (ListAndMore, lambda f, a, b: f([a, b]), 3.0),
    (ListAndMore, lambda f, a, b: f([a, b], factor=b), 6.0),
    (ListAndMore, lambda f, a, b: f(a, b), 10.0),
    (ListAndMore, lambda f, a, b: f(a), 5.0),
    (Any_, lambda f, a, b: f(a, b), 3.0),
]


@pytest.mark.parametrize(("kind", "call", "expected"), CALLS)
def test_inputs_arrive_as_they_were_given(
    kind: type, call: Callable[..., Any], expected: float
) -> None:
    np.testing.assert_array_equal(call(kind(), A, B), np.full_like(A, expected))
    # The same on symbolic inputs: by a model of connected layers, and by one of one's own.
    a, b = keras.Input((3,)), keras.Input((3,))
    model = keras.Model([a, b], call(kind(), a, b))
    np.testing.assert_array_equal(model.predict([A, B], verbose=0), np.full_like(A, expected))


def test_a_list_and_more_inputs_is_an_error() -> None:
    with pytest.raises(ArgumentError, match="a list of inputs and 1 more"):
        AsList()([A, B], A)


def test_the_mask_reaches_a_call_that_asks_for_it() -> None:
    class Seen(layers.Layer):
        def call(self, inputs: Any, mask: Any = None) -> Any:
            self.seen = mask
            return inputs

    embedded = layers.Embedding(5, 2, mask_zero=True)(np.array([[1, 0]]))
    seen = Seen()
    seen(embedded)
    np.testing.assert_array_equal(seen.seen, [[True, False]])
    own = np.array([[False, True]])
    seen(embedded, mask=own)
    np.testing.assert_array_equal(seen.seen, own)
    seen([embedded, embedded])
    assert [m.tolist() for m in seen.seen] == [[[True, False]]] * 2
    seen(A)
    assert seen.seen is None


MOMENTS = [
    "on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", "on_train_batch_begin",
    "on_train_batch_end", "on_test_begin", "on_test_end",
]  # fmt: skip


@pytest.mark.parametrize("batches", [False, True])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("validated", [False, True])
def test_every_moment_has_logs(batches: bool, stream: bool, validated: bool) -> None:
    """Keras gives a dictionary always; code that looks into it must not meet None."""
    seen: dict[str, list[Any]] = {}

    def note(moment: str) -> Callable[..., None]:
        return lambda self, *given: seen.setdefault(moment, []).append(given[-1])

    moments = [m for m in MOMENTS if batches or "batch" not in m]
    watcher = type("Watcher", (keras.callbacks.Callback,), {m: note(m) for m in moments})
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    data: Any = (A, A[:, :1])
    if stream:
        from ranvier.compat.tensorflow import data as tf_data

        data = (tf_data.Dataset.from_tensor_slices(data).batch(1),)
    more = {"validation_data": (A, A[:, :1])} if validated else {}
    model.fit(*data, epochs=2, verbose=0, callbacks=[watcher()], **more)
    expected = set(moments) - (set() if validated else {"on_test_begin", "on_test_end"})
    assert set(seen) == expected
    assert all(type(logs) is dict for given in seen.values() for logs in given)
    last = seen["on_epoch_end"][-1]
    assert {"loss", "mae"} <= set(last)
    assert seen["on_train_end"] == [last]
    if validated:
        assert seen["on_test_end"][-1] == {
            name.removeprefix("val_"): v for name, v in last.items() if name.startswith("val_")
        }


def _texts() -> list[Any]:
    """What is no architecture: cut short, changed, or of another kind."""
    good = keras.Sequential([keras.layers.Dense(2, "relu"), keras.layers.Dense(1)]).to_json()
    described = json.loads(good)
    dense = described["config"]["layers"][0]
    units: tuple[Any, ...] = ("x", [], 1 << 70)
    changed = [
        *({"class": odd, "config": {}} for odd in (None, 5, "os", ["Dense"])),
        *({"class": "Sequential", "config": odd} for odd in (5, "x", [1], {"layers": 5})),
        *({"class": "Dense", "config": {**dense["config"], "units": n}} for n in units),
        {"class": "Dense", "config": {"unit": 2}},
        {"class": "Model", "config": {"layers": [], "inputs": 5}},
    ]
    texts = [good[:n] for n in range(0, len(good), 40)]
    return [
        *texts, *map(json.dumps, changed), "[]", "5", "null", "NaN", '{"class": "Dense"' * 9,
        "[" * 100_000, b"\xff\xfe", None, 5, described,
    ]  # fmt: skip


def test_texts_that_are_no_architecture() -> None:
    for text in _texts():
        with pytest.raises(RanvierError):
            keras.models.model_from_json(text)
    with pytest.raises(ArgumentError, match="of this text: it is broken or cut short"):
        keras.models.model_from_json('{"class": ')
