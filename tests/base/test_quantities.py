"""Quantities are written by one function each."""

from __future__ import annotations

import re

from paths import SRC

# A number with decimals and the unit of time behind it, or a rate, put together by hand.
BY_HAND = re.compile(r":[,.0-9]*f\} ?s\b|:[,.0-9]*f\} (rows|texts|pictures) a second")


def test_no_other_file_writes_durations_and_rates() -> None:
    """So that none says "-6 s" or "0 rows a second"."""
    assert BY_HAND.search('f"{seconds:.1f} s"') and BY_HAND.search('f"{n:,.0f} rows a second"')
    found = [
        f"{path.relative_to(SRC)}, line {i}: {line.strip()}"
        for path in sorted(SRC.rglob("*.py"))
        if path.name != "quantities.py"
        for i, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if BY_HAND.search(line)
    ]
    assert found == []
