"""There is no accelerator, and tutorials ask: `torch.accelerator.is_available()`."""

from __future__ import annotations

from ..table import missing, module_getattr


def is_available() -> bool:
    """False: Ranvier computes on the CPU."""
    return False


def device_count() -> int:
    """0."""
    return 0


def current_accelerator() -> object | None:
    """None."""
    return None


__getattr__ = module_getattr("torch.accelerator", globals(), missing)
