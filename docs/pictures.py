"""The pictures of the pages, drawn from the pages' own examples.

python docs/pictures.py            # all of them
python docs/pictures.py plots.md   # of one page
"""

from __future__ import annotations

import contextlib
import doctest
import sys
from pathlib import Path
from typing import Any

from ranvier.errors import NonFiniteError

DOCS = Path(__file__).parent
# For each page the files, and what each shows: an expression of names that its examples make.
PICTURES = {
    "attribution.md": {
        "attribution-flower": "flower.plot('bars')",
        "attribution-flowers": "flowers.plot('swarm')",
        "attribution-dependence": "dependence.plot()",
        "attribution-digits": "digits.plot()",
    },
    "plots.md": {
        "plots-network": "diagram",
        "plots-branches": "boxes",
        "plots-graph": "step",
        "plots-history": "curves",
        "plots-boundary": "epochs",
        "plots-neuron": "neuron",
        "plots-landscape": "path",
        "plots-race": "race",
        "plots-filters": "edges",
        "plots-maps": "maps",
        "plots-activations": "spread",
        "plots-embeddings": "points",
        "plots-confusion": "matrix",
        "plots-calibration": "trusted",
    },
    "recording.md": {
        "recording-ratios": "ratios",
        "recording-gradients": "gradients",
        "recording-weights": "weights",
    },
    "report.md": {
        "report-scores": "report.charts['scores']",
        "report-importance": "report.charts['importance']",
    },
}


def results(page: str) -> dict[str, Any]:
    """What the examples of a page make, by name."""
    names: dict[str, Any] = {}
    text = (DOCS / page).read_text(encoding="utf-8")
    for example in doctest.DocTestParser().get_examples(text):
        if example.options.get(doctest.SKIP):
            continue
        with contextlib.suppress(NonFiniteError):  # which a page shows
            exec(compile(example.source, page, "single"), names)
    return names


def main(pages: list[str]) -> None:
    for page in pages or PICTURES:
        made = results(page)
        for name, expression in PICTURES[page].items():
            eval(expression, made).save(DOCS / "_static" / f"{name}.svg")


if __name__ == "__main__":
    main(sys.argv[1:])
