"""The pictures of docs/recording.md, drawn from the page's own examples.

python docs/recording_pictures.py
"""

from __future__ import annotations

import contextlib
import doctest
from pathlib import Path
from typing import Any

from ranvier.errors import NonFiniteError

DOCS = Path(__file__).parent
PICTURES = ("ratios", "gradients", "weights")  # names of drawings on the page


def main() -> None:
    names: dict[str, Any] = {}
    text = (DOCS / "recording.md").read_text(encoding="utf-8")
    for example in doctest.DocTestParser().get_examples(text):
        with contextlib.suppress(NonFiniteError):  # which the page shows
            exec(compile(example.source, "recording.md", "single"), names)
    for name in PICTURES:
        names[name].save(DOCS / "_static" / f"recording-{name}.svg")


if __name__ == "__main__":
    main()
