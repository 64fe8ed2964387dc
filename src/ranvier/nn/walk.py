"""Walking a layer: every layer and tensor inside it, found through its attributes.

A walk over a network costs as much as many training steps of a small one, and `fit` needs it at
every call. So a layer keeps its last walk. It holds while no attribute of anything watched has
changed since (tracing/validity.py), and the lists and dicts on the way hold what they held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import is_
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import numpy as np

from ..base.changes import changes
from ..errors import ArgumentError, DataError, ShapeError, StateError
from ..tensors.tensor import Tensor
from ..tracing.watched import Watched, entered, standing
from ..typing import Array, ArrayLike

if TYPE_CHECKING:
    from .layer import Layer

_Container: TypeAlias = list[Any] | dict[Any, Any]


class Walked(Watched):
    """Base of layers: what a walk finds in one.

    It keeps its last walk, which is no part of copies and pickles.
    """

    __slots__ = ("_walked",)

    _walked: Walk
    _trainable: bool
    name: str
    built: bool

    def __getstate__(self) -> dict[str, Any]:
        return dict(vars(self))

    def sublayers(self) -> list[Layer]:
        """This layer and every layer inside it, each once, in the order of the attributes."""
        entered(self)
        return [cast("Layer", self), *walk(self).inside]

    def parameters(self) -> list[Tensor]:
        """The tensors that training changes, in order, each once."""
        entered(self)
        trained: dict[int, Tensor] = {}
        for _, t, frozen in walk(self).entries:
            if t.requires_grad and not frozen and t.is_leaf and not t.is_traced:
                trained.setdefault(id(t), t)
        return list(trained.values())

    def state_tensors(self) -> list[Tensor]:
        """Every tensor of the layer, untrained statistics included, in order, each once."""
        return list(self.named_tensors().values())

    def named_tensors(self) -> dict[str, Tensor]:
        """Every tensor by its path, e.g. "0.kernel": attribute names and positions, joined by dots.

        A list called `layers` adds only its positions to the path. A tensor used twice is named
        once.
        """
        entered(self)
        tensors: dict[str, Tensor] = {}
        seen: set[int] = set()
        for path, t, _ in walk(self).entries:
            if id(t) not in seen and t.is_leaf and not t.is_traced:
                seen.add(id(t))
                tensors[path] = t
        return tensors

    def count_params(self) -> int:
        """How many numbers the layer holds."""
        return sum(t.size for t in self.state_tensors())

    def get_weights(self) -> list[Array]:
        """Copies of all tensors, in the order of `named_tensors`."""
        return [t.numpy().copy() for t in self.state_tensors()]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Replace all tensors by arrays of the same shapes; nothing changes if one does not fit."""
        if isinstance(weights, str | bytes | Mapping) or not isinstance(weights, Iterable):
            raise ArgumentError(
                f"{self.name}: set_weights takes a list of arrays, as get_weights gives it; got a "
                f"{type(weights).__name__}"
            )
        named = self.named_tensors()
        if not named and len(weights) and not self.built:
            raise StateError(
                f"{self.name}: set_weights came before the layer was built; "
                "give input_shape= or call it on data first"
            )
        if len(weights) != len(named):
            raise DataError(
                f"{self.name}: set_weights got {len(weights)} arrays for {len(named)} tensors: "
                f"{', '.join(f'{k} {t.shape}' for k, t in named.items())}"
            )
        arrays = [np.asarray(w) for w in weights]
        for (path, t), array in zip(named.items(), arrays, strict=True):
            if array.shape != t.shape:
                raise ShapeError(
                    f"{self.name}: set_weights: {path} has shape {t.shape}; got {array.shape}"
                )
        for t, array in zip(named.values(), arrays, strict=True):
            t.assign(array)


class TensorEntry(NamedTuple):
    """A tensor, its path from the root, and whether a layer on the way is frozen."""

    path: str
    tensor: Tensor
    frozen: bool


class Walk:
    """`inside`: the layers but for the root itself; `entries`: the tensors with their paths."""

    def __init__(self, root: Walked) -> None:
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

    def _visit(self, layer: Walked, prefix: str, frozen: bool, seen: set[int]) -> None:
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


def walk(root: Walked) -> Walk:
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
