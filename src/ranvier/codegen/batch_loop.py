"""Batches: the function that runs a stretch of batches, one step after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from .. import dtypes
from .call_glue_ir import STOPPED
from .denormals import flushed
from .ir_builder import Function, V, index


class Stream(NamedTuple):
    """A graph input that is filled batch by batch: its number in the table, and the bytes of one
    row."""

    slot: int
    row_bytes: int


def share(f: Function, units: int) -> tuple[str, str]:
    """This thread's range of units."""
    low = f.let(f"mul i64 {units}, %thread", dtypes.int64)
    low = f.let(f"udiv i64 {low.text}, %threads", dtypes.int64)
    more = f.let("add i64 %thread, 1", dtypes.int64)
    high = f.let(f"mul i64 {units}, {more.text}", dtypes.int64)
    high = f.let(f"udiv i64 {high.text}, %threads", dtypes.int64)
    return low.text, high.text


MEET = "call void @meet(ptr %sync, ptr %round, i64 %threads)"


def write_batches(streams: tuple[Stream, ...], batch: int, count_slot: int, threaded: bool) -> str:
    """The loop over a stretch of batches: rows of each stream are gathered, then one step is
    run."""
    arguments = ["ptr %table", "ptr %arena", "ptr %sync", "i64 %thread", "i64 %threads"]
    arguments += ["ptr %round", "ptr %streams", "ptr %order"]
    arguments += ["i64 %first", "i64 %last", "i64 %total", "i64 %per_epoch"]
    arguments += ["ptr %sums", "i64 %sum_bytes", "ptr %log"]
    f = Function("batches", arguments, "")
    ended = f.reserve("i64")
    f.do(f"store i64 0, ptr {ended}")
    with flushed(f), f.loop(index("%first"), index("%last"), 1) as (s, _), _going(f, ended):
        start = f.let(f"mul nsw i64 {s.text}, {batch}", dtypes.int64)
        if threaded:
            low, high = share(f, batch)
        else:
            low, high = "0", str(batch)
        for number, stream in enumerate(streams):
            source = f.fresh("src")
            pointer = f.fresh("at")
            f.do(f"{pointer} = getelementptr inbounds ptr, ptr %streams, i64 {number}")
            f.do(f"{source} = load ptr, ptr {pointer}")
            target = f.fresh("dst")
            slot = f.fresh("at")
            f.do(f"{slot} = getelementptr inbounds ptr, ptr %table, i64 {stream.slot}")
            f.do(f"{target} = load ptr, ptr {slot}")
            with f.loop(index(low), index(high), 1) as (r, _):
                row = f.iadd(start, r)
                where = f.fresh("w")
                f.do(f"{where} = getelementptr inbounds i64, ptr %order, i64 {row.text}")
                number_ = f.let(f"load i64, ptr {where}", dtypes.int64)
                move_from = f.pointer(source, dtypes.uint8, f.imul(number_, stream.row_bytes))
                move_to = f.pointer(target, dtypes.uint8, f.imul(r, stream.row_bytes))
                f.do(
                    f"call void @llvm.memcpy.p0.p0.i64(ptr {move_to}, ptr {move_from}, "
                    f"i64 {stream.row_bytes}, i1 false)"
                )
        batch_number = f.let(f"srem i64 {s.text}, %per_epoch", dtypes.int64)
        if count_slot >= 0:
            done = f.let(f"mul nsw i64 {batch_number.text}, {batch}", dtypes.int64)
            left = f.let(f"sub nsw i64 %total, {done.text}", dtypes.int64)
            less = f.let(f"icmp slt i64 {left.text}, {batch}", dtypes.bool_)
            rows = f.let(f"select {less}, i64 {left.text}, i64 {batch}", dtypes.int64)
            count = f.let(f"sitofp i64 {rows.text} to float", dtypes.float32)
            first = f.let("icmp eq i64 %thread, 0", dtypes.bool_)
            with f.when(first):
                slot, target = f.fresh("at"), f.fresh("dst")
                f.do(f"{slot} = getelementptr inbounds ptr, ptr %table, i64 {count_slot}")
                f.do(f"{target} = load ptr, ptr {slot}")
                f.do(f"store float {count.text}, ptr {target}")
        if threaded:
            f.do(MEET)
        answer = f.let(
            "call i64 @step(ptr %table, ptr %arena, ptr %sync, "
            "i64 %thread, i64 %threads, ptr %round)",
            dtypes.int64,
        )
        f.do(f"store i64 {answer.text}, ptr {ended}")
        step = f.pointer("%sync", dtypes.int64, index(STOPPED + 1))
        f.do(f"store atomic i64 {s.text}, ptr {step} monotonic, align 8")
        with _going(f, ended):
            _end_epoch(f, s, batch_number)
    if threaded:  # when the first thread returns, no other one is still at work on the weights
        f.do(MEET)
    return f.text()


@contextmanager
def _going(f: Function, ended: str) -> Iterator[None]:
    """What is left out once a step has ended early."""
    answer = f.let(f"load i64, ptr {ended}", dtypes.int64)
    with f.when(f.let(f"icmp eq i64 {answer.text}, 0", dtypes.bool_)):
        yield


def _end_epoch(f: Function, step: V, batch_number: V) -> None:
    """After the last batch of an epoch its sums go into the log and are reset (if there is a
    log)."""
    following = f.let(f"add nsw i64 {batch_number.text}, 1", dtypes.int64)
    last = f.let(f"icmp eq i64 {following.text}, %per_epoch", dtypes.bool_)
    logged = f.let("icmp ne ptr %log, null", dtypes.bool_)
    first = f.let("icmp eq i64 %thread, 0", dtypes.bool_)
    both = f.let(f"and i1 {last.text}, {logged.text}", dtypes.bool_)
    with f.when(f.let(f"and i1 {both.text}, {first.text}", dtypes.bool_)):
        epoch = f.let(f"sdiv i64 {step.text}, %per_epoch", dtypes.int64)
        at = f.let(f"mul nsw i64 {epoch.text}, %sum_bytes", dtypes.int64)
        row = f.pointer("%log", dtypes.uint8, at)
        f.do(f"call void @llvm.memcpy.p0.p0.i64(ptr {row}, ptr %sums, i64 %sum_bytes, i1 false)")
        f.do("call void @llvm.memset.p0.i64(ptr %sums, i8 0, i64 %sum_bytes, i1 false)")
