"""Ids outside the table of an Embedding are found in the data, whatever the model is like."""

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Model, Sequential
from ranvier.data.streams.stream import stream_batches
from ranvier.errors import DataError
from ranvier.nn import GRU, Concatenate, Dense, Embedding, Flatten

ENGINES = ("compiled", "reference")
ROWS = 40
Y = np.zeros((ROWS, 1), np.float32)


class Columns(Model):
    """Numbers, with an id of 0 to 3 in the last column."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.out = Embedding(4, 3), Dense(1)

    def forward(self, x: Any) -> Any:
        ids = ranvier.astype(x[:, 2], "int32")
        return self.out(ranvier.concat([x[:, :2], self.table(ids)], 1))


class Shifted(Model):
    """Two columns of ids in one table, as recommenders have it."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.out = Embedding(7, 3), Dense(1)

    def forward(self, x: Any) -> Any:
        return self.out(Flatten()(self.table(x + np.array([0, 4], np.int32))))


class TwoInputs(Model):
    def __init__(self) -> None:
        super().__init__()
        self.table, self.out = Embedding(5, 3), Dense(1)

    def forward(self, number: Any, ids: Any) -> Any:
        return self.out(ranvier.concat([number, Flatten()(self.table(ids))], 1))


def wired() -> Model:
    number, ids = ranvier.Input(shape=(2,)), ranvier.Input(shape=(3,), dtype="int32")
    both = Concatenate()([number, Flatten()(Embedding(5, 2)(ids))])
    return Model(inputs=[number, ids], outputs=Dense(1)(both))


def numbers(high: int, *shape: int) -> Any:
    return (np.arange(np.prod((ROWS, *shape))) % high).reshape(ROWS, *shape).astype(np.int32)


def cases() -> dict[str, Any]:
    floats = np.ones((ROWS, 2), np.float32)
    return {
        "columns": (Columns, [np.hstack([floats, numbers(4, 1)]).astype(np.float32)], (2,), 4),
        "shifted": (Shifted, [numbers(3, 2)], (1,), 7),
        "two inputs": (TwoInputs, [floats, numbers(5, 1)], (0,), 5),
        "wired": (wired, [floats, numbers(5, 3)], (1,), 5),
    }


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", list(cases()))
def test_ids_are_looked_at_where_data_meet_the_model(kind: str, engine: str) -> None:
    make, xs, position, size = cases()[kind]
    model = make()
    model.compile("sgd", "mse", engine=engine)

    def given(arrays: Any) -> Any:
        return arrays if len(arrays) > 1 else arrays[0]

    model.fit(given(xs), Y, batch_size=16, verbose=0)
    model.predict(given(xs))
    wrong = [*xs[:-1], xs[-1].copy()]
    wrong[-1][(37, *position)] = size
    before = model.get_weights()
    message = rf"row 37.*: id \d+ is outside the table of {size} vectors"
    for _ in range(2):
        with pytest.raises(DataError, match=message):
            model.fit(given(wrong), Y, batch_size=16, verbose=0)
        with pytest.raises(DataError, match=message):
            model.predict(given(wrong))
        with pytest.raises(DataError, match=message):
            model.evaluate(given(wrong), Y)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    assert model.predict(given(xs)).shape == (ROWS, 1)


def test_ids_of_a_stream_are_looked_at_chunk_by_chunk() -> None:
    x = numbers(3, 2)
    model = Shifted()
    model.compile("sgd", "mse")

    def chunks(last: Any) -> Any:
        return lambda: iter([(x, Y), (last, Y)])

    model.fit(stream_batches(chunks(x)), batch_size=8, verbose=0)
    with pytest.raises(DataError, match="id 11 is outside the table of 7") as found:
        model.fit(stream_batches(chunks(x + 6)), batch_size=8, verbose=0)
    assert "in chunk 2 of the stream" in found.value.__notes__


def test_a_layer_that_continues_row_by_row_is_not_disturbed() -> None:
    model = Sequential([Embedding(5, 2, input_length=3), GRU(2, stateful=True), Dense(1)])
    model.compile("sgd", "mse")
    x = numbers(5, 3)
    model.fit(x, Y, batch_size=10, verbose=0, shuffle=False)
    with pytest.raises(DataError, match="id 5"):
        model.fit(x + 1, Y, batch_size=10, verbose=0)


def test_ids_that_the_network_makes_are_left_to_it() -> None:
    class Nearest(Model):
        def __init__(self) -> None:
            super().__init__()
            self.into, self.table, self.out = Dense(6), Embedding(6, 2), Dense(1)

        def forward(self, x: Any) -> Any:
            return self.out(self.table(ranvier.argmax(self.into(x), axis=-1)))

    model = Nearest()
    model.compile("sgd", "mse")
    model.fit(np.ones((ROWS, 3)), Y, verbose=0)
    assert model._steps is not None
    assert [step.ids for step in model._steps.made("train")] == [None]
