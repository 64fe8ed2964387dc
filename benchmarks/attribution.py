"""Attributions beside the package shap, Captum and PyTorch, of one network with the same weights.

python benchmarks/attribution.py --peers-python ../peers/bin/python [--repeats 3] [--output FILE]

The perceptron has 64 and 64 units, the convolutional network 16 and 32 filters over 28 x 28 pixels.
SHAP values are those of one row, maps those of 256 rows or 16 images. shap asks the network through
PyTorch, the fastest way that it has here; "PyTorch" is integrated gradients written by hand, all
points as one batch through `torch.autograd.grad`; Captum computes 64 points of a row at once as its
IntegratedGradients does. Every library sits in its own process, warmed up by one call, and they are
measured in turn, on one thread. All random numbers are of seed 0.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

FILE = Path(__file__)
WIDTH, ROWS, IMAGES, POINTS, SIDE, CLASSES = 64, 256, 16, 64, 28, 10


class Job(NamedTuple):
    """What is measured: its title, the peers that can do it, features and background rows."""

    title: str
    peers: tuple[str, ...]
    features: int = 16
    background: int = 0


JOBS = {
    "exact-10": Job("SHAP, exact: 10 features, 100 rows behind", ("shap",), 10, 100),
    "exact-12": Job("SHAP, exact: 12 features, 50 rows behind", ("shap",), 12, 50),
    "exact-16": Job("SHAP, exact: 16 features, 32 rows behind", ("shap",), 16, 32),
    "permutation-20": Job(
        "SHAP, 10 paired permutations: 20 features, 100 rows behind", ("shap",), 20, 100
    ),
    "kernel-20": Job(
        "SHAP, kernel, 1,024 coalitions: 20 features, 100 rows behind", ("shap",), 20, 100
    ),
    "saliency": Job("saliency: 256 rows of 16 features", ("captum",)),
    "saliency-images": Job("saliency: 16 images", ("captum",)),
    "integrated": Job(
        "integrated gradients, 64 points: 256 rows of 16 features", ("captum", "torch")
    ),
    "integrated-images": Job("integrated gradients, 64 points: 16 images", ("captum", "torch")),
    "cam-images": Job("Grad-CAM: 16 images", ("captum",)),
    "relevance": Job("layer-wise relevance: 256 rows of 16 features", ("captum",)),
    "relevance-images": Job("layer-wise relevance: 16 images", ("captum",)),
}


def data(job: str) -> dict[str, np.ndarray]:
    """Weights, a row and the background, the same for every library."""
    random = np.random.default_rng(0)
    features, background = JOBS[job].features, JOBS[job].background
    if job.endswith("images"):
        flat = ((SIDE - 2) // 2 - 2) ** 2 * 32
        sizes: list[tuple[int, ...]] = [(3, 3, 1, 16), (3, 3, 16, 32), (flat, CLASSES)]
        rows: tuple[int, ...] = (IMAGES, SIDE, SIDE, 1)
    else:
        sizes = [(features, WIDTH), (WIDTH, WIDTH), (WIDTH, 1)]
        rows = (ROWS, features)
    made = {f"w{i}": random.normal(size=s) / np.prod(s[:-1]) ** 0.5 for i, s in enumerate(sizes)}
    made |= {f"b{i}": 0.1 * random.normal(size=s[-1]) for i, s in enumerate(sizes)}
    made |= {"x": random.normal(size=(1, features)), "rows": random.normal(size=rows)}
    made["background"] = random.normal(size=(background, features))
    return {name: a.astype(np.float32) for name, a in made.items()}


# --- libraries ----------------------------------------------------------------------------------


def ranvier_work(job: str) -> Callable[[], Any]:
    """What is measured of Ranvier."""
    import ranvier
    from ranvier import attribution, nn

    ranvier.config(threads=1)
    d = data(job)
    if job.endswith("images"):
        layers: list[Any] = [
            nn.Conv2D(16, 3, activation="relu", input_shape=(SIDE, SIDE, 1)), nn.MaxPooling2D(2),
            nn.Conv2D(32, 3, activation="relu", name="last"), nn.Flatten(), nn.Dense(CLASSES),
        ]  # fmt: skip
    else:
        layers = [
            nn.Dense(WIDTH, "relu", input_shape=(JOBS[job].features,)), nn.Dense(WIDTH, "relu"),
            nn.Dense(1),
        ]  # fmt: skip
    model = ranvier.Sequential(layers)
    model.set_weights([d[name] for name in ("w0", "b0", "w1", "b1", "w2", "b2")])
    rows: Any = d["rows"]
    method = job.partition("-")[0]
    if method == "saliency":
        return lambda: attribution.saliency(model, rows, output=0).values
    if method == "integrated":
        integrated = attribution.integrated_gradients
        return lambda: integrated(model, rows, steps=POINTS, output=0).values
    if method == "cam":
        return lambda: attribution.grad_cam(model, rows, layer="last", output=0).values
    if method == "relevance":
        relevance = attribution.layerwise_relevance
        return lambda: relevance(model, rows, output=0, epsilon=1e-9).values
    # 10 paired permutations in all, as the peer does, each against all rows of the background.
    rounds = {"permutation": 10, "kernel": 512}.get(method)
    shap_values: Any = attribution.shap_values
    return lambda: shap_values(model, d["x"], d["background"], method=method, rounds=rounds).values


def shap_work(job: str) -> Callable[[], Any]:
    """What is measured of the package shap, on PyTorch."""
    import shap
    import torch

    torch.set_num_threads(1)
    d, network = data(job), torch_network(job)

    def numbers(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network(torch.from_numpy(np.ascontiguousarray(x, np.float32)))[:, 0].numpy()

    masker = shap.maskers.Independent(d["background"], max_samples=JOBS[job].background)
    if job.startswith("exact"):
        exact = shap.ExactExplainer(numbers, masker)
        return lambda: exact(d["x"]).values
    if job.startswith("permutation"):
        explainer = shap.PermutationExplainer(numbers, masker, seed=0)
        evaluations = 10 * (2 * JOBS[job].features + 1)
        return lambda: explainer(d["x"], max_evals=evaluations, silent=True).values
    kernel = shap.KernelExplainer(numbers, d["background"])
    return lambda: kernel.shap_values(d["x"], nsamples=1024, silent=True)


def torch_network(job: str) -> Any:
    """The network of a job in PyTorch, channels first."""
    import torch
    from torch import nn

    d = {name: torch.tensor(a) for name, a in data(job).items()}

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            if job.endswith("images"):
                side = (SIDE - 2) // 2 - 2
                self.first, self.last = nn.Conv2d(1, 16, 3), nn.Conv2d(16, 32, 3)
                weights = [d[name].permute(3, 2, 0, 1) for name in ("w0", "w1")]
                out = d["w2"].reshape(side, side, 32, CLASSES).permute(2, 0, 1, 3)
                weights.append(out.reshape(-1, CLASSES).T)
                self.pool: Any = nn.MaxPool2d(2)
                self.out = nn.Linear(len(d["w2"]), CLASSES)
            else:
                self.first = nn.Linear(*d["w0"].shape)  # type: ignore[assignment]
                self.last = nn.Linear(WIDTH, WIDTH)  # type: ignore[assignment]
                weights, self.pool = [d["w0"].T, d["w1"].T, d["w2"].T], None
                self.out = nn.Linear(WIDTH, 1)
            for i, layer in enumerate((self.first, self.last, self.out)):
                layer.weight.data, layer.bias.data = weights[i].contiguous(), d[f"b{i}"]
            self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()

        def forward(self, x: Any) -> Any:
            x = self.relu1(self.first(x))
            x = self.relu2(self.last(x if self.pool is None else self.pool(x)))
            return self.out(torch.flatten(x, 1))

    return Network().eval().requires_grad_(False)


def torch_rows(job: str) -> Any:
    """The rows of a job as a tensor, channels first."""
    import torch

    rows = torch.tensor(data(job)["rows"])
    return rows.permute(0, 3, 1, 2).contiguous() if rows.ndim == 4 else rows


def torch_work(job: str) -> Callable[[], Any]:
    """Integrated gradients written by hand: all points of all rows as one batch."""
    import torch

    torch.set_num_threads(1)
    network, rows = torch_network(job), torch_rows(job)
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    wide = (1, POINTS) + (1,) * (rows.ndim - 1)
    share = torch.tensor((nodes + 1) / 2, dtype=torch.float32).reshape(wide)
    weight = torch.tensor(weights / 2, dtype=torch.float32).reshape(wide)

    def integrated() -> np.ndarray:
        way = (share * rows[:, None]).reshape(-1, *rows.shape[1:]).requires_grad_()
        (grad,) = torch.autograd.grad(network(way)[:, 0].sum(), way)
        mean = (weight * grad.reshape(len(rows), POINTS, *rows.shape[1:])).sum(1)
        return np.asarray(mean * rows)

    return integrated


def captum_work(job: str) -> Callable[[], Any]:
    """What is measured of Captum."""
    import torch
    from captum.attr import LRP, IntegratedGradients, LayerGradCam, Saliency

    torch.set_num_threads(1)
    network, rows = torch_network(job), torch_rows(job)
    method = job.partition("-")[0]
    if method == "saliency":
        saliency = Saliency(network)
        return lambda: saliency.attribute(rows.clone().requires_grad_(), target=0).numpy()
    if method == "integrated":
        integrated = IntegratedGradients(network)
        return lambda: integrated.attribute(rows, target=0, n_steps=POINTS).numpy()
    if method == "cam":
        cam = LayerGradCam(network.requires_grad_(), network.relu2)
        relu: Any = torch.relu
        return lambda: relu(cam.attribute(rows, target=0)).detach().numpy()
    relevance = LRP(network)
    return lambda: relevance.attribute(rows.clone().requires_grad_(), target=0).detach().numpy()


WORK = {
    "ranvier": ranvier_work, "shap": shap_work, "captum": captum_work, "torch": torch_work,
}  # fmt: skip
PEERS = {"shap": "shap", "captum": "Captum", "torch": "PyTorch"}


# --- measuring ----------------------------------------------------------------------------------


def serve(work: Callable[[], Any]) -> None:
    """Answer every line of standard input with the seconds of one call and its values."""
    values = work()
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        values = work()
        seconds = time.perf_counter() - began
        flat = np.asarray(values, np.float64).ravel()[:200].tolist()
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
    parser.add_argument("--output", help="write the table to this file too")
    parser.add_argument("--serve", nargs=2)
    options = parser.parse_args()
    if options.serve:
        who, job = options.serve
        serve(WORK[who](job))
        return
    lines = ["| work | Ranvier | peer | | largest difference |", "|---|---|---|---|---|"]
    print(*lines, sep="\n", flush=True)
    for job in options.jobs:
        for line in rows_of(job, options.peers_python, options.repeats):
            lines.append(line)
            print(line, flush=True)
    if options.output:
        Path(options.output).write_text("\n".join(lines) + "\n", encoding="utf-8")


def rows_of(job: str, peers_python: str, repeats: int) -> Iterator[str]:
    """The lines of the table for one job, one for each peer; best and, in brackets, median."""
    title, peers = JOBS[job][:2]
    workers = {"ranvier": Worker(sys.executable, "ranvier", job)}
    workers |= {peer: Worker(peers_python, peer, job) for peer in peers}
    rounds = [{who: w.measure() for who, w in workers.items()} for _ in range(repeats)]
    for worker in workers.values():
        worker.end()
    seconds = {who: [r[who]["seconds"] for r in rounds] for who in workers}
    values = {who: np.array(rounds[0][who]["values"]) for who in workers}

    def times(who: str) -> str:
        return f"{1e3 * min(seconds[who]):.3g} ms ({1e3 * median(seconds[who]):.3g})"

    for peer in peers:
        difference = np.abs(values["ranvier"] - values[peer]).max()
        difference /= max(np.abs(values[peer]).max(), 1e-12)
        yield (
            f"| {title} | {times('ranvier')} | {PEERS[peer]} {times(peer)} | "
            f"{min(seconds[peer]) / min(seconds['ranvier']):.2g}x | {difference:.1g} |"
        )


if __name__ == "__main__":
    main()
