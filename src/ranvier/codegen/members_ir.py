"""Members: the function that runs a stretch of batches for one member after the other, as LLVM IR.

Members are models of one form, so one step serves all of them, on other arrays. A thread takes a
member, puts the addresses of its arrays into the table, draws its order of the rows, and runs the
whole stretch, so that the member's weights stay in the cache; then it takes the next one.
"""

from __future__ import annotations

from .call_glue_ir import STOPPED

# What a thread works with, number by number.
MEMBERS_LANE = ("table", "arena", "sync", "round", "order", "stopped")

# What is the same for all threads of a call.
MEMBERS_CALL = (
    *("batches", "draw", "taken", "addresses", "streams", "order", "sums", "log", "keys"),
    *("members", "inputs", "before", "streams_bytes", "sum_bytes", "log_bytes"),
    *("first", "last", "total", "per_epoch", "drawn", "epochs", "width"),
)
_POINTERS = (*MEMBERS_LANE[:5], *MEMBERS_CALL[:9])


def _loads(names: tuple[str, ...], array: str, prefix: str) -> str:
    lines = []
    for at, name in enumerate(names):
        kind = "ptr" if name in _POINTERS else "i64"
        lines.append(f"  %at.{prefix}{name} = getelementptr i64, ptr %{array}, i64 {at}")
        lines.append(f"  %{prefix}{name} = load {kind}, ptr %at.{prefix}{name}")
    return "\n".join(lines)


TEXT = f"""
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

define void @members(ptr %lane, ptr %call) {{
entry:
{_loads(MEMBERS_LANE, "lane", "own.")}
{_loads(MEMBERS_CALL, "call", "")}
  %slots = getelementptr i64, ptr %own.table, i64 %before
  %slot.bytes = mul i64 %inputs, 8
  %stop.at = getelementptr i64, ptr %own.sync, i64 {STOPPED}
  %draws = icmp ne ptr %draw, null
  %logged = icmp ne ptr %log, null
  br label %take
take:
  %m = atomicrmw add ptr %taken, i64 1 monotonic
  %any = icmp slt i64 %m, %members
  br i1 %any, label %one, label %leave
one:
  %from = mul i64 %m, %slot.bytes
  %arrays = getelementptr i8, ptr %addresses, i64 %from
  call void @llvm.memcpy.p0.p0.i64(ptr %slots, ptr %arrays, i64 %slot.bytes, i1 false)
  br i1 %draws, label %shuffle, label %ready
shuffle:
  %key.at = getelementptr i64, ptr %keys, i64 %m
  %key = load i64, ptr %key.at
  call void %draw(i64 %key, i64 %drawn, ptr %own.order, i64 %epochs, i64 %total, i64 %width)
  br label %ready
ready:
  %rows = phi ptr [ %order, %one ], [ %own.order, %shuffle ]
  %sums.from = mul i64 %m, %sum_bytes
  %sums.of = getelementptr i8, ptr %sums, i64 %sums.from
  %log.from = mul i64 %m, %log_bytes
  %log.there = getelementptr i8, ptr %log, i64 %log.from
  %log.of = select i1 %logged, ptr %log.there, ptr null
  %streams.from = mul i64 %m, %streams_bytes
  %streams.of = getelementptr i8, ptr %streams, i64 %streams.from
  %now = load i64, ptr %own.sync
  store i64 %now, ptr %own.round
  call void %batches(ptr %own.table, ptr %own.arena, ptr %own.sync, i64 0, i64 1, ptr %own.round,
                     ptr %streams.of, ptr %rows, i64 %first, i64 %last, i64 %total, i64 %per_epoch,
                     ptr %sums.of, i64 %sum_bytes, ptr %log.of)
  %outside = load i64, ptr %stop.at
  %ended = icmp ne i64 %outside, 0
  br i1 %ended, label %early, label %take
early:
  store i64 %m, ptr %at.own.stopped
  br label %leave
leave:
  ret void
}}
"""
