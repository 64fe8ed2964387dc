"""What scikit-learn measured: golden/make_report_measures.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ranvier.typing import Array

_GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "report_measures.npz")


def golden(part: str) -> dict[str, Array]:
    """The arrays of a part: "binary", "multiclass", "regression" or "linear"."""
    return {
        key.partition("/")[2]: _GOLDEN[key]
        for key in _GOLDEN.files
        if key.partition("/")[0] == part
    }
