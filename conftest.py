"""Settings of every test run: they must stand before the first `import ranvier`."""

from __future__ import annotations

import gc
import itertools
import os
import tempfile
from collections.abc import Iterable

import pytest

# Nothing of a test run may be seen by another one or touch the user's own cache.
_CACHE = tempfile.TemporaryDirectory(prefix="ranvier-tests-")
os.environ["RANVIER_CACHE"] = _CACHE.name
os.environ.setdefault("RANVIER_CHECK", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
# Threads of NumPy and scikit-learn wait for one another in loops that do nothing: on a busy machine
# work as small as that of tests takes ten times as long on two of them as on one.
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

_numbers = itertools.count()


def pytest_collection(session: pytest.Session) -> None:
    """Objects of modules and tests live to the end: the collector need not look at them."""
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture
def fresh_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every graph is compiled again, for tests that change a rule of the compiler.

    No code from before answers, and none that is made here answers later.
    """
    from ranvier.base.config import switches
    from ranvier.native import code_cache

    key_of = code_cache.key_of

    def unique(kind: str, parts: Iterable[object]) -> str:
        return key_of(kind, [*parts, "fresh", next(_numbers)])

    monkeypatch.setattr(switches, "cache", "off")
    monkeypatch.setattr(code_cache, "key_of", unique)
