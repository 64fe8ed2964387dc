"""From a model and its data to a diagnosis."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..base.message import Message
from ..errors import RanvierError
from ..train.callbacks.callback import History
from ..typing import DataLike
from .checks import CHECKS
from .examination import Examination
from .finding import Diagnosis, Finding

if TYPE_CHECKING:
    from ..train.models.model import Model
    from .trials.measure import Trial


def diagnose(
    model: Model,
    x: DataLike,
    y: DataLike | None = None,
    *,
    validation_data: Any = None,
    history: History | Mapping[str, Sequence[float]] | None = None,
    new_data: DataLike | None = None,
    trial: bool = False,
) -> Diagnosis:
    """Look for what goes wrong in the training of a model; a built model is not changed.

    Args:
        x, y: the rows it was trained on, as `fit` takes them.
        validation_data: (x, y) of rows that it was not trained on.
        history: what `fit` returned; by default that of the model's last `fit`.
        new_data: rows that it is used on, without targets.
        trial: measure each change that can be made, by training new networks as it is and as
            changed (`trials.measure`).
    """
    known = vars(model).get("history")
    if history is None and isinstance(known, History):
        history = known
    examination = Examination(
        model, x, y, validation_data=validation_data, history=history, new_data=new_data
    )
    diagnosis = examine(examination)
    return tried(diagnosis, examination) if trial else diagnosis


def examine(
    examination: Examination, kinds: Collection[str] | None = None, seconds: float = math.inf
) -> Diagnosis:
    """All checks, or those of some kinds, for which there is what they need; no further one begins
    after so many seconds.
    """
    findings: list[Finding] = []
    checked: list[str] = []
    missing: dict[str, str] = {}
    end = time.perf_counter() + seconds
    for check in CHECKS:
        if kinds is not None and check.kind not in kinds:
            continue
        reasons = [r for need in check.needs if (r := examination.lacks(need)) is not None]
        if time.perf_counter() >= end:
            reasons.append(Message("no time was left for it"))
        if reasons:
            missing[check.kind] = reasons[0]
            continue
        checked.append(check.kind)
        findings += check.look(examination)
    return Diagnosis(findings, checked, missing, examination.name)


def tried(diagnosis: Diagnosis, examination: Examination, seconds: float = 60.0) -> Diagnosis:
    """The same with every change measured that can be made; none begins after so many seconds."""
    from .trials.measure import Bench
    from .trials.recipes import recipe_of, why_no_recipe

    if not any(finding.trial for finding in diagnosis):
        return diagnosis
    reason, bench, end = why_no_recipe(examination), None, time.perf_counter() + seconds
    findings = []
    for finding in diagnosis:
        measured: Trial | str | None = reason
        if finding.trial is not None and reason is None:
            if time.perf_counter() < end:
                bench = bench or Bench(recipe_of(examination))
                try:
                    measured = bench.measure(finding.trial)
                except RanvierError as problem:  # of a network that cannot be changed like this
                    measured = Message("no trial: {reason}", reason=str(problem))
            else:
                measured = Message("no time was left for a trial")
        findings.append(replace(finding, measured=measured if finding.trial else None))
    return Diagnosis(findings, diagnosis.checked, diagnosis.not_checked, diagnosis.model)
