"""Marks by which what was compiled knows that it must look at attributes again."""

from __future__ import annotations


class _Changes:
    """`last` is another object after every change of an attribute of what is watched (a layer, a
    loss, an optimizer, ...); `flags` grows when a tensor begins or ceases to require a gradient,
    or to be a leaf. Whatever changes `flags` changes `last` too.

    NOTE: change first and mark then; take the mark first and look then. So no change is missed
    while several threads are at work.
    """

    last: object = object()
    flags = 0

    def of_flags(self) -> None:
        """A tensor began or ceased to require a gradient, or to be a leaf."""
        self.flags += 1
        self.last = object()


changes = _Changes()
