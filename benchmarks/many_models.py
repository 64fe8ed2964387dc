"""Many networks of one form: side by side, one after the other, and in loops of the peers.

    python benchmarks/many_models.py --peers-python ../peers/bin/python

Measured is all of it, from nothing to trained networks, in a process that has trained some before:
making the networks, their first weights, compiling what is not known yet, and training. Each way
runs in turn, several rounds; the best counts. Ways that take long train fewer networks, and their
time is scaled up (the last column says how many were trained).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Networks(NamedTuple):
    """So many networks, and what each is trained on."""

    title: str
    members: int
    inputs: int
    width: int
    depth: int
    rows: int
    batch: int
    epochs: int


WORKLOADS = (
    Networks("1,000 networks 10-10-10-1, 1,000 rows, batches of 32", 1000, 10, 10, 2, 1000, 32, 10),
    Networks("8 networks, 3 layers of 32, 4,096 rows, batches of 256", 8, 16, 32, 3, 4096, 256, 10),
    Networks(
        "8 networks, 3 layers of 256, 4,096 rows of 64, batches of 256", 8, 64, 256, 3, 4096, 256, 5
    ),
)
PEERS = ("torch loop", "jax loop", "jax vmap")


def data(work: Networks) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Rows of random numbers; the class is the sign of the first one."""
    x = np.random.default_rng(0).normal(size=(work.rows, work.inputs)).astype(np.float32)
    return x, (x[:, :1] > 0).astype(np.float32)


def ranvier_ways(work: Networks) -> dict[str, tuple[Callable[[], float], int]]:
    """Each way trains and returns the seconds that training alone took; how many it trains."""
    import ranvier
    from ranvier.nn import Dense

    x, y = data(work)
    how: dict[str, Any] = {"batch_size": work.batch, "epochs": work.epochs, "verbose": 0}
    few = min(work.members, 50)

    def make() -> Any:
        hidden = [Dense(work.width, "relu") for _ in range(work.depth)]
        return ranvier.Sequential([*hidden, Dense(1, "sigmoid")])

    def side_by_side() -> float:
        many = ranvier.ensemble(make, work.members, seeds=range(work.members))
        many.compile("adam", "binary_crossentropy")
        return float(many.fit(x, y, **how).seconds["train"])

    def one_by_one() -> float:
        seconds = 0.0
        for seed in range(few):
            ranvier.seed(seed)
            model = make()
            model.compile("adam", "binary_crossentropy")
            seconds += model.fit(x, y, **how).seconds["train"]
        return seconds

    return {
        "ranvier side by side": (side_by_side, work.members),
        "ranvier one by one": (one_by_one, few),
    }


def measure(
    ways: dict[str, tuple[Callable[[], float], int]], members: int, rounds: int
) -> list[dict[str, Any]]:
    """The best seconds of each way for all members: whole, and of training alone."""
    best: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for name, (way, count) in ways.items():
            began = time.perf_counter()
            training = way()
            seconds = (time.perf_counter() - began) * members / count
            if number:  # the first round warms up
                known = best.setdefault(name, [seconds, training * members / count])
                known[:] = min(known[0], seconds), min(known[1], training * members / count)
    return [
        {"name": name, "seconds": whole, "training": training, "trained": ways[name][1]}
        for name, (whole, training) in best.items()
    ]


def of_peers(python: str, number: int, rounds: int) -> list[dict[str, Any]]:
    """What the peers' own Python measures."""
    script = str(Path(__file__).parent / "peers" / "many_models_peer.py")
    rows = []
    for name in PEERS:
        command = [python, script, str(number), name, str(rounds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
            continue
        rows += json.loads(done.stdout.splitlines()[-1])
    return rows


def main() -> None:
    """Measure and print a table for each workload."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers-python", default="")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", type=int, nargs="*", default=range(len(WORKLOADS)))
    options = parser.parse_args()
    for number in options.only:
        work = WORKLOADS[number]
        rows = measure(ranvier_ways(work), work.members, options.rounds)
        if options.peers_python:
            rows += of_peers(options.peers_python, number, options.rounds)
        first = rows[0]["seconds"]
        print(f"\n{work.title}, {work.epochs} epochs, Adam\n")
        print("| way | all of it | ratio | training alone | networks trained |")
        print("|---|---|---|---|---|")
        for row in rows:
            print(
                f"| {row['name']} | {row['seconds']:.3f} s | {row['seconds'] / first:.1f}x "
                f"| {row['training']:.3f} s | {row['trained']} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
