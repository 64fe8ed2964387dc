"""Subnormal numbers: those below 1.2e-38, which processors work on many times slower.

Training makes them all the time: a unit that no gradient reaches any more has moments that shrink
for ever, and the square of a small gradient is smaller still. A step of a small network took a
sixth longer for it. So while a stretch of batches runs they count as 0, as they do in TensorFlow
and JAX; the thread's mode is what it was when the stretch is over. Everywhere else (eager, and in
compiled functions) they are what NumPy says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..base.processor import architecture
from .ir_builder import Function

_X86 = 0x8040  # of the register MXCSR: subnormal results, and operands, are 0
_ARM = 1 << 24  # of the register FPCR: the same


def declarations() -> set[str]:
    """What `flushed` calls on this machine."""
    kind = architecture()
    if kind == "x86":
        return {f"declare void @llvm.x86.sse.{way}mxcsr(ptr)" for way in ("ld", "st")}
    if kind == "arm":
        return {"declare i64 @llvm.aarch64.get.fpcr()", "declare void @llvm.aarch64.set.fpcr(i64)"}
    return set()


@contextmanager
def flushed(f: Function) -> Iterator[None]:
    """What is written inside runs with subnormal numbers as 0."""
    kind = architecture()
    if kind == "x86":
        register, before, now = f.reserve("i32"), f.fresh("mode"), f.fresh("mode")
        f.do(f"call void @llvm.x86.sse.stmxcsr(ptr {register})")
        f.do(f"{before} = load i32, ptr {register}")
        f.do(f"{now} = or i32 {before}, {_X86}")
        f.do(f"store i32 {now}, ptr {register}")
        f.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {register})")
        yield
        f.do(f"store i32 {before}, ptr {register}")
        f.do(f"call void @llvm.x86.sse.ldmxcsr(ptr {register})")
    elif kind == "arm":
        before, now = f.fresh("mode"), f.fresh("mode")
        f.do(f"{before} = call i64 @llvm.aarch64.get.fpcr()")
        f.do(f"{now} = or i64 {before}, {_ARM}")
        f.do(f"call void @llvm.aarch64.set.fpcr(i64 {now})")
        yield
        f.do(f"call void @llvm.aarch64.set.fpcr(i64 {before})")
    else:
        yield
