"""Reuse of packed operands: each is brought into another order once.

The gradients of two weights that multiply the same tensor both read it packed; the forward product
and a gradient may both read it with room behind its rows. The second one reads the first one's
copy, as long as nothing has written what was copied."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import Any

from .hoist import root
from .loop_ir import Buffer, Kernel, Load, Loop, Nest, Reduction
from .program import Program, with_kernels


def share_packs(program: Program) -> Program:
    """Each operand packed once: later contractions read what an earlier one has packed."""
    made: dict[Any, Buffer] = {}
    kernels: list[Kernel] = []
    for _, same in groupby(program.kernels, lambda k: (k.group, id(k.loop))):
        group = list(same)
        packs = [k for k in group if k.packs]
        rest = [k for k in group if not k.packs]
        for parts in _by_target(packs):
            target = parts[0].nest.stores[0].buffer
            known = made.setdefault(_key([k.nest for k in parts], parts[0].loop), target)
            if known is target:
                kernels += parts
                _forget(made, parts)
            else:
                rest = [_reading(k, target, known) for k in rest]
        kernels += rest
        _forget(made, rest)
    return with_kernels(program, kernels)


def _by_target(packs: list[Kernel]) -> list[list[Kernel]]:
    """The kernels that fill the same buffer, together."""
    by_target: dict[Buffer, list[Kernel]] = {}
    for kernel in packs:
        by_target.setdefault(kernel.nest.stores[0].buffer, []).append(kernel)
    return list(by_target.values())


def _forget(made: dict[Any, Buffer], kernels: list[Kernel]) -> None:
    """What was packed from buffers that these kernels write is no longer what they hold."""
    written = {root(b) for k in kernels for b in k.writes()}
    for key in [k for k in made if k[0] in written]:
        del made[key]


def _key(parts: list[Nest], loop: Loop | None) -> Any:
    """What is copied, and how."""
    copies = []
    for nest in parts:
        (store,) = nest.stores
        assert isinstance(store.value, Load)
        copies.append((store.value.buffer, nest.axes, store.at, store.value.at))
    return root(copies[0][0]), id(loop), tuple(copies)


def _reading(kernel: Kernel, old: Buffer, new: Buffer) -> Kernel:
    """The kernel with its operands read from another buffer."""
    reductions = [_reduction_reading(f, old, new) for f in kernel.nest.reductions]
    return replace(kernel, nest=replace(kernel.nest, reductions=reductions))


def _reduction_reading(reduction: Reduction, old: Buffer, new: Buffer) -> Reduction:
    terms = [
        Load(new, e.at) if isinstance(e, Load) and e.buffer is old else e
        for e in (reduction.term, reduction.other)
        if e is not None
    ]
    return Reduction(reduction.how, *terms)
