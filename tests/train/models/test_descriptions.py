"""Whatever a model file asks for, loading it ends in a model or in a FileError, soon and small.

Descriptions are mutated at random (seeds stated): parts deleted, of another type, huge, nested,
repeated, swapped. `python tests/train/models/test_descriptions.py SEED COUNT` tries more.
"""

from __future__ import annotations

import copy
import json
import random
import struct
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Model, Sequential, nn
from ranvier.base.config import switches
from ranvier.callbacks import Checkpoint, EarlyStopping
from ranvier.errors import FileError, RanvierError
from ranvier.io import files, tensors
from ranvier.nn import restoring as limits
from ranvier.train.models.saving import load

SEED, QUICK, THOROUGH = 20, 200, 6000
MAX_BYTES, MAX_SECONDS = 256 << 20, 20.0  # of one load of a file of some kilobytes


# --- models to begin with -----------------------------------------------------------------------


def dense() -> Any:
    model = Sequential([
        nn.Normalize(input_shape=(6,)), nn.Reshape((2, 3)), nn.Flatten(), nn.Dropout(0.2),
        nn.Dense(4, "relu", kernel_initializer="he_normal", kernel_regularizer="l2"),
        nn.BatchNormalization(), nn.Dense(2, activation="softmax"),
    ])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy", "auc"], "reference")
    return model


def image() -> Any:
    return Sequential([
        nn.Conv2D(2, 3, padding="same", input_shape=(8, 8, 1)), nn.LayerNormalization(),
        nn.MaxPooling2D(), nn.AveragePooling2D(2, padding="same"), nn.UpSampling2D(2),
        nn.ZeroPadding2D(1), nn.Cropping2D(1), nn.RandomFlip(), nn.Resizing(6, 5),
        nn.DepthwiseConv2D(3), nn.GlobalAveragePooling2D(), nn.Dense(1),
    ])  # fmt: skip


def sequence() -> Any:
    inside = Sequential([nn.Dense(3), nn.Activation("tanh")])
    return Sequential([
        nn.Embedding(9, 4, input_shape=(5,)), nn.SinePositionEncoding(),
        nn.Bidirectional(nn.LSTM(3, return_sequences=True)),
        nn.TimeDistributed(nn.Dense(4)), nn.Conv1D(3, 2, dilation_rate=2),
        nn.GRU(3, return_sequences=True), nn.GlobalMaxPooling1D(), inside,
    ])  # fmt: skip


def connected() -> Any:
    left, right = ranvier.Input(shape=(3,), name="left"), ranvier.Input(shape=(3,), name="right")
    shared = nn.Dense(3, "relu")
    both = nn.Concatenate()([shared(left), shared(right) * 2.0 + np.ones(3, np.float32)])
    model = Model([left, right], {"a": nn.Dense(1)(both), "b": nn.Dense(2, "softmax")(both)})
    model.compile("sgd", {"a": "mse", "b": "sparse_categorical_crossentropy"}, engine="reference")
    return model


MODELS: list[Callable[[], Any]] = [dense, image, sequence, connected]
Case = tuple[dict[str, np.ndarray], dict[str, Any]]


def case(make: Callable[[], Any], folder: Path) -> Case:
    make().save(folder / "whole")
    arrays, about = files.read(folder / "whole")
    del about["checksum"]
    return arrays, about


# --- mutations ----------------------------------------------------------------------------------

WRONG: list[Any] = [
    None, True, False, 0, 1, -1, 2, 7, 1.5, -0.0, 1e308, 10**6, 10**9, 2**31, 2**63, 10**30, "",
    "x", "relu", "Dense", "float64", "os.system", "../x", "\ud800", [], {}, [[]], [None], [1, 2, 3],
    [10**9, 10**9], {"class": "Dense", "config": {}}, {"class": []}, {"a": {"b": []}},
    [[1], [2, 3]],
    {"tuple": [1]}, {"rows": [1]}, {"call": 0, "output": 0}, {"call": -1, "output": 99},
    {"constant": 5}, {"dtype": "x"},
]  # fmt: skip

Position = tuple[Any, Any]  # a dict or list, and a key or index of it


def positions(value: Any) -> Iterator[Position]:
    keys = value if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from positions(value[key])


def mutated(about: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    found = copy.deepcopy(about)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        every = list(positions(found))
        if not every:
            break
        holder, key = chance.choice(every)
        way = chance.randrange(8)
        if way == 0:
            del holder[key]
        elif way == 1:
            other, where = chance.choice(every)
            holder[key] = copy.deepcopy(other[where])
        elif way == 2 and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        elif way == 3:
            for _ in range(chance.choice([1, 3, 60, 120])):
                holder[key] = [holder[key]] if chance.random() < 0.5 else {"config": holder[key]}
        elif way == 4 and isinstance(holder, dict):
            holder[chance.choice(["name", "units", "dtype", "x"])] = holder.pop(key)
        elif way == 5 and isinstance(holder[key], int | float):
            holder[key] = chance.choice([-holder[key], holder[key] * 10**9, str(holder[key])])
        else:
            holder[key] = copy.deepcopy(chance.choice(WRONG))
    return found


def rows_for(model: Any) -> Any:
    """One row of zeros for each input."""
    if model.wiring is not None:
        return [np.zeros((1, *shape), np.float32) for shape in model.wiring.input_shapes]
    return np.zeros((1, *model.built_shape), model._row_dtype)


def outcome(path: Path) -> str:
    """How loading went; any error but a FileError goes on to the caller."""
    try:
        model = load(path)
    except FileError as refused:
        assert str(path) in str(refused)
        return "refused"
    try:
        model.predict(rows_for(model))
    except (RanvierError, MemoryError):
        return "useless"
    return "used"


def fuzz(seed: int, count: int, folder: Path) -> dict[str, int]:
    chance, seen = random.Random(seed), dict[str, int]()
    cases = [case(make, folder) for make in MODELS]
    for i in range(count):
        arrays, about = cases[i % len(cases)]
        changed = mutated(about, chance)
        path = folder / "mutated"
        files.write(path, arrays, changed)
        began = time.process_time()
        try:
            how = outcome(path)
        except Exception as problem:
            problem.add_note(f"seed {seed}, number {i}, {json.dumps(changed)[:3000]}")
            raise
        assert time.process_time() - began < MAX_SECONDS, (seed, i)
        seen[how] = seen.get(how, 0) + 1
    return seen


@pytest.mark.parametrize("make", MODELS)
def test_what_was_not_changed_is_used(tmp_path: Path, make: Callable[[], Any]) -> None:
    case(make, tmp_path)
    assert outcome(tmp_path / "whole") == "used"


def test_mutated_descriptions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switches, "engine", "reference")
    seen = fuzz(SEED, QUICK, tmp_path)
    assert seen["refused"] > QUICK / 3 and seen["used"] > QUICK / 20


@pytest.mark.slow
def test_many_mutated_descriptions(tmp_path: Path) -> None:
    fuzz(SEED + 1, THOROUGH, tmp_path)


def trained(path: Path, resume: bool) -> None:
    ranvier.seed(0)
    model = Sequential([nn.Dense(2, input_shape=(3,)), nn.Dropout(0.2), nn.Dense(1)])
    model.compile("adam", "mse", ["mae"], engine="reference")
    x = np.arange(18, dtype=np.float32).reshape(6, 3) / 18
    model.fit(
        x, x[:, 0], 2, 3 if resume else 2, verbose=0, resume=path if resume else None,
        callbacks=[Checkpoint(path.with_name("run"), 2), EarlyStopping("loss", patience=9)],
    )  # fmt: skip


def part(state: Any, name: str) -> Any:
    """What is packed under a name in a dict of a checkpoint's state."""
    return next(pair for pair in state["dict"] if pair[0] == name)


@pytest.mark.parametrize("wrong", [None, -5, "x", [], [None], {"dict": []}, {"tuple": 3}, {}])
@pytest.mark.parametrize("name", ["position", "history", "callbacks", "order", "epoch", "facts"])
def test_wrong_parts_of_a_checkpoint(tmp_path: Path, name: str, wrong: Any) -> None:
    trained(tmp_path / "run", resume=False)
    arrays, about = files.read(tmp_path / "run")
    del about["checksum"]
    state = about["state"]
    if name == "facts":
        about["facts"] = wrong
    elif name in ("order", "epoch"):
        part(part(state, "position")[1], name)[1] = wrong
    else:
        part(state, name)[1] = wrong
    files.write(tmp_path / "changed", arrays, about)
    with pytest.raises(RanvierError):
        trained(tmp_path / "changed", resume=True)


# --- what a few bytes may ask for ---------------------------------------------------------------


def changed(folder: Path, make: Callable[[], Any], change: Callable[[dict[str, Any]], Any]) -> Path:
    """A file of `make`'s whose description `change` has altered."""
    arrays, about = case(make, folder)
    change(about)
    files.write(folder / "changed", arrays, about)
    return folder / "changed"


def small() -> Any:
    return Sequential([nn.Dense(3, input_shape=(4,)), nn.Dense(2)])


def refused(path: Path, message: str) -> None:
    """It is refused, and little memory was asked for on the way."""
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match=message):
            load(path)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("units", [50_000_000, 10**15, 10**30, -1, 2.5, "3", True, None, [3]])
def test_units_are_compared_with_what_the_file_holds(tmp_path: Path, units: Any) -> None:
    def change(about: dict[str, Any]) -> None:
        about["config"]["layers"][0]["config"]["units"] = units

    refused(changed(tmp_path, small, change), r"changed")


def test_no_random_number_is_drawn_for_a_weight_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small()
    model.save(tmp_path / "m")
    drawn = lambda *_: pytest.fail("a first value was drawn")  # noqa: E731
    monkeypatch.setattr(nn.initializers.GlorotUniform, "values", drawn)
    for a, b in zip(load(tmp_path / "m").get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(a, b)
    assert limits._limits.weight_bytes is None


def nested(depth: int) -> Callable[[dict[str, Any]], None]:
    def change(about: dict[str, Any]) -> None:
        inner = about["config"]
        for i in range(depth):
            inner = {"name": f"s{i}", "layers": [{"class": "Sequential", "config": inner}]}
        about["config"] = inner

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda about: about.pop("config"), "cannot be built"),
        (lambda about: about.pop("input_shape"), "expected the sizes of a row, got None"),
        (lambda about: about.update(input_shape=[4, 10**9]), "expected the sizes of a row"),
        (lambda about: about.update(input_dtype="object"), "unknown dtype 'object'"),
        (lambda about: about.update(inputs=[[[10**12], "float32"]]), "sizes of a row"),
        (lambda about: about.update(classes=[["a"], 1]), "labels of one kind"),
        (lambda about: about.update(training=7), "how this model was trained"),
        (lambda about: about.update(training={"optimizer": "adam"}), "how this model was trained"),
        (lambda about: about["config"].update(name=5), "name=5: expected a text"),
        (nested(200), "nested more than 100 deep"),
        (nested(30), "nested more than 100 deep|cannot be built|does not fit"),
    ],
)
def test_wrong_parts_are_named(tmp_path: Path, change: Any, message: str) -> None:
    arrays, about = case(small, tmp_path)
    change(about)
    files.write(tmp_path / "changed", arrays, about)
    refused(tmp_path / "changed", message)


def test_layers_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_LAYERS", 40)
    model = Sequential([nn.Dense(2, input_shape=(2,)) for _ in range(30)])
    model.save(tmp_path / "m")
    load(tmp_path / "m")
    model = Sequential([nn.Dense(2, input_shape=(2,)) for _ in range(50)])
    model.save(tmp_path / "m")
    with pytest.raises(FileError, match="more than 40 layers"):
        load(tmp_path / "m")


def test_many_layers_take_no_more_than_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, asked = 400, [0]
    shape_of = nn.Activation.output_shape

    def counted(self: Any, shape: Any) -> Any:
        asked[0] += 1
        return shape_of(self, shape)

    monkeypatch.setattr(nn.Activation, "output_shape", counted)
    layers = [nn.Activation("relu") for _ in range(count)]
    model = Sequential([nn.Dense(2, input_shape=(2,)), *layers])
    model.save(tmp_path / "m")
    assert asked[0] <= 3 * count
    asked[0] = 0
    load(tmp_path / "m")
    assert asked[0] <= 3 * count
    asked[0] = 0
    grown = Sequential([nn.Dense(2, input_shape=(2,))])
    for _ in range(count):
        grown.add(nn.Activation("relu"))
    assert asked[0] <= 3 * count and grown.output_shape((2,)) == (2,)


@pytest.mark.parametrize("kind", ["float64", "int64"])
def test_numbers_are_not_made_narrower_without_a_word(tmp_path: Path, kind: str) -> None:
    arrays, about = case(small, tmp_path)
    wide = {name: a.astype(kind) for name, a in arrays.items()}
    files.write(tmp_path / "wide", wide, about)
    message = f"is {kind} in the file and float32 in the model"
    with pytest.raises(FileError, match=message):
        load(tmp_path / "wide")
    files.write(tmp_path / "weights", wide, {"kind": "weights"})
    with pytest.raises(FileError, match=message):
        small().load_weights(tmp_path / "weights")
    half = {name: a.astype("float16") for name, a in arrays.items()}
    files.write(tmp_path / "half", half, about)
    assert load(tmp_path / "half").get_weights()[0].dtype == np.float32


WRONG_PARAMS: list[Any] = [-1, 10**6, 1.5, None, "x", {"tuple": [-1, -1]}, {"tuple": [0, 7]}, []]


def test_params_of_ops_are_those_of_a_call(tmp_path: Path) -> None:
    """What the compiler relies on; wrong ones would read memory of others."""
    x = ranvier.Input(shape=(4,))
    path = tmp_path / "m"
    Model(x, nn.Dense(1)(ranvier.flip(x[:, 1:3], axis=1))).save(path)
    arrays, about = files.read(path)
    del about["checksum"]
    assert outcome(path) == "used"
    calls = about["config"]["calls"]
    tried = 0
    for call in calls:
        for name, value in list(call.get("params", {}).items()):
            for wrong in WRONG_PARAMS:
                call["params"][name] = wrong
                files.write(path, arrays, about)
                assert outcome(path) == "refused", (call, name, wrong)
                tried += 1
            call["params"][name] = value
        if "op" in call:
            call["params"]["more"] = 1
            files.write(path, arrays, about)
            assert outcome(path) == "refused"
            del call["params"]["more"]
    assert tried > 20


# --- the file itself ----------------------------------------------------------------------------


def raw(path: Path, header: Any, data: bytes = b"") -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def tensor(dtype: str, shape: Any, first: Any, last: Any) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [first, last]}


@pytest.mark.parametrize(
    ("dtype", "size", "name"),
    [("BF16", 2, "bfloat16"), ("F8_E4M3", 1, "float8_e4m3"), ("F8_E5M2", 1, "float8_e5m2")],
)
def test_dtypes_that_numpy_does_not_have_are_named(
    tmp_path: Path, dtype: str, size: int, name: str
) -> None:
    path = raw(tmp_path / "m", {"w": tensor(dtype, [3], 0, 3 * size)}, bytes(3 * size))
    with pytest.raises(FileError, match=f"is sound, but 'w' is {name}.*float32"):
        files.read(path)
    with pytest.raises(FileError, match="does not know"):
        files.read(raw(path, {"w": tensor("F128", [1], 0, 16)}, bytes(16)))


HOSTILE: dict[str, tuple[Any, bytes]] = {
    "a shape beyond memory": ({"w": tensor("F32", [10**9, 10**9], 0, 8)}, bytes(8)),
    "a shape beyond numbers": ({"w": tensor("F32", [2**60, 2**60], 0, 8)}, bytes(8)),
    "no bytes of a huge shape": ({"w": tensor("F32", [0, 10**30], 0, 0)}, b""),
    "negative": ({"w": tensor("F32", [-1, -2], 0, 8)}, bytes(8)),
    "bools for sizes": ({"w": tensor("F32", [True], 0, 4)}, bytes(4)),
    "fractions": ({"w": tensor("F32", [1.0], 0, 4)}, bytes(4)),
    "text": ({"w": tensor("F32", "1", 0, 4)}, bytes(4)),
    "many axes": ({"w": tensor("F32", [1] * 40, 0, 4)}, bytes(4)),
    "ends before it begins": ({"w": tensor("F32", [1], 4, 0)}, bytes(4)),
    "beyond the end": ({"w": tensor("F32", [3], 0, 12)}, bytes(8)),
    "a gap": ({"w": tensor("F32", [1], 4, 8)}, bytes(8)),
    "over one another": (
        {"v": tensor("F32", [2], 0, 8), "w": tensor("F32", [1], 4, 8)}, bytes(8)
    ),
    "more behind": ({"w": tensor("F32", [1], 0, 4)}, bytes(9)),
    "a bool that is 7": ({"w": tensor("BOOL", [1], 0, 1)}, bytes([7])),
    "one part missing": ({"w": {"dtype": "F32", "shape": [1]}}, bytes(4)),
    "one part more": ({"w": {**tensor("F32", [1], 0, 4), "x": 1}}, bytes(4)),
    "not a dict": ({"w": 5}, b""),
    "a list": (b'{"w"', b""),
    "a key twice": (b'{"w": {}, "w": {}}', b""),
    "NaN": (b'{"w": NaN}', b""),
    "deep": (b'{"w":' * 50_000 + b"1" + b"}" * 50_000, b""),
    "deep, but not for Python": (b'{"w":' * 300 + b"1" + b"}" * 300, b""),
    "a number of many digits": (b'{"w": 1' + b"0" * 5000 + b"}", b""),
    "a long name": ({"w" * 10_000: tensor("F32", [1], 0, 4)}, bytes(4)),
    "metadata that is no dict": ({"__metadata__": [1]}, b""),
    "metadata that is no text": ({"__metadata__": {"ranvier": 5}}, b""),
    "a description that is no JSON": ({"__metadata__": {"ranvier": "{"}}, b""),
    "a description that is a list": ({"__metadata__": {"ranvier": "[]"}}, b""),
    "a description without a checksum": ({"__metadata__": {"ranvier": "{}"}}, b""),
    "a deep description": (
        {"__metadata__": {"ranvier": '{"a":' * 300 + "1" + "}" * 300}}, b""
    ),
    "a checksum that is a list": (
        {"__metadata__": {"ranvier": '{"checksum": [], "format": 1}'}}, b""
    ),
    "a format that is a list": (
        {"__metadata__": {"ranvier": '{"checksum": "", "format": []}'}}, b""
    ),
}  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_headers(tmp_path: Path, hostile: str) -> None:
    refused(raw(tmp_path / "m", *HOSTILE[hostile]), "is damaged")


def test_a_header_that_claims_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m"
    path.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    refused(path, "in the middle of its header")
    monkeypatch.setattr(tensors, "MAX_HEADER_BYTES", 10)
    refused(raw(path, {"__metadata__": {}}), "of 10 at most")


@pytest.mark.skipif(not hasattr(__import__("os"), "mkfifo"), reason="pipes of POSIX")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "it is a pipe")
    refused(tmp_path, "a folder|could not be read")


if __name__ == "__main__":
    import resource
    import tempfile

    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    with tempfile.TemporaryDirectory() as name:
        print(fuzz(int(sys.argv[1]), int(sys.argv[2]), Path(name)))
