"""Plain data with arrays in it: what is packed comes back, and nothing else is taken."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paths import GOLDEN
from ranvier.compat import torch
from ranvier.errors import ArgumentError, FileError
from ranvier.io import files
from ranvier.io.packing import is_plain, pack, unpack

VALUES: list[Any] = [
    None, True, 3, 0.5, -math.inf, "text", [], (), {}, [0.1, math.inf, 2.0], [1.5], [1, "a", None],
    {"a": {1: (2, [3.0])}, "": 0}, {"a/b": 1, "a": {"b": 2}}, np.float32(1.5), np.bool_(True),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_is_packed_comes_back(value: Any) -> None:
    arrays: dict[str, np.ndarray] = {}
    packed = json.loads(json.dumps(pack(value, "x", arrays), allow_nan=False))
    found = unpack(packed, arrays)
    assert is_plain(value) and found == value and type(found) is type(value)


def test_nan_and_arrays_come_back() -> None:
    arrays: dict[str, np.ndarray] = {}
    given = {"n": math.nan, "a": np.arange(3), "b": [np.float64(np.nan), np.zeros((2, 0))]}
    found = unpack(json.loads(json.dumps(pack(given, "", arrays))), arrays)
    np.testing.assert_equal(found, given)
    assert found["a"].dtype == np.int64 and len(arrays) == 3


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (object(), "the object is a object"), ({"a": [1, {2}]}, "a/1 is a set"),
        ({"f": print}, "f is a builtin"),
        ({(1, 2): 3}, "the object is a dict"),
        ([np.array(["text"])], "0 is a ndarray"), (1j, "a complex"),
    ],
)  # fmt: skip
def test_what_is_no_plain_data_is_refused(value: Any, where: str) -> None:
    with pytest.raises(ArgumentError, match=where):
        pack(value, "x", {})


def test_checkpoints_of_torch_keep_every_tensor_and_number(tmp_path: Path) -> None:
    w = torch.tensor([[1.0, 2.0]])
    given = {
        "a/b": w, "a": {"b": w + 1}, "best": math.inf, "range": (0.9, 0.999), 5: [w.long(), "x"],
        "state": OrderedDict(weight=w), "losses": [0.1, math.nan],
    }  # fmt: skip
    torch.save(given, tmp_path / "x.safetensors")
    found = torch.load(tmp_path / "x.safetensors")
    assert isinstance(found["a/b"], torch.Tensor)
    np.testing.assert_equal(_as_arrays(found), _as_arrays(given))


def test_checkpoints_of_the_earlier_form_are_read() -> None:
    found = torch.load(GOLDEN / "checkpoint_torch.pt")
    assert isinstance(found["model"]["0.weight"], torch.Tensor)
    assert _as_arrays(found) == {
        "epoch": 3, "model": {"0.weight": [[1.0, 2.0]], "0.bias": [3]}, "note": "as before",
        "history": [0.5, {"loss": 1.25}], "none": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        {"array": "x"},
        {"dict": 3},
        {"dict": [[1]]},
        {"tuple": None},
        {"a": 1, "b": 2},
        {"float": ""},
    ],
)
def test_a_checkpoint_that_is_not_consistent(content: Any, tmp_path: Path) -> None:
    files.write(tmp_path / "x.safetensors", {}, {"kind": "checkpoint", "content": content})
    with pytest.raises(FileError, match="not consistent"):
        torch.load(tmp_path / "x.safetensors")


def _as_arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _as_arrays(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_as_arrays(v) for v in value]
    return value.tolist() if isinstance(value, torch.Tensor) else value
