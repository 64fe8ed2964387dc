"""There is no GPU, and tutorials ask: `torch.cuda.is_available()`."""

from __future__ import annotations

from ..table import missing, module_getattr


def is_available() -> bool:
    """False: Ranvier computes on the CPU."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed_all(seed: int) -> None:
    """Nothing to do: `torch.manual_seed` sets the only generator."""


__getattr__ = module_getattr("torch.cuda", globals(), missing)
