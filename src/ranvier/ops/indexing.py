"""Indexing with slices, numbers, None, `...`, integer arrays and boolean arrays."""

from __future__ import annotations

from typing import Any


def getitem(x: Any, key: Any) -> Any:
    raise NotImplementedError


def setitem(x: Any, key: Any, value: Any) -> None:
    raise NotImplementedError
