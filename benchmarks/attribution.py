"""Attributions beside the package shap and PyTorch, of one network with the same weights.

python benchmarks/attribution.py --peers-python ../peers/bin/python [--repeats 3]

The network is a perceptron of 64 and 64 units. SHAP values are those of one row; integrated
gradients, 64 points each, those of 256 rows: in PyTorch as Captum computes them, all points as one
batch through `torch.autograd.grad`. Every library sits in its own process, warmed up by one call,
and they are measured in turn, on one thread. shap asks the network through PyTorch, the fastest way
that it has here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

FILE = Path(__file__)
WIDTH, ROWS, POINTS = 64, 256, 64
# name: (features, background rows)
JOBS = {
    "exact-10": (10, 100), "exact-12": (12, 50), "exact-16": (16, 32),
    "permutation-20": (20, 100), "kernel-20": (20, 100), "integrated": (16, 0),
}  # fmt: skip
TITLES = {
    "exact-10": "SHAP values, exact: 10 features, 100 background rows",
    "exact-12": "SHAP values, exact: 12 features, 50 background rows",
    "exact-16": "SHAP values, exact: 16 features, 32 background rows",
    "permutation-20": "SHAP values, 10 paired permutations: 20 features, 100 background rows",
    "kernel-20": "SHAP values, kernel, 1,024 coalitions: 20 features, 100 background rows",
    "integrated": "integrated gradients, 64 points: 256 rows of 16 features",
}


def data(job: str) -> dict[str, np.ndarray]:
    """Weights, a row and the background, the same for every library."""
    features, background = JOBS[job]
    random = np.random.default_rng(0)
    sizes = [(features, WIDTH), (WIDTH, WIDTH), (WIDTH, 1)]
    made = {f"w{i}": random.normal(size=s) / s[0] ** 0.5 for i, s in enumerate(sizes)}
    made |= {f"b{i}": 0.1 * random.normal(size=s[1]) for i, s in enumerate(sizes)}
    made |= {"x": random.normal(size=(1, features)), "rows": random.normal(size=(ROWS, features))}
    made["background"] = random.normal(size=(background, features))
    return {name: a.astype(np.float32) for name, a in made.items()}


# --- libraries ----------------------------------------------------------------------------------


def ranvier_work(job: str) -> Callable[[], Any]:
    """What is measured of Ranvier."""
    import ranvier
    from ranvier.attribution import integrated_gradients, shap_values

    ranvier.config(threads=1)
    d = data(job)
    layers = [
        ranvier.nn.Dense(WIDTH, "relu", input_shape=(d["x"].shape[1],)),
        ranvier.nn.Dense(WIDTH, "relu"), ranvier.nn.Dense(1),
    ]  # fmt: skip
    model = ranvier.Sequential(layers)
    model.set_weights([d[name] for name in ("w0", "b0", "w1", "b1", "w2", "b2")])
    if job == "integrated":
        return lambda: integrated_gradients(model, d["rows"], steps=POINTS).values
    method, _, _ = job.partition("-")
    # 10 paired permutations in all, as the peer does, each against all rows of the background.
    rounds = {"permutation": 10, "kernel": 512}.get(method)
    return lambda: (
        shap_values(model, d["x"], d["background"], method=method, rounds=rounds).values  # type: ignore[arg-type]
    )


def peer_work(job: str) -> Callable[[], Any]:
    """What is measured of shap on PyTorch, and of PyTorch."""
    import shap
    import torch

    torch.set_num_threads(1)
    d = data(job)
    t = {name: torch.tensor(a) for name, a in d.items()}

    def network(x: Any) -> Any:
        hidden = torch.relu(x @ t["w0"] + t["b0"])
        return torch.relu(hidden @ t["w1"] + t["b1"]) @ t["w2"] + t["b2"]

    def numbers(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network(torch.from_numpy(np.ascontiguousarray(x, np.float32)))[:, 0].numpy()

    if job == "integrated":
        nodes, weights = np.polynomial.legendre.leggauss(POINTS)
        share = torch.tensor((nodes + 1) / 2, dtype=torch.float32)[None, :, None]
        weight = torch.tensor(weights / 2, dtype=torch.float32)[None, :, None]

        def integrated() -> np.ndarray:
            way = (share * t["rows"][:, None]).reshape(-1, t["rows"].shape[1]).requires_grad_()
            (grad,) = torch.autograd.grad(network(way).sum(), way)
            mean = (weight * grad.reshape(ROWS, POINTS, -1)).sum(1)
            return (mean * t["rows"]).numpy()

        return integrated
    features, rows = JOBS[job]
    masker = shap.maskers.Independent(d["background"], max_samples=rows)
    if job.startswith("exact"):
        exact = shap.ExactExplainer(numbers, masker)
        return lambda: exact(d["x"]).values
    if job.startswith("permutation"):
        explainer = shap.PermutationExplainer(numbers, masker, seed=0)
        return lambda: explainer(d["x"], max_evals=10 * (2 * features + 1), silent=True).values
    kernel = shap.KernelExplainer(numbers, d["background"])
    return lambda: kernel.shap_values(d["x"], nsamples=1024, silent=True)


# --- measuring ----------------------------------------------------------------------------------


def serve(work: Callable[[], Any]) -> None:
    """Answer every line of standard input with the seconds of one call and its values."""
    values = work()
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        values = work()
        seconds = time.perf_counter() - began
        flat = np.asarray(values, np.float64).ravel()[:16].tolist()
        print(json.dumps({"seconds": seconds, "values": flat}), flush=True)


class Worker:
    """A process that does the work of one library."""

    def __init__(self, python: str, who: str, job: str) -> None:
        env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [python, str(FILE), "--serve", who, job], stdin=subprocess.PIPE, env=env,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.answer()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise RuntimeError("the worker ended; run it by hand with --serve")

    def measure(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        print("go", file=self.process.stdin, flush=True)
        return self.answer()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("jobs", nargs="*", default=list(JOBS), metavar="JOB")
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--serve", nargs=2)
    options = parser.parse_args()
    if options.serve:
        who, job = options.serve
        serve({"ranvier": ranvier_work, "peer": peer_work}[who](job))
        return
    print("| work | Ranvier, best (median) | shap or PyTorch | ratio | largest difference |")
    print("|---|---|---|---|---|")
    for job in options.jobs:
        ours, peer = (
            Worker(python, who, job)
            for python, who in ((sys.executable, "ranvier"), (options.peers_python, "peer"))
        )
        rounds = [(ours.measure(), peer.measure()) for _ in range(options.repeats)]
        ours.end()
        peer.end()
        mine, others = ([r[i]["seconds"] for r in rounds] for i in (0, 1))
        difference = np.abs(np.subtract(rounds[0][0]["values"], rounds[0][1]["values"])).max()
        print(
            f"| {TITLES[job]} | {1e3 * min(mine):.3g} ms ({1e3 * median(mine):.3g}) | "
            f"{1e3 * min(others):.3g} ms ({1e3 * median(others):.3g}) | "
            f"{min(others) / min(mine):.1f}x | {difference:.1g} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
