"""Planted problems and clean trainings, counted: the figures of docs/results.md.

    RANVIER_DATA=... python tests/diagnosis/campaign.py --seeds 20

Prints for each kind how many planted problems were found and what clean trainings raised, then how
close those came to the thresholds that the checks use.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from diagnosis.clean import CLEAN, Run, clean_run
from diagnosis.data.planted import PLANTED_DATA
from diagnosis.planted import PLANTED, planted_run
from ranvier.diagnosis import CHECKS, Examination
from ranvier.diagnosis.diagnose import examine
from ranvier.diagnosis.network.gradients import _by_layer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--seeds", type=int, default=20, help="clean trainings of each data set")
    seeds = parser.parse_args().seeds
    warnings.simplefilter("ignore")
    alarms: Counter[str] = Counter()
    near: dict[str, list[float]] = {}
    seconds = []
    for name in CLEAN:
        for seed in range(seeds):
            run = clean_run(name, seed)
            began = time.perf_counter()
            examination = examined(run)
            for finding in examine(examination):
                alarms[finding.name] += 1
                print(f"{name} {seed}: {finding}")
            seconds.append(time.perf_counter() - began)
            for what, value in statistics(examination).items():
                near.setdefault(what, []).append(value)
    print("| kind | planted | found | alarms of clean trainings |\n|---|---|---|---|")
    for check in CHECKS:
        found, planted = hits(check.kind)
        print(f"| {check.kind} | {planted} | {found} | {alarms[check.kind]} |")
    print(f"\n{seeds * len(CLEAN)} clean trainings: {alarms.total()} alarms")
    print(f"a diagnosis: median {np.median(seconds):.2f} s, longest {max(seconds):.2f} s\n")
    print("| of clean trainings | smallest | median | largest |\n|---|---|---|---|")
    for what, values in near.items():
        low, middle, high = np.quantile(values, [0, 0.5, 1])
        print(f"| {what} | {low:.3g} | {middle:.3g} | {high:.3g} |")


def examined(run: Run) -> Examination:
    history = run.model.history
    return Examination(run.model, run.x, run.y, validation_data=run.held, history=history)


def hits(kind: str) -> tuple[int, int]:
    """(found, planted) of a kind."""
    count = 0
    for name in PLANTED.get(kind, ()):
        run = planted_run(kind, name)
        count += bool(run.model.diagnose(run.x, run.y, validation_data=run.held)[kind])
    (check,) = (c for c in CHECKS if c.kind == kind)
    for make in PLANTED_DATA.get(kind, {}).values():
        count += any(True for _ in check.look(make()))
    return count, len(PLANTED.get(kind, ())) + len(PLANTED_DATA.get(kind, ()))


def statistics(e: Examination) -> dict[str, float]:
    """What the thresholds of the checks are compared with."""
    curve, held = e.curve("loss"), e.curve("val_loss")
    scales, along = e.along
    shares = [
        float((u.values.reshape(-1, u.values.shape[-1]) == 0).all(axis=0).mean())
        for u in e.probe.units
        if u.kind == "relu"
    ]
    _, gradients = _by_layer(e)
    learned, unseen = e.errors(e.some), None if e.validation is None else e.errors(e.validation)
    assert learned is not None and unseen is not None
    return {
        "validation loss over its lowest": e.validation_loss / float(held.min()),
        "errors unseen less learned": float(unseen.mean() - learned.mean()),
        "loss after one step over before": float(along[np.abs(scales - 1).argmin()] / along[0]),
        "highest epoch over the constant answer's loss": float(curve.max() / e.constant_loss),
        "largest rise of an epoch, same unit": float(np.diff(curve).max() / e.constant_loss),
        "last epoch, same unit": float(curve[-1] / e.constant_loss),
        "largest share of dead units": max(shares, default=math.nan),
        "gradient of the first layer over the last": gradients[0] / gradients[-1],
    }


if __name__ == "__main__":
    main()
