"""Parameter groups: parameters with options of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from .. import dtypes
from ..base.missing import no_argument
from ..errors import ArgumentError, StateError
from ..nn.configuration import arguments, plain
from ..ops.elementwise import astype
from ..tensors.tensor import Tensor
from ..tracing.watched import Watched
from ..typing import DType
from .arguments import described_groups
from .schedules import Schedule
from .state import Memory, Slots
from .wrappers.options import DEFAULTS

if TYPE_CHECKING:
    from .optimizer import Factors, Optimizer

# Options of the optimizer as a whole; all others may differ from group to group.
SHARED = ("parameters", "groups", "lr", "name", "wrappers", *DEFAULTS)


class Selection(Watched):
    """Parameters: these tensors, and those in whose name a pattern is found.

    In a file they are all patterns, since the name of a layer's tensor ("dense_1.bias") is saved
    with the layer.
    """

    def __init__(self, call: str, tensors_argument: str, names_argument: str) -> None:
        self.call, self.arguments = call, (tensors_argument, names_argument)
        self.tensors: list[Tensor] = []
        self.patterns: list[str] = []

    def add(self, tensors: Iterable[Tensor] | None, patterns: Iterable[str] | None) -> None:
        """These too."""
        tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors or ())
        patterns = [patterns] if isinstance(patterns, str) else list(patterns or ())
        by_tensor, by_name = self.arguments
        if not tensors and not patterns:
            raise ArgumentError(
                f"{self.call}: give parameters, {by_tensor}=[layer.bias], or parts of "
                f"their names, {by_name}=['bias', 'gamma']"
            )
        for t in tensors:
            if not isinstance(t, Tensor):
                raise ArgumentError(
                    f"{self.call}: {by_tensor} holds a {type(t).__name__}; expected parameters "
                    f"such as layer.bias (build the model first); names go into {by_name}"
                )
        self.tensors += tensors
        self.patterns += patterns

    def __contains__(self, p: object) -> bool:
        if not isinstance(p, Tensor):
            return False
        return any(t is p for t in self.tensors) or any(re.search(n, p.name) for n in self.patterns)

    def names(self) -> list[str]:
        """All as patterns."""
        for t in self.tensors:
            if not t.name:
                raise StateError(
                    f"{self.call}: a parameter of shape {t.shape} has no name by "
                    "which a file could tell it; weights that a layer makes have one"
                )
        return [*self.patterns, *[f"^{re.escape(t.name)}$" for t in self.tensors]]


class Group(Watched):
    """Some parameters of an optimizer, with options of their own.

    Without a `learning_rate` among the options the group follows the optimizer's.
    """

    def __init__(
        self, owner: Grouped, members: Selection, options: Mapping[str, Any], rule: Optimizer
    ) -> None:
        self.owner, self.members, self.options = owner, members, dict(options)
        # Of the optimizer's class, with these options. It takes no steps itself: the optimizer
        # asks it for its factors and its updates.
        self.rule = rule

    @property
    def has_own_rate(self) -> bool:
        """Whether the group has a learning rate of its own."""
        return "learning_rate" in self.options

    @property
    def learning_rate(self) -> Tensor | Schedule:
        """A scalar tensor or the schedule; set it to a number at any time between steps."""
        rate: Tensor | Schedule = (self.rule if self.has_own_rate else self.owner).learning_rate
        return rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.set("learning_rate", value)

    def set(self, option: str, value: Any) -> None:
        """Another value from now on."""
        setattr(self.rule, option, value)
        if option != "learning_rate" or not self.has_own_rate:  # else the rule alone has it
            self.options[option] = value

    def follow(self, option: str, value: object) -> None:
        """The optimizer has another value of an option: so has a group that was given none."""
        if option not in self.options:
            setattr(self.rule, option, value)

    def get_config(self) -> dict[str, Any]:
        """The group as JSON-able data; StateError for a parameter without a name."""
        options = dict(self.options)
        if self.has_own_rate:
            options["learning_rate"] = self.rule.rate_in_use.get_config()
        return {"names": self.members.names(), **plain(options, "groups")}

    def __repr__(self) -> str:
        tensors, patterns = self.members.tensors, self.members.patterns
        parts = [f"{len(tensors)} parameters"] if tensors else []
        parts += [f"names={patterns}"] if patterns else []
        for name, value in self.options.items():
            is_rate = name == "learning_rate"
            parts.append(f"{name}={self.rule.rate_in_use.get_config() if is_rate else value!r}")
        return f"Group({', '.join(parts)})"


class Grouped(Watched):
    """The part of an optimizer that knows its groups."""

    parameters: list[Tensor]
    iterations: Tensor
    memory: Memory
    learning_rate: Any

    def __setattr__(self, attribute: str, value: object) -> None:
        super().__setattr__(attribute, value)
        made = vars(self).get("_groups")
        if made and attribute in self._rule_options():
            for group in made:
                group.follow(attribute, value)

    def _set_groups(self, groups: Iterable[Mapping[str, Any]]) -> list[Tensor]:
        """Groups as the constructor gets them; their tensors."""
        # NOTE: they are made at the first use: the rule of a group needs the subclass's own
        # arguments, which are set after the constructor of `Optimizer`.
        self._described = described_groups(type(self).__name__, groups)
        self._groups: list[Group] = []
        self._undecayed = Selection("exclude_from_weight_decay", "var_list", "var_names")
        for _, _, options in self._described:
            self._check_options(options)
        return [t for tensors, _, _ in self._described for t in tensors]

    @property
    def groups(self) -> list[Group]:
        """The parameters with options of their own; all others have the optimizer's."""
        while self._described:
            tensors, names, options = self._described.pop(0)
            self.set_group(tensors, names, **options)
        return self._groups

    def group_of(self, p: Tensor) -> Group | None:
        """The group that p is in; None: it has the options of the optimizer itself."""
        for group in self.groups:
            if p in group.members:
                return group
        return None

    def rule_steps(self) -> dict[Group | None, RuleStep]:
        """The rule of each group in the next step; None: that of all other parameters."""
        groups = self.groups
        whole = cast("Optimizer", self)
        rate = whole.current_rate()
        rules: dict[Group | None, RuleStep] = {None: RuleStep(whole, rate)}
        for group in groups:
            own = group.rule.current_rate() if group.has_own_rate else rate
            rules[group] = RuleStep(group.rule, own)
        return rules

    def rule_class(self) -> type[Optimizer]:
        """The class of a group's rule."""
        return cast("type[Optimizer]", type(self))

    def set_group(
        self,
        parameters: Iterable[Tensor] | None = None,
        names: Iterable[str] | None = None,
        **options: Any,
    ) -> Group:
        """Give options of their own to these parameters, and to those in whose name one of `names`
        (a regular expression) is found. To be called before their first step.

        Options are the learning rate (a number or a schedule), `weight_decay`, `decoupled` and the
        rule's own (`beta_1`, `momentum`); one that is left out is the optimizer's, also when
        that is set later. Where groups overlap the first one counts. Groups are saved with the
        optimizer.

        >>> from ranvier.optim import SGD
        >>> optimizer = SGD(0.1, weight_decay=0.01)
        >>> optimizer.set_group(names=["bias"], weight_decay=0.0)
        Group(names=['bias'], weight_decay=0.0)
        >>> optimizer.set_group(names=["^encoder"], learning_rate=0.001).learning_rate.item()
        0.0010000000474974513
        """
        call = f"{type(self).__name__}.set_group"
        members = Selection(call, "parameters", "names")
        members.add(parameters, names)
        if "lr" in options:
            options["learning_rate"] = options.pop("lr")
        moved = [p for p, _ in self.memory]
        if any(p in members for p in moved):
            raise StateError(
                f"{call}: these parameters have taken steps already; call it before fit"
            )
        self._check_options(options)
        rule = self.rule_class()(**{**self._rule_options(), **options})
        # NOTE: one count for all, so that schedules and bias corrections go together.
        rule.iterations = self.iterations
        rule.widen([*moved, *self.parameters, *members.tensors])
        self._groups.append(Group(self, members, options, rule))
        return self._groups[-1]

    def set_option(self, name: str, value: Any, group: Group | None = None) -> None:
        """Another value of an option of the optimizer, or of a group, from the next step on."""
        if group is None:
            setattr(self, name, value)
        else:
            group.set(name, value)

    def exclude_from_weight_decay(
        self, var_list: Iterable[Tensor] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """No weight decay for these parameters, and for those in whose name one of `var_names` (a
        regular expression, as in Keras) is found: `exclude_from_weight_decay(var_names=["bias"])`.

        To be called before the first step. It is saved with the optimizer.
        """
        if len(self.memory):
            raise StateError(
                f"{type(self).__name__}.exclude_from_weight_decay: this optimizer has taken steps "
                "already; call it before fit"
            )
        self._undecayed.add(var_list, var_names)

    def _check_options(self, options: Iterable[str]) -> None:
        """KeywordError for an option that a group does not take."""
        known = [n for n in arguments(self.rule_class()) if n not in SHARED]
        for name in options:
            if name not in known:
                raise no_argument(
                    f"{type(self).__name__}: a group", name, ["parameters", "names", *known]
                )

    def _rule_options(self) -> dict[str, Any]:
        """The arguments that may differ from group to group, without the learning rate."""
        names = arguments(self.rule_class())
        return {n: getattr(self, n) for n in names if n not in (*SHARED, "learning_rate")}


class RuleStep:
    """A rule in one step: what its parameters of a dtype share, computed once."""

    def __init__(self, rule: Optimizer, rate: Tensor) -> None:
        self.rule, self.rate = rule, rate
        self.decays, self.decoupled = bool(rule.weight_decay), rule.decoupled
        self.weight_decay: float | Tensor = 0.0
        if isinstance(rule.weight_decay, Schedule):
            self.weight_decay = astype(rule.weight_decay(rule.iterations), rule.precision)
        elif rule.weight_decay:
            self.weight_decay = rule.weight_decay
        self._kept: dict[DType, Tensor] = {}
        self._factors: dict[DType, Factors] = {}

    def begin(self, number: Tensor) -> Slots:
        """Step 1, 2, ... begins; the new numbers that all parameters share."""
        scalars = dict(self.rule.scalars())
        self._factors = {self.rule.precision: self.rule.factors(self.rate, number, scalars)}
        return scalars

    def kept_share(self, p: Tensor) -> Tensor:
        """The part of p that decoupled weight decay leaves."""
        dtype = dtypes.promote(p.dtype, dtypes.float32)
        if dtype not in self._kept:
            self._kept[dtype] = 1.0 - self._cast(self.rate, dtype) * self.decay_of(dtype)
        return self._kept[dtype]

    def decay_of(self, dtype: DType) -> float | Tensor:
        """The strength of weight decay in this step."""
        decay = self.weight_decay
        return self._cast(decay, dtype) if isinstance(decay, Tensor) else decay

    def update(self, p: Tensor, w: Tensor, g: Tensor, slots: Slots) -> tuple[Tensor, Slots]:
        """The new parameter and the new slots, from the weights w that decay has left of p."""
        dtype = dtypes.promote(p.dtype, dtypes.float32)
        if dtype not in self._factors:  # float32 beside parameters of float64
            factors = self._factors[self.rule.precision]
            self._factors[dtype] = tuple(
                astype(f, dtype) if isinstance(f, Tensor) else f for f in factors
            )
        return self.rule.update(w, g, slots, self._factors[dtype])

    def _cast(self, t: Tensor, dtype: DType) -> Tensor:
        cast: Tensor = t if dtype == self.rule.precision else astype(t, dtype)
        return cast
