"""Copies: operands of contractions brought into another order, each made once.

The gradients of two weights that multiply the same tensor both read it packed; the forward product
and a gradient may both read it with room behind its rows. The second one reads the first one's
copy, as long as nothing has written what was copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .loops import Buffer, Fold, Load, Loop, Nest
from .repeat import root


class Copies:
    """The copies made so far, while they are still true."""

    def __init__(self) -> None:
        self._made: dict[Any, Buffer] = {}

    def forget(self, written: Sequence[Buffer]) -> None:
        """What was copied from these buffers is no longer what they hold."""
        roots = {root(b) for b in written}
        for key in [k for k in self._made if k[0] in roots]:
            del self._made[key]

    def reuse(self, copies: list[Nest], nests: list[Nest], loop: Loop | None) -> list[Nest]:
        """The copies that are still to be made for `nests`, which read the others where they
        are."""
        by_target: dict[Buffer, list[Nest]] = {}
        for copy in copies:
            by_target.setdefault(copy.stores[0].buffer, []).append(copy)
        left = list[Nest]()
        for target, parts in by_target.items():
            made = self._made.setdefault(_key(parts, loop), target)
            if made is target:
                left += parts
            for nest in nests:
                nest.folds = [_reading(f, target, made) for f in nest.folds]
        return left


def _key(parts: list[Nest], loop: Loop | None) -> Any:
    """What is copied, and how."""
    found = []
    for nest in parts:
        (store,) = nest.stores
        assert isinstance(store.value, Load)
        found.append((store.value.buffer, nest.axes, store.at, store.value.at))
    return root(found[0][0]), id(loop), tuple(found)


def _reading(fold: Fold, old: Buffer, new: Buffer) -> Fold:
    """The fold with its operand read from another copy."""
    found = [
        Load(new, e.at) if isinstance(e, Load) and e.buffer is old else e
        for e in (fold.term, fold.other)
        if e is not None
    ]
    return Fold(fold.how, *found)
