"""Notebooks: what they show of objects, and whether there is one.

What draws an object stands far behind it in the order of imports and is loaded when a notebook
asks for it; `SHOWN` is where it is.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from .missing import PACKAGE

SHOWN = {
    "graph": "plots.notebook.objects:graph_html",
    "model": "plots.notebook.objects:model_html",
    "tensor": "plots.notebook.tensors:tensor_html",
}


def html_of(kind: str, thing: object) -> str | None:
    """What a notebook shows of a thing; None: its text."""
    module, _, function = SHOWN[kind].partition(":")
    draw: Any = getattr(importlib.import_module(f"{PACKAGE}.{module}"), function)
    html: str | None = draw(thing)
    return html


def kernel_display() -> Any:
    """IPython's `display` function, where a notebook runs this; else None.

    NOTE: IPython is never imported for that: where it runs, it is there.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None:
        return None
    shell = ipython.get_ipython()
    if shell is None or type(shell).__name__ != "ZMQInteractiveShell":
        return None
    return importlib.import_module("IPython.display").display
