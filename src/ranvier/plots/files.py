"""Pictures to files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from ..io.writing import FilePath, check_output, write_whole

KINDS = (".png", ".svg", ".pdf")


def check_picture(path: FilePath) -> None:
    """Raise for a name under which no picture can be written."""
    if Path(path).suffix.lower() not in KINDS:
        raise ArgumentError(f"{path}: expected a name that ends in {', '.join(KINDS)}")
    check_output(path)


def save_picture(figure: Any, path: FilePath) -> None:
    """Write a figure of matplotlib's, whole or not at all; the suffix says in which form."""
    check_picture(path)
    drawn = io.BytesIO()
    figure.savefig(drawn, format=Path(path).suffix[1:].lower(), dpi=150)
    write_whole(path, drawn.getvalue())
