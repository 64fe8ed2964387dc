"""There are no other machines, and tutorials ask: `torch.backends.mps.is_available()`."""

from __future__ import annotations

from ..table import missing, module_getattr


class Backend:
    """A machine that is not there.

    What is set on it (`cudnn.deterministic = True`) changes nothing: the same seed gives the same
    bits already.
    """

    deterministic: bool = True
    benchmark: bool = False
    enabled: bool = False

    def is_available(self) -> bool:
        """False: Ranvier computes on the CPU."""
        return False

    def is_built(self) -> bool:
        """False."""
        return False


cudnn, mps = Backend(), Backend()

__getattr__ = module_getattr("torch.backends", globals(), missing)
