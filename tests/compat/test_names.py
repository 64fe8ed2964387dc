"""A name that a layer does not have: the nearest one is said, however it was asked for."""

from __future__ import annotations

import pytest

import ranvier.compat.tensorflow as tf
import ranvier.compat.torch as torch
from compat.snippets import run, translated
from ranvier.errors import MissingNameError


@pytest.mark.parametrize(
    ("expression", "nearest"),
    [
        ("torch.zeross", "zeros"),
        ("torch.nn.Liner", "Linear"),
        ("torch.optim.Addam", "Adam"),
        ("torch.nn.functional.sigmod", "sigmoid"),
        ("torch.ones(1).sizes", "size"),
        ("torch.nn.Linear(1, 1).wieght", "weight"),
        ("tf.reduce_meen", "reduce_mean"),
        ("tf.keras.Sequental", "Sequential"),
        ("tf.keras.layers.Dens", "Dense"),
        ("tf.keras.Sequential().fitt", "fit"),
    ],
)
def test_attributes(expression: str, nearest: str) -> None:
    message = f"not in Ranvier's compatibility layer; did you mean {nearest}?"
    with pytest.raises(MissingNameError, match=message.replace("?", r"\?")):
        eval(expression, {"torch": torch, "tf": tf})


@pytest.mark.parametrize(
    "line",
    ["from torch.nn import Liner", "from torch import zeross", "from keras.layers import Dens"],
)
def test_imports_by_name(line: str) -> None:
    with pytest.raises(ImportError, match="not in Ranvier's compatibility layer; did you mean"):
        run(line)


def test_probing_works_as_ever() -> None:
    assert hasattr(torch, "compile") and not hasattr(torch, "vmap")
    assert not torch.cuda.is_available()
    assert not torch.backends.mps.is_available()
    assert not torch.accelerator.is_available() and torch.accelerator.current_accelerator() is None
    torch.backends.cudnn.deterministic = True


def test_a_name_that_nothing_is_like_lists_what_there_is() -> None:
    with pytest.raises(MissingNameError, match=r"layer\. It has: L1, L1L2, L2"):
        tf.keras.regularizers.Orthogonal  # noqa: B018


def test_only_import_lines_are_turned() -> None:
    text = "from torch import nn\nprint('import torch')\nimport numpy as np\nimport torchx"
    assert translated(text).splitlines()[1:] == text.splitlines()[1:]
