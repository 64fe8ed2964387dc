"""The season of a series, found in its numbers."""

from __future__ import annotations

import numpy as np

from ..typing import Array

_LEAST = 0.3  # correlation with itself one season ago that counts as one


def season_of(series: Array, longest: int | None = None) -> int:
    """The number of points after which a series (time,) is most like itself; 1: it has no season.

    The first peak of the correlation of its changes with themselves, among those nearly as high as
    the highest. At least three seasons must fit in.

    >>> season_of(np.sin(np.arange(120) * 2 * np.pi / 12))
    12
    >>> season_of(np.random.default_rng(0).normal(size=200))
    1
    """
    changes = np.diff(np.asarray(series, np.float64))
    changes = changes - changes.mean()
    most = min(longest or len(changes), len(changes) // 3)
    power = float((changes**2).sum())
    if most < 2 or power == 0:
        return 1
    size = 1 << (2 * len(changes) - 1).bit_length()
    spectrum = np.fft.rfft(changes, size)
    alike = np.fft.irfft(spectrum * spectrum.conj(), size)[: most + 1] / power
    alike *= len(changes) / (len(changes) - np.arange(most + 1))  # of as many points each
    unlike = np.flatnonzero(alike < 0)  # neighbours are alike in every smooth series
    peaks = [
        lag
        for lag in range(max(2, int(unlike[0])) if len(unlike) else most, most)
        if alike[lag] >= _LEAST and alike[lag] > alike[lag - 1] and alike[lag] >= alike[lag + 1]
    ]
    if not peaks:
        return 1
    highest = max(alike[lag] for lag in peaks)
    return next(lag for lag in peaks if alike[lag] >= 0.8 * highest)
