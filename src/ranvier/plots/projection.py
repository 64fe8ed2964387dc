"""Vectors in two dimensions: along the directions in which they differ most."""

from __future__ import annotations

import numpy as np

from ..typing import Array


def principal_components(vectors: Array) -> tuple[Array, tuple[str, str]]:
    """The rows along the two directions in which they differ most, and how much that is.

    The larger part of each direction is positive, so that the same rows give the same picture.
    """
    centered = vectors.astype(np.float64) - vectors.mean(axis=0)
    _, strength, directions = np.linalg.svd(centered, full_matrices=False)
    if len(directions) < 2:
        directions = np.concatenate([directions, np.zeros((1, directions.shape[1]))])
        strength = np.append(strength, 0.0)
    first = directions[:2]
    signs = np.sign(first[np.arange(2), np.abs(first).argmax(axis=1)])
    first = first * np.where(signs == 0, 1, signs)[:, None]
    share = strength[:2] ** 2 / max(float((strength**2).sum()), 1e-300)
    labels = [f"component {k + 1} ({100 * share[k]:.0f}%)" for k in range(2)]
    return centered @ first.T, (labels[0], labels[1])
