"""Which parameters weight decay leaves alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import ArgumentError, StateError
from ..tensors.tensor import Tensor


class Undecayed:
    """Parameters without weight decay: these tensors, and those in whose name a pattern is found.

    In a file they are all patterns, since the name of a layer's tensor ("dense_1.bias") is saved
    with the layer.
    """

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []
        self.patterns: list[str] = []

    def add(self, tensors: Iterable[Tensor] | None, patterns: Iterable[str] | None) -> None:
        """These too."""
        tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors or ())
        patterns = [patterns] if isinstance(patterns, str) else list(patterns or ())
        if not tensors and not patterns:
            raise ArgumentError(
                "exclude_from_weight_decay: give parameters, var_list=[layer.bias], or parts of "
                "their names, var_names=['bias', 'gamma']"
            )
        for t in tensors:
            if not isinstance(t, Tensor):
                raise ArgumentError(
                    f"exclude_from_weight_decay: var_list holds a {type(t).__name__}; expected "
                    "parameters such as layer.bias (build the model first); names go into var_names"
                )
        self.tensors += tensors
        self.patterns += patterns

    def __contains__(self, p: Tensor) -> bool:
        return any(t is p for t in self.tensors) or any(re.search(n, p.name) for n in self.patterns)

    def names(self) -> list[str]:
        """All as patterns."""
        for t in self.tensors:
            if not t.name:
                raise StateError(
                    f"exclude_from_weight_decay: a parameter of shape {t.shape} has no name by "
                    "which a file could tell it; weights that a layer makes have one"
                )
        return [*self.patterns, *[f"^{re.escape(t.name)}$" for t in self.tensors]]
