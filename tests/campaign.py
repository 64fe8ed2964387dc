"""Campaigns: random cases by the thousand in several processes, each made from its seed alone.

Every failure is printed with its seed as it is found (`--first SEED --count 1` runs it again), a
process that dies with the seed it was at; the last line sums up, and the exit status is 1 if
anything failed.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import time
from collections.abc import Callable
from typing import Any

from compiler.common import threads
from guarded import guarded_memory
from ranvier.base.config import switches

# Runs the case of a seed; whether it was refused, alike on all engines. An exception is a failure.
RunCase = Callable[[int], bool]


def work(run_case: RunCase, seeds: range, count: int, guarded: bool, at: Any, found: Any) -> None:
    """Run cases in this process; `at` holds the seed, `found` gets what came of them."""
    switches.cache, switches.check = "off", True
    refused = 0
    with threads(count), guarded_memory() if guarded else contextlib.nullcontext():
        for seed in seeds:
            at.value = seed
            try:
                refused += run_case(seed)
            except Exception as error:
                found.put((seed, f"{type(error).__name__}: {error}"))
    found.put((None, refused))


class Worker:
    """A process that runs cases, started again after one that died."""

    def __init__(self, run_case: RunCase, seeds: range, count: int, guarded: bool = False) -> None:
        self.run_case, self.seeds, self.count, self.guarded = run_case, seeds, count, guarded
        self.failures: list[tuple[int, str]] = []
        self.refused = 0
        self._begin(seeds)

    def _begin(self, seeds: range) -> None:
        context = multiprocessing.get_context("spawn")
        self.at, self.found = context.Value("q", seeds.start), context.Queue()
        arguments = (self.run_case, seeds, self.count, self.guarded, self.at, self.found)
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


def main(title: str, noun: str, run_case: RunCase) -> int:
    """Run the cases that the command line asks for and print the sum."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=1000, help=f"how many {noun}")
    parser.add_argument("--threads", type=int, default=1, help="threads of compiled code")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--guarded", action="store_true", help="between pages nobody may touch")
    given = parser.parse_args()
    began, step = time.perf_counter(), -(-given.count // given.processes)
    last = given.first + given.count
    starts = range(given.first, last, step)
    workers = [
        Worker(run_case, range(s, min(s + step, last)), given.threads, given.guarded)
        for s in starts
    ]
    at_work = workers
    while at_work:
        time.sleep(0.2)
        at_work = [worker for worker in at_work if worker.look()]
    failed = sorted(seed for worker in workers for seed, _ in worker.failures)
    print(
        f"{given.count} {noun}, seeds {given.first} to {last - 1}, {given.threads} threads, "
        f"{given.processes} processes{', guarded' if given.guarded else ''}: "
        f"{len(failed)} failed {failed[:20] if failed else ''}, "
        f"{sum(w.refused for w in workers)} refused alike, {time.perf_counter() - began:.0f} s"
    )
    return int(bool(failed))
