"""The driver's functions as LLVM IR.

An object is read where CPython and NumPy put its fields; runtime/call_glue.py says what for, and
makes sure that they are there.
"""

from __future__ import annotations

FITS, OTHER, OVERLAP, NOT_FINITE, OUTSIDE = range(5)

# `sync` begins with the counter at which threads meet. A cache line further stands whether a step
# has ended early, and then the number of the batch.
STOPPED, SYNC_BYTES = 8, 128

FIRST, RECORD = 3, 6  # in a spec: where the first record is, and how many numbers each has

OBJECT_HEAD_BYTES = object.__basicsize__  # bytes in front of what an object holds
TUPLE_HEAD_BYTES = tuple.__basicsize__  # bytes in front of a tuple's elements

# What a lane holds, number by number.
LANE = (
    *("spec", "table", "arena", "sync", "round", "step", "thread", "threads"),
    *("batch", "x_bytes", "out_bytes", "check", "x_pad", "out_pad", "out", "status"),
    *("taken", "chunk"),
)

_DECLARATIONS = """
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare <32 x i32> @llvm.umax.v32i32(<32 x i32>, <32 x i32>)
declare i32 @llvm.vector.reduce.umax.v32i32(<32 x i32>)
"""

# NOTE: fields of an array object behind its head: data 0, axes 8, shape 16, strides 24, base 32,
# dtype 40, flags 48.
_BIND = f"""
define internal ptr @object(ptr %objects, i64 %i) alwaysinline {{
  %items = getelementptr i8, ptr %objects, i64 {TUPLE_HEAD_BYTES}
  %at = getelementptr ptr, ptr %items, i64 %i
  %object = load ptr, ptr %at
  ret ptr %object
}}

define internal i64 @field(ptr %object, i64 %offset) alwaysinline {{
  %head = getelementptr i8, ptr %object, i64 {OBJECT_HEAD_BYTES}
  %at = getelementptr i8, ptr %head, i64 %offset
  %value = load i64, ptr %at
  ret i64 %value
}}

define internal i64 @number(ptr %numbers, i64 %i) alwaysinline {{
  %at = getelementptr i64, ptr %numbers, i64 %i
  %value = load i64, ptr %at
  ret i64 %value
}}

define internal i64 @record(ptr %spec, i64 %i, i64 %which) alwaysinline {{
  %begin = mul i64 %i, {RECORD}
  %first = add i64 %begin, {FIRST}
  %at = add i64 %first, %which
  %value = call i64 @number(ptr %spec, i64 %at)
  ret i64 %value
}}

define internal i64 @rows.of(ptr %object) alwaysinline {{
  %shape.bits = call i64 @field(ptr %object, i64 16)
  %shape = inttoptr i64 %shape.bits to ptr
  %rows = load i64, ptr %shape
  ret i64 %rows
}}

define i64 @bind(ptr %objects, ptr %spec, ptr %table) {{
entry:
  %count = call i64 @number(ptr %spec, i64 0)
  %type = call i64 @number(ptr %spec, i64 1)
  %updated = call i64 @number(ptr %spec, i64 2)
  br label %look
look:
  %i = phi i64 [ 0, %entry ], [ %i.next, %same ]
  %i.more = icmp slt i64 %i, %count
  br i1 %i.more, label %is.array, label %all.same
is.array:
  %object = call ptr @object(ptr %objects, i64 %i)
  %its.type = call i64 @field(ptr %object, i64 -8)
  %array = icmp eq i64 %its.type, %type
  br i1 %array, label %alike, label %other
alike:
  %dtype = call i64 @record(ptr %spec, i64 %i, i64 0)
  %its.dtype = call i64 @field(ptr %object, i64 40)
  %same.dtype = icmp eq i64 %dtype, %its.dtype
  %axes = call i64 @record(ptr %spec, i64 %i, i64 1)
  %its.axes.wide = call i64 @field(ptr %object, i64 8)
  %its.axes = and i64 %its.axes.wide, 4294967295
  %same.axes = icmp eq i64 %axes, %its.axes
  %flags = call i64 @record(ptr %spec, i64 %i, i64 2)
  %its.flags = call i64 @field(ptr %object, i64 48)
  %common = and i64 %flags, %its.flags
  %same.flags = icmp eq i64 %flags, %common
  %two = and i1 %same.dtype, %same.axes
  %three = and i1 %two, %same.flags
  br i1 %three, label %shape, label %other
shape:
  %shape.at = call i64 @record(ptr %spec, i64 %i, i64 5)
  %its.shape.bits = call i64 @field(ptr %object, i64 16)
  %its.shape = inttoptr i64 %its.shape.bits to ptr
  br label %axis
axis:
  %a = phi i64 [ 0, %shape ], [ %a.next, %length ]
  %a.more = icmp slt i64 %a, %axes
  br i1 %a.more, label %length, label %same
length:
  %n.at = add i64 %shape.at, %a
  %n = call i64 @number(ptr %spec, i64 %n.at)
  %its.n = call i64 @number(ptr %its.shape, i64 %a)
  %n.same = icmp eq i64 %n, %its.n
  %n.any = icmp eq i64 %n, -1
  %n.fits = or i1 %n.same, %n.any
  %a.next = add i64 %a, 1
  br i1 %n.fits, label %axis, label %other
same:
  %i.next = add i64 %i, 1
  br label %look
all.same:
  %careful = icmp ne i64 %updated, 0
  br i1 %careful, label %apart, label %write
apart:
  %j = phi i64 [ 0, %all.same ], [ %j.next, %apart.next ]
  %j.more = icmp slt i64 %j, %count
  br i1 %j.more, label %moved, label %write
moved:
  %j.object = call ptr @object(ptr %objects, i64 %j)
  %j.begin = call i64 @field(ptr %j.object, i64 0)
  %j.before = call i64 @number(ptr %table, i64 %j)
  %j.size = call i64 @record(ptr %spec, i64 %j, i64 3)
  %j.end = add i64 %j.begin, %j.size
  %j.updated = call i64 @record(ptr %spec, i64 %j, i64 4)
  %stayed = icmp eq i64 %j.begin, %j.before
  br i1 %stayed, label %apart.next, label %against
against:
  %k = phi i64 [ 0, %moved ], [ %k.next, %against.next ]
  %k.more = icmp slt i64 %k, %count
  br i1 %k.more, label %pair, label %apart.next
pair:
  %k.object = call ptr @object(ptr %objects, i64 %k)
  %k.begin = call i64 @field(ptr %k.object, i64 0)
  %k.size = call i64 @record(ptr %spec, i64 %k, i64 3)
  %k.end = add i64 %k.begin, %k.size
  %k.updated = call i64 @record(ptr %spec, i64 %k, i64 4)
  %one.updated = or i64 %j.updated, %k.updated
  %matters = icmp ne i64 %one.updated, 0
  %not.itself = icmp ne i64 %j, %k
  %begins = icmp ult i64 %j.begin, %k.end
  %ends = icmp ult i64 %k.begin, %j.end
  %meets = and i1 %begins, %ends
  %shares = and i1 %meets, %matters
  %clash = and i1 %shares, %not.itself
  br i1 %clash, label %overlap, label %against.next
against.next:
  %k.next = add i64 %k, 1
  br label %against
apart.next:
  %j.next = add i64 %j, 1
  br label %apart
write:
  %w = phi i64 [ 0, %all.same ], [ 0, %apart ], [ %w.next, %write.one ]
  %w.more = icmp slt i64 %w, %count
  br i1 %w.more, label %write.one, label %fits
write.one:
  %w.object = call ptr @object(ptr %objects, i64 %w)
  %w.data = call i64 @field(ptr %w.object, i64 0)
  %w.at = getelementptr i64, ptr %table, i64 %w
  store i64 %w.data, ptr %w.at
  %w.next = add i64 %w, 1
  br label %write
fits:
  ret i64 {FITS}
other:
  ret i64 {OTHER}
overlap:
  ret i64 {OVERLAP}
}}
"""

_FINITE = f"""
define internal i1 @finite(ptr %x, i64 %count) {{
entry:
  %whole = and i64 %count, -32
  br label %vectors
vectors:
  %i = phi i64 [ 0, %entry ], [ %i.next, %vector ]
  %largest = phi <32 x i32> [ zeroinitializer, %entry ], [ %larger, %vector ]
  %more = icmp slt i64 %i, %whole
  br i1 %more, label %vector, label %rest
vector:
  %at = getelementptr float, ptr %x, i64 %i
  %bits = load <32 x i32>, ptr %at, align 4
  %size = and <32 x i32> %bits, splat (i32 2147483647)
  %larger = call <32 x i32> @llvm.umax.v32i32(<32 x i32> %largest, <32 x i32> %size)
  %i.next = add i64 %i, 32
  br label %vectors
rest:
  %top = call i32 @llvm.vector.reduce.umax.v32i32(<32 x i32> %largest)
  br label %singles
singles:
  %j = phi i64 [ %whole, %rest ], [ %j.next, %single ]
  %most = phi i32 [ %top, %rest ], [ %most.next, %single ]
  %j.more = icmp slt i64 %j, %count
  br i1 %j.more, label %single, label %done
single:
  %j.at = getelementptr float, ptr %x, i64 %j
  %j.bits = load i32, ptr %j.at, align 4
  %j.size = and i32 %j.bits, 2147483647
  %higher = icmp ugt i32 %j.size, %most
  %most.next = select i1 %higher, i32 %j.size, i32 %most
  %j.next = add i64 %j, 1
  br label %singles
done:
  %finite = icmp ult i32 %most, {0x7F800000}
  ret i1 %finite
}}
"""


def _lane(name: str, into: str = "") -> str:
    """IR that loads a number of the lane (`into` %name), as a pointer where it is an address."""
    at, into = LANE.index(name), into or name
    kind = "ptr" if at < 6 or name.endswith("_pad") or name == "taken" else "i64"
    return (
        f"  %at.{into} = getelementptr i64, ptr %lane, i64 {at}\n"
        f"  %{into} = load {kind}, ptr %at.{into}"
    )


_STEP = (
    "%outside = call i64 %step(ptr %table, ptr %arena, ptr %sync, i64 %thread, i64 %threads, "
    "ptr %round)"
)

_CALLS = f"""
define i64 @run(ptr %objects, ptr %lane) {{
{_lane("spec")}
{_lane("table")}
  %bound = call i64 @bind(ptr %objects, ptr %spec, ptr %table)
  %fits = icmp eq i64 %bound, {FITS}
  br i1 %fits, label %go, label %leave
go:
{_lane("arena")}
{_lane("sync")}
{_lane("round")}
{_lane("step")}
{_lane("thread")}
{_lane("threads")}
  %now = load i64, ptr %sync
  store i64 %now, ptr %round
  {_STEP}
  %ended = icmp ne i64 %outside, 0
  %answer = select i1 %ended, i64 {OUTSIDE}, i64 %bound
  ret i64 %answer
leave:
  ret i64 %bound
}}

define i64 @rows(ptr %objects, ptr %lane, i64 %first, i64 %last) {{
entry:
{_lane("spec")}
{_lane("table")}
{_lane("arena")}
{_lane("sync")}
{_lane("round")}
{_lane("step")}
{_lane("thread")}
{_lane("threads")}
{_lane("batch")}
{_lane("x_bytes")}
{_lane("out_bytes")}
{_lane("check")}
{_lane("x_pad")}
{_lane("out_pad")}
{_lane("out", "out.slot")}
{_lane("taken")}
{_lane("chunk")}
  %bound = call i64 @bind(ptr %objects, ptr %spec, ptr %table)
  %fits = icmp eq i64 %bound, {FITS}
  br i1 %fits, label %begin, label %leave
begin:
  %x.object = call ptr @object(ptr %objects, i64 0)
  %rows = call i64 @rows.of(ptr %x.object)
  %out.object = call ptr @object(ptr %objects, i64 %out.slot)
  %out.rows = call i64 @rows.of(ptr %out.object)
  %as.many = icmp eq i64 %rows, %out.rows
  br i1 %as.many, label %ready, label %leave
ready:
  %x = load ptr, ptr %table
  %out.pointer = getelementptr ptr, ptr %table, i64 %out.slot
  %out = load ptr, ptr %out.pointer
  %alone = icmp eq i64 %threads, 1
  br i1 %alone, label %start, label %range
start:
  %now = load i64, ptr %sync
  store i64 %now, ptr %round
  br label %range
range:
  %sharing = icmp ne ptr %taken, null
  br i1 %sharing, label %take, label %next
take:
  %mine = atomicrmw add ptr %taken, i64 %chunk monotonic
  %mine.end = add i64 %mine, %chunk
  %mine.short = icmp slt i64 %last, %mine.end
  %mine.last = select i1 %mine.short, i64 %last, i64 %mine.end
  %any = icmp slt i64 %mine, %last
  br i1 %any, label %next, label %leave
next:
  %b = phi i64 [ %first, %range ], [ %mine, %take ], [ %b.next, %after ]
  %end = phi i64 [ %last, %range ], [ %mine.last, %take ], [ %end, %after ]
  %more = icmp slt i64 %b, %end
  br i1 %more, label %batch.begins, label %ended
ended:
  br i1 %sharing, label %take, label %leave
batch.begins:
  %row = mul i64 %b, %batch
  %left = sub i64 %rows, %row
  %short = icmp slt i64 %left, %batch
  %n = select i1 %short, i64 %left, i64 %batch
  %x.offset = mul i64 %row, %x_bytes
  %source = getelementptr i8, ptr %x, i64 %x.offset
  %out.offset = mul i64 %row, %out_bytes
  %target = getelementptr i8, ptr %out, i64 %out.offset
  %numbers = mul i64 %n, %check
  %good = call i1 @finite(ptr %source, i64 %numbers)
  br i1 %good, label %into, label %leave
into:
  br i1 %short, label %pad, label %whole
whole:
  store ptr %source, ptr %table
  store ptr %target, ptr %out.pointer
  br label %step.it
pad:
  %n.bytes = mul i64 %n, %x_bytes
  call void @llvm.memcpy.p0.p0.i64(ptr %x_pad, ptr %source, i64 %n.bytes, i1 false)
  store ptr %x_pad, ptr %table
  store ptr %out_pad, ptr %out.pointer
  br label %fill
fill:
  %r = phi i64 [ %n, %pad ], [ %r.next, %fill.one ]
  %r.more = icmp slt i64 %r, %batch
  br i1 %r.more, label %fill.one, label %step.it
fill.one:
  %r.offset = mul i64 %r, %x_bytes
  %r.pointer = getelementptr i8, ptr %x_pad, i64 %r.offset
  call void @llvm.memcpy.p0.p0.i64(ptr %r.pointer, ptr %source, i64 %x_bytes, i1 false)
  %r.next = add i64 %r, 1
  br label %fill
step.it:
  {_STEP}
  %ended.early = icmp ne i64 %outside, 0
  br i1 %ended.early, label %leave, label %out.there
out.there:
  br i1 %short, label %copy, label %after
copy:
  %out.bytes = mul i64 %n, %out_bytes
  call void @llvm.memcpy.p0.p0.i64(ptr %target, ptr %out_pad, i64 %out.bytes, i1 false)
  br label %after
after:
  %b.next = add i64 %b, 1
  br label %next
leave:
  %why = phi i64 [ %bound, %entry ], [ {OTHER}, %begin ], [ {NOT_FINITE}, %batch.begins ],
                 [ {OUTSIDE}, %step.it ], [ {FITS}, %ended ], [ {FITS}, %take ]
  %status = getelementptr i64, ptr %lane, i64 {LANE.index("status")}
  store i64 %why, ptr %status
  ret i64 %why
}}
"""

TEXT = _DECLARATIONS + _BIND + _FINITE + _CALLS
