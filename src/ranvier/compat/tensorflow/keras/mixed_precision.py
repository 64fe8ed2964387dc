"""`keras.mixed_precision`: float16 beside float32 weights."""

from __future__ import annotations

from ....nn.policy import dtype_policy, set_dtype_policy
from ....optim import LossScaleOptimizer
from ...names import module_getattr

global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = ["LossScaleOptimizer", "global_policy", "set_global_policy"]

__getattr__ = module_getattr("keras.mixed_precision", globals())
