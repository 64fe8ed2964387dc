"""The optimizer: how parameters move along their gradients.

A subclass writes its formula twice as pure functions, the base does the rest:

    slots     the names and first values of what is remembered for each parameter (`m`, `v`)
    factors   numbers common to all parameters in this step, computed once (bias corrections)
    update    (w, g, slots, factors) -> (new w, new slots)

Everything is kept in tensors that are updated in place, so a traced step holds forward, gradient
and update in one graph, and changing the learning rate never compiles again.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from .. import dtypes
from ..base.missing import Spelled
from ..errors import (
    ArgumentError,
    ShapeError,
    StateError,
    unknown_name,
)
from ..nn.config import configuration
from ..ops.creation import full
from ..ops.elementwise import (
    astype,
    equal,
    floor_divide,
    remainder,
    where,
)
from ..tensors.mode import no_grad
from ..tensors.tensor import Tensor
from . import clip
from .decay import Undecayed
from .schedules import SCHEDULES, Schedule, restore_schedule

Slots = dict[str, Tensor]
_SUM, _AVERAGE = "gradient_sum", "average"  # slots that every optimizer may have


class Optimizer(Spelled):
    """Base of all optimizers.

    Two ways to make one, as in Keras and as in PyTorch:

        Adam(learning_rate=0.001)            # model.compile gives it the parameters
        Adam(parameters, lr=0.001)           # then zero_grad(), backward(), step()

    Args:
        parameters: a tensor or several; or, standing first, the learning rate.
        learning_rate: a number or a schedule (`ranvier.optim.schedules`); `lr` is the same.
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
    """

    rate: ClassVar[float] = 0.001  # the learning rate when none is given
    slot_values: ClassVar[Mapping[str, float]] = {}  # name -> first value

    def __init__(
        self,
        parameters: Any = None,
        learning_rate: Any = None,
        *,
        lr: Any = None,
        weight_decay: float | None = None,
        decoupled: bool = True,
        clipnorm: float | None = None,
        global_clipnorm: float | None = None,
        clipvalue: float | None = None,
        gradient_accumulation_steps: int | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        name: str | None = None,
    ) -> None:
        kind = type(self).__name__
        self.name = name or kind.lower()
        if isinstance(parameters, int | float | np.number | Schedule | Mapping):
            if learning_rate is not None:
                raise ArgumentError(
                    f"{kind}({parameters!r}, {learning_rate!r}): after a learning rate in first "
                    f"place give every other argument by name{_by_name(type(self), learning_rate)}"
                )
            parameters, learning_rate = None, parameters
        if lr is not None and learning_rate is not None:
            raise ArgumentError(f"{kind}: learning_rate and lr are the same; give one of them")
        given = learning_rate if learning_rate is not None else lr
        self.parameters: list[Tensor] = _parameters(kind, parameters)
        # Of the learning rate and of what all parameters share: float64 where a parameter is.
        self.precision = _precision(self.parameters)
        self._rate: Tensor | Schedule = Tensor(self.rate, self.precision, name="learning_rate")
        self.learning_rate = self.rate if given is None else given
        self.weight_decay = _at_least_0(kind, "weight_decay", weight_decay)
        self.decoupled = decoupled
        self._undecayed = Undecayed()
        self.clipnorm = _at_least_0(kind, "clipnorm", clipnorm)
        self.global_clipnorm = _at_least_0(kind, "global_clipnorm", global_clipnorm)
        self.clipvalue = _at_least_0(kind, "clipvalue", clipvalue)
        if sum(v is not None for v in (clipnorm, global_clipnorm, clipvalue)) > 1:
            raise ArgumentError(f"{kind}: give one of clipnorm, global_clipnorm and clipvalue")
        self.gradient_accumulation_steps = _at_least_1(
            kind, "gradient_accumulation_steps", gradient_accumulation_steps
        )
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        if not 0 <= ema_momentum <= 1:
            raise ArgumentError(f"{kind}: ema_momentum={ema_momentum}; expected 0 to 1, say 0.99")
        self.ema_overwrite_frequency = _at_least_1(
            kind, "ema_overwrite_frequency", ema_overwrite_frequency
        )
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

    @property
    def learning_rate(self) -> Any:
        """A scalar tensor or the schedule. Set it to a number at any time between steps."""
        return self._rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, Mapping):
            value = restore_schedule(value)
        if isinstance(value, Schedule):
            self._rate = value
            return
        if isinstance(value, str):
            raise unknown_name("schedule", value, SCHEDULES)
        number = float(value)
        if not 0 <= number < float("inf"):
            raise ArgumentError(
                f"{type(self).__name__}: learning_rate={value!r}; expected a number of at least 0, "
                "such as 0.001, or a schedule"
            )
        self._number = number
        if isinstance(self._rate, Schedule):
            self._rate = Tensor(number, self.precision, name="learning_rate")
        else:
            self._rate.assign(number)

    lr = learning_rate

    def widen(self, parameters: Iterable[Tensor]) -> None:
        """Compute in float64 from now on if one of the parameters is float64."""
        if self.precision == dtypes.float64 or _precision(parameters) != dtypes.float64:
            return
        self.precision = dtypes.float64
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

    # -- steps --

    def scale_loss(self, loss: Tensor) -> Tensor:
        """What the gradients given to `apply` are of: the loss itself, or a multiple of it."""
        return loss

    def slots(self, p: Tensor) -> Slots:
        """What is remembered for the parameter `p`, made at the first call."""
        if id(p) not in self._slots:
            self.widen([p])
            wide = dtypes.float32 if p.dtype == dtypes.float16 else p.dtype
            first: dict[str, Any] = {
                slot: value for slot, value in self.first_values().items() if self.uses_slot(slot)
            }
            if self._accumulates:
                first[_SUM] = 0.0
            if self.use_ema:
                first[_AVERAGE] = p._array()
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
        with no_grad():
            due, grads = self._accumulated(given)
            held = [] if due is None else [t * 1 for t in self.scalars().values()]
            results = self._updated([p for p, _ in given], self._clipped(grads))
            for t, before in zip(self.scalars().values(), held, strict=False):
                _move(t, t, before, due)
            for p, slots, w, changed in results:
                _move(p, w, p, due)
                for slot, value in changed.items():
                    _move(slots[slot], value, slots[slot], due)
            if self.use_ema:
                self._average([p for p, _ in given])
            self.iterations.assign(self.iterations + 1)

    def _updated(self, parameters: list[Tensor], grads: list[Tensor]) -> list[Any]:
        """(parameter, its slots, new parameter, new slots) of one step."""
        rate = self.current_rate()
        factors = self.factors(rate, astype(self._updates() + 1, self.precision))
        common = {self.precision: (factors, self._kept(rate))}
        results = []
        for p, g in zip(parameters, grads, strict=True):
            slots = self.slots(p)
            w: Tensor = p
            kind = dtypes.promote(p.dtype, dtypes.float32)
            if kind not in common:  # float32 beside parameters of float64
                common[kind] = _cast(factors, kind), self._kept(astype(rate, kind))
            shared, keep = common[kind]
            decays = p not in self._undecayed
            if keep is not None and decays:
                w = p * keep
            elif self.weight_decay and not self.decoupled and decays:
                g = g + p * self.weight_decay
            results.append((p, slots, *self.update(w, g, slots, shared)))
        return results

    def _kept(self, rate: Tensor) -> Any:
        """What decoupled weight decay leaves of a weight; None: all."""
        return 1.0 - rate * self.weight_decay if self.weight_decay and self.decoupled else None

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

    # -- several batches for one step --

    @property
    def _accumulates(self) -> bool:
        return (self.gradient_accumulation_steps or 1) > 1

    def _updates(self) -> Any:
        """How many steps the parameters have taken."""
        if not self._accumulates:
            return self.iterations
        return floor_divide(self.iterations, self.gradient_accumulation_steps)

    def _accumulated(self, given: list[tuple[Tensor, Tensor]]) -> tuple[Any, list[Tensor]]:
        """(whether this batch ends with a step, the mean gradients so far); None: every batch."""
        if not self._accumulates:
            return None, [g for _, g in given]
        n = self.gradient_accumulation_steps
        due = equal(remainder(self.iterations + 1, n), 0)
        means = []
        for p, g in given:
            total = self.slots(p)[_SUM]
            so_far = total + g
            means.append(so_far / n)
            total.assign(where(due, 0.0, so_far))
        return due, means

    # -- averages of the parameters --

    def _average(self, parameters: list[Tensor]) -> None:
        """One step of the moving averages; at the first they are the parameters themselves."""
        first = equal(self._updates(), 0)
        for p in parameters:
            average = self.slots(p)[_AVERAGE]
            momentum = where(first, 0.0, full((), self.ema_momentum, average.dtype))
            average.assign(momentum * average + (1.0 - momentum) * p)
            if self.ema_overwrite_frequency:
                turn = equal(remainder(self._updates() + 1, self.ema_overwrite_frequency), 0)
                _move(p, average, p, turn)

    def swap_averages(self, parameters: Iterable[Tensor] | None = None) -> None:
        """Exchange parameters and their moving averages; call it again to go back."""
        for p, average in self._averages("swap_averages", parameters):
            values = p.numpy().copy()
            p.assign(average)
            average.assign(values)
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
        return [(p, self.slots(p)[_AVERAGE]) for p in chosen]

    def _clipped(self, grads: list[Tensor]) -> list[Tensor]:
        if self.clipvalue is not None:
            return clip.clip_by_value(grads, self.clipvalue)
        if self.clipnorm is not None:
            return clip.clip_by_norm(grads, self.clipnorm)
        if self.global_clipnorm is not None:
            return clip.clip_by_global_norm(grads, self.global_clipnorm)
        return grads

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
        found: Slots = {"iterations": self.iterations, **self.scalars()}
        if isinstance(self._rate, Tensor):
            found["learning_rate"] = self._rate
        for path, p in parameters.items():
            found |= {f"{path}.{slot}": t for slot, t in self.slots(p).items()}
        return found

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-able data, without the parameters."""
        found = configuration(self, skip=("parameters", "lr", "learning_rate"))
        rate = self._rate
        if isinstance(rate, Schedule):
            found["learning_rate"] = {"class": type(rate).__name__, "config": rate.get_config()}
        else:
            found["learning_rate"] = float(str(rate.numpy()))
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


def _parameters(kind: str, given: Any) -> list[Tensor]:
    if given is None:
        return []
    if callable(getattr(given, "parameters", None)):
        raise ArgumentError(
            f"{kind}: got a {type(given).__name__}; give its tensors: {kind}(model.parameters())"
        )
    tensors = [given] if isinstance(given, Tensor) else list(given)
    if not tensors:
        raise ArgumentError(f"{kind}: got an empty list of parameters; is the model built?")
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise ArgumentError(f"{kind}: parameter {i} is a {type(t).__name__}, not a tensor")
        if not t.requires_grad or not t.is_leaf:
            why = "is the result of an operation" if not t.is_leaf else "has requires_grad=False"
            raise ArgumentError(
                f"{kind}: parameter {i} of shape {t.shape} {why}; "
                "make it with ranvier.tensor(..., requires_grad=True)"
            )
    return list({id(t): t for t in tensors}.values())


def _precision(parameters: Iterable[Tensor]) -> Any:
    """float64 if one of them is, else float32."""
    wide = any(p.dtype == dtypes.float64 for p in parameters)
    return dtypes.float64 if wide else dtypes.float32


def _cast(value: Any, dtype: Any) -> Any:
    """A tensor, or those in a tuple, in another dtype."""
    if isinstance(value, tuple):
        return tuple(_cast(v, dtype) for v in value)
    return astype(value, dtype) if isinstance(value, Tensor) else value


def _move(t: Tensor, new: Any, old: Any, due: Any) -> None:
    """`new` into t, or `old` where the scalar `due` is false; due None is always."""
    t.assign(new if due is None else where(due, new, old))


def _at_least_1(kind: str, name: str, value: int | None) -> int | None:
    if value is not None and (value < 1 or int(value) != value):
        raise ArgumentError(f"{kind}: {name}={value!r}; expected an integer of at least 1")
    return value


def _at_least_0(kind: str, name: str, value: float | None) -> float | None:
    if value is not None and not 0 <= value < float("inf"):
        raise ArgumentError(f"{kind}: {name}={value!r}; expected a number of at least 0")
    return value


def _by_name(kind: type, value: Any) -> str:
    """How the second number of an optimizer is written: with the name of its first own option."""
    options = list(inspect.signature(kind).parameters.values())
    own = [p.name for p in options if p.name not in ("parameters", "learning_rate", "options")]
    return f": {kind.__name__}(..., {own[0]}={value!r})" if own else ""
