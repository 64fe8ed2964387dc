"""Bodies: functions traced on their own, outside of a trace or inside another one.

What a transform such as `scan` or `vmap` is given is traced once; the transform then says how
often, and on what, its ops are applied. Tensors from outside that the function reads become further
inputs.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import TraceError
from ..graph.node import Node
from ..tensors.tensor import Tensor
from ..typing import Array
from .trace import Trace
from .watched import Watched


class BodyTrace(Trace):
    """The trace of a body: tensors of the trace around it are from outside, too.

    `owner` is the transform that traces it, for errors, and `instead` what to do there.
    """

    def __init__(self, around: Trace | None, owner: str, instead: str) -> None:
        super().__init__()
        self.around = around
        self.owner, self.instead = owner, instead

    def node_of(self, t: Tensor) -> Node:
        if t._node is not None and self._encloses(t._trace):
            known = self.now.get(id(t))
            return self._capture(t) if known is None else known
        return super().node_of(t)

    def _encloses(self, other: object) -> bool:
        """Whether `other` is a trace around this one."""
        around = self.around
        while around is not None and around is not other:
            around = around.around if isinstance(around, BodyTrace) else None
        return around is not None

    def write(self, t: Tensor, value: Tensor) -> None:
        if t._trace is not self:
            raise TraceError(
                f"{self.owner}: the function writes to a tensor from outside of it "
                f"({t.name or t.spec}); {self.instead}"
            )
        super().write(t, value)

    def looked_at(self, t: Tensor) -> None:
        if self.around is not None:
            self.around.looked_at(t)

    def guard(self, question: Callable[[], object], answer: object) -> None:
        if self.around is not None:
            self.around.guard(question, answer)

    def array_read(self, array: Array) -> None:
        if self.around is not None:
            self.around.array_read(array)

    def enter(self, thing: Watched) -> None:
        if self.around is not None:
            self.around.enter(thing)

    def attribute_set(self, thing: Watched, attribute: str, made: bool) -> None:
        if self.around is not None:
            self.around.attribute_set(thing, attribute, made)
