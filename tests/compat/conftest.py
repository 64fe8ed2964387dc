"""The fixture `engine`: a test with it holds on both executors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import ranvier
from engines import ENGINES


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    before = ranvier.config()["engine"]
    ranvier.config(engine=request.param)
    ranvier.seed(0)
    yield request.param
    ranvier.config(engine=before)
