"""What is planted is found, and clean trainings raise no alarm."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator

import pytest

from diagnosis.clean import CLEAN, IN_PACKAGE, clean_run
from diagnosis.data.planted import PLANTED_DATA
from diagnosis.planted import PLANTED, planted_run
from ranvier.diagnosis import CHECKS, Diagnosis

SEEDS = 20
MOST_ALARMS = 2  # in 100 clean runs
EACH = [(kind, name) for kind, names in PLANTED.items() for name in names]
NEEDS_DATA = pytest.mark.skipif("RANVIER_DATA" not in os.environ, reason="reads larger data sets")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """`fit` warns of some of it too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def planted(kind: str, name: str) -> Diagnosis:
    run = planted_run(kind, name)
    return run.model.diagnose(run.x, run.y, validation_data=run.held)


def test_every_kind_is_planted_three_times() -> None:
    names_of = {kind: [*names] for kind, names in PLANTED.items()}
    names_of |= {kind: [*names] for kind, names in PLANTED_DATA.items()}
    assert {check.kind for check in CHECKS} == set(names_of)
    assert {kind for kind, names in names_of.items() if len(names) < 3} == set()


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("underfitting", "a straight line between rings"),
        ("dead units", "a bias far below zero"),
        ("saturated units", "tanh with large weights"),
        ("vanishing gradients", "ten layers of sigmoid"),
        ("exploding gradients", "relu with large weights"),
        ("learning rate too high", "Adam on irises"),
        ("learning rate too low", "Adam on irises"),
        ("wrong loss", "yes or no for each of three classes"),
    ],
)
def test_some_of_what_is_planted_is_found(kind: str, name: str) -> None:
    diagnosis = planted(kind, name)
    assert diagnosis[kind]
    for finding in diagnosis[kind]:
        drawing = finding.drawing()
        assert drawing is not None and "<svg" in drawing.svg() and drawing.rows


@pytest.mark.slow
@NEEDS_DATA
@pytest.mark.parametrize(("kind", "name"), EACH)
def test_all_that_is_planted_is_found(kind: str, name: str) -> None:
    assert planted(kind, name)[kind]


def alarms(names: tuple[str, ...], seeds: int) -> list[str]:
    """What is raised of clean runs."""
    raised = []
    for name in names:
        for seed in range(seeds):
            run = clean_run(name, seed)
            diagnosis = run.model.diagnose(run.x, run.y, validation_data=run.held)
            raised += [f"{name} {seed}: {finding}" for finding in diagnosis]
    return raised


def test_some_clean_runs_raise_no_alarm() -> None:
    assert not alarms(IN_PACKAGE, 1)


@pytest.mark.slow
@NEEDS_DATA
def test_a_hundred_clean_runs_raise_two_alarms_at_most() -> None:
    raised = alarms(tuple(CLEAN), SEEDS)
    assert len(raised) <= MOST_ALARMS, "\n".join(raised)
