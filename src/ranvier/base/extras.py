"""Libraries that are optional: the extras of the package."""

from __future__ import annotations

import importlib
from typing import Any

from ..errors import StateError


def optional(module: str, feature: str, extra: str) -> Any:
    """The module of an optional library; a StateError says how to install it.

    >>> optional("math", "cosine", "maths").cos(0)
    1.0
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as missing:
        library = module.partition(".")[0]
        raise StateError(
            f'{feature} needs {library}, which is not installed: pip install "ranvier[{extra}]"'
        ) from missing
