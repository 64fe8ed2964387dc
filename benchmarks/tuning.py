"""Trials of `ranvier tune`: side by side, and one after the other.

    python benchmarks/tuning.py TABLE.csv --target COLUMN [--trials 8] [--epochs 5]

Measured are trials of the default form, each with a learning rate, weight decay and dropout of its
own, from the first network to the last score: each as a network of its own, as `ranvier train`
makes it, and side by side, so many at once. Every way runs in a process of its own with an empty
cache of machine code, the ways in turn, several rounds; the best counts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from typing import Any

import numpy as np

ALONE = 0  # networks of their own


def seconds(path: str, target: str, trials: int, epochs: int, together: int) -> float:
    """What the trials take, `together` at a time."""
    from ranvier.tables import make_plan, read_table
    from ranvier.tables.fitting import prepare
    from ranvier.tables.training.member import Clock, Job, Member
    from ranvier.tables.training.recipe import CLASS_TASKS, Recipe
    from ranvier.tune.side_by_side import SideBySide
    from ranvier.tune.space import Setting

    reading = read_table(path)
    plan = make_plan(reading, target)
    ready = prepare(reading, plan)
    rows = ready.rows
    form = Recipe()
    job = Job(
        arrays=rows.arrays,
        y=rows.y,
        weights=None,
        task=plan.task,
        metric=plan.metric,
        outputs=len(plan.classes) if plan.task in CLASS_TASKS else 1,
        levels=ready.encoder.levels,
        recipe=form,
        clock=Clock(1e6),
        interrupted=lambda: False,
        told=lambda member, run: None,
    )
    numbers, known = np.arange(len(rows.y)), rows.learned
    draw = np.random.default_rng(0)
    settings = [
        Setting(form, None, form.width, 10 ** draw.uniform(-3, -2), 1e-3, draw.uniform(0.05, 0.4))
        for _ in range(trials)
    ]
    began = time.perf_counter()
    if together == ALONE:
        for setting in settings:
            own: Any = replace(job, recipe=setting.recipe)
            Member(own, numbers[:known], numbers[known:], 0, "network").train(epochs)
    else:
        for first in range(0, trials, together):
            some = settings[first : first + together]
            batch = SideBySide(job, numbers[:known], numbers[known:], 0, some)
            batch.train(epochs, lambda epoch, errors: list(errors))
    return time.perf_counter() - began


def in_a_process(arguments: list[str]) -> float:
    """The seconds of one way, in a process that knows no machine code yet."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, __file__, *arguments]
        environment = {**os.environ, "RANVIER_CACHE": cache}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("table")
    parser.add_argument("--target", required=True)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--together", type=int)
    options = parser.parse_args()
    if options.together is not None:
        how = options.table, options.target, options.trials, options.epochs, options.together
        print(seconds(*how))
        return
    ways = {ALONE: "one by one"} | {n: f"{n} side by side" for n in (1, 4, 8)}
    best = dict.fromkeys(ways, float("inf"))
    same = [options.table, "--target", options.target]
    same += ["--trials", str(options.trials), "--epochs", str(options.epochs)]
    for _ in range(options.rounds):
        for together in ways:
            took = in_a_process([*same, "--together", str(together)])
            best[together] = min(best[together], took)
    print(f"{options.trials} trials of {options.epochs} epochs\n")
    print("| way | seconds | trials a second | ratio |\n|---|---|---|---|")
    for together, name in ways.items():
        ratio = best[ALONE] / best[together]
        print(
            f"| {name} | {best[together]:.2f} | {options.trials / best[together]:.2f} "
            f"| {ratio:.1f}x |"
        )


if __name__ == "__main__":
    main()
