"""Checks of what a schedule is given."""

from __future__ import annotations

from ...errors import ArgumentError


def positive(kind: str, name: str, value: float) -> float:
    if not value > 0:
        raise ArgumentError(f"{kind}: {name}={value}; expected a number above 0")
    return value
