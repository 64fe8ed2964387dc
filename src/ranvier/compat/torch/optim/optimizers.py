"""PyTorch's optimizers: Ranvier's, with PyTorch's arguments, defaults and forms of the formulas.

Each class is a row: its rule, and PyTorch's arguments with their defaults, in PyTorch's order.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from .... import optim as ours
from ....base.missing import no_argument
from ....errors import ArgumentError
from ....optim import Optimizer as RanvierOptimizer
from ....optim.arguments import Parameters
from ....tensors.mode import enable_grad
from ....tensors.tensor import Tensor as RanvierTensor
from .param_groups import ParamGroup, translated
from .rules import TorchAdagrad, TorchAdam, TorchAdamax, TorchRMSprop, TorchSGD

# Arguments that mean nothing here.
_FOR_SPEED = {"foreach": None, "fused": None, "capturable": False, "differentiable": False}


class Optimizer(RanvierOptimizer):
    """What PyTorch's optimizers have beside `step` and `zero_grad`.

    The first argument may be dictionaries, each with "params" and options of its own:

    >>> from ranvier.compat import torch
    >>> w, b = torch.ones(2, requires_grad=True), torch.ones(1, requires_grad=True)
    >>> optimizer = SGD([{"params": w}, {"params": b, "lr": 0.01}], lr=0.1)
    >>> [group["lr"] for group in optimizer.param_groups]
    [0.1, 0.01]
    """

    rule: ClassVar[type[RanvierOptimizer]]  # the class behind PyTorch's name
    row: ClassVar[Mapping[str, Any]]  # PyTorch's arguments and their defaults
    fixed: ClassVar[Mapping[str, Any]] = {}  # options that are no arguments
    __signature__: ClassVar[inspect.Signature]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "row" in vars(cls):
            first = inspect.Parameter("params", inspect.Parameter.POSITIONAL_OR_KEYWORD)
            row = [first.replace(name=name, default=default) for name, default in cls.row.items()]
            by_name = [
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
                for name, default in _FOR_SPEED.items()
            ]
            cls.__signature__ = inspect.Signature([first, *row, *by_name])
        elif "__init__" in vars(cls):
            _, *parameters = inspect.signature(cls.__init__).parameters.values()
            cls.__signature__ = inspect.Signature(parameters)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        owner: Any = next((cls for cls in type(self).__mro__ if "row" in vars(cls)), None)
        if owner is None:
            self._begin_own(*args, **kwargs)
            return
        bound = owner.__signature__.bind(*args, **kwargs).arguments
        params = bound.pop("params")
        chosen = {name: bound.get(name, default) for name, default in owner.row.items()}
        self.defaults = {**chosen, **self.fixed}
        self._param_groups: list[Any] | None = None
        kind = type(self).__name__
        first, *others = _as_groups(kind, params)
        tensors = _as_list(kind, first.pop("params", ()))
        arguments = translated(self._known({**self.defaults, **first}))
        moving = [p for p in tensors if not isinstance(p, RanvierTensor) or p.requires_grad]
        self.rule.__init__(self, moving or tensors, **arguments)
        # NOTE: frozen parameters are kept: they may be thawed later.
        self.parameters = list({id(p): p for p in tensors}.values())
        for group in others:
            self.add_param_group(group)

    def _begin_own(self, params: Parameters, defaults: Mapping[str, Any]) -> None:
        """The beginning of a user's own optimizer, whose `step` moves the parameters itself."""
        RanvierOptimizer.__init__(self, lr=defaults.get("lr"))
        self.defaults = dict(defaults)
        self._param_groups = []
        self.state: dict[Any, dict[str, Any]] = defaultdict(dict)
        for group in _as_groups(type(self).__name__, params):
            self.add_param_group(group)

    def _known(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options; KeywordError for one that the optimizer does not take."""
        for name in options:
            if name not in self.defaults:
                raise no_argument(
                    f"{type(self).__name__}: a group", name, ["params", *self.defaults]
                )
        decoupled = options.pop("decoupled_weight_decay", False)
        if decay := options.pop("lr_decay", 0):
            options["lr"] = ours.InverseTimeDecay(options["lr"], 1, decay)
        return {**options, "decoupled": decoupled}

    def rule_class(self) -> type[RanvierOptimizer]:
        return self.rule

    @property
    def param_groups(self) -> list[Any]:
        """The groups of parameters; what is written into one acts at the next step."""
        if self._param_groups is None:
            names = [n for n in self.defaults if n not in ("lr", "decoupled_weight_decay")]
            groups = (None, *self.groups)
            self._param_groups = [ParamGroup(self, group, names) for group in groups]
        return self._param_groups

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """More parameters, with options of their own."""
        options = dict(param_group)
        tensors = _as_list(type(self).__name__, options.pop("params", ()))
        known = [id(p) for p in self.parameters]
        if not tensors or any(id(p) in known for p in tensors):
            raise ArgumentError(
                f'{type(self).__name__}: a group needs parameters, under "params", that are in no '
                "other group"
            )
        groups = self.param_groups
        if not hasattr(type(self), "row"):
            groups.append({**self.defaults, **options, "params": tensors})
            self.parameters += list({id(p): p for p in tensors}.values())
            return
        arguments = translated(self._known({**self.defaults, **options}))
        made = self.set_group(tensors, **arguments)
        self.parameters += list({id(p): p for p in tensors}.values())
        groups.append(ParamGroup(self, made, groups[0].names))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step along the gradients; `closure` computes the loss and its gradients first."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        super().step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """All state by name."""
        named = self.named_tensors(self.parameters)
        return {name: t.detach().clone() for name, t in named.items()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take the state from `state_dict`."""
        for name, t in self.named_tensors(self.parameters).items():
            t.assign(state_dict[name])


def _as_list(kind: str, params: Parameters) -> list[Any]:
    if isinstance(params, RanvierTensor):
        return [params]
    if callable(getattr(params, "parameters", None)):
        raise ArgumentError(
            f"{kind}: got a {type(params).__name__}; give its tensors: {kind}(model.parameters())"
        )
    items: list[Any] = list(params or ())
    return [p for _, p in items] if items and isinstance(items[0], tuple) else items


def _as_groups(kind: str, params: Parameters) -> list[dict[str, Any]]:
    """The parameters as dictionaries, the first one the optimizer's own."""
    items = _as_list(kind, params)
    if items and isinstance(items[0], Mapping):
        return [dict(group) for group in items]
    return [{"params": items}]


class SGD(Optimizer, TorchSGD):
    """Gradient descent with momentum: `v <- momentum v + g, w <- w - lr v`.

    >>> from ranvier.compat import torch
    >>> w = torch.zeros(2, requires_grad=True)
    >>> optimizer = SGD(w, lr=0.1)
    >>> torch.sum((w - 1) ** 2).backward()
    >>> optimizer.step()
    >>> w
    tensor([0.2, 0.2], requires_grad=True)
    """

    rule = TorchSGD
    row = {"lr": 1e-3, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False}


class RMSprop(Optimizer, TorchRMSprop):
    """`s <- alpha s + (1 - alpha) g^2, w <- w - lr g / (sqrt(s) + eps)`."""

    rule = TorchRMSprop
    row = {
        "lr": 1e-2, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0, "momentum": 0, "centered": False,
    }  # fmt: skip


class Adagrad(Optimizer, TorchAdagrad):
    """`s <- s + g^2, w <- w - lr g / (sqrt(s) + eps)`; `lr_decay`: lr / (1 + step * lr_decay)."""

    rule = TorchAdagrad
    row = {
        "lr": 1e-2, "lr_decay": 0, "weight_decay": 0, "initial_accumulator_value": 0, "eps": 1e-10,
    }  # fmt: skip


class Adadelta(Optimizer, ours.Adadelta):
    """Steps in the unit of the weights."""

    rule = ours.Adadelta
    row = {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0}


class Adam(Optimizer, TorchAdam):
    """Adam; `weight_decay` is added to the gradient."""

    rule = TorchAdam
    row = {
        "lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False,
        "decoupled_weight_decay": False,
    }  # fmt: skip


class AdamW(Adam):
    """Adam with decoupled weight decay."""

    row = {
        "lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2, "amsgrad": False,
    }  # fmt: skip
    fixed = {"decoupled_weight_decay": True}


class Adamax(Optimizer, TorchAdamax):
    """Adam with the largest gradient for the root of squares."""

    rule = TorchAdamax
    row = {"lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0}


class NAdam(Optimizer, ours.Nadam):
    """Adam with Nesterov momentum."""

    rule = ours.Nadam
    row = {
        "lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "momentum_decay": 4e-3,
        "decoupled_weight_decay": False,
    }  # fmt: skip
