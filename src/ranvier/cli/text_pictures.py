"""Confusion matrices and small images as text."""

from __future__ import annotations

import sys

import numpy as np

from ..typing import Array


def confusion(true: Array, read: Array, classes: int) -> str:
    """Counts of (true, read) as a table; zeros as dots.

    >>> print(confusion(np.array([0, 1, 1]), np.array([0, 1, 0]), 2))
           0   1
      0    1   .
      1    1   1
    """
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (true, read), 1)
    lines = ["    " + "".join(f"{c:>4}" for c in range(classes))]
    for c, row in enumerate(counts):
        lines.append(f"{c:>3} " + "".join(f"{n if n else '.':>4}" for n in row))
    return "\n".join(lines)


def pictures(images: Array, captions: list[str]) -> str:
    """Small grey images side by side, two pixels in one character."""
    blocks = " ▀▄█" if _can_show("▀▄█") else " '.#"
    lines = ["  ".join(f"{caption:<8}" for caption in captions)]
    ink = images > 6
    for row in range(0, images.shape[1], 2):
        parts = []
        for image in ink:
            codes = image[row].astype(int) + 2 * image[row + 1].astype(int)
            parts.append("".join(blocks[c] for c in codes))
        lines.append("  ".join(parts))
    return "\n".join(line.rstrip() for line in lines)


def _can_show(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
