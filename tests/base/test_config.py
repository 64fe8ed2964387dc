"""The switches: what may be set, in a program and by the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ranvier
from ranvier.errors import ArgumentError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"engine": "compild"}, "unknown engine 'compild'; did you mean 'compiled'"),
        ({"threads": -1}, "threads: expected an integer, 0 for all cores; got -1"),
        ({"threads": 1.5}, "threads: expected an integer"),
        ({"threads": "2"}, "threads: expected an integer, 0 for all cores; got '2'"),
        ({"threads": True}, "threads: expected an integer, 0 for all cores; got True"),
        ({"threads": 1, "engine": 3}, "unknown engine 3"),
        ({"cache": None}, "cache: expected the path of a folder; got None"),
        ({"data": 5}, "data: expected the path of a folder; got 5"),
        ({"check": "no"}, "check='no'; expected True or False; this is text"),
        ({"thread": 1}, "unknown switch 'thread'; did you mean 'threads'"),
    ],
)
def test_wrong_switches(changes: dict[str, Any], message: str) -> None:
    before = ranvier.config()
    with pytest.raises(ArgumentError, match=message):
        ranvier.config(**changes)
    assert ranvier.config() == before


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RANVIER_ENGINE", "gpu", "unknown engine 'gpu'"),
        ("RANVIER_THREADS", "two", "threads: expected an integer"),
        ("RANVIER_THREADS", "-1", "threads: expected an integer"),
    ],
)
def test_a_wrong_environment_is_reported_at_import(name: str, value: str, message: str) -> None:
    source = str(Path(ranvier.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", "import ranvier"],
        env={**os.environ, "PYTHONPATH": source, name: value},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode and message in done.stderr.splitlines()[-1]
