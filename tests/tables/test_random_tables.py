"""Tables of odd cells at random: each is encoded, the same row by row, or is a clear error."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from ranvier.errors import RanvierError
from ranvier.tables import Encoder, Plan, make_plan, read_table

# Of rows that are held out some columns hold other cells than those of training.
pytestmark = pytest.mark.filterwarnings("ignore:column .* cells are .* count as missing")

CELLS = [
    "", "NA", "1", "0", "-1", "2.5", "1,5", "1e5", "x", "yes", "no", "2020-01-01", "3/4/2021",
    "5 kg", "$4", "10%", "<5", ">9", "10-20", "low", "high", "medium", "inf", "nan", "007",
    "99999999999999999999", "a b c d", "é", "TRUE", "12:30", "(5)", "1.234,5", "5+", "None", "?",
    "\t", " ", "0x1F", "1/2", "Jan", "I", "II", "A1", "+5", "1 000", "'1'", "--", "N/A", "unknown",
    "0.0", "1.0", "3 Jan 2020", "1.2.3", "-999", "1e308", "1e-320", "是", "２",
]  # fmt: skip


def columns(seed: int) -> dict[str, list[str]]:
    """Up to five columns and a target; each draws from a few cells, so that kinds form."""
    draw = random.Random(seed)
    rows = draw.choice([12, 30, 60])
    names = [*(f"c{j}" for j in range(draw.randint(1, 5))), "y"]
    pools = [draw.sample(CELLS, draw.randint(2, 6)) for _ in names]
    return {
        name: [draw.choice(pool) for _ in range(rows)]
        for name, pool in zip(names, pools, strict=True)
    }


def check(seed: int) -> bool:
    """Whether the table of a seed could be encoded."""
    table = columns(seed)
    frame = read_table(table).frame
    try:
        plan = make_plan(frame, "y")
    except RanvierError:
        return False
    assert str(Plan.restore(json.loads(json.dumps(plan.config(), allow_nan=False)))) == str(plan)
    train, _ = plan.split_rows(frame)
    encoder, trained = Encoder.fit_transform(frame[train], plan)
    arrays = encoder.transform(frame)
    assert all(np.isfinite(array).all() for array in (*arrays.values(), *trained.values()))
    config = json.loads(json.dumps(encoder.config(), allow_nan=False))
    again = Encoder.restore(config, encoder.arrays())
    for i in range(0, frame.height, 7):
        for name, row in again.transform(frame[i : i + 1]).items():
            np.testing.assert_array_equal(row[0], arrays[name][i], strict=True)
    draw = random.Random(seed)
    strange = {name: [draw.choice(CELLS) for _ in cells] for name, cells in table.items()}
    assert all(np.isfinite(array).all() for array in encoder.transform(strange).values())
    return True


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_random_tables_are_encoded_or_answered(start: int) -> None:
    encoded = [check(seed) for seed in range(start, start + 20)]
    assert sum(encoded) > 5


@pytest.mark.slow
@pytest.mark.parametrize("start", range(1_000, 3_000, 100))
def test_many_random_tables_are_encoded_or_answered(start: int) -> None:
    encoded = [check(seed) for seed in range(start, start + 100)]
    assert sum(encoded) > 25
