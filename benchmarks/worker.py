"""One library in one process: prepares a workload, then times its work whenever run.py asks.

python worker.py LIBRARY MODE THREADS WORKLOAD          asked over stdin, answers in JSON lines
python worker.py LIBRARY MODE THREADS WORKLOAD --once   import, build, work once, exit
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time

from workload import cost, find


def limit_threads(library: str, mode: str, threads: str) -> None:
    """Libraries read these while they are imported, so they are set before."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = threads
    if library == "keras":
        os.environ["KERAS_BACKEND"] = mode.split("-")[0]
    if library == "jax" or mode.startswith("jax"):
        # XLA makes as many threads as there are cores that it may use.
        limit_cores(int(threads))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def limit_cores(count: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def build(library: str, mode: str, threads: str, workload_name: str):
    (workload,) = find(workload_name)
    x, y = workload.data()
    started = time.perf_counter()
    module = importlib.import_module(f"peers.{library}_peer")
    peer = module.Peer(workload, x, y, int(threads), mode)
    work = getattr(peer, workload.job)
    about = {"versions": peer.versions()} | cost(workload, x, y)
    return work, workload.steps(len(x)), started, about


def measure(work, steps: int, seconds: float) -> dict:
    """Whole fits or rounds of calls until `seconds` have passed; seconds per step or call."""
    rounds, started = 0, time.perf_counter()
    while rounds == 0 or time.perf_counter() - started < seconds:
        work()
        rounds += 1
    return {"seconds_per_step": (time.perf_counter() - started) / (rounds * steps)}


def peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def serve(arguments: list[str]) -> None:
    # What a library prints must not land among the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(content: dict) -> None:
        answers.write(json.dumps(content) + "\n")

    work, steps, started, about = build(*arguments)
    result = float(work())
    answer({"prepare_seconds": time.perf_counter() - started, "result": result} | about)
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "measure":
            answer(measure(work, steps, request["seconds"]))
        else:
            answer({"peak_memory_mb": peak_memory_mb()})
            return


if __name__ == "__main__":
    limit_threads(*sys.argv[1:4])
    if sys.argv[-1] == "--once":
        work, _, _, about = build(*sys.argv[1:5])
        about |= {"result": float(work()), "peak_memory_mb": peak_memory_mb()}
        print(json.dumps(about))
    else:
        serve(sys.argv[1:5])
