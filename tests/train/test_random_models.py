"""Random models: both engines end at the same numbers after three steps."""

from __future__ import annotations

import pytest

from train.random_models import run_model


def test_both_engines_train_alike() -> None:
    """A few of those that random_models.py runs by the thousand."""
    refused = sum(run_model(seed) for seed in range(8))
    assert refused < 4


@pytest.mark.slow
def test_many_models() -> None:
    for seed in range(100, 200):
        run_model(seed)
