"""What trackers are told of a training beside its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...losses import Loss
from ...tensors.mode import no_grad

if TYPE_CHECKING:
    from ...optim.optimizer import Optimizer
    from ..models.model import Model


def hyperparameters(model: Model, params: Mapping[str, Any]) -> dict[str, bool | str | float | int]:
    """The settings of a training as plain values.

    >>> import ranvier
    >>> model = ranvier.Sequential([ranvier.nn.Dense(1, input_shape=(2,))])
    >>> model.compile(ranvier.optim.SGD(0.1, momentum=0.9), "mse")
    >>> found = hyperparameters(model, {"epochs": 3})
    >>> found["optimizer"], found["learning_rate"], found["momentum"], found["loss"]
    ('SGD', 0.1, 0.9, 'mean_squared_error')
    """
    optimizer = model.optimizer
    facts: dict[str, Any] = {
        "model": model.name,
        "parameters": sum(p.size for p in model.parameters()),
        "epochs": params.get("epochs"),
        "loss": _loss_text(model.loss),
        "optimizer": type(optimizer.innermost).__name__,
    }
    steps = [] if model._steps is None else model._steps.made("train")
    if steps:
        facts["batch_size"] = steps[-1].batch
    facts |= optimizer.get_config()
    return {k: v for k, v in facts.items() if isinstance(v, bool | str | float | int)}


def _loss_text(loss: object) -> str:
    if isinstance(loss, Mapping):
        return ", ".join(f"{name}: {_loss_text(one)}" for name, one in loss.items())
    if isinstance(loss, list | tuple):
        return ", ".join(map(_loss_text, loss))
    return loss.name if isinstance(loss, Loss) else str(loss)


def rate_now(optimizer: Optimizer) -> float:
    """The learning rate of the next step, that of a schedule too."""
    innermost = optimizer.innermost
    with no_grad():
        return float(innermost.rate_in_use.at(innermost.iterations).numpy())
