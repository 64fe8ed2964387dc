"""Checkpoints of trainings as earlier versions wrote them, and the weights that they lead to.

Run once with the version whose checkpoints are to be resumed for ever:

    python tests/golden/make_checkpoints.py

Written with version 0.1 as of the commit f57ae9e.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from optim.checkpoint_runs import RUNS, run

HERE = Path(__file__).parent


def main() -> None:
    arrays: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in RUNS:
            path = Path(folder) / f"{name}.ckpt"
            run(name, path, epochs=2)
            arrays[f"{name}/file"] = np.frombuffer(path.read_bytes(), np.uint8)
            for i, w in enumerate(run(name, path, epochs=4).get_weights()):
                arrays[f"{name}/{i}"] = w
    np.savez_compressed(HERE / "checkpoints.npz", **arrays)


if __name__ == "__main__":
    main()
