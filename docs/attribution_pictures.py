"""The pictures of docs/attribution.md, drawn from the page's own examples.

python docs/attribution_pictures.py
"""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
# The name of a result on the page, and what it is drawn as.
PICTURES = {"flower": "bars", "flowers": "swarm", "dependence": None, "digits": None}


def results() -> dict[str, Any]:
    """What the examples of the page make, by name."""
    names: dict[str, Any] = {}
    text = (DOCS / "attribution.md").read_text(encoding="utf-8")
    for example in doctest.DocTestParser().get_examples(text):
        exec(compile(example.source, "attribution.md", "single"), names)
    return names


def main() -> None:
    made = results()
    for name, kind in PICTURES.items():
        drawing = made[name].plot() if kind is None else made[name].plot(kind)
        drawing.save(DOCS / "_static" / f"attribution-{name}.svg")


if __name__ == "__main__":
    main()
