"""The processor of this machine, as far as code depends on it."""

from __future__ import annotations

import functools
import os
from typing import Any, NamedTuple

from ..errors import StateError
from .locks import importing


class Processor(NamedTuple):
    """The processor that code is made for."""

    name: str
    features: str
    vector_bytes: int
    fma: bool


def llvm_binding() -> Any:
    """llvmlite's binding layer, imported at the first call."""
    try:
        with importing("llvmlite"):
            import llvmlite.binding
    except ImportError as error:
        raise StateError(
            "the compiled engine needs the package llvmlite, which could not be imported "
            f"({error}); install it, or use engine='reference'"
        ) from None
    return llvmlite.binding


@functools.cache
def processor() -> Processor:
    """The processor of this machine."""
    binding = llvm_binding()
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        width = 64
    elif features.get("avx2"):
        width = 32
    else:
        width = 16
    fma = bool(features.get("fma") or features.get("neon"))
    return Processor(binding.get_host_cpu_name(), features.flatten(), width, fma)


def architecture() -> str:
    """The family of processors: x86, arm, or nothing for another one."""
    name = os.uname().machine if hasattr(os, "uname") else "x86_64"
    if name in ("x86_64", "AMD64", "i686"):
        return "x86"
    return "arm" if name in ("aarch64", "arm64") else ""
