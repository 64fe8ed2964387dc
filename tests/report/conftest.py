"""What the tests of the report share."""

from __future__ import annotations

import pytest

from ranvier.report.measures import baselines


@pytest.fixture
def no_boosting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports without scikit-learn's boosting, which takes seconds; see test_baselines.py."""
    monkeypatch.setattr(baselines, "_MAX_BOOSTING", 0)
