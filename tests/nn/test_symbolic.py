"""Symbolic values: what ops and layers make of rows that are not there yet, and what not."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier as rv
from layer_table import TAKES
from ranvier import Input, Model, Sequential, nn
from ranvier.errors import RanvierError, ShapeError, TraceError, UnknownSizeError
from ranvier.nn.symbolic import Symbolic

TABLE = np.arange(12.0, dtype=np.float32).reshape(3, 4)

# What may be done with rows, (rows, 4), before there are any.
CALLS: dict[str, Callable[[Any], Any]] = {
    "x[::-1]": lambda x: x[::-1],
    "x[1:-1]": lambda x: x[1:-1],
    "x[:3]": lambda x: x[:3],
    "x[-3:]": lambda x: x[-3:],
    "x[2:5]": lambda x: x[2:5],
    "x[5]": lambda x: x[5],
    "x[-1]": lambda x: x[-1],
    "x[None]": lambda x: x[None],
    "x[..., 0]": lambda x: x[..., 0],
    "x[[0, 2]]": lambda x: x[[0, 2]],
    "x[[0, -2]]": lambda x: x[[0, -2]],
    "x[[0, 1], [2, 3]]": lambda x: x[[0, 1], [2, 3]],
    "every fourth": lambda x: rv.reshape(x, (-1,))[::4],
    "every fourth from the end": lambda x: rv.reshape(x, (-1,))[::-4],
    "roll": lambda x: rv.roll(x, 1, axis=0),
    "roll back": lambda x: rv.roll(x, -2, axis=0),
    "roll all": lambda x: rv.roll(x, 3),
    "split": lambda x: rv.concat(rv.split(x, [1, 2])[::-1]),
    "halves": lambda x: rv.split(rv.concat([x, -x]), 2)[1],
    "diff": lambda x: rv.diff(x, axis=0, n=2),
    "tile": lambda x: rv.tile(x, (2, 1)),
    "repeat": lambda x: rv.repeat(x, 2, axis=0),
    "repeat all": lambda x: rv.repeat(x, 3),
    "stack": lambda x: rv.stack([x, x], axis=1),
    "pad": lambda x: rv.pad(x, ((1, 2), (0, 0))),
    "flip": lambda x: rv.flip(x),
    "reshape rows": lambda x: rv.reshape(x, (x.shape[0] * 2, 2)),
    "reshape, rows last": lambda x: rv.reshape(x, (2, -1)),
    "concat numbers": lambda x: rv.concat([x, TABLE]),
    "squeeze": lambda x: rv.squeeze(x[:, :1]),
    "mean of rows": lambda x: x - rv.mean(x, axis=0),
    "var": lambda x: rv.var(x, axis=0),
    "unbiased var": lambda x: rv.var(x, axis=0, correction=1),
    "std": lambda x: rv.std(x),
    "max": lambda x: rv.max(x[1:], axis=0),
    "argmax": lambda x: rv.argmax(x),
    "prod": lambda x: rv.prod(x, axis=0),
    "cumulative_sum": lambda x: rv.cumulative_sum(x, axis=0),
    "softmax": lambda x: rv.softmax(x, axis=0),
    "einsum": lambda x: rv.einsum("bi,ci->bc", x, x),
    "einsum of 1": lambda x: rv.einsum("bi,bi->bi", x, x[:1]),
    "similarities": lambda x: rv.softmax(x @ rv.matrix_transpose(x)),
    "tril": lambda x: rv.tril(x @ rv.matrix_transpose(x)),
    "outer": lambda x: rv.outer(x[:, 0], x[:, 1]),
    "vecdot": lambda x: rv.vecdot(x, x),
    "tensordot": lambda x: rv.tensordot(x, x, ((0,), (0,))),
    "where": lambda x: rv.where(x[:, :1] > 0, x, np.ones(4, np.float32)),
    "meshgrid": lambda x: rv.meshgrid(x[:, 0], x[:, 1])[0],
    "one_hot": lambda x: rv.one_hot(rv.argmax(x, axis=1), 4),
    "take": lambda x: rv.take(x, np.array([0, -1])),
    "max_pool2d": lambda x: rv.max_pool2d(rv.reshape(x, (-1, 2, 2, 1)), 2),
    "numbers of each row": lambda x: rv.broadcast_to(np.ones((1, 4), np.float32), x.shape) * 2,
    "zeros": lambda x: rv.concat([x, rv.zeros((x.shape[0], 2))], axis=1),
    "full": lambda x: rv.full(x.shape, 2.0),
    "arange": lambda x: rv.arange(x.shape[0]),
    "eye": lambda x: rv.eye(x.shape[0]) @ x,
    "x * rows": lambda x: x * x.shape[0],
    "sum / rows": lambda x: rv.sum(x, axis=0) / x.shape[0],
    "sum / size": lambda x: rv.sum(x) / x.size,
    "x * (1 / rows)": lambda x: x * (1.0 / x.shape[0]),
    "x / sqrt(rows)": lambda x: x / x.shape[0] ** 0.5,
    "0.1 * rows - 1": lambda x: x + (0.1 * x.shape[0] - 1),
}  # fmt: skip
X = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)


@pytest.mark.parametrize("name", CALLS)
def test_what_is_noted_for_rows_is_what_ops_do_with_them(name: str, tmp_path: Path) -> None:
    call, x = CALLS[name], Input((4,))
    model = Model(x, call(x))
    model.save(tmp_path / "model")
    models = [model, rv.load(tmp_path / "model"), copy.deepcopy(model)]
    models.append(pickle.loads(pickle.dumps(model)))
    assert models[1].get_config() == model.get_config()
    for n in (1, 2, 7, 8):
        rows = rv.tensor(X[:n])
        try:
            expected = call(rows).numpy()
        except RanvierError:  # too few rows for it
            expected = None
        for one in models:
            try:
                np.testing.assert_array_equal(one(rows).numpy(), expected)
            except RanvierError as error:  # eager slices are cut where the rows end
                assert n < 7 and isinstance(error, ShapeError)


MISTAKES: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "if": (lambda x: x if x.shape[0] > 3 else -x, UnknownSizeError, "`rows > 3` has no answer"),
    "if ==": (lambda x: x if x.shape[0] == 1 else -x, UnknownSizeError, "`rows == 1` has no"),
    "range": (lambda x: [x[i] for i in range(x.shape[0])], UnknownSizeError, "rows is no number"),
    "np.zeros": (lambda x: np.zeros(x.shape), UnknownSizeError, r"ranvier.zeros\(\(x.shape\[0\]"),
    "int": (lambda x: x * int(x.shape[0]), UnknownSizeError, "forward of a layer of your own"),
    "half": (lambda x: x[: x.shape[0] // 2], UnknownSizeError, "`rows // 2` has no answer"),
    "every other": (lambda x: x[::2], UnknownSizeError, "// 2` has no answer"),
    "halves": (lambda x: rv.split(x, 2), UnknownSizeError, "`rows % 2` has no answer"),
    "unstack": (rv.unstack, UnknownSizeError, "rows is no number yet"),
    "len": (len, TraceError, "how many rows there will be is not known"),
    "other rows": (lambda x: x + TABLE, ShapeError, "axis -2 has sizes 3 and rows"),
    "matmul": (lambda x: x @ x, ShapeError, "inner sizes 4 and rows differ"),
    "concat": (lambda x: rv.concat([x, TABLE], axis=1), ShapeError, r"\(rows, 4\) and \(3, 4\)"),
    "reshape": (lambda x: rv.reshape(x, (3, 4)), ShapeError, r"holds 4\*rows elements"),
    "squeeze": (lambda x: rv.squeeze(x, 0), ShapeError, "has size rows, not 1"),
    "random": (lambda x: rv.random.normal(x.shape), TraceError, "draw them in the forward"),
    "numpy": (lambda x: x.numpy(), TraceError, "has no numbers"),
    "index": (lambda x: x[x.shape[0] - 1], ShapeError, r"count from the end, as in x\[-1\]"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_python_that_needs_the_rows_is_told_what_to_write(name: str) -> None:
    call, kind, match = MISTAKES[name]
    with pytest.raises(kind, match=match):
        call(Input((4,)))


@pytest.mark.parametrize("name", TAKES)
def test_every_layer_in_a_connected_model(name: str) -> None:
    x, make = TAKES[name]
    arrays = x if isinstance(x, list) else [x]
    arrays = [np.concatenate([a] * 8) for a in arrays]
    arrays = [a.astype(np.float32) if a.dtype.kind == "f" else a for a in arrays]
    inputs = [Input(a.shape[1:], dtype=a.dtype) for a in arrays]
    layer = make()
    out = layer(inputs if isinstance(x, list) else inputs[0])
    model = Model(inputs, out)
    line = Sequential([layer]) if len(inputs) == 1 else None
    outs = out if isinstance(out, list | tuple) else [out]
    for rows in (1, 3, 32):
        some = [a[:rows] for a in arrays]
        found = model.predict(some if len(some) > 1 else some[0])
        again = layer([rv.tensor(a) for a in some] if len(some) > 1 else rv.tensor(some[0]))
        several = [found] if isinstance(found, np.ndarray) else found
        eager = again if isinstance(again, list | tuple) else [again]
        for symbol, one, other in zip(outs, several, eager, strict=True):
            assert one.shape == (rows, *symbol.shape[1:]) and symbol.dtype == other.dtype
            np.testing.assert_allclose(one, other.numpy(), rtol=1e-4, atol=1e-5)
        if line is not None:
            np.testing.assert_array_equal(line.predict(some[0]), found)


class Counting(nn.Layer):
    """A layer whose Python asks for the number of rows."""

    def forward(self, x: Any) -> Any:
        total = sum(x[i] for i in range(x.shape[0]))
        return x + total if x.shape[0] > 1 else x


def test_a_layer_may_ask_for_the_rows() -> None:
    x = Input((3,))
    out = Counting()(x)
    assert str(out.shape) == "(rows, 3)"
    model = Model(x, nn.Dense(1)(out))
    model.compile("sgd", "mse", engine="reference")
    model.fit(np.ones((8, 3)), np.ones((8, 1)), batch_size=4, verbose=0)
    assert model.predict(np.ones((5, 3))).shape == (5, 1)


class Reduced(nn.Layer):
    """A layer that returns other than one row for each row."""

    def __init__(self, counted: bool, **options: Any) -> None:
        super().__init__(**options)
        self.counted = counted

    def forward(self, x: Any) -> Any:
        return rv.sum(x, axis=0) if not self.counted or x.shape[0] > 1 else x


@pytest.mark.parametrize("counted", [False, True])
def test_a_layer_gives_a_row_for_each_row(counted: bool) -> None:
    match = r"returned a tensor of shape \(3,\); expected a first axis"
    with pytest.raises(ShapeError, match=match):
        Reduced(counted)(Input((3,)))


def test_a_stateful_layer_begins_with_the_first_batch() -> None:
    x = Input((5, 2))
    model = Model(x, nn.LSTM(3, stateful=True)(x))
    assert model.predict(np.ones((32, 5, 2))).shape == (32, 3)


def test_values_of_other_traces_do_not_mix() -> None:
    x = Input((3,))
    with pytest.raises(TraceError, match="put the model together outside of the function"):
        rv.compile(lambda y: x + y)(np.ones(3))


def test_values_name_what_made_them() -> None:
    x = Input((3,), name="x")
    states = nn.LSTM(2, return_state=True, name="lstm")(rv.reshape(x, (-1, 3, 1)))
    assert [repr(v) for v in (x, -x, *states)] == [
        "Symbolic(x: float32[rows, 3])",
        "Symbolic(negative: float32[rows, 3])",
        *["Symbolic(lstm: float32[rows, 2])"] * 3,
    ]
    assert all(isinstance(v, Symbolic) for v in states)


def test_a_model_may_begin_and_end_among_several_values() -> None:
    x = Input((3, 1))
    lstm = nn.LSTM(2, return_state=True)
    _, h, c = lstm(x)
    rest = Model([h, c], h * c + 1.0)
    assert lstm.output[1]._node is h._node
    whole = Model(x, [*lstm.output[1:], h * c + 1.0])
    data = np.ones((4, 3, 1), np.float32)
    for model in (rest, copy.deepcopy(rest)):
        *states, out = whole.predict(data)
        np.testing.assert_allclose(model.predict(states), out, rtol=1e-6)
