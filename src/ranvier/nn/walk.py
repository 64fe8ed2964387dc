"""Walking a layer: every layer and tensor inside it, found through its attributes.

A walk over a network costs as much as many training steps of a small one, and `fit` needs it at
every call. So a layer keeps its last walk. It holds while no attribute of anything watched has
changed since (tracing/validity.py), and the lists and dicts on the way hold what they held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from operator import is_
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from ..base.changes import changes
from ..tensors.tensor import Tensor
from ..tracing.watched import Watched, standing

if TYPE_CHECKING:
    from .layer import Layer

_Container: TypeAlias = list[Any] | dict[Any, Any]


class Walked(Watched):
    """Base of what can be walked; keeps its last walk, which is no part of copies and pickles."""

    __slots__ = ("_walked",)

    _walked: Walk

    def __getstate__(self) -> dict[str, Any]:
        return dict(vars(self))


class TensorEntry(NamedTuple):
    """A tensor, its path from the root, and whether a layer on the way is frozen."""

    path: str
    tensor: Tensor
    frozen: bool


class Walk:
    """`inside`: the layers but for the root itself; `entries`: the tensors with their paths."""

    def __init__(self, root: Layer) -> None:
        self._mark = changes.last
        self._containers: list[_Container] = []
        self.inside: list[Layer] = []
        self.entries: list[TensorEntry] = []
        self._visit(root, "", False, {id(root)})
        self._seen = list(chain.from_iterable(map(_elements, self._containers)))

    def holds(self) -> bool:
        """Whether another walk would find the same."""
        if self._mark is not changes.last:
            return False
        now = chain.from_iterable(map(_elements, self._containers))
        return all(map(is_, now, self._seen))

    def _visit(self, layer: Layer, prefix: str, frozen: bool, seen: set[int]) -> None:
        frozen = frozen or not layer._trainable
        for name, value in self._members(layer, vars(layer).items()):
            if isinstance(value, Tensor):
                self.entries.append(TensorEntry(prefix + name, value, frozen))
            elif id(value) not in seen:
                seen.add(id(value))
                self.inside.append(value)
                self._visit(value, f"{prefix}{name}.", frozen, seen)

    def _members(
        self, holder: object, items: Iterable[tuple[Any, Any]]
    ) -> Iterator[tuple[str, Tensor | Layer]]:
        """The tensors and layers directly in `holder`, lists and dicts unpacked, with names."""
        for name, value in items:
            if isinstance(value, Tensor | Walked):
                yield str(name), cast("Tensor | Layer", value)
            elif isinstance(value, list | tuple | dict):
                if not isinstance(value, tuple):
                    self._containers.append(value)
                inner = value.items() if isinstance(value, dict) else enumerate(value)
                bare = name == "layers" and isinstance(holder, Walked)
                for path, member in self._members(value, inner):
                    yield (path if bare else f"{name}.{path}"), member


_END = object()  # after the elements of a container, so that one more is seen too


def _elements(container: _Container) -> Iterator[Any]:
    if isinstance(container, dict):
        yield from container
        yield from container.values()
    else:
        yield from container
    yield _END


def walk(root: Layer) -> Walk:
    """The walk of a layer: the last one if it still holds."""
    try:
        known: Walk | None = root._walked
    except AttributeError:
        known = None
    if known is None or not known.holds():
        with standing:
            known = Walk(root)
        object.__setattr__(root, "_walked", known)
    return known
