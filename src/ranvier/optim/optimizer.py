"""The optimizer: how parameters move along their gradients.

A subclass (a rule) writes its formula as pure functions, the base does the rest:

    slots     the names and first values of what is remembered for each parameter (`m`, `v`)
    factors   numbers common to all parameters in this step, computed once (bias corrections)
    update    (w, g, slots, factors) -> (new w, new slots)

What stands around a rule (clipping, accumulation, averages, loss scale) is a transform
(`transform.py`); parameters with options of their own are groups (`groups.py`).

Everything is kept in tensors that are updated in place, so a traced step holds forward, gradient
and update in one graph, and changing the learning rate never compiles again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from .. import dtypes
from ..base.missing import no_argument
from ..errors import ArgumentError, ShapeError, StateError, unknown_name
from ..nn.config import arguments, configuration
from ..ops.elementwise import astype
from ..tensors.mode import no_grad, no_trace
from ..tensors.tensor import Tensor
from ..tracing.validity import Watched, entered
from .accumulation import Accumulation
from .arguments import (
    are_groups,
    at_least_0,
    at_least_1,
    at_most_one,
    by_name,
    described_groups,
    parameters_of,
    precision_of,
)
from .averages import Averaging, exchange
from .clip import Clipping
from .decay import WeightDecay
from .groups import Group, RuleStep, Selection, rate_config
from .loss_scale import LossScale
from .schedules import SCHEDULES, Schedule, restore_schedule
from .transform import FirstValue, Slots, Step, Transform

# Options of the optimizer as a whole; all others may differ from group to group.
SHARED = (
    "parameters", "groups", "lr", "name", "clipnorm", "global_clipnorm", "clipvalue",
    "gradient_accumulation_steps", "use_ema", "ema_momentum", "ema_overwrite_frequency",
    "loss_scale_factor",
)  # fmt: skip


class Optimizer(Watched):
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
            instead (an L2 penalty, as PyTorch's Adam does).
        clipnorm: longest gradient of a single parameter.
        global_clipnorm: longest gradient of all parameters together.
        clipvalue: largest element of a gradient.
        gradient_accumulation_steps: parameters move at every n-th batch only, along the mean of
            the n gradients; `iterations`, and with it a schedule, counts batches.
        use_ema: keep the moving average w_ema <- ema_momentum w_ema + (1 - ema_momentum) w of
            each parameter (Polyak & Juditsky 1992). `fit` ends with the averages in the model; see
            `finalize_variable_values`, `swap_averages` and the callback `SwapEMAWeights`.
        ema_overwrite_frequency: also put the averages into the model at every n-th step.
        loss_scale_factor: gradients are of the loss times this (`scale_loss`), and are divided by
            it before all else; see `LossScaleOptimizer` for a factor that adapts.
    """

    rate: ClassVar[float] = 0.001  # the learning rate when none is given
    slot_values: ClassVar[Mapping[str, float]] = {}  # name -> first value

    _unwatched = frozenset({"_number", "swapped"})
    _unfollowed = frozenset({"_slots"})  # found by parameter, and never replaced

    def __init__(
        self,
        parameters: Any = None,
        learning_rate: Any = None,
        *,
        lr: Any = None,
        groups: Sequence[Mapping[str, Any]] | None = None,
        weight_decay: float | None = None,
        decoupled: bool = True,
        clipnorm: float | None = None,
        global_clipnorm: float | None = None,
        clipvalue: float | None = None,
        gradient_accumulation_steps: int | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        kind = type(self).__name__
        self.name = name or kind.lower()
        if isinstance(parameters, int | float | np.number | Schedule | Mapping):
            if learning_rate is not None:
                raise ArgumentError(
                    f"{kind}({parameters!r}, {learning_rate!r}): after a learning rate in first "
                    f"place give every other argument by name{by_name(type(self), learning_rate)}"
                )
            parameters, learning_rate = None, parameters
        if lr is not None and learning_rate is not None:
            raise ArgumentError(f"{kind}: learning_rate and lr are the same; give one of them")
        given = learning_rate if learning_rate is not None else lr
        if are_groups(parameters):
            parameters, groups = None, [*parameters, *(groups or ())]
        # NOTE: groups are made at the first use: the rule of a group needs the subclass's own
        # arguments, which are set after this constructor.
        self._described = described_groups(kind, groups or ())
        for _, _, options in self._described:
            self._check_options(options)
        self._groups: list[Group] = []
        tensors = [*parameters_of(kind, parameters), *[t for g in self._described for t in g[0]]]
        self.parameters: list[Tensor] = list({id(t): t for t in tensors}.values())
        # Of the learning rate and of what all parameters share: float64 where a parameter is.
        self.precision = precision_of(self.parameters)
        self._rate: Tensor | Schedule = self._rate_of(self.rate if given is None else given)
        self.weight_decay = at_least_0(kind, "weight_decay", weight_decay)
        self.decoupled = decoupled
        self._undecayed = Selection("exclude_from_weight_decay", "var_list", "var_names")
        self.clipnorm = at_least_0(kind, "clipnorm", clipnorm)
        self.global_clipnorm = at_least_0(kind, "global_clipnorm", global_clipnorm)
        self.clipvalue = at_least_0(kind, "clipvalue", clipvalue)
        at_most_one(kind, clipnorm=clipnorm, global_clipnorm=global_clipnorm, clipvalue=clipvalue)
        self.gradient_accumulation_steps = at_least_1(
            kind, "gradient_accumulation_steps", gradient_accumulation_steps
        )
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        if not 0 <= ema_momentum <= 1:
            raise ArgumentError(f"{kind}: ema_momentum={ema_momentum}; expected 0 to 1, say 0.99")
        self.ema_overwrite_frequency = at_least_1(
            kind, "ema_overwrite_frequency", ema_overwrite_frequency
        )
        if loss_scale_factor is not None and not 0 < loss_scale_factor < float("inf"):
            raise ArgumentError(
                f"{kind}: loss_scale_factor={loss_scale_factor!r}; expected a number above 0"
            )
        self.loss_scale_factor = loss_scale_factor
        self.iterations = Tensor(np.zeros((), np.int64), name="iterations")
        self.swapped = False  # whether parameters and averages have changed places
        self._slots: dict[int, tuple[Tensor, Slots]] = {}

    # -- what a subclass writes --

    def factors(self, rate: Tensor, step: Tensor) -> Any:
        """What all parameters need in step 1, 2, ... at this learning rate; both are scalars of
        the optimizer's `precision`.
        """
        return rate

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Any) -> tuple[Tensor, Slots]:
        """The new parameter and the new slots."""
        raise NotImplementedError

    def scalars(self) -> Slots:
        """State that belongs to no single parameter."""
        return {}

    # -- the learning rate --

    def decay(self) -> WeightDecay | None:
        """The weight decay, if there is any."""
        return WeightDecay(self.weight_decay, self.decoupled) if self.weight_decay else None

    def transforms(self) -> list[Transform]:
        """What stands around the rule, in the order of a step."""
        found: list[Transform] = []
        if self.loss_scale_factor is not None:
            found.append(LossScale(self.loss_scale_factor))
        if (n := self.gradient_accumulation_steps or 1) > 1:
            found.append(Accumulation(n))
        found.append(Clipping(self.clipnorm, self.global_clipnorm, self.clipvalue))
        if self.use_ema:
            found.append(Averaging(self.ema_momentum, self.ema_overwrite_frequency))
        return found

    @property
    def learning_rate(self) -> Any:
        """A scalar tensor or the schedule. Set it to a number at any time between steps."""
        return self._rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        rate = self._rate_of(value)
        if isinstance(rate, Tensor) and isinstance(self._rate, Tensor):
            self._rate.assign(rate)
        else:
            self._rate = rate

    def _rate_of(self, value: Any) -> Tensor | Schedule:
        """A number, a schedule or its configuration as the learning rate."""
        if isinstance(value, Mapping):
            value = restore_schedule(value)
        if isinstance(value, Schedule):
            return value
        if isinstance(value, str):
            raise unknown_name("schedule", value, SCHEDULES)
        number = float(value)
        if not 0 <= number < float("inf"):
            raise ArgumentError(
                f"{type(self).__name__}: learning_rate={value!r}; expected a number of at least 0, "
                "such as 0.001, or a schedule"
            )
        self._number = number
        return Tensor(number, self.precision, name="learning_rate")

    lr = learning_rate

    def widen(self, parameters: Iterable[Tensor]) -> None:
        """Compute in float64 from now on if one of the parameters is float64."""
        parameters = list(parameters)
        if self.precision == dtypes.float64 or precision_of(parameters) != dtypes.float64:
            return
        with no_trace():  # once for all, not by the step that is traced
            self.precision = dtypes.float64
            for group in self.groups:
                group.rule.widen(parameters)
            if isinstance(self._rate, Tensor):
                held = self._rate._array().item()
                exact = self._number if np.float32(self._number) == held else held
                self._rate = Tensor(exact, self.precision, name="learning_rate")

    def current_rate(self) -> Tensor:
        """The learning rate of the next step."""
        if not isinstance(self._rate, Schedule):
            return self._rate
        step: Tensor = self.iterations
        if self.precision == dtypes.float64:
            step = astype(step, self.precision)
        rate: Tensor = astype(self._rate(step), self.precision)
        return rate

    # -- parameter groups --

    @property
    def groups(self) -> list[Group]:
        """The parameters with options of their own; all others have the optimizer's."""
        while self._described:
            tensors, names, options = self._described.pop(0)
            self.set_group(tensors, names, **options)
        return self._groups

    def set_group(
        self,
        parameters: Iterable[Tensor] | None = None,
        names: Iterable[str] | None = None,
        **options: Any,
    ) -> Group:
        """Give options of their own to these parameters, and to those in whose name one of `names`
        (a regular expression) is found. To be called before their first step.

        Options are the learning rate (a number or a schedule), `weight_decay`, `decoupled` and the
        rule's own (`beta_1`, `momentum`); one that is not given is the optimizer's. Where groups
        overlap the first one counts. Groups are saved with the optimizer.

        >>> from ranvier.optim import SGD
        >>> optimizer = SGD(0.1, weight_decay=0.01)
        >>> optimizer.set_group(names=["bias"], weight_decay=0.0)
        Group(names=['bias'], weight_decay=0.0)
        >>> optimizer.set_group(names=["^encoder"], learning_rate=0.001).learning_rate.item()
        0.0010000000474974513
        """
        kind = type(self).__name__
        members = Selection(f"{kind}.set_group", "parameters", "names")
        members.add(parameters, names)
        if "lr" in options:
            options["learning_rate"] = options.pop("lr")
        if any(p in members for p, _ in self._slots.values()):
            raise StateError(
                f"{kind}.set_group: these parameters have taken steps already; call it before fit"
            )
        self._check_options(options)
        rule = self.rule_class()(**{**self.rule_options(), **options})
        # NOTE: one count for all, so that schedules and bias corrections go together.
        rule.iterations = self.iterations
        rule.widen([p for p, _ in self._slots.values()] + self.parameters + members.tensors)
        self._groups.append(Group(self, members, options, rule))
        return self._groups[-1]

    def _check_options(self, options: Mapping[str, Any]) -> None:
        """KeywordError for an option that a group does not take."""
        known = [n for n in arguments(self.rule_class()) if n not in SHARED]
        for name in options:
            if name not in known:
                raise no_argument(
                    f"{type(self).__name__}: a group", name, ["parameters", "names", *known]
                )

    def rule_class(self) -> type[Optimizer]:
        """The class whose arguments `rule_options` are."""
        return type(self)

    def rule_options(self) -> dict[str, Any]:
        """The arguments that may differ from group to group, without the learning rate."""
        names = arguments(self.rule_class())
        return {n: getattr(self, n) for n in names if n not in (*SHARED, "learning_rate")}

    def set_option(self, name: str, value: Any, group: Group | None = None) -> None:
        """Another value of an option of the optimizer, or of a group, from the next step on."""
        rule = self if group is None else group.rule
        if group is not None:
            group.set(name, value)
        else:
            setattr(self, name, value)
        for p, slots in self._slots.values():
            if self.group_of(p) is group:
                for slot, first in rule.first_values().items():
                    if slot not in slots and rule.uses_slot(slot):
                        dtype = dtypes.promote(p.dtype, dtypes.float32)
                        slots[slot] = Tensor(np.full(p.shape, first, dtype), name=slot)

    def group_of(self, p: Tensor) -> Group | None:
        """The group that p is in; None: it has the options of the optimizer itself."""
        return next((group for group in self.groups if p in group.members), None)

    def rates(self) -> list[Tensor | Schedule]:
        """The optimizer's learning rate, and those of groups that have one of their own."""
        own = [g.rule.learning_rate for g in self.groups if "learning_rate" in g.options]
        return [self._rate, *own]

    # -- steps --

    def scale_loss(self, loss: Tensor) -> Tensor:
        """What the gradients given to `apply` are of: the loss itself, or a multiple of it."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def slots(self, p: Tensor) -> Slots:
        """What is remembered for the parameter `p`, made at the first call."""
        if id(p) not in self._slots:
            self.widen([p])
            group = self.group_of(p)
            rule = self if group is None else group.rule
            wide = dtypes.float32 if p.dtype == dtypes.float16 else p.dtype
            first: dict[str, FirstValue] = {
                slot: value for slot, value in rule.first_values().items() if rule.uses_slot(slot)
            }
            for transform in self.transforms():
                first |= transform.first_values(p)
            made = {
                slot: Tensor(
                    np.full(p.shape, value, wide), name=f"{p.name}.{slot}" if p.name else slot
                )
                for slot, value in first.items()
            }
            self._slots[id(p)] = (p, made)
        return self._slots[id(p)][1]

    def first_values(self) -> Mapping[str, float]:
        """What the slots hold before the first step."""
        return self.slot_values

    def uses_slot(self, slot: str) -> bool:
        """Whether the arguments ask for this slot."""
        return True

    def apply(self, pairs: Iterable[tuple[Tensor, Tensor | None]]) -> None:
        """One step along (parameter, gradient) pairs; a parameter without gradient (None) stays."""
        given = [(p, g) for p, g in pairs if g is not None]
        self.widen(p for p, _ in given)
        for p, g in given:
            if p.shape != g.shape:
                raise ShapeError(
                    f"{type(self).__name__}: a gradient of {g.shape} for a parameter of {p.shape}"
                )
        groups = self.groups  # made now, if they were not yet
        entered(self)
        with no_grad():
            transforms = self.transforms()
            step = Step([p for p, _ in given], [g for _, g in given], self.slots, self.iterations)
            for transform in transforms:
                transform.before(step)
            self._descend(step, groups)
            for transform in transforms:
                transform.after(step)
            self.iterations.assign(self.iterations + 1)

    def _descend(self, step: Step, groups: Sequence[Group]) -> None:
        """The rule of each parameter's group, and the new values where the step is due."""
        scalars = self.all_scalars().values()
        held = [] if step.due is None else [t * 1 for t in scalars]
        rate, number = self.current_rate(), astype(step.updates + 1, self.precision)
        rules: dict[Group | None, RuleStep] = {None: RuleStep(self, rate, number)}
        for group in groups:
            own = group.rule.current_rate() if "learning_rate" in group.options else rate
            rules[group] = RuleStep(group.rule, own, number)
        results = []
        for p, g in zip(step.parameters, step.grads, strict=True):
            slots = self.slots(p)
            rule = rules[self.group_of(p)]
            results.append((p, slots, *rule.update(p, g, slots, p not in self._undecayed)))
        for t, before in zip(scalars, held, strict=False):
            step.move(t, t, before)
        for p, slots, w, changed in results:
            step.move(p, w, p)
            for slot, value in changed.items():
                step.move(slots[slot], value, slots[slot])

    def swap_averages(self, parameters: Iterable[Tensor] | None = None) -> None:
        """Exchange parameters and their moving averages; call it again to go back."""
        exchange(self._averages("swap_averages", parameters))
        self.swapped = not self.swapped

    def finalize_variable_values(self, parameters: Iterable[Tensor] | None = None) -> None:
        """Put the moving averages into the parameters, if there are any (Keras' name)."""
        if self.use_ema:
            for p, average in self._averages("finalize_variable_values", parameters):
                if self.swapped:
                    average.assign(p)
                else:
                    p.assign(average)
            self.swapped = False

    def _averages(self, call: str, parameters: Any) -> list[tuple[Tensor, Tensor]]:
        kind = type(self).__name__
        if not self.use_ema:
            raise StateError(f"{kind}.{call}: this optimizer keeps no averages: use_ema=True")
        chosen = self.parameters if parameters is None else list(parameters)
        return [(p, self.slots(p)[Averaging.slot]) for p in chosen]

    def exclude_from_weight_decay(
        self, var_list: Iterable[Tensor] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """No weight decay for these parameters, and for those in whose name one of `var_names` (a
        regular expression, as in Keras) is found: `exclude_from_weight_decay(var_names=["bias"])`.

        To be called before the first step. It is saved with the optimizer.
        """
        if self._slots:
            raise StateError(
                f"{type(self).__name__}.exclude_from_weight_decay: this optimizer has taken steps "
                "already; call it before fit"
            )
        self._undecayed.add(var_list, var_names)

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

    # -- state --

    def named_tensors(self, parameters: Mapping[str, Tensor] | Sequence[Tensor]) -> Slots:
        """All state by name, slots under the names (or positions) of `parameters`."""
        if not isinstance(parameters, Mapping):
            parameters = {str(i): p for i, p in enumerate(parameters)}
        self.widen(parameters.values())
        found: Slots = {"iterations": self.iterations, **self.all_scalars()}
        if isinstance(self._rate, Tensor):
            found["learning_rate"] = self._rate
        for i, group in enumerate(self.groups):
            if "learning_rate" in group.options and isinstance(group.learning_rate, Tensor):
                found[f"groups.{i}.learning_rate"] = group.learning_rate
        for path, p in parameters.items():
            found |= {f"{path}.{slot}": t for slot, t in self.slots(p).items()}
        return found

    def all_scalars(self) -> Slots:
        """`scalars` of the rule and of the groups' rules."""
        found = dict(self.scalars())
        for i, group in enumerate(self.groups):
            found |= {f"groups.{i}.{name}": t for name, t in group.rule.scalars().items()}
        return found

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-able data, without the parameters."""
        found = configuration(self, skip=("parameters", "lr", "learning_rate", "groups"))
        found["learning_rate"] = rate_config(self._rate)
        if self.groups:
            found["groups"] = [group.get_config() for group in self.groups]
        if names := self._undecayed.names():
            found["undecayed"] = names
        return found

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """A new optimizer from what `get_config` gave; its state starts anew."""
        arguments = dict(config)
        undecayed = arguments.pop("undecayed", None)
        made = cls(**arguments)
        if undecayed:
            made.exclude_from_weight_decay(var_names=undecayed)
        return made

    def __getstate__(self) -> dict[str, Any]:
        # Tensors have other ids in a copy.
        return {**vars(self), "_slots": list(self._slots.values())}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _slots={id(p): (p, slots) for p, slots in state["_slots"]})

    def __repr__(self) -> str:
        rate = self._rate if isinstance(self._rate, Schedule) else f"{self._rate.item():g}"
        return f"{type(self).__name__}(learning_rate={rate})"
