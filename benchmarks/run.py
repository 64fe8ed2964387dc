"""Run the benchmarks: Ranvier and its peers in turn, in one run. See README.md.

python benchmarks/run.py --peers-python PEERS/bin/python [WORKLOAD ...]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from report import machine, markdown
from workload import Workload

FOLDER = Path(__file__).parent
WORKLOADS = ("small_mlp", "linear_regression", "table_mlp", "mnist_mlp", "whole_process")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Variant:
    """One library at one setting."""

    name: str
    library: str  # the file peers/LIBRARY_peer.py
    mode: str = ""
    threads: int = CORES
    usual: bool = True  # part of a run unless --libraries says otherwise

    def command(self, python: str, workload: Workload) -> list[str]:
        settings = [self.library, self.mode, str(self.threads), workload.name]
        return [python, str(FOLDER / "worker.py"), *settings]


VARIANTS = (
    Variant("ranvier", "ranvier"),
    Variant("torch-1", "torch", "eager", threads=1),
    Variant("torch-all", "torch", "eager"),
    Variant("torch-compile-1", "torch", "compile", threads=1),
    Variant("torch-compile-all", "torch", "compile", usual=False),
    Variant("jax-step", "jax", "step"),
    Variant("jax-scan-epoch", "jax", "scan"),
    Variant("jax-scan-fit", "jax", "fit"),
    Variant("keras-tensorflow", "keras", "tensorflow"),
    Variant("keras-tensorflow-many", "keras", "tensorflow-many", usual=False),
    Variant("keras-jax", "keras", "jax", usual=False),
    Variant("keras-jax-many", "keras", "jax-many"),
    Variant("sklearn", "sklearn", threads=1),
    Variant("sklearn-all", "sklearn", usual=False),
)


class Failed(Exception):
    """A library could not run the workload; the message is the last line it wrote."""


class Worker:
    """A living process that holds one library, prepared for one workload."""

    def __init__(self, variant: Variant, python: str, workload: Workload):
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (lives as long as the process)
        self.process = subprocess.Popen(
            variant.command(python, workload),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            bufsize=1,
        )
        self.samples: list[float] = []
        self.about = self._answer()

    def _answer(self) -> dict:
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.process.wait()
        self.errors.seek(0)
        lines = self.errors.read().strip().splitlines() or ["no message"]
        raise Failed(lines[-1])

    def ask(self, **request) -> dict:
        self.process.stdin.write(json.dumps(request) + "\n")
        return self._answer()

    def measure(self, seconds: float) -> None:
        answer = self.ask(do="measure", seconds=seconds)
        self.samples.append(answer["seconds_per_step"])

    def finish(self) -> dict:
        peak = self.ask(do="stop")
        self.process.wait()
        return summary(self.samples) | self.about | peak


def summary(samples: list[float]) -> dict:
    return {"best": min(samples), "median": median(samples), "samples": samples}


def measure_floor(threads: int) -> dict:
    command = [sys.executable, str(FOLDER / "floor.py"), str(threads)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def better_floor(one: dict, other: dict) -> dict:
    return {key: max(value, other[key]) for key, value in one.items()}


def run_steps(workload: Workload, variants: dict[Variant, str], options) -> dict:
    """Seconds per step: all processes stay alive and are measured in turn, A B C A B C."""
    workers, results = {}, {}
    for variant, python in variants.items():
        say(f"  preparing {variant.name}")
        try:
            workers[variant] = Worker(variant, python, workload)
        except Failed as failure:
            results[variant.name] = {"failed": str(failure)}
            say(f"    failed: {failure}")
    for repeat in range(options.repeats):
        say(f"  repeat {repeat + 1} of {options.repeats}")
        for worker in workers.values():
            time.sleep(0.05)  # the threads of the one before stop spinning
            worker.measure(options.seconds)
    for variant, worker in workers.items():
        results[variant.name] = {"threads": variant.threads} | worker.finish()
    return results


def run_processes(workload: Workload, variants: dict[Variant, str], options) -> dict:
    """Seconds of a whole process, after one that is not counted."""
    samples: dict[Variant, list[float]] = {variant: [] for variant in variants}
    results: dict[str, dict] = {}
    about: dict[Variant, dict] = {}
    for repeat in range(options.repeats + 1):
        say(f"  repeat {repeat} of {options.repeats}" if repeat else "  filling caches")
        for variant, python in variants.items():
            if variant.name in results:
                continue
            command = [*variant.command(python, workload), "--once"]
            started = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True)
            samples[variant].append(time.perf_counter() - started)
            if done.returncode:
                lines = done.stderr.strip().splitlines() or ["no message"]
                results[variant.name] = {"failed": lines[-1]}
            else:
                about[variant] = json.loads(done.stdout.splitlines()[-1])
    for variant, times in samples.items():
        if variant.name not in results:
            first = {"threads": variant.threads, "uncached": times[0]}
            results[variant.name] = first | summary(times[1:]) | about[variant]
    return results


def run_workload(workload: Workload, variants: dict[Variant, str], options) -> dict:
    say(f"{workload.name}: {workload.title}")
    counts = sorted({1, CORES})
    floor = {str(threads): measure_floor(threads) for threads in counts}
    measure = run_processes if workload.whole_process else run_steps
    results = measure(workload, variants, options)
    for threads in counts:
        floor[str(threads)] = better_floor(floor[str(threads)], measure_floor(threads))
    unit = "s per process" if workload.whole_process else "s per step"
    return {"title": workload.title, "unit": unit, "floor": floor, "results": results}


def chosen_variants(options) -> dict[Variant, str]:
    """Each variant with the interpreter that runs it."""
    names = options.libraries.split(",") if options.libraries else None
    known = {variant.name for variant in VARIANTS}
    if names and not known.issuperset(names):
        sys.exit(f"run.py: unknown library {set(names) - known}; known are {sorted(known)}")
    chosen = {}
    for variant in VARIANTS:
        python = sys.executable if variant.library == "ranvier" else options.peers_python
        if python and (variant.name in names if names else variant.usual):
            chosen[variant] = python
    return chosen


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Ranvier against its peers, measured in turn.")
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    parser.add_argument("--peers-python", help="interpreter of the peers' environment")
    parser.add_argument("--libraries", help="comma-separated; default: the usual ones")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="least time of one measurement")
    parser.add_argument("--output", help="results/NAME.json and .md; default: the date and time")
    return parser.parse_args(arguments)


def main(workloads: list[str] | None = None) -> None:
    """Run the named workloads, or those on the command line; write the JSON and the page."""
    options = parse(None if workloads is None else sys.argv[1:] + workloads)
    if not options.peers_python:
        say("no --peers-python: Ranvier alone is measured")
    names = options.workloads or WORKLOADS
    variants = chosen_variants(options)
    found = {name: importlib.import_module(name).WORKLOAD for name in names}
    run = {"date": f"{datetime.now():%Y-%m-%d %H:%M}", "machine": machine(CORES)}
    run |= {"repeats": options.repeats, "real_data": bool(os.environ.get("RANVIER_DATA"))}
    run["workloads"] = {n: run_workload(w, variants, options) for n, w in found.items()}
    page = markdown(run)
    print(page)
    folder = FOLDER / "results"
    folder.mkdir(exist_ok=True)
    stem = options.output or f"{datetime.now():%Y-%m-%d-%H%M}"
    (folder / f"{stem}.json").write_text(json.dumps(run, indent=1) + "\n")
    (folder / f"{stem}.md").write_text(page)
    say(f"written: results/{stem}.json, results/{stem}.md")


if __name__ == "__main__":
    main()
