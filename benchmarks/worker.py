"""One library in one process: prepares a workload, then times fits whenever run.py asks.

python worker.py LIBRARY MODE THREADS WORKLOAD          asked over stdin, answers in JSON lines
python worker.py LIBRARY MODE THREADS WORKLOAD --once   import, build, one fit, exit
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time


def limit_threads(library: str, mode: str, threads: str) -> None:
    """Libraries read these while they are imported, so they are set before."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = threads
    if library == "keras":
        os.environ["KERAS_BACKEND"] = mode.split("-")[0]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def build(library: str, mode: str, threads: str, workload_name: str):
    workload = importlib.import_module(workload_name).WORKLOAD
    x, y = workload.data()
    started = time.perf_counter()
    module = importlib.import_module(f"peers.{library}_peer")
    peer = module.Peer(workload, x, y, int(threads), mode)
    return peer, workload.steps(len(x)), started


def measure(peer, steps: int, seconds: float) -> dict:
    """Whole fits until `seconds` have passed (at least one); seconds per step."""
    fits, started = 0, time.perf_counter()
    while fits == 0 or time.perf_counter() - started < seconds:
        loss = peer.fit()
        fits += 1
    return {"seconds_per_step": (time.perf_counter() - started) / (fits * steps), "loss": loss}


def peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def serve(arguments: list[str]) -> None:
    # What a library prints must not land among the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(content: dict) -> None:
        answers.write(json.dumps(content) + "\n")

    peer, steps, started = build(*arguments)
    loss = float(peer.fit())
    answer(
        {
            "prepare_seconds": time.perf_counter() - started,
            "loss": loss,
            "versions": peer.versions(),
        }
    )
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "measure":
            answer(measure(peer, steps, request["seconds"]))
        else:
            answer({"peak_memory_mb": peak_memory_mb()})
            return


if __name__ == "__main__":
    limit_threads(*sys.argv[1:4])
    if sys.argv[-1] == "--once":
        built, _, _ = build(*sys.argv[1:5])
        print(json.dumps({"loss": float(built.fit()), "versions": built.versions()}))
    else:
        serve(sys.argv[1:5])
