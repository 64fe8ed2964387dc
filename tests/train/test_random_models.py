"""Random models: both engines end at the same numbers after three steps."""

from __future__ import annotations

import numpy as np
import pytest

from train import random_models
from train.random_models import Case, Ties, run_model

TIED = 1826  # every row's logits are 0 at first: which one is the largest is left to rounding


def test_both_engines_train_alike() -> None:
    """A few of those that random_models.py runs by the thousand."""
    refused = sum(run_model(seed) for seed in range(8))
    assert refused < 4


@pytest.mark.slow
def test_many_models() -> None:
    for seed in range(100, 200):
        run_model(seed)


# --- the comparison itself ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "form", "predictions", "share"),
    [
        ("ties", "labels", [[0.2, 0.2, 0.1], [0.2, 0.3, 0.1], [0.4, 0.1, 0.4 + 1e-6]], 2 / 3),
        ("ties", "one_hot", [[0.5, 0.5], [0.6, 0.4]], 0.5),
        ("ties", "binary", [[0.5], [0.5 + 1e-6], [0.6], [0.4]], 0.5),
        ("firm", "binary", [[0.5], [0.5 + 1e-6], [0.6], [0.4]], 0.25),
        ("cut_ties", "binary", [[0.5], [1 / 199], [20 / 199 + 1e-7], [0.999]], 0.5),
    ],
)
def test_rows_that_rounding_may_change_are_counted(
    what: str, form: str, predictions: list[list[float]], share: float
) -> None:
    p = np.array(predictions, np.float32)
    counted = Ties(what, "float32").bound(form, p.shape[1])(np.zeros(len(p)), p)
    assert counted == pytest.approx(share)


def test_a_tie_excuses_a_count_and_nothing_else() -> None:
    case = Case(TIED)
    expected = case.train("reference")
    rows = len(case.x)
    found = {**expected, "history accuracy": expected["history accuracy"] + 2 / rows}
    random_models._compare(case, found, expected)
    with pytest.raises(AssertionError, match="2 differ"):
        random_models._compare(
            case, {**found, "history loss": expected["history loss"] + 1}, expected
        )


def test_no_tie_no_excuse() -> None:
    case = next(
        c for c in map(Case, range(100)) if c.metrics == ["accuracy"] and c.dtype == "float64"
    )
    expected = case.train("reference")
    found = {**expected, "history accuracy": expected["history accuracy"] + 1 / len(case.x)}
    with pytest.raises(AssertionError, match="history accuracy"):
        random_models._compare(case, found, expected)
