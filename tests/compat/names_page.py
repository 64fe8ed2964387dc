"""The list of names in docs/compat.md, made from the tables.

PYTHONPATH=src python tests/compat/names_page.py     writes it again when a table has changed
"""

from __future__ import annotations

import importlib
import sys
import textwrap
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/compat.md"
MARK = "## All names\n"
ROOTS = {"ranvier.compat.torch": "torch", "ranvier.compat.tensorflow": "tf"}


def listing() -> str:
    """Every module with a table, and its names."""
    for root in ROOTS:
        importlib.import_module(root)
    lines = [MARK]
    for root, short in ROOTS.items():
        for name, module in sorted(sys.modules.items()):
            public = vars(module).get("__all__") if (name + ".").startswith(f"{root}.") else None
            if public:
                text = f"**{short}{name.removeprefix(root)}**: {', '.join(sorted(public))}"
                text = text.replace("__", r"\_\_")
                lines.append(textwrap.fill(text, 130, break_long_words=False) + "\n")
    return "\n".join(lines)


def page() -> str:
    """The page with the list as it should be."""
    return PAGE.read_text(encoding="utf-8").partition(MARK)[0] + listing()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
