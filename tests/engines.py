"""Both executors, for tests that hold on each."""

from __future__ import annotations

import importlib.util

import pytest

_COMPILED = importlib.util.find_spec("llvmlite") is not None

ENGINES = [
    pytest.param("compiled", marks=pytest.mark.skipif(not _COMPILED, reason="llvmlite is missing")),
    "reference",
]
