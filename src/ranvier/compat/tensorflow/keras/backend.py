"""`keras.backend`: what tutorials still call."""

from __future__ import annotations

from ...names import module_getattr


def clear_session() -> None:
    """Nothing to do: a model's memory is free when the model is."""


def epsilon() -> float:
    """How far probabilities are kept from 0 and 1."""
    return 1e-7


__all__ = ["clear_session", "epsilon"]

__getattr__ = module_getattr("keras.backend", globals())
