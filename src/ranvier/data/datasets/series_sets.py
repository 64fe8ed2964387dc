"""Time series, one row for each point in time."""

from __future__ import annotations

import numpy as np

from ...base.missing import spelled
from ...errors import unknown_name
from ...typing import Array
from ..fetch import read
from .published_files import AIRLINE_FILE, ETTH1_FILE

ETTH1_COLUMNS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
_ETTH1_HOURS = 8640, 2880, 2880  # 12, 4 and 4 months of 30 days


@spelled
def load_etth1(*, standardize: bool = True, columns: str = "all") -> tuple[Array, Array, Array]:
    """An electricity transformer, hour by hour: six loads and the temperature of its oil.

    Returns `(train, validation, test)`, each (hours, 7) float32 in the order of `ETTH1_COLUMNS`:
    12, 4 and 4 months of 30 days, 8,640, 2,880 and 2,880 hours, as all papers cut them (what comes
    after is left out). With `standardize` every column has mean 0 and deviation 1 over the training
    hours, the form in which errors are reported. `columns="OT"` gives the temperature alone,
    (hours, 1), for the univariate task.
    Windows for forecasts come from `ranvier.data.windows`. Papers let the first look-back of a part
    reach into the part before: `np.concatenate([train[-length:], validation])`.
    Source: Zhou et al. (2021), "Informer", https://github.com/zhouhaoyi/ETDataset, CC BY-ND 4.0.
    """
    if columns not in ("all", *ETTH1_COLUMNS):
        raise unknown_name("column of ETTh1", columns, ("all", *ETTH1_COLUMNS))
    lines = read(ETTH1_FILE)[0].decode().splitlines()[1 : sum(_ETTH1_HOURS) + 1]
    values = np.array([line.split(",")[1:] for line in lines]).astype(np.float64)
    if columns != "all":
        values = values[:, [ETTH1_COLUMNS.index(columns)]]
    if standardize:
        train = values[: _ETTH1_HOURS[0]]
        values = (values - train.mean(axis=0)) / train.std(axis=0)
    first, second = np.cumsum(_ETTH1_HOURS[:2])
    points = values.astype(np.float32)
    return points[:first], points[first:second], points[second:]


@spelled
def load_airline_passengers() -> Array:
    """Passengers of international airlines, in thousands: 144 months from January 1949.

    Returns (144,) float32. A trend with a yearly season that grows with it: take the logarithm.
    Source: Box and Jenkins (1976), "Time Series Analysis", series G.
    """
    lines = read(AIRLINE_FILE)[0].decode().splitlines()[1:]
    return np.array([line.split(",")[1] for line in lines]).astype(np.float32)
