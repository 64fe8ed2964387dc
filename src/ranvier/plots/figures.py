"""Writing figures to files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ArgumentError
from ..io.writing import FilePath, check_output, write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")


def check_picture(path: FilePath) -> None:
    """Raise for a name under which no picture can be written."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise ArgumentError(f"{path}: expected a name that ends in {', '.join(SUFFIXES)}")
    check_output(path)


def save_picture(figure: Figure, path: FilePath) -> None:
    """Write a figure of matplotlib's, whole or not at all; the suffix names the format."""
    check_picture(path)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix[1:].lower(), dpi=150)
    write_whole(path, buffer.getvalue())
