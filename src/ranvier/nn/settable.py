"""Attributes that are set after a layer was made: taken on to where they count, or refused.

Arguments of a constructor are attributes of the layer. One that is read at each call takes effect
when it is set. Those here are read once: a size when the weights are made, a rate when an inner
layer is.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from ..errors import StateError
from ..tracing.watched import NOTHING

# Arguments of which weights, their shapes and first values follow.
SIZES = frozenset({
    "bins", "depth_multiplier", "embedding_dim", "filters", "frequencies", "head_dim",
    "intermediate_dim", "kernel_size", "key_dim", "members", "num_heads", "num_key_value_heads",
    "num_query_heads", "output_dim", "plr", "sequence_length", "sigma", "signs",
    "unit_forget_bias", "units", "use_scale", "value_dim", "vocabulary_size",
})  # fmt: skip


class Fixed:
    """An attribute that keeps its value once the layer is `built`, or, with `always`, once it is
    made.

    Reading it costs nothing: it lies among the attributes of the object.
    """

    def __init__(self, name: str = "", always: bool = False) -> None:
        self.name, self.always = name, always

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __set__(self, layer: Any, value: object) -> None:
        held = vars(layer)
        before = held.get(self.name, NOTHING)
        if before is not NOTHING and (self.always or held.get("built")) and before != value:
            kind = type(layer).__name__
            what = "what follows from it was made with it" if self.always else "the weights have it"
            raise StateError(
                f"{layer.name}: {self.name} is {before!r} and cannot become {value!r}, since "
                f"{what}; make a new {kind} with {self.name}={value!r}"
            )
        held[self.name] = value


class HandedOn:
    """An attribute that layers inside have too, at `paths` such as "noise.rate"."""

    def __init__(self, *paths: str) -> None:
        self.name, self.paths = "", paths

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __set__(self, layer: Any, value: object) -> None:
        vars(layer)[self.name] = value
        for path in self.paths:
            owner, _, attribute = path.rpartition(".")
            if vars(layer).get(owner.partition(".")[0]) is not None:  # made by then
                setattr(attrgetter(owner)(layer), attribute, value)
