"""Random programs by the ten thousand: eager, reference and compiled say the same.

    python tests/compiler/random_campaign.py --first 0 --count 100000 --threads 2 --processes 2

Program number s is made from the seed s alone. Every failure is printed with its seed as it is
found (`--first SEED --count 1` runs it again), a process that dies with the seed it was at; the
last line sums up, and the exit status is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from compiler.common import same_outcome, threads
from compiler.random_graphs import build
from ranvier.base.config import switches

_TURNS = 2  # runs of one program, as updates change its inputs


def run_program(seed: int) -> bool:
    """Run program `seed`; whether its indices were refused. AssertionError where it differs."""
    source = random.Random(seed)
    graph, arrays = build(source.randrange, outside=True)
    return same_outcome(graph, arrays, _TURNS)


def work(seeds: range, count: int, at: Any, found: Any) -> None:
    """Run programs in this process; `at` holds the seed, `found` gets what came of them."""
    switches.cache, switches.check = "off", True
    refused = 0
    with threads(count):
        for seed in seeds:
            at.value = seed
            try:
                refused += run_program(seed)
            except Exception as error:
                found.put((seed, f"{type(error).__name__}: {error}"))
    found.put((None, refused))


class Worker:
    """A process that runs programs, begun anew behind one that killed it."""

    def __init__(self, seeds: range, count: int) -> None:
        self.seeds, self.count = seeds, count
        self.failures: list[tuple[int, str]] = []
        self.refused = 0
        self._begin(seeds)

    def _begin(self, seeds: range) -> None:
        context = multiprocessing.get_context("spawn")
        self.at, self.found = context.Value("q", seeds.start), context.Queue()
        arguments = (seeds, self.count, self.at, self.found)
        self.process = context.Process(target=work, args=arguments)
        self.process.start()
        self.done = False

    def look(self) -> bool:
        """Take what it has found; whether it is still at work."""
        alive = self.process.is_alive()
        while not self.found.empty():
            seed, what = self.found.get()
            if seed is None:
                self.refused, self.done = self.refused + what, True
            else:
                self._fail(seed, what)
        if alive or self.done:
            return not self.done
        self._fail(self.at.value, f"the process died (exit code {self.process.exitcode})")
        left = range(self.at.value + 1, self.seeds.stop)
        if left:
            self._begin(left)
        return bool(left)

    def _fail(self, seed: int, what: str) -> None:
        self.failures.append((seed, what))
        print(f"seed {seed}: {what}", flush=True)


def main() -> int:
    """Run the programs and print the sum."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=1000, help="how many programs")
    parser.add_argument("--threads", type=int, default=1, help="threads of compiled code")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    began, step = time.perf_counter(), -(-given.count // given.processes)
    last = given.first + given.count
    starts = range(given.first, last, step)
    workers = [Worker(range(s, min(s + step, last)), given.threads) for s in starts]
    at_work = workers
    while at_work:
        time.sleep(0.2)
        at_work = [worker for worker in at_work if worker.look()]
    failed = sorted(seed for worker in workers for seed, _ in worker.failures)
    print(
        f"{given.count} programs, seeds {given.first} to {last - 1}, {given.threads} threads, "
        f"{given.processes} processes: {len(failed)} failed {failed[:20] if failed else ''}, "
        f"{sum(w.refused for w in workers)} refused alike, {time.perf_counter() - began:.0f} s"
    )
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
