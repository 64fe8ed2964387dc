"""The first fit of a process imports what it needs, and nothing for files, streams or compiling."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SMALL = """
import sys
import numpy as np
import ranvier

x = np.linspace(0, 1, 40, dtype=np.float32).reshape(10, 4)
model = ranvier.Sequential([ranvier.nn.Dense(3, "relu"), ranvier.nn.Dense(1)])
model.compile("adam", "mse")
model.fit(x, x.sum(1), epochs=1, verbose=0)
model.evaluate(x, x.sum(1))
model.predict(x)
print(*(name for name in sys.modules if name.startswith("ranvier.")))
"""

# Modules by what they are for.
LATER = {
    "texts": "data.vectorize data.text data.sequence_padding",
    "files": "train.models.saving train.models.wiring_data train.fit.resume io.files",
    "streams": (
        "train.fit.streaming data.streams.pipeline data.streams.file_streams "
        "data.streams.table_streams"
    ),
    "what is not in the cache of code": "compiler.stages lower.loop_ir lower.lower codegen.module",
}


def modules_after_a_fit(cache: Path) -> set[str]:
    """The modules that a process has imported when its first fit is over."""
    done = subprocess.run(
        [sys.executable, "-c", SMALL],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "RANVIER_CACHE": str(cache)},
    )
    assert not done.returncode, done.stderr
    return set(done.stdout.split())


def test_a_first_fit_imports_nothing_for_what_is_not_asked(tmp_path: Path) -> None:
    cold, warm = modules_after_a_fit(tmp_path), modules_after_a_fit(tmp_path)
    assert "ranvier.lower.loop_ir" in cold  # so that the names below are known to be right
    assert "ranvier.train.fit.loop" in warm
    for purpose, names in LATER.items():
        asked = {f"ranvier.{name}" for name in names.split()}
        assert not asked & warm, f"imported though nothing needs {purpose}: {asked & warm}"


def test_the_modules_have_these_names() -> None:
    home = Path(__file__).resolve().parents[3] / "src/ranvier"
    for names in LATER.values():
        for name in names.split():
            assert (home / f"{name.replace('.', '/')}.py").is_file(), name
