"""What recording costs: whole fits with and without `ranvier.callbacks.Record`, in turn.

python benchmarks/recording.py [WORKLOAD ...] [--seconds 6] [--repeats 5] [--output FILE]

Each fit has a new model, so it traces and loads what it runs; both are in the cache from a first
round, which is not counted. The number of epochs is chosen so that a fit takes about `--seconds`.
Fits with and without follow each other, in changing order. Everything runs on one thread, and the
time is that of the processor, so that other processes on the machine count less. The cost is the
median of the ratios of such pairs, and beside it the ratio of the quickest fits. "Own time" is that
of the recorder's calls, tracing and loading included, as a share of the fit: of all these figures
it scatters least.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from peers.ranvier_peer import Peer
from workload import find

from ranvier.callbacks import Record

WORKLOADS = ("small_mlp", "mnist_mlp", "mnist_cnn", "lstm")


class Timed(Record):
    """A record that counts the processor time of all that it does."""

    own = 0.0

    def before_step(self, watched: Any) -> None:
        began = time.process_time()
        super().before_step(watched)
        self.own += time.process_time() - began

    def after_step(self) -> None:
        began = time.process_time()
        super().after_step()
        self.own += time.process_time() - began


def fit(workload: Any, data: Any, epochs: int, record: Record | None) -> float:
    """Seconds of one whole fit of a new model."""
    peer = Peer(workload, *data, 1, "")
    began = time.process_time()
    peer.model.fit(
        peer.x, peer.y, epochs=epochs, batch_size=workload.batch_size, verbose=0,
        callbacks=[] if record is None else [record],
    )  # fmt: skip
    return time.process_time() - began


def measured(name: str, seconds: float, repeats: int) -> dict[str, Any]:
    """The row of one workload."""
    workload = replace(find(name)[0], epochs=1)
    data = workload.data()
    for record in (None, Record(max_cost=None)):
        fit(workload, data, 1, record)  # fills the caches
    epochs = max(1, round(seconds / _seconds_per_epoch(workload, data)))
    ratios, plain, with_record, records, compiled, inside = [], [], [], [], [], []
    for round_ in range(repeats):
        pair: dict[bool, float] = {}
        for recorded in (True, False) if round_ % 2 else (False, True):
            record = Timed() if recorded else None
            pair[recorded] = fit(workload, data, epochs, record)
            if record is not None:
                records.append(len(record))
                compiled.append(record.seconds["compile"])
                inside.append(record.own / pair[True])
        plain.append(pair[False])
        with_record.append(pair[True])
        ratios.append(pair[True] / pair[False])
    return {
        "workload": name,
        "epochs": epochs,
        "plain": median(plain),
        "recorded": median(with_record),
        "cost": median(ratios) - 1,
        "best": min(with_record) / min(plain) - 1,
        "spread": (min(ratios) - 1, max(ratios) - 1),
        "share_inside": median(inside),
        "records": median(records),
        "trace_and_load": median(compiled),
    }


def _seconds_per_epoch(workload: Any, data: Any) -> float:
    few, many = 2, 6
    short, long = (min(fit(workload, data, n, None) for _ in range(2)) for n in (few, many))
    if long < 0.2:  # so short that making the step is most of it
        many = 2000
        long = fit(workload, data, many, None)
    return max(long - short, 1e-6) / (many - few)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workloads", nargs="*", default=WORKLOADS)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    rows = []
    print(
        "| work | fit | with a record | cost, median of pairs | of the best | own time | records |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in options.workloads or WORKLOADS:
        row = measured(name, options.seconds, options.repeats)
        rows.append(row)
        low, high = row["spread"]
        print(
            f"| {find(name)[0].title} | {row['plain']:.2f} s | {row['recorded']:.2f} s | "
            f"{row['cost']:.1%} ({low:.1%} to {high:.1%}) | {row['best']:.1%} | "
            f"{row['share_inside']:.1%} | {row['records']:g} |",
            flush=True,
        )
    if options.output:
        options.output.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
