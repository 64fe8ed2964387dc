"""PyTorch's optimizers: Ranvier's, with PyTorch's arguments, defaults and forms of the formulas."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .... import optim as ours
from ....base.missing import no_argument
from ....errors import ArgumentError
from ....optim import Optimizer as RanvierOptimizer
from ....tensors.mode import enable_grad
from ....tensors.tensor import Tensor as RanvierTensor

_FOR_SPEED = ("foreach", "fused", "capturable", "differentiable")  # mean nothing here


class Group(dict[str, Any]):
    """The optimizer's parameters and learning rate as PyTorch's dictionary; "lr" can be set."""

    def __init__(self, optimizer: Any) -> None:
        rate = optimizer.current_rate()
        super().__init__(params=optimizer.parameters, lr=float(str(rate.numpy())))
        self._optimizer = optimizer

    def __setitem__(self, key: str, value: Any) -> None:
        if key == "lr":
            self._optimizer.learning_rate = value
        super().__setitem__(key, value)


class Optimizer(RanvierOptimizer):
    """What PyTorch's optimizers have beside `step` and `zero_grad`."""

    def _begin(self, kind: Any, params: Any, lr: Any, speed: Any, **options: Any) -> None:
        """Make the optimizer `kind` for a list, a generator or a single tensor."""
        for name in speed:
            if name not in _FOR_SPEED:
                taken = [n for n in inspect.signature(type(self)).parameters if n != "speed"]
                raise no_argument(type(self).__name__, name, [*taken, *_FOR_SPEED])
        given = _as_list(type(self).__name__, params)
        moving = [p for p in given if not isinstance(p, RanvierTensor) or p.requires_grad]
        kind.__init__(self, moving or given, lr, **options)
        # NOTE: frozen parameters are kept: they may be thawed later.
        self.parameters = list({id(p): p for p in given}.values())

    @property
    def param_groups(self) -> list[Group]:
        """One group; set `group["lr"]` to change the learning rate."""
        return [Group(self)]

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
    if given and isinstance(given[0], Mapping):
        if len(given) > 1 or set(given[0]) != {"params"}:
            raise ArgumentError(
                f"{kind}: groups of parameters with options of their own are not supported; make "
                "one optimizer for each group"
            )
        return _as_list(kind, given[0]["params"])
    return [p for _, p in given] if given and isinstance(given[0], tuple) else given


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
            ours.SGD,
            params,
            lr,
            speed,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            decoupled=False,
            nesterov=nesterov,
            raw_velocity=True,
        )


class RMSprop(Optimizer, ours.RMSprop):
    """`s <- alpha s + (1 - alpha) g^2, w <- w - lr g / (sqrt(s) + eps)`."""

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
            ours.RMSprop,
            params,
            lr,
            speed,
            rho=alpha,
            momentum=momentum,
            epsilon=eps,
            centered=centered,
            epsilon_inside=False,
            raw_velocity=True,
            weight_decay=weight_decay,
            decoupled=False,
        )


class Adagrad(Optimizer, ours.Adagrad):
    """`s <- s + g^2, w <- w - lr g / (sqrt(s) + eps)`; `lr_decay`: lr / (1 + step * lr_decay)."""

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
        rate = ours.InverseTimeDecay(lr, 1, lr_decay) if lr_decay else lr
        self._begin(
            ours.Adagrad,
            params,
            rate,
            speed,
            initial_accumulator_value=initial_accumulator_value,
            epsilon=eps,
            epsilon_inside=False,
            weight_decay=weight_decay,
            decoupled=False,
        )


class Adadelta(Optimizer, ours.Adadelta):
    """Steps in the unit of the weights."""

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        **speed: Any,
    ) -> None:
        self._begin(
            ours.Adadelta,
            params,
            lr,
            speed,
            rho=rho,
            epsilon=eps,
            weight_decay=weight_decay,
            decoupled=False,
        )


class Adam(Optimizer, ours.Adam):
    """Adam; `weight_decay` is added to the gradient."""

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
            ours.Adam,
            params,
            lr,
            speed,
            beta_1=betas[0],
            beta_2=betas[1],
            epsilon=eps,
            epsilon_hat=False,
            amsgrad=amsgrad,
            weight_decay=weight_decay,
            decoupled=decoupled_weight_decay,
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

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        **speed: Any,
    ) -> None:
        self._begin(
            ours.Adamax,
            params,
            lr,
            speed,
            beta_1=betas[0],
            beta_2=betas[1],
            epsilon=eps,
            epsilon_inside=True,
            weight_decay=weight_decay,
            decoupled=False,
        )


class NAdam(Optimizer, ours.Nadam):
    """Adam with Nesterov momentum."""

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
            ours.Nadam,
            params,
            lr,
            speed,
            beta_1=betas[0],
            beta_2=betas[1],
            epsilon=eps,
            momentum_decay=momentum_decay,
            weight_decay=weight_decay,
            decoupled=decoupled_weight_decay,
        )
