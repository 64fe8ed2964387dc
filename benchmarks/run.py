"""Run the benchmarks: Ranvier and its peers in turn, in one run. See README.md.

python benchmarks/run.py --peers-python PEERS/bin/python [WORKLOAD ...]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from statistics import median

from workload import Workload, find

from report import machine, page

FOLDER = Path(__file__).parent
WORKLOADS = (
    "small_mlp", "linear_regression", "table_mlp", "mnist_mlp", "wide_mlp", "mnist_cnn", "resnet",
    "gpt", "lstm", "cnn_inference", "predict_row", "matmul", "whole_process",
)  # fmt: skip
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Variant:
    """One library at one setting."""

    name: str
    library: str  # the file peers/LIBRARY_peer.py
    mode: str = ""
    threads: int = CORES
    jobs: tuple[str, ...] = ("train",)
    images: bool | None = None  # True: only for images; False: not for them
    usual: bool = True  # part of a run unless --libraries says otherwise

    def command(self, python: str, workload: Workload) -> list[str]:
        settings = [self.library, self.mode, str(self.threads), workload.name]
        return [python, str(FOLDER / "worker.py"), *settings]

    def environment(self) -> dict[str, str]:
        """The number of threads for libraries that read it as early as NumPy's import."""
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        return {**os.environ, **dict.fromkeys(names, str(self.threads))}

    def fits(self, workload: Workload) -> bool:
        if workload.has_text and self.library not in ("ranvier", "torch", "jax"):
            return False
        return workload.job in self.jobs and self.images in (None, workload.has_images)


ALL, BOTH, USE = ("train", "predict", "matmul"), ("train", "predict"), ("predict",)
VARIANTS = (
    Variant("ranvier", "ranvier", jobs=ALL),
    Variant("ranvier-1", "ranvier", threads=1, jobs=ALL, usual=False),
    Variant("ranvier-function", "ranvier", "function", jobs=USE),
    Variant("numpy", "numpy", jobs=("matmul",)),
    Variant("torch-1", "torch", "eager", threads=1, jobs=BOTH),
    Variant("torch-all", "torch", "eager", jobs=ALL),
    Variant("torch-last-all", "torch", "last", jobs=BOTH, images=True),
    Variant("torch-compile-1", "torch", "compile", threads=1, jobs=BOTH),
    Variant("torch-compile-all", "torch", "compile", jobs=BOTH),
    Variant("torch-script-1", "torch", "script", threads=1, jobs=USE),
    Variant("torch-script-all", "torch", "script", jobs=USE, images=True),
    Variant("jax-step", "jax", "step"),
    # NOTE: XLA runs convolutions inside a scan on one slow thread: minutes for ten steps.
    Variant("jax-scan-epoch", "jax", "scan", images=False),
    Variant("jax-scan-fit", "jax", "fit", images=False),
    Variant("jax-jit", "jax", jobs=("predict", "matmul")),
    Variant("keras-tensorflow", "keras", "tensorflow", jobs=BOTH),
    Variant("keras-tensorflow-many", "keras", "tensorflow-many", usual=False),
    Variant("keras-tensorflow-function", "keras", "tensorflow-function", jobs=USE),
    Variant("keras-jax", "keras", "jax", jobs=BOTH, usual=False),
    Variant("keras-jax-many", "keras", "jax-many"),
    Variant("keras-jax-function", "keras", "jax-function", jobs=USE),
    Variant("sklearn", "sklearn", threads=1, jobs=BOTH, images=False),
    Variant("sklearn-all", "sklearn", images=False, usual=False),
)


class Failed(Exception):
    """A library could not run the workload; the message is the last line it wrote."""


class Worker:
    """A living process that holds one library, prepared for one workload."""

    def __init__(self, variant: Variant, python: str, workload: Workload):
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (lives as long as the process)
        self.process = subprocess.Popen(
            variant.command(python, workload),
            env=variant.environment(),
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
    """Seconds per step or call: all processes stay alive and are measured in turn, A B C A B C."""
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
    fitting = {variant: python for variant, python in variants.items() if variant.fits(workload)}
    if workload.threads:
        fitting = {replace(v, threads=workload.threads): p for v, p in fitting.items()}
    counts = sorted({1, CORES})
    floor = {str(threads): measure_floor(threads) for threads in counts}
    measure = run_processes if workload.whole_process else run_steps
    results = measure(workload, fitting, options)
    for threads in counts:
        floor[str(threads)] = better_floor(floor[str(threads)], measure_floor(threads))
    unit = "step" if workload.job == "train" else "call"
    unit = "s per process" if workload.whole_process else f"s per {unit}"
    about = {"title": workload.title, "unit": unit, "date": f"{datetime.now():%Y-%m-%d %H:%M}"}
    about |= {"threads": workload.threads or CORES, "job": workload.job}
    return about | {"floor": floor, "results": results}


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


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Ranvier against its peers, measured in turn.")
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    parser.add_argument("--page", help="write the page there too, e.g. docs/benchmarks.md")
    parser.add_argument("--peers-python", help="interpreter of the peers' environment")
    parser.add_argument("--libraries", help="comma-separated; default: the usual ones")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="least time of one measurement")
    parser.add_argument("--output", help="results/NAME.json and .md; default: the date and time")
    return parser.parse_args()


def main(workloads: tuple[Workload, ...] = ()) -> None:
    """Run these workloads, or those on the command line; write the JSON and the page."""
    options = parse()
    if not options.peers_python:
        say("no --peers-python: Ranvier alone is measured")
    chosen = workloads or [w for name in options.workloads or WORKLOADS for w in find(name)]
    variants = chosen_variants(options)
    run = {"date": f"{datetime.now():%Y-%m-%d %H:%M}", "machine": machine(CORES)}
    run |= {"repeats": options.repeats, "real_data": bool(os.environ.get("RANVIER_DATA"))}
    run["workloads"] = {w.name: run_workload(w, variants, options) for w in chosen}
    text = page(run)
    print(text)
    folder = FOLDER / "results"
    folder.mkdir(exist_ok=True)
    stem = options.output or f"{datetime.now():%Y-%m-%d-%H%M}"
    (folder / f"{stem}.json").write_text(json.dumps(run, indent=1) + "\n")
    written = [folder / f"{stem}.md", *([Path(options.page)] if options.page else [])]
    for path in written:
        path.write_text(text)
    say(f"written: results/{stem}.json, {', '.join(map(str, written))}")


if __name__ == "__main__":
    main()
