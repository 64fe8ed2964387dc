"""`keras.config`."""

from __future__ import annotations

from ....nn.policy import dtype_policy, set_dtype_policy
from ...names import module_getattr

__all__ = ["dtype_policy", "set_dtype_policy"]

__getattr__ = module_getattr("keras.config", globals())
