"""From a model and its data to a diagnosis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..train.callbacks.callback import History
from ..typing import DataLike
from .checks import CHECKS
from .examination import Examination
from .finding import Diagnosis, Finding

if TYPE_CHECKING:
    from ..train.models.model import Model


def diagnose(
    model: Model,
    x: DataLike,
    y: DataLike | None = None,
    *,
    validation_data: Any = None,
    history: History | Mapping[str, Sequence[float]] | None = None,
    new_data: DataLike | None = None,
) -> Diagnosis:
    """Look for what goes wrong in the training of a model; nothing is trained or changed.

    Args:
        x, y: the rows it was trained on, as `fit` takes them.
        validation_data: (x, y) of rows that it was not trained on.
        history: what `fit` returned; by default that of the model's last `fit`.
        new_data: rows that it is used on, without targets.
    """
    known = vars(model).get("history")
    if history is None and isinstance(known, History):
        history = known
    examination = Examination(
        model, x, y, validation_data=validation_data, history=history, new_data=new_data
    )
    return examine(examination)


def examine(examination: Examination) -> Diagnosis:
    """All checks for which there is what they need."""
    findings: list[Finding] = []
    checked: list[str] = []
    missing: dict[str, str] = {}
    for check in CHECKS:
        reasons = [r for need in check.needs if (r := examination.lacks(need)) is not None]
        if reasons:
            missing[check.kind] = reasons[0]
            continue
        checked.append(check.kind)
        findings += check.look(examination)
    return Diagnosis(findings, checked, missing, examination.name)
