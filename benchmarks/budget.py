"""Whether `ranvier train FILE --budget TIME` ends in that time: whole processes, report included.

    RANVIER_DATA=DATA python benchmarks/budget.py --output results/budget.json

Measured is the time from the start of the process to its end: Python, import, reading, plan,
compilation, training, test, report and files. Each run has an empty cache of compiled code of its
own, as the first run of a user has; `--warm` lets all of them share one. Peak memory is that of the
process. `--rows 1000000` writes a table of so many rows and 20 columns of all kinds, and runs on
that alone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from table_sets import FOLDER, SETS

# Few rows, some, many, a column of text, categories of thousands of levels.
NAMES = ("concrete", "kc_house", "protein", "airline_tweets", "amazon_access")
BUDGETS = (10, 60)
ALLOWED = 0.10  # of the budget, above it


def train(data: Path, target: str, budget: int, seed: int, cache: str) -> dict[str, Any]:
    """One run of the command in an empty folder: its seconds, its phases, its peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "RANVIER_CACHE": cache or str(Path(folder) / "cache")}
        command = [sys.executable, "-m", "ranvier", "train", str(data), "--target", target]
        command += ["--budget", f"{budget}s", "--seed", str(seed), "--report", "report.html"]
        with open(Path(folder) / "output.txt", "w+", encoding="utf-8") as output:
            began = time.perf_counter()
            process = subprocess.Popen(
                [*command, "--out", "model.safetensors"],
                cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
            status, used = wait(process)
            seconds = time.perf_counter() - began
            output.seek(0)
            text = output.read()
        if status:
            raise SystemExit(f"{data.name} --budget {budget}s: exit status {status}\n{text}")
    phases = re.search(r"^time: (.*)", text, re.MULTILINE)
    return {
        "set": data.name.split(".")[0], "budget": budget, "seed": seed, "seconds": seconds, **used,
        "phases": phases[1] if phases else "",
    }  # fmt: skip


def wait(process: subprocess.Popen[bytes]) -> tuple[int, dict[str, float]]:
    """The exit status, and what the system says of the process, where it does."""
    if not hasattr(os, "wait4"):
        return process.wait(), {}
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    per_megabyte = 1 << (20 if sys.platform == "darwin" else 10)
    processor = usage.ru_utime + usage.ru_stime
    return process.returncode, {
        "processor_seconds": processor, "peak_megabytes": usage.ru_maxrss / per_megabyte,
    }  # fmt: skip


def table(runs: list[dict[str, Any]]) -> str:
    """The runs as a table for docs/results.md, and how many ended in time."""
    lines = ["| table | budget | seconds | of the budget | peak memory |", "|---|---|---|---|---|"]
    for budget in sorted({run["budget"] for run in runs}):
        for name in dict.fromkeys(run["set"] for run in runs):
            some = [r for r in runs if (r["set"], r["budget"]) == (name, budget)]
            seconds = ", ".join(f"{r['seconds']:.1f}" for r in some)
            shares = ", ".join(f"{r['seconds'] / budget:.0%}" for r in some)
            peak = max((r.get("peak_megabytes", 0.0) for r in some), default=0.0)
            lines.append(f"| {name} | {budget} s | {seconds} | {shares} | {peak:,.0f} MB |")
    late = [r for r in runs if r["seconds"] > (1 + ALLOWED) * r["budget"]]
    lines.append("")
    lines.append(f"{len(runs) - len(late)} of {len(runs)} runs ended within {1 + ALLOWED:.0%}.")
    return "\n".join(lines)


def write_large(path: Path, rows: int) -> None:
    """A table of 20 columns: numbers, some of them missing, categories, dates, text, names."""
    import numpy as np
    import polars as pl

    chance = np.random.default_rng(0)
    words = np.array(["the", "a", "good", "bad", "film", "fast", "slow", "house", "garden", "near"])
    columns: dict[str, Any] = {f"x{i}": chance.normal(size=rows).round(4) for i in range(8)}
    columns |= {
        "count": chance.integers(0, 500, rows),
        "amount": np.exp(chance.normal(5, 1, rows)).round(2),
        "rate": np.where(chance.random(rows) < 0.1, np.nan, chance.random(rows).round(3)),
        "city": np.array([f"city {i}" for i in range(300)])[chance.integers(0, 300, rows)],
        "colour": np.array(["red", "green", "blue"])[chance.integers(0, 3, rows)],
        "size": np.array(["small", "medium", "large"])[chance.integers(0, 3, rows)],
        "answer": np.array(["yes", "no"])[chance.integers(0, 2, rows)],
        "zipcode": np.array([f"{i:05}" for i in range(5000)])[chance.integers(0, 5000, rows)],
        "day": (np.datetime64("2020-01-01") + chance.integers(0, 1500, rows)).astype(str),
        "customer": [f"C{i:07}" for i in range(rows)],
        "note": [" ".join(some) for some in words[chance.integers(0, len(words), (rows, 5))]],
    }
    columns["y"] = (
        2 * columns["x0"] + np.sin(2 * columns["x1"]) + 1.5 * (columns["colour"] == "red")
        + np.log(columns["amount"]) / 2 + columns["count"] / 250 + chance.normal(0, 0.5, rows)
    ).round(4)  # fmt: skip
    pl.DataFrame(columns, nan_to_null=True).write_csv(path)


def main() -> None:
    """Run what the command line asks for; print the table, write all numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default=",".join(NAMES), help="some of the tables of tables.py")
    parser.add_argument("--budgets", default=",".join(map(str, BUDGETS)), help="seconds")
    parser.add_argument("--seeds", type=int, default=2, help="runs of each table and budget")
    parser.add_argument("--rows", type=int, help="a table of random numbers with so many rows")
    parser.add_argument("--warm", action="store_true", help="one cache of compiled code for all")
    parser.add_argument("--output", type=Path, help="a .json file for all numbers")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cache = str(Path(folder) / "cache") if asked.warm else ""
        tables = [(FOLDER / f"{name}.csv.gz", SETS[name][0]) for name in asked.sets.split(",")]
        if asked.rows:
            tables = [(Path(folder) / f"{asked.rows}_rows.csv", "y")]
            write_large(tables[0][0], asked.rows)
        runs = []
        for budget in map(int, asked.budgets.split(",")):
            for data, target in tables:
                for seed in range(asked.seeds):
                    runs.append(train(data, target, budget, seed, cache))
                    print(f"{runs[-1]['set']} {budget} s: {runs[-1]['seconds']:.1f} s", flush=True)
    print(table(runs))
    if asked.output is not None:
        asked.output.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
