"""Errors and warnings: the tree of kinds, and where a warning points."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import ranvier
from ranvier.errors import RanvierWarning
from ranvier.nn import Dense


def frozen() -> ranvier.Sequential:
    model = ranvier.Sequential([Dense(1, input_shape=(2,), trainable=False)])
    model.compile("sgd", "mse")
    return model


def test_warnings_are_of_one_category_and_point_to_the_users_line() -> None:
    x, y = np.zeros((4, 2), np.float32), np.zeros(4, np.float32)
    with pytest.warns(RanvierWarning, match="frozen") as seen:
        frozen().fit(x, y, verbose=0)
    assert [w.filename for w in seen] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RanvierWarning)
        frozen().fit(x, y, verbose=0)
