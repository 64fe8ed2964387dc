"""The way of one fit: the hand-offs between rooms are those that docs/how_it_works/fit.md draws."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MOST = 25  # hand-offs

# Rooms that everything speaks of, and imports: no work is handed over there.
FOLLOWED = """
import os, sys
import numpy as np
import ranvier

LANGUAGE = {
    "base", "dtypes", "errors", "graph", "io", "losses", "metrics", "nn", "ops", "optim", "random",
    "tensors", "typing",
}
home = os.path.dirname(ranvier.__file__) + os.sep
rooms, seen = [], {}


def room(file):
    if not file.startswith(home):
        return None
    parts = file[len(home):].split(os.sep)
    name = parts[1] if parts[0] == "train" else parts[0]
    name = name.removesuffix(".py")
    return None if name in LANGUAGE or name == "__init__" else name


def follow(frame, event, argument):
    if event == "call":
        name = frame.f_code.co_name
        here = room(frame.f_code.co_filename)
        if name == "<module>":
            here = "import"
        elif name.startswith("<"):
            here = None
        last = next((r for r in reversed(rooms) if r), None)
        public = not name.startswith("_") or name in ("__init__", "__call__")
        if here not in (None, "import", last) and last not in (None, "import") and public:
            if "<locals>" not in frame.f_code.co_qualname:
                seen[last, here] = None
        rooms.append(here)
    elif event == "return" and rooms:
        rooms.pop()


ranvier.config(cache="off")
ranvier.seed(0)
x = np.random.default_rng(0).normal(size=(320, 10)).astype("float32")
model = ranvier.Sequential([
    ranvier.nn.Dense(8, "relu", input_shape=(10,)), ranvier.nn.Dense(1)
])
model.compile("adam", "mse")
sys.setprofile(follow)
model.fit(x, x.sum(1), epochs=2, batch_size=32, verbose=0)
sys.setprofile(None)
for caller, called in seen:
    print(caller, called)
"""


def drawn() -> list[tuple[str, str]]:
    """(caller, called) of each line of the drawing."""
    page = (ROOT / "docs/how_it_works/fit.md").read_text(encoding="utf-8")
    found = re.search(r"```text\n(.*?)```", page, re.DOTALL)
    assert found
    path: list[str] = []
    edges = []
    for line in found[1].splitlines():
        room = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        path[depth:] = [room]
        if depth:
            edges.append((path[depth - 1], room))
    return edges


def followed() -> set[tuple[str, str]]:
    """(caller, called) of each hand-off of a real fit, in a process of its own."""
    command = [sys.executable, "-c", FOLLOWED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return {(a, b) for a, b in (line.split() for line in done.stdout.splitlines())}


def test_the_drawing_is_the_way_that_a_fit_goes() -> None:
    assert set(drawn()) == followed()


def test_a_fit_has_few_hand_offs_each_drawn_once() -> None:
    edges = drawn()
    assert len(edges) == len(set(edges)) <= MOST
