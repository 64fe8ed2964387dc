"""Heads: which loss, weight and metrics belong to which output of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ... import losses
from ...errors import ArgumentError, unknown_name
from ...losses.loss import Loss
from ...metrics import get as metric_named
from ...metrics.metric import Metric
from ...typing import Array

# One, or those of each output in a list or by name.
LossLike: TypeAlias = Loss | Callable[..., Any] | str | Sequence[Any] | Mapping[str, Any] | None
Losses: TypeAlias = Loss | list[Loss | None] | dict[str, Loss | None] | None
MetricsLike: TypeAlias = (
    Metric | Callable[..., Any] | str | Sequence[Any] | Mapping[str, Any] | None
)
WeightsLike: TypeAlias = float | Sequence[float | None] | Mapping[str, float] | None


@dataclass
class Head:
    """One output that is compared with targets.

    `name` is "" where the model has one output, and else begins the names of its numbers; `shape`
    is that of a row of the output; `plain` are the metrics as the user named them, `weighted` those
    that count sample weights, `metrics` both made ready for the shapes.
    """

    name: str
    output: int
    loss: Loss | None
    weight: float = 1.0
    plain: Sequence[Any] = ()
    weighted: Sequence[Any] = ()
    shape: tuple[int, ...] = ()
    metrics: list[Any] = field(default_factory=list)

    def check_targets(self, y: Array) -> None:
        """Raises for targets that the loss cannot be taken of."""
        if self.loss is not None:
            self.loss.check_targets(y, self.shape[-1] if self.shape else None)

    def called(self, number: str) -> str:
        """The name of one of its numbers among those of an epoch."""
        return f"{self.name}_{number}" if self.name else number


def losses_of(value: LossLike) -> Losses:
    """`compile(loss=...)`: a Loss, a list or dict of them with None for none, or None."""
    if value is None:
        return None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [None if one is None else losses.get(one) for one in value]
    if isinstance(value, Mapping) and not {"class", "class_name"} & value.keys():
        return {k: None if one is None else losses.get(one) for k, one in value.items()}
    return losses.get(value)


def metrics_of(value: MetricsLike) -> MetricsLike:
    """`compile(metrics=...)`: a tuple of metrics, or of those of each output, or a dict."""
    if isinstance(value, Mapping):
        by_output = {k: _as_tuple(one) for k, one in value.items()}
        for metrics in by_output.values():
            _check_names(metrics)
        return by_output
    metrics = _as_tuple(value)
    _check_names(metrics)
    return metrics


def _check_names(value: tuple[Any, ...]) -> None:
    """`compile` refuses a misspelt metric, before anything is computed."""
    for one in value:
        if isinstance(one, list | tuple):
            _check_names(tuple(one))
        elif isinstance(one, str):
            metric_named(one)


def heads(
    names: Sequence[str] | None,
    loss: Losses,
    loss_weights: WeightsLike,
    metrics: MetricsLike,
    weighted: MetricsLike = (),
) -> list[Head]:
    """The heads of a model with these outputs; None: it has one."""
    if names is None:
        return _only(loss, loss_weights, metrics, weighted)
    each = _by_output("loss", names, loss, everywhere=isinstance(loss, Loss))
    weights = _by_output("loss_weights", names, loss_weights)
    plain = _metrics_by_output("metrics", names, metrics)
    counted = _metrics_by_output("weighted_metrics", names, weighted)
    made = []
    for i, name in enumerate(names):
        if each[i] is not None or plain[i] or counted[i]:
            weight = 1.0 if weights[i] is None else float(weights[i])
            made.append(Head(name, i, each[i], weight, plain[i], counted[i]))
    return made


def _metrics_by_output(
    what: str, names: Sequence[str], value: MetricsLike
) -> list[tuple[Any, ...]]:
    """The metrics of each output; a single one is for all of them."""
    everywhere = isinstance(value, tuple) and len(value) == 1 and not _nested(value)
    return [_as_tuple(one) for one in _by_output(what, names, value or None, everywhere)]


def _only(
    loss: Losses, loss_weights: WeightsLike, metrics: MetricsLike, weighted: MetricsLike
) -> list[Head]:
    """The head of the only output; a list or dict of one counts as that one."""
    only, weight = _one("loss", loss), _one("loss_weights", loss_weights)
    plain, counted = _only_metrics(metrics), _only_metrics(weighted)
    if only is None and not plain and not counted:
        return []
    return [Head("", 0, only, 1.0 if weight is None else float(weight), plain, counted)]


def _only_metrics(value: MetricsLike) -> Any:
    value = next(iter(value.values())) if isinstance(value, dict) else value
    nested = isinstance(value, tuple) and _nested(value) and len(value) == 1
    return tuple(value[0]) if nested else value  # type: ignore[index]


def _one(what: str, value: object) -> Any:
    if isinstance(value, list | tuple | dict):
        values = list(value.values()) if isinstance(value, dict) else list(value)
        if len(values) != 1:
            raise ArgumentError(f"compile: {what} has {len(values)} entries for a single output")
        return values[0]
    return value


def _by_output(
    what: str, names: Sequence[str], value: object, everywhere: bool = False
) -> list[Any]:
    """One entry of `value` for each output, None where it says nothing."""
    if value is None:
        return [None] * len(names)
    if everywhere:
        return [value] * len(names)
    if isinstance(value, Mapping):
        for name in value:
            if name not in names:
                raise unknown_name(f"output in compile({what}=...)", name, names)
        return [value.get(name) for name in names]
    if not isinstance(value, list | tuple) or len(value) != len(names):
        size = f" of {len(value)}" if isinstance(value, list | tuple) else ""
        raise ArgumentError(
            f"compile: {what} is a {type(value).__name__}{size}; the model has {len(names)} "
            f"outputs: give a list of {len(names)}, or a dict by output: {', '.join(names)}"
        )
    return list(value)


def _as_tuple(value: object) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _nested(value: object) -> bool:
    return isinstance(value, tuple) and any(isinstance(one, list | tuple) for one in value)


def sole(loss: Losses) -> Loss | None:
    """The loss of a model with one output; None where there are several."""
    if isinstance(loss, list | dict):
        each = list(loss.values()) if isinstance(loss, dict) else loss
        return each[0] if len(each) == 1 else None
    return loss
