"""Writing figures to files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from ..io.writing import FilePath, check_output, suffix_among, write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")


def check_picture(path: FilePath) -> None:
    """Raise for a name under which no picture can be written."""
    suffix_among(path, SUFFIXES)
    check_output(path)


def save_picture(figure: Figure, path: FilePath) -> None:
    """Write a figure of matplotlib's, whole or not at all; the suffix names the format."""
    check_picture(path)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix[1:].lower(), dpi=150)
    write_whole(path, buffer.getvalue())
