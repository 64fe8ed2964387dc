"""PyTorch's optimizers: Ranvier's, with PyTorch's arguments, defaults and forms of the formulas."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from .... import optim as ours
from ....base.missing import no_argument
from ....errors import ArgumentError
from ....optim import Optimizer as RanvierOptimizer
from ....tensors.mode import enable_grad
from ....tensors.tensor import Tensor as RanvierTensor
from .groups import ParamGroup, translated

_FOR_SPEED = ("foreach", "fused", "capturable", "differentiable")  # mean nothing here


class Optimizer(RanvierOptimizer):
    """What PyTorch's optimizers have beside `step` and `zero_grad`.

    The first argument may be dictionaries, each with "params" and options of its own:

    >>> from ranvier.compat import torch
    >>> w, b = torch.ones(2, requires_grad=True), torch.ones(1, requires_grad=True)
    >>> optimizer = SGD([{"params": w}, {"params": b, "lr": 0.01}], lr=0.1)
    >>> [group["lr"] for group in optimizer.param_groups]
    [0.1, 0.01]
    """

    rule: ClassVar[type[RanvierOptimizer]]  # Ranvier's class
    form: ClassVar[Mapping[str, bool]] = {}  # the arguments that make its formula PyTorch's

    def _begin(self, params: Any, lr: Any, speed: Mapping[str, Any], **options: Any) -> None:
        """Begin with a list, a generator, a single tensor or dictionaries."""
        kind = type(self).__name__
        for name in speed:
            if name not in _FOR_SPEED:
                taken = [n for n in inspect.signature(type(self)).parameters if n != "speed"]
                raise no_argument(kind, name, [*taken, *_FOR_SPEED])
        self.defaults = {"lr": lr, **options}
        self._param_groups: list[ParamGroup] | None = None
        first, *others = _as_groups(kind, params)
        given = _as_list(kind, first.pop("params", ()))
        arguments = translated(self._known({**self.defaults, **first}))
        moving = [p for p in given if not isinstance(p, RanvierTensor) or p.requires_grad]
        self.rule.__init__(self, moving or given, **arguments)
        # NOTE: frozen parameters are kept: they may be thawed later.
        self.parameters = list({id(p): p for p in given}.values())
        for group in others:
            self.add_param_group(group)

    def _known(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options; KeywordError for one that the optimizer does not take."""
        for name in options:
            if name not in self.defaults:
                raise no_argument(
                    f"{type(self).__name__}: a group", name, ["params", *self.defaults]
                )
        decoupled = options.pop("decoupled_weight_decay", False)
        return {**options, "decoupled": decoupled, **self.form}

    def rule_class(self) -> type[RanvierOptimizer]:
        return self.rule

    @property
    def param_groups(self) -> list[ParamGroup]:
        """The groups of parameters; what is written into one acts at the next step."""
        if self._param_groups is None:
            names = [n for n in self.defaults if n not in ("lr", "decoupled_weight_decay")]
            groups = (None, *self.groups)
            self._param_groups = [ParamGroup(self, group, names) for group in groups]
        return self._param_groups

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """More parameters, with options of their own."""
        options = dict(param_group)
        given = _as_list(type(self).__name__, options.pop("params", ()))
        known = [id(p) for p in self.parameters]
        if not given or any(id(p) in known for p in given):
            raise ArgumentError(
                f'{type(self).__name__}: a group needs parameters, under "params", that are in no '
                "other group"
            )
        groups = self.param_groups
        arguments = translated(self._known({**self.defaults, **options}))
        made = self.set_group(given, **arguments)
        self.parameters += list({id(p): p for p in given}.values())
        groups.append(ParamGroup(self, made, groups[0].names))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
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


def _as_list(kind: str, params: Any) -> list[Any]:
    if isinstance(params, RanvierTensor):
        return [params]
    if callable(getattr(params, "parameters", None)):
        raise ArgumentError(
            f"{kind}: got a {type(params).__name__}; give its tensors: {kind}(model.parameters())"
        )
    given = list(params)
    return [p for _, p in given] if given and isinstance(given[0], tuple) else given


def _as_groups(kind: str, params: Any) -> list[dict[str, Any]]:
    """The parameters as dictionaries, the first one the optimizer's own."""
    given = _as_list(kind, params)
    if given and isinstance(given[0], Mapping):
        return [dict(group) for group in given]
    return [{"params": given}]


class SGD(Optimizer, ours.SGD):
    """Gradient descent with momentum: `v <- momentum v + g, w <- w - lr v`.

    >>> from ranvier.compat import torch
    >>> w = torch.zeros(2, requires_grad=True)
    >>> optimizer = SGD(w, lr=0.1)
    >>> torch.sum((w - 1) ** 2).backward()
    >>> optimizer.step()
    >>> w
    tensor([0.2, 0.2], requires_grad=True)
    """

    rule = ours.SGD
    form = {"raw_velocity": True}

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        **speed: Any,
    ) -> None:
        self._begin(
            params,
            lr,
            speed,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
        )


class RMSprop(Optimizer, ours.RMSprop):
    """`s <- alpha s + (1 - alpha) g^2, w <- w - lr g / (sqrt(s) + eps)`."""

    rule = ours.RMSprop
    form = {"epsilon_inside": False, "raw_velocity": True}

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        **speed: Any,
    ) -> None:
        self._begin(
            params,
            lr,
            speed,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
        )


class Adagrad(Optimizer, ours.Adagrad):
    """`s <- s + g^2, w <- w - lr g / (sqrt(s) + eps)`; `lr_decay`: lr / (1 + step * lr_decay)."""

    rule = ours.Adagrad
    form = {"epsilon_inside": False}

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        **speed: Any,
    ) -> None:
        self._begin(
            params,
            lr,
            speed,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )

    def _known(self, options: dict[str, Any]) -> dict[str, Any]:
        known = super()._known(options)
        if decay := known.pop("lr_decay"):
            known["lr"] = ours.InverseTimeDecay(known["lr"], 1, decay)
        return known


class Adadelta(Optimizer, ours.Adadelta):
    """Steps in the unit of the weights."""

    rule = ours.Adadelta

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        **speed: Any,
    ) -> None:
        self._begin(params, lr, speed, rho=rho, eps=eps, weight_decay=weight_decay)


class Adam(Optimizer, ours.Adam):
    """Adam; `weight_decay` is added to the gradient."""

    rule = ours.Adam
    form = {"epsilon_hat": False}

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        decoupled_weight_decay: bool = False,
        **speed: Any,
    ) -> None:
        self._begin(
            params,
            lr,
            speed,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            decoupled_weight_decay=decoupled_weight_decay,
        )


class AdamW(Adam):
    """Adam with decoupled weight decay."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        **speed: Any,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, decoupled_weight_decay=True, **speed
        )


class Adamax(Optimizer, ours.Adamax):
    """Adam with the largest gradient for the root of squares."""

    rule = ours.Adamax
    form = {"epsilon_inside": True}

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        **speed: Any,
    ) -> None:
        self._begin(params, lr, speed, betas=betas, eps=eps, weight_decay=weight_decay)


class NAdam(Optimizer, ours.Nadam):
    """Adam with Nesterov momentum."""

    rule = ours.Nadam

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        **speed: Any,
    ) -> None:
        self._begin(
            params,
            lr,
            speed,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
        )
