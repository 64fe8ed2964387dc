"""Splitting a large module into parts that are compiled side by side.

LLVM takes a second for every megabyte of its language, on one core. The kernels of a large module
are independent of each other, so they are dealt out to modules of their own, by their size alone:
the same text always gives the same pieces. Kernels that run for long are kept apart from the
others, as only they are worth all of LLVM's passes.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

_MAX_PIECE_CHARACTERS = 300_000  # of LLVM IR
_MAX_PIECES = 8  # of a kind

_KERNEL = re.compile(r"define internal void @(k\d+)\((.*?)\)")


class Piece(NamedTuple):
    """The text of a module, and whether all of LLVM's passes are run on it."""

    text: str
    thorough: bool


def pieces(text: str, thorough: bool, long: Collection[str] = ()) -> list[Piece]:
    """The pieces of a module; `long` are the kernels that run for long.

    The first piece holds all functions that are no kernels.
    """
    if len(text) <= _MAX_PIECE_CHARACTERS:
        return [Piece(text, thorough)]
    shared: list[str] = []
    first: list[str] = []
    kernels: dict[str, str] = {}
    for part in text.strip().split("\n\n"):
        if (kernel := _KERNEL.match(part)) is not None:
            kernels[kernel[1]] = part.replace("internal ", "", 1)
        else:
            (first if part.startswith("define") else shared).append(part)
    # NOTE: attributes may stand anywhere, so what is shared can come first.
    declared = [_declaration(part) for part in kernels.values()]
    made = [Piece(_joined([*shared, *declared, *first]), False)]
    apart = [name for name in kernels if name in long]
    for names, all_passes in ((apart, True), ([n for n in kernels if n not in long], False)):
        dealt = _dealt([kernels[name] for name in names])
        made += [Piece(_joined([*shared, *parts]), all_passes and thorough) for parts in dealt]
    return made


def _dealt(parts: list[str]) -> list[list[str]]:
    """The parts in piles of about the same size: the largest first, each to the smallest pile."""
    count = min(_MAX_PIECES, -(-sum(map(len, parts)) // _MAX_PIECE_CHARACTERS))
    piles: list[list[str]] = [[] for _ in range(count)]
    sizes = [0] * count
    for part in sorted(parts, key=len, reverse=True):
        least = sizes.index(min(sizes))
        piles[least].append(part)
        sizes[least] += len(part)
    return piles


def _declaration(part: str) -> str:
    head = part[: part.index("{")]
    name, arguments = head[len("define void ") :].split("(", 1)
    kinds = [argument.split()[0] for argument in arguments.rsplit(")", 1)[0].split(",")]
    return f"declare void {name}({', '.join(kinds)})"


def _joined(parts: list[str]) -> str:
    return "\n\n".join(parts) + "\n"
