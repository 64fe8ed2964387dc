"""Random programs by the ten thousand: eager, reference and compiled say the same.

    python tests/compiler/random_campaign.py --first 0 --count 100000 --threads 2 --processes 2

Program number s is made from the seed s alone; see `campaign.py` for what is printed.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from campaign import main
from compiler.common import same_outcome
from compiler.random_graphs import build

_RUNS = 2  # runs of one program, as updates change its inputs


def run_program(seed: int) -> bool:
    """Run program `seed`; whether its indices were refused. AssertionError where it differs."""
    source = random.Random(seed)
    graph, arrays = build(source.randrange, outside=True)
    return same_outcome(graph, arrays, _RUNS)


if __name__ == "__main__":
    sys.exit(main("Random programs on all engines.", "programs", run_program))
