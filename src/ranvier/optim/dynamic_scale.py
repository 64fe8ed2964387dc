"""Loss scaling: gradients in float16 that are neither too small nor too large."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentError
from ..nn.configuration import plain
from ..ops.composites.functions import clip
from ..ops.elementwise import (
    astype,
    greater_equal,
    isfinite,
    less_equal,
    logical_and,
    logical_or,
    where,
)
from ..ops.reduce import all
from ..tensors.mode import no_grad
from ..tensors.tensor import Tensor
from ..tracing.watched import entered
from ..typing import TensorLike
from .groups import Group
from .optimizer import Optimizer
from .state import Slots

# What belongs to the wrapper; all else is of the optimizer inside.
_OWN = ("inner_optimizer", "initial_scale", "dynamic_growth_steps", "loss_scale", "good_steps")
LEAST, MOST = 2.0**-14, 2.0**64  # of the scale


class LossScaleOptimizer(Optimizer):
    """Another optimizer, whose gradients are of `loss * scale`: Micikevicius et al. 2018.

        g      <- gradient of (loss * scale) / scale
        finite    all g are: the step is taken; after `dynamic_growth_steps` such, scale <- 2 scale
        else      no tensor moves, and scale <- scale / 2

    Small gradients, which are 0 in float16, so count. `compile` puts it around the optimizer of a
    model with layers of the dtype policy "mixed_float16". At the least scale, 2^-14, steps are
    taken anyway: what is not finite there is no overflow of float16, and `fit` names it.

    It stands around the whole optimizer, not among its `wrappers`, because it takes back all that a
    step has done: the count of steps, and what accumulation and averages keep, too. A scale that
    never changes is `wrappers.LossScale`.

    >>> from ranvier.optim import Adam
    >>> optimizer = LossScaleOptimizer(Adam(0.01))
    >>> optimizer.loss_scale.item(), optimizer.inner_optimizer
    (32768.0, Adam(learning_rate=0.01))
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
    ) -> None:
        # NOTE: no super().__init__: whatever is not in `_OWN` is the inner optimizer's.
        if not isinstance(inner_optimizer, Optimizer):
            raise ArgumentError(
                f"LossScaleOptimizer: got {inner_optimizer!r}; expected an optimizer, such as "
                "Adam(0.001)"
            )
        if isinstance(inner_optimizer, LossScaleOptimizer):
            raise ArgumentError(
                f"LossScaleOptimizer: {inner_optimizer!r} scales the loss already; give the "
                "optimizer inside it"
            )
        if not LEAST <= initial_scale <= MOST or dynamic_growth_steps < 1:
            raise ArgumentError(
                f"LossScaleOptimizer: initial_scale={initial_scale!r}, dynamic_growth_steps="
                f"{dynamic_growth_steps!r}; expected a scale from 2**-14 to 2**64, say 2**15, and "
                "at least one step"
            )
        self.inner_optimizer = inner_optimizer
        self.initial_scale, self.dynamic_growth_steps = initial_scale, dynamic_growth_steps
        self.loss_scale = Tensor(initial_scale, dtypes.float32, name="loss_scale")
        self.good_steps = Tensor(np.zeros((), np.int64), name="good_steps")

    def __getattr__(self, attribute: str) -> Any:
        if attribute == "inner_optimizer" or attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(self.inner_optimizer, attribute)

    @property
    def learning_rate(self) -> Any:
        """That of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    lr = learning_rate

    def __setattr__(self, attribute: str, value: Any) -> None:
        own = attribute in _OWN or isinstance(getattr(type(self), attribute, None), property)
        if own:
            super().__setattr__(attribute, value)
        else:
            setattr(self.inner_optimizer, attribute, value)

    @property
    def innermost(self) -> Optimizer:
        return self.inner_optimizer

    @property
    def groups(self) -> list[Group]:
        """Those of the inner optimizer."""
        return self.inner_optimizer.groups

    def group_of(self, p: Tensor) -> Group | None:
        return self.inner_optimizer.group_of(p)

    def set_group(
        self,
        parameters: Iterable[Tensor] | None = None,
        names: Iterable[str] | None = None,
        **options: Any,
    ) -> Group:
        return self.inner_optimizer.set_group(parameters, names, **options)

    def set_option(self, name: str, value: Any, group: Group | None = None) -> None:
        self.inner_optimizer.set_option(name, value, group)

    def current_rate(self) -> Tensor:
        return self.inner_optimizer.current_rate()

    def slots(self, p: Tensor) -> Slots:
        return self.inner_optimizer.slots(p)

    def complete(self, parameters: Iterable[Tensor]) -> None:
        self.inner_optimizer.complete(parameters)

    def widen(self, parameters: Iterable[Tensor]) -> None:
        self.inner_optimizer.widen(parameters)

    def scalars(self) -> Slots:
        return {"loss_scale": self.loss_scale, "good_steps": self.good_steps}

    def all_scalars(self) -> Slots:
        return {**self.inner_optimizer.all_scalars(), **self.scalars()}

    def scale_loss(self, loss: Tensor) -> Tensor:
        return self.inner_optimizer.scale_loss(astype(loss, dtypes.float32)) * self.loss_scale

    def apply(self, pairs: Iterable[tuple[Tensor, Tensor | None]]) -> None:
        """One step along pairs (parameter, gradient of the scaled loss), if all are finite."""
        inner = self.inner_optimizer
        entered(self)
        with no_grad():
            scale = self.loss_scale * 1.0
            unscaled = [(p, _unscaled(p, g, scale)) for p, g in pairs if g is not None]
            finite: TensorLike = True
            for _, g in unscaled:
                finite = logical_and(finite, all(isfinite(g)))
            taken = logical_or(finite, less_equal(scale, LEAST))
            moving = [p for p, _ in unscaled]
            inner.complete(moving)
            moving += [t for p, _ in unscaled for t in inner.slots(p).values()]
            moving += [*inner.all_scalars().values(), inner.iterations]
            before = [t * 1 for t in moving]
            inner.apply(unscaled)
            for t, old in zip(moving, before, strict=True):
                t.assign(where(taken, t, old))
            good = where(finite, self.good_steps + 1, 0)
            grown = greater_equal(good, self.dynamic_growth_steps)
            next_scale = where(finite, where(grown, scale * 2.0, scale), scale * 0.5)
            self.loss_scale.assign(clip(next_scale, LEAST, MOST))
            self.good_steps.assign(where(grown, 0, good))

    def named_tensors(self, parameters: Mapping[str, Tensor] | Sequence[Tensor]) -> Slots:
        return {**self.inner_optimizer.named_tensors(parameters), **self.scalars()}

    def get_config(self) -> dict[str, Any]:
        return {
            "inner_optimizer": plain(self.inner_optimizer, "inner_optimizer"),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    def __repr__(self) -> str:
        return f"LossScaleOptimizer({self.inner_optimizer!r})"


def _unscaled(p: Tensor, g: Tensor, scale: Tensor) -> Tensor:
    """The gradient of the loss itself, in the dtype of its parameter."""
    unscaled: Tensor = astype(g, p.dtype) / astype(scale, p.dtype)
    return unscaled
