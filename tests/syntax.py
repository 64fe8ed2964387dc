"""Syntax trees of sources, each parsed once for all tests that look at them."""

from __future__ import annotations

import ast
import functools


@functools.cache
def parsed(text: str) -> ast.Module:
    """The tree of a source, which nobody may change: others get the same one."""
    return ast.parse(text)
