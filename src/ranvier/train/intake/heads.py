"""Heads: which loss, weight and metrics belong to which output of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ... import losses
from ...errors import ArgumentError, unknown_name
from ...losses.loss import Loss
from ...metrics import get as metric_named


@dataclass
class Head:
    """One output that is compared with targets.

    `name` is "" where the model has one output, and else begins the names of its numbers; `shape`
    is that of a row of the output; `given` are the metrics as the user named them, `weighted` those
    that count sample weights, `metrics` both made ready for the shapes.
    """

    name: str
    output: int
    loss: Loss | None
    weight: float = 1.0
    given: Sequence[Any] = ()
    weighted: Sequence[Any] = ()
    shape: tuple[int, ...] = ()
    metrics: list[Any] = field(default_factory=list)

    def check_targets(self, y: Any) -> None:
        """Raises for targets that the loss cannot be taken of."""
        if self.loss is not None:
            self.loss.check_targets(y, self.shape[-1] if self.shape else None)

    def called(self, number: str) -> str:
        """The name of one of its numbers among those of an epoch."""
        return f"{self.name}_{number}" if self.name else number


def losses_of(given: Any) -> Any:
    """`compile(loss=...)`: a Loss, a list or dict of them with None for none, or None."""
    if given is None:
        return None
    if isinstance(given, list | tuple):
        return [None if one is None else losses.get(one) for one in given]
    if isinstance(given, Mapping) and not {"class", "class_name"} & given.keys():
        return {k: None if one is None else losses.get(one) for k, one in given.items()}
    return losses.get(given)


def metrics_of(given: Any) -> Any:
    """`compile(metrics=...)`: a tuple of metrics, or of those of each output, or a dict."""
    if isinstance(given, Mapping):
        found: Any = {k: _several(one) for k, one in given.items()}
        for several in found.values():
            _check_names(several)
        return found
    found = _several(given)
    _check_names(found)
    return found


def _check_names(given: tuple[Any, ...]) -> None:
    """A misspelt metric is said by `compile`, before anything is computed."""
    for one in given:
        if isinstance(one, list | tuple):
            _check_names(tuple(one))
        elif isinstance(one, str):
            metric_named(one)


def heads(
    names: Sequence[str] | None, loss: Any, loss_weights: Any, metrics: Any, weighted: Any = ()
) -> list[Head]:
    """The heads of a model with these outputs; None: it has one."""
    if names is None:
        return _only(loss, loss_weights, metrics, weighted)
    each = _by_output("loss", names, loss, everywhere=isinstance(loss, Loss))
    weights = _by_output("loss_weights", names, loss_weights)
    plain = _metrics_by_output("metrics", names, metrics)
    counted = _metrics_by_output("weighted_metrics", names, weighted)
    found = []
    for i, name in enumerate(names):
        if each[i] is not None or plain[i] or counted[i]:
            weight = 1.0 if weights[i] is None else float(weights[i])
            found.append(Head(name, i, each[i], weight, plain[i], counted[i]))
    return found


def _metrics_by_output(what: str, names: Sequence[str], given: Any) -> list[tuple[Any, ...]]:
    """The metrics of each output; a single one is for all of them."""
    everywhere = isinstance(given, tuple) and len(given) == 1 and not _nested(given)
    return [_several(one) for one in _by_output(what, names, given or None, everywhere)]


def _only(loss: Any, loss_weights: Any, metrics: Any, weighted: Any) -> list[Head]:
    """The head of the only output; a list or dict of one counts as that one."""
    loss, weight = _one("loss", loss), _one("loss_weights", loss_weights)
    plain, counted = _only_metrics(metrics), _only_metrics(weighted)
    if loss is None and not plain and not counted:
        return []
    return [Head("", 0, loss, 1.0 if weight is None else float(weight), plain, counted)]


def _only_metrics(given: Any) -> Any:
    given = next(iter(given.values())) if isinstance(given, dict) else given
    return tuple(given[0]) if _nested(given) and len(given) == 1 else given


def _one(what: str, given: Any) -> Any:
    if isinstance(given, list | tuple | dict):
        values = list(given.values()) if isinstance(given, dict) else list(given)
        if len(values) != 1:
            raise ArgumentError(f"compile: {what} has {len(values)} entries for a single output")
        return values[0]
    return given


def _by_output(what: str, names: Sequence[str], given: Any, everywhere: bool = False) -> list[Any]:
    """One entry of `given` for each output, None where it says nothing."""
    if given is None:
        return [None] * len(names)
    if everywhere:
        return [given] * len(names)
    if isinstance(given, Mapping):
        for name in given:
            if name not in names:
                raise unknown_name(f"output in compile({what}=...)", name, names)
        return [given.get(name) for name in names]
    if not isinstance(given, list | tuple) or len(given) != len(names):
        size = f" of {len(given)}" if isinstance(given, list | tuple) else ""
        raise ArgumentError(
            f"compile: {what} is a {type(given).__name__}{size}; the model has {len(names)} "
            f"outputs: give a list of {len(names)}, or a dict by output: {', '.join(names)}"
        )
    return list(given)


def _several(given: Any) -> tuple[Any, ...]:
    if given is None:
        return ()
    return tuple(given) if isinstance(given, list | tuple) else (given,)


def _nested(given: Any) -> bool:
    return isinstance(given, tuple) and any(isinstance(one, list | tuple) for one in given)


def sole(loss: Any) -> Loss | None:
    """The loss of a model with one output; None where there are several."""
    if isinstance(loss, list | dict):
        each = list(loss.values()) if isinstance(loss, dict) else loss
        return each[0] if len(each) == 1 else None
    return loss  # type: ignore[no-any-return]
