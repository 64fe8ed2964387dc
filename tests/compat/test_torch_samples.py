"""Op samples that PyTorch tests itself with: values, dtypes, shapes and gradients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import ranvier.compat.torch as torch
import ranvier.compat.torch.nn.functional as F
from paths import GOLDEN

CALLS: list[dict[str, Any]] = json.loads((GOLDEN / "torch_samples.json").read_text())
ARRAYS = dict(np.load(GOLDEN / "torch_samples.npz"))
NAMES = sorted({call["name"] for call in CALLS})


def read(value: Any, trained: list[Any]) -> Any:
    """An argument from its JSON."""
    if isinstance(value, list):
        return [read(v, trained) for v in value]
    if not isinstance(value, dict):
        return value
    if "dtype" in value:
        return getattr(torch, value["dtype"])
    if "float" in value:
        return float(value["float"])
    x = torch.from_numpy(ARRAYS[str(value["tensor"])].copy())
    if value["trained"]:
        trained.append(x.requires_grad_())
    return x


def calls_of(name: str) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Each sample of a name with the results here."""
    function = getattr(F, name.rpartition(".")[2]) if "." in name else getattr(torch, name)
    for call in CALLS:
        if call["name"] == name:
            trained: list[Any] = []
            args = [read(v, trained) for v in call["args"]]
            if name == "einsum":
                args = [args[1], args[0]]
            kwargs = {k: read(v, trained) for k, v in call["kwargs"].items()}
            found = function(*args, **kwargs)
            call = {**call, "trained": trained}
            yield call, list(found) if isinstance(found, list | tuple) else [found]


@pytest.mark.parametrize("name", NAMES)
def test_as_pytorch(name: str) -> None:
    for call, found in calls_of(name):
        label = f"{name}: {call['args']}, {call['kwargs']}"
        expected = [ARRAYS[str(out["tensor"])] for out in call["out"]]
        assert len(found) == len(expected), label
        for x, y in zip(found, expected, strict=True):
            assert x.dtype == y.dtype and x.shape == y.shape, label
            np.testing.assert_allclose(x.numpy(), y, 1e-7, 1e-10, err_msg=label)
        if "gradients" not in call:
            continue
        floats = [x for x in found if x.requires_grad]
        weighed = [x * (torch.arange(x.numel()).reshape(x.shape) % 7 + 1) for x in floats]
        for w in weighed:
            w.sum().backward()
        for x, out in zip(call["trained"], call["gradients"], strict=True):
            gradient = np.zeros(x.shape) if x.grad is None else x.grad.numpy()
            wanted = np.zeros(x.shape) if out is None else ARRAYS[str(out["tensor"])]
            np.testing.assert_allclose(gradient, wanted, 1e-7, 1e-10, err_msg=label)


def test_the_samples_are_many() -> None:
    assert len(NAMES) >= 50 and len(CALLS) > 400
    assert sum("gradients" in call for call in CALLS) > 150
