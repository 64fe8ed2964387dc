"""Settings of every test run: they must stand before the first `import ranvier`."""

from __future__ import annotations

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

_numbers = itertools.count()


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
