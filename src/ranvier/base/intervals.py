"""Quantiles and intervals by their published formulas, without a library of statistics."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson(successes: float, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """The interval of a share.

    >>> [round(x, 3) for x in wilson(8, 10)]
    [0.49, 0.943]
    """
    share = successes / trials
    middle = share + z * z / (2 * trials)
    room = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max((middle - room) / scale, 0.0), min((middle + room) / scale, 1.0)


def student_quantile(p: float, freedom: int = 0) -> float:
    """The quantile of Student's t distribution; `freedom` 0 stands for the normal one.

    The expansion of Fisher and Cornish (1960) in 1 / freedom: to 1 part in 1,000 from 5 on.

    >>> round(student_quantile(0.975), 3), round(student_quantile(0.975, 10), 2)
    (1.96, 2.23)
    """
    z = NormalDist().inv_cdf(p)
    if not freedom:
        return z
    n = float(freedom)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )
