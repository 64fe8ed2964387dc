"""The optimizer: a rule, and what stands around it.

    rule        w, g, slots -> new w, new slots            rules/, the formulas
    wrappers    clipping, weight decay, averages, ...      wrappers/
    groups      parameters with options of their own       groups.py
    rate        the learning rate: a number or a schedule  rates.py, schedules/
    state       slots, counts, what a file holds           state.py

A new optimizer is one class with its formula and one line in `rules/__init__.py`.

Everything is kept in tensors that are updated in place, so a traced step holds forward, gradient
and update in one graph, and another learning rate compiles nothing again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias, Unpack

import numpy as np

from ..base.observer import listening
from ..errors import ShapeError, StateError
from ..ops.elementwise import astype
from ..tensors.mode import no_grad, state
from ..tensors.tensor import Tensor
from ..tracing.watched import entered
from .arguments import Parameters, first_arguments, precision_of
from .groups import Grouped, RuleStep
from .rates import DecayStrength, LearningRate, Rate, Rated, decay_strength
from .state import Memory, Remembering, Scalars, Slots
from .wrappers.averaging import Averaged
from .wrappers.options import Wrapped, WrapperOptions
from .wrappers.wrapper import Step

Factors: TypeAlias = tuple[Tensor | float, ...]


class Rule:
    """An update rule: pure functions of tensors, of each parameter by itself.

    slot_values     names and first values of what is remembered for each parameter (`m`, `v`)
    scalar_values   the same of numbers that all parameters share
    factors         what all parameters need in this step, computed once (bias corrections)
    update          the formula
    """

    rate: ClassVar[float] = 0.001  # the learning rate when none is given
    slot_values: ClassVar[Mapping[str, float]] = {}
    scalar_values: ClassVar[Mapping[str, float]] = {}

    def first_values(self) -> Mapping[str, float]:
        """The slots that the arguments ask for, as they are before the first step."""
        return self.slot_values

    def factors(self, rate: Tensor, step: Tensor, scalars: Slots) -> Factors:
        """What all parameters need in step 1, 2, ... at this learning rate.

        Tensors are scalars of one dtype; new values of `scalars` are put into that dictionary.
        """
        return (rate,)

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Factors) -> tuple[Tensor, Slots]:
        """The new parameter and the new slots."""
        raise NotImplementedError


class Optimizer(Rule, Rated, Grouped, Remembering, Averaged, Wrapped):
    """Base of all optimizers.

    Two ways to make one, as in Keras and as in PyTorch:

        Adam(learning_rate=0.001)            # model.compile gives it the parameters
        Adam(parameters, lr=0.001)           # then zero_grad(), backward(), step()

    Args:
        parameters: a tensor or several; or dictionaries as in `groups`, each with its tensors; or,
            standing first, the learning rate.
        learning_rate: a number or a schedule (`ranvier.optim.schedules`); `lr` is the same.
        groups: parameters with options of their own, as dictionaries: {"parameters": [tensors],
            "learning_rate": 1e-4} or {"names": ["bias"], "weight_decay": 0.0}; see `set_group`.
        weight_decay: each step also takes `learning_rate * weight_decay * w` off w (Loshchilov &
            Hutter 2019). With `decoupled=False` `weight_decay * w` is added to the gradient
            instead (an L2 penalty, as PyTorch's Adam does). A schedule is taken too.
        clipnorm, global_clipnorm, clipvalue: longest gradient of a single parameter, of all
            parameters together, or largest element of a gradient.
        gradient_accumulation_steps: parameters move at every n-th batch only, along the mean of
            the n gradients; `iterations`, and with it a schedule, counts batches.
        use_ema, ema_momentum, ema_overwrite_frequency: keep the moving average of each parameter
            (`wrappers.ExponentialAverage`). `fit` ends with the averages in the model; see
            `finalize_variable_values`, `swap_averages` and the callback `SwapEMAWeights`.
        loss_scale_factor: gradients are of the loss times this (`scale_loss`), and are divided by
            it before all else; see `LossScaleOptimizer` for a factor that adapts.
        wrappers: the wrappers themselves (`ranvier.optim.wrappers`), in the order of a step;
            instead of the arguments above, from `clipnorm` on.
    """

    _unwatched = frozenset({"swapped", "_chain"})

    def __init__(
        self,
        parameters: Parameters | LearningRate = None,
        learning_rate: LearningRate | None = None,
        *,
        lr: LearningRate | None = None,
        groups: Sequence[Mapping[str, Any]] | None = None,
        weight_decay: DecayStrength = None,
        decoupled: bool = True,
        name: str | None = None,
        **options: Unpack[WrapperOptions],
    ) -> None:
        kind = type(self).__name__
        self.name = name or kind.lower()
        alone, in_groups, first = first_arguments(type(self), parameters, learning_rate, lr)
        tensors = [*alone, *self._set_groups([*in_groups, *(groups or ())])]
        self.parameters: list[Tensor] = list({id(t): t for t in tensors}.values())
        # Of the learning rate and of what all parameters share: float64 where a parameter is.
        self.precision = precision_of(self.parameters)
        self.rate_in_use = Rate(kind, self.rate if first is None else first, self.precision)
        self.weight_decay = decay_strength(kind, weight_decay)
        self.decoupled = decoupled
        super().__init__(**options)
        self.iterations = Tensor(np.zeros((), np.int64), name="iterations")
        self.swapped = False  # whether parameters and averages have changed sides
        self.memory, self._scalars = Memory(), Scalars()

    def apply(self, pairs: Iterable[tuple[Tensor, Tensor | None]]) -> None:
        """One step along (parameter, gradient) pairs; a parameter without gradient (None) stays."""
        moving = [(p, g) for p, g in pairs if g is not None]
        parameters = [p for p, _ in moving]
        self.widen(parameters)
        for p, g in moving:
            if p.shape != g.shape:
                raise ShapeError(
                    f"{type(self).__name__}: a gradient of {g.shape} for a parameter of {p.shape}"
                )
        with no_grad():
            rules = self.rule_steps()
            entered(self)
            if state.trace is not None:  # before the rate: checkpoints know the order of inputs
                state.trace.node_of(self.iterations)
            self.complete(parameters)
            step = Step(
                parameters, [g for _, g in moving], list(parameters), self.slots,
                {id(p): rules[self.group_of(p)] for p in parameters}, self._undecayed,
                self.iterations,
            )  # fmt: skip
            chain = self.chain()
            for wrapper in chain:
                wrapper.before(step)
            self._move(step, list(rules.values()))
            for wrapper in chain:
                wrapper.after(step)
            self.iterations.assign(self.iterations + 1)

    def _move(self, step: Step, rules: Sequence[RuleStep]) -> None:
        """The rule of each parameter, and the new values where the step is due."""
        number = astype(step.updates + 1, self.precision)
        scalars = [(rule.rule.scalars(), rule.begin(number)) for rule in rules]
        results = []
        for p, w, g in zip(step.parameters, step.weights, step.grads, strict=True):
            slots = self.slots(p)
            new, changed_slots = step.rules[id(p)].update(p, w, g, slots)
            if listening.observer is not None:
                listening.observer.update(p, w, g, new, changed_slots)
            results.append((p, slots, new, changed_slots))
        for held, changed in scalars:
            for name, value in changed.items():
                step.move(held[name], value, held[name])
        for p, slots, w, changed in results:
            step.move(p, w, p)
            for slot, value in changed.items():
                step.move(slots[slot], value, slots[slot])

    @property
    def innermost(self) -> Optimizer:
        """The optimizer that takes the steps: this one, or the one that it wraps."""
        return self

    def scale_loss(self, loss: Tensor) -> Tensor:
        """What the gradients given to `apply` are of: the loss itself, or a multiple of it."""
        for wrapper in self.chain():
            loss = wrapper.scale_loss(loss)
        return loss

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Tensor, Tensor]]) -> None:
        """`apply` with Keras' order: pairs of (gradient, parameter)."""
        self.apply([(p, g) for g, p in grads_and_vars])

    def step(self) -> None:
        """One step along the `.grad` of the parameters given at construction."""
        self._need_parameters("step")
        self.apply([(p, p.grad) for p in self.parameters])

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: `.backward()` adds to what is there."""
        self._need_parameters("zero_grad")
        for p in self.parameters:
            if set_to_none:
                p.grad = None
            elif p.grad is not None:
                p.grad = p.grad * 0

    def _need_parameters(self, call: str) -> None:
        if not self.parameters:
            kind = type(self).__name__
            raise StateError(
                f"{kind}.{call}: this optimizer was made without parameters; "
                f"write {kind}(model.parameters(), lr=...), or let model.compile use it"
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(learning_rate={self.rate_in_use})"
