"""A clock that goes by looks at it, so that a training does not depend on the machine."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from ranvier.tasks import forecast, images, texts, training


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """`clock(step)`: each look at the time is `step` seconds after the one before."""

    def begin(step: float) -> None:
        now = 0.0

        def monotonic() -> float:
            nonlocal now
            now += step
            return now

        timer = SimpleNamespace(monotonic=monotonic)
        for module in (training, images, texts):
            monkeypatch.setattr(module, "time", timer)
        monkeypatch.setattr(forecast, "clock", timer)

    return begin
