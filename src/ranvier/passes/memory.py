"""Memory: one place in the arena for every buffer that lives inside the graph.

Needs kernels in order; leaves an offset for each arena buffer. A buffer lives from the kernel that writes it to the last
that reads it; buffers that never live together share memory.
"""

from __future__ import annotations

from ..compiler.loops import Buffer, Kernel

ALIGN = 64  # bytes: one cache line, and the widest vector
SLACK = 64


def plan(kernels: list[Kernel], arena: list[Buffer]) -> tuple[dict[Buffer, int], int]:
    """Offsets in bytes of the arena's buffers, and the arena's size."""
    first: dict[Buffer, int] = {}
    last: dict[Buffer, int] = {}
    for i, kernel in enumerate(kernels):
        for buffer in (*kernel.writes(), *kernel.reads()):
            first.setdefault(buffer, i)
            last[buffer] = i
    offsets: dict[Buffer, int] = {}
    top = 0
    placed: list[Buffer] = []
    # Large buffers first: small ones then fill the gaps.
    for buffer in sorted(arena, key=lambda b: (-_bytes(b), first.get(b, 0))):
        if buffer not in first:
            continue
        together = sorted(
            (offsets[b], offsets[b] + _bytes(b))
            for b in placed
            if first[b] <= last[buffer] and first[buffer] <= last[b]
        )
        at = 0
        for begin, end in together:
            if at + _bytes(buffer) <= begin:
                break
            at = max(at, end)
        offsets[buffer] = at
        placed.append(buffer)
        top = max(top, at + _bytes(buffer))
    return offsets, top + SLACK


def _bytes(buffer: Buffer) -> int:
    size = buffer.size * buffer.dtype.itemsize
    return max(ALIGN, -(-size // ALIGN) * ALIGN)
