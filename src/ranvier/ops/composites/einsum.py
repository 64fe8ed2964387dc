"""Sums of products in Einstein's notation."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...base.missing import answered
from ...dtypes import int64
from ...errors import ArgumentError, ShapeError
from ...graph.node import Value
from ...graph.sizes import same
from ...typing import ArrayLike, V
from ..contraction import matmul
from ..creation import iota
from ..elementwise import multiply, where
from ..movement import broadcast_to, permute_dims, reshape
from ..op import apply, as_values, same_dtype
from ..reduce import sum


@answered
def einsum(formula: str, *operands: V | ArrayLike) -> V:
    """Products of the operands, summed over every letter that the result does not name.

    Operands are multiplied from left to right, each pair as one (batched) matrix product. `...`
    stands for any leading axes.

    >>> import ranvier
    >>> ranvier.einsum("ij,jk->ik", ranvier.ones((2, 3)), ranvier.ones((3, 4))).shape
    (2, 4)
    """
    if not isinstance(formula, str) or not operands:
        raise ArgumentError(
            f"einsum: expected a formula and its operands, such as einsum('ij,jk->ik', x, y); got "
            f"{formula!r} and {len(operands)} operands"
        )
    xs = same_dtype(*as_values(*operands))
    terms, result = _parse(formula, xs)
    sizes: dict[str, int] = {}
    for term, x in zip(terms, xs, strict=True):
        for letter, n in zip(term, x.shape, strict=True):
            known = sizes.setdefault(letter, n)
            if not any(same(a, b) for a, b in ((known, n), (known, 1), (n, 1))):
                raise ShapeError(f"einsum: {formula!r}: axis {letter!r} has sizes {known} and {n}")
            sizes[letter] = n if same(known, 1) else known
    left, x = _diagonal(terms[0], xs[0], sizes)
    for i in range(1, len(xs)):
        right, y = _diagonal(terms[i], xs[i], sizes)
        later = set(result).union(*terms[i + 1 :])
        left, x = _pair(left, x, right, y, later, sizes)
    return _finish(left, x, result)


def _parse(formula: str, xs: Sequence[Value]) -> tuple[list[str], str]:
    """The letters of every operand and of the result; axes under `...` get letters of their own."""
    text = formula.replace(" ", "")
    operands, arrow, result = text.partition("->")
    terms = operands.split(",")
    if len(terms) != len(xs):
        raise ArgumentError(
            f"einsum: {formula!r} names {len(terms)} operands, {len(xs)} were given"
        )
    most = 0
    for i, (term, x) in enumerate(zip(terms, xs, strict=True)):
        letters = term.replace("...", "")
        if not all(c.isalpha() for c in letters):
            raise ArgumentError(
                f"einsum: {formula!r}: {term!r} may hold only letters and one '...'"
            )
        hidden = x.ndim - len(letters)
        if hidden < 0 or (hidden and "..." not in term):
            raise ShapeError(f"einsum: {formula!r}: {term!r} does not name the axes of {x.shape}")
        most = max(most, hidden)
        terms[i] = term.replace("...", _hidden(hidden))
    if not arrow:
        letters = "".join(terms)
        single = sorted(c for c in set(letters) if c.isalpha() and letters.count(c) == 1)
        result = _hidden(most) + "".join(single)
    result = result.replace("...", _hidden(most))
    if len(set(result)) != len(result) or not set(result) <= set("".join(terms)):
        raise ArgumentError(
            f"einsum: {formula!r}: the result must name axes of the operands, each once"
        )
    return terms, result


def _hidden(count: int) -> str:
    """Letters for `count` axes under `...`, the same for the same axis counted from the last."""
    return "".join(chr(0x2460 + i) for i in reversed(range(count)))


def _diagonal(term: str, x: V, sizes: dict[str, int]) -> tuple[str, V]:
    """x with a letter that it holds twice reduced to the diagonal, and size-1 axes repeated."""
    x = broadcast_to(x, tuple(sizes[c] for c in term))
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            a = term.index(letter)
            b = term.index(letter, a + 1)
            at = (apply(iota, like=x, shape=x.shape, axis=k, dtype=int64) for k in (a, b))
            x = sum(where(next(at) == next(at), x, 0), b)
            term = term[:b] + term[b + 1 :]
    return term, x


def _pair(
    left: str, x: V, right: str, y: V, later: set[str], sizes: dict[str, int]
) -> tuple[str, V]:
    """The product of two operands: one matrix product over (batch, ours, summed, theirs)."""
    x, left = _drop(x, left, later | set(right))
    y, right = _drop(y, right, later | set(left))
    batch = [c for c in left if c in right and c in later]
    summed = [c for c in left if c in right and c not in later]
    ours = [c for c in left if c not in right]
    theirs = [c for c in right if c not in left]
    names = "".join([*batch, *ours, *theirs])
    if not summed:
        a = _lay(x, left, [*batch, *ours], sizes, after=len(theirs))
        b = _lay(y, right, [*batch, *theirs], sizes, between=(len(batch), len(ours)))
        return names, multiply(a, b)
    b_, n, k, m = (math.prod(sizes[c] for c in group) for group in (batch, ours, summed, theirs))
    left_matrix = reshape(_order(x, left, [*batch, *ours, *summed]), (b_, n, k))
    right_matrix = reshape(_order(y, right, [*batch, *summed, *theirs]), (b_, k, m))
    if not batch:
        left_matrix, right_matrix = reshape(left_matrix, (n, k)), reshape(right_matrix, (k, m))
    out = matmul(left_matrix, right_matrix)
    return names, reshape(out, tuple(sizes[c] for c in names))


def _lay(
    x: V,
    term: str,
    order: list[str],
    sizes: dict[str, int],
    after: int = 0,
    between: tuple[int, int] = (0, 0),
) -> V:
    """x with its axes in this order, with axes of size 1 for those of the other operand."""
    shape = [sizes[c] for c in order]
    at, count = between
    shape[at:at] = [1] * count
    return reshape(_order(x, term, order), (*shape, *[1] * after))


def _order(x: V, term: str, order: list[str] | str) -> V:
    return permute_dims(x, [term.index(c) for c in order])


def _drop(x: V, term: str, keep: set[str]) -> tuple[V, str]:
    """x summed over the letters that nothing else needs."""
    axes = tuple(a for a, c in enumerate(term) if c not in keep)
    return (sum(x, axes) if axes else x), "".join(c for c in term if c in keep)


def _finish(term: str, x: V, result: str) -> V:
    x, term = _drop(x, term, set(result))
    return _order(x, term, result)
