"""Results of a trained model: everything measured on rows that it has not seen.

model, train, test -> predictions -> scores beside baselines, errors, importance -> Results
"""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..errors import DataError
from ..tables.choice import Choice
from ..tables.encoder import Encoder
from ..tables.plan import Plan
from ..tables.reading import read_table
from ..tables.scores import HIGHER_IS_BETTER, Score, class_scores, number_scores
from ..typing import Array
from .layers import layers_of
from .measures.attributions import attributions
from .measures.baselines import Baseline, baselines, simplest
from .measures.bootstrap import Bootstrap
from .measures.details import class_notes, details, training_curves, worst_rows
from .measures.importance import Importances, permutation_importance
from .profile import profile, target_profile
from .results import FindingRow, ModelScore, Results

if TYPE_CHECKING:
    import polars

    from ..diagnosis.finding import Diagnosis
    from ..train.ensembles.ensemble import Ensemble
    from ..train.models.model import Model

_MOST_PROFILES = 200  # of columns
_WORST_COLUMNS = 6
_DIAGNOSIS_SHARE, _LEAST_DIAGNOSIS = 0.2, 0.1  # of the time; seconds for which it is not begun
_COMPARE_SHARE = 0.8  # of the time, for simple models
_IMPORTANCE_SHARE = (
    0.6  # of the rest, for the importance of columns; attributions have what is left
)


class FittedEncoder(Protocol):
    """What makes arrays of raw rows; see tables/encoder.py."""

    def transform(self, frame: polars.DataFrame, /) -> Mapping[str, Array]:
        """The arrays that a network reads."""

    def encode_target(self, frame: polars.DataFrame, /) -> Array:
        """int64 class indices (-1: never seen in training), or float64."""


class Predictor(Protocol):
    """What a report can be made of; `TableModel` is one.

    `predict_proba` gives (rows, classes) in the order of `plan.classes`; it is asked only where
    the target has classes, `predict` only where it is a number.
    """

    @property
    def plan(self) -> Plan: ...

    @property
    def encoder(self) -> FittedEncoder: ...

    @property
    def history(self) -> Mapping[str, Sequence[float]]: ...

    def predict(self, table: polars.DataFrame, /) -> Array: ...

    def predict_proba(self, table: polars.DataFrame, /) -> Array: ...


@dataclass(frozen=True)
class Facts:
    """What only those who trained the model know; all of it may be left out.

    `choices` stands for the plan's; `residuals` are errors on rows held out of training;
    `encoded` are the arrays and targets that the network was trained on, which the simple models
    are then trained on too; `row_numbers` says where the test rows stand in the file; `best_epoch`
    counts from 1; `diagnose` looks for what goes wrong, within about so many seconds.
    """

    choices: Sequence[Choice] | None = None
    best_epoch: int | None = None
    residuals: Array | None = None
    row_numbers: Array | None = None
    encoded: tuple[Mapping[str, Array], Array] | None = None
    network: Model | Ensemble | None = None
    members: int = 1
    seconds: Mapping[str, float] = field(default_factory=dict)
    memory: Mapping[str, int] = field(default_factory=dict)
    code: str = ""
    command: str = ""
    diagnose: Callable[[float], Diagnosis] | None = None


@np.errstate(over="ignore", invalid="ignore")  # a score that is not finite is left out
def results_of(
    model: Predictor,
    train: object,
    test: object,
    facts: Facts | None = None,
    *,
    compare: bool = True,
    seconds: float = 10.0,
    seed: int = 0,
) -> Results:
    """The results of a model on the raw rows `test`, which it has not seen.

    Both tables are what `read_table` takes: a file, a frame, a dict of columns.
    `train` are all rows that it was trained with, held-out ones too; simple models are trained on
    them unless `compare` is False. `seconds` is about what all of it may take: simple models are
    trained on fewer rows or left out, then the importance of columns is taken from fewer rows, and
    SHAP values of fewer rows, or of none.
    Raises DataError where no test row has a target.
    """
    end = time.perf_counter() + seconds
    facts = facts or Facts()
    plan = model.plan
    notes: list[str] = []
    rows, test_rows = read_table(train).frame, read_table(test).frame
    known = np.concatenate(plan.split_rows(test_rows))
    if not len(known):
        raise DataError(
            f"report: no test row has a value of {plan.target!r}; give rows whose target is known"
        )
    if len(known) < len(test_rows):
        notes.append(f"dropped_rows:{len(test_rows) - len(known)}")
    known = np.sort(known)
    test_rows = test_rows[known]
    numbers = known if facts.row_numbers is None else facts.row_numbers[known]
    rows = rows[np.sort(np.concatenate(plan.split_rows(rows)))]
    y, truth = model.encoder.encode_target(rows), model.encoder.encode_target(test_rows)
    began = time.perf_counter()
    output, broken = _predictions(model, test_rows, y)
    predict_seconds = time.perf_counter() - began
    if broken:
        notes.append(f"non_finite:{broken}")
    if (output == output[0]).all() and len(output) > 1:
        notes.append("same_prediction")
    began = time.perf_counter()
    diagnosis = None
    left = max(end - began, 0.0) * _DIAGNOSIS_SHARE
    if facts.diagnose is not None and left > _LEAST_DIAGNOSIS:
        diagnosis = facts.diagnose(left)
    diagnosis_seconds = time.perf_counter() - began
    began = time.perf_counter()
    left = max(end - began, 0.0) * _COMPARE_SHARE
    others = _baselines(model, rows, y, test_rows, facts.encoded, compare, seed, left)
    compare_seconds = time.perf_counter() - began
    metric, models = scored(truth, output, others, plan, seed)
    began = time.perf_counter()
    left = max(end - began, 0.0) * _IMPORTANCE_SHARE
    ranks = _importance(model, test_rows, truth, y, metric, left, seed)
    importance_seconds = time.perf_counter() - began
    began = time.perf_counter()
    left = max(end - began, 0.0)
    attributed = attributions(model, rows, test_rows, output, plan.classes, seconds=left, seed=seed)
    important = [entry.column for entry in ranks.columns]
    shown = [*important, *(c.name for c in plan.columns if c.name not in set(important))]
    shown = [plan.target, *(name for name in shown if name != plan.target)]
    profiles = [profile(plan.column(name)) for name in shown[:_MOST_PROFILES]]
    worst_columns = important[:_WORST_COLUMNS]
    stages = {
        **facts.seconds,
        "predict": predict_seconds,
        **({"baselines": compare_seconds} if compare else {}),
        "importance": importance_seconds,
        **({"diagnosis": diagnosis_seconds} if diagnosis is not None else {}),
        "attributions": time.perf_counter() - began,
    }
    layers = () if facts.network is None else layers_of(facts.network)
    return Results(
        source=plan.source,
        target=plan.target,
        task=plan.task,
        metric=metric,
        classes=plan.classes,
        train_rows=len(rows),
        test_rows=len(test_rows),
        made=f"{datetime.datetime.now():%Y-%m-%d %H:%M}",
        column_count=len(plan.columns),
        feature_count=len(plan.features),
        columns=tuple(profiles),
        missing_cells=_missing(plan),
        target_profile=target_profile(y, plan.classes),
        choices=tuple(dict.fromkeys(plan.choices if facts.choices is None else facts.choices)),
        curves=training_curves(model.history, metric),
        best_epoch=facts.best_epoch,
        models=tuple(models),
        worst=worst_rows(truth, output, test_rows, worst_columns, numbers, plan.classes),
        worst_columns=tuple(worst_columns),
        importance=ranks.columns,
        importance_rows=ranks.rows,
        importance_repeats=ranks.repeats,
        importance_left_out=ranks.left_out,
        attributions=attributed,
        layers=layers,
        parameters=sum(layer.parameters for layer in layers),
        members=facts.members,
        seconds=stages,
        memory={**memory_used(), **facts.memory},
        rows_per_second=len(test_rows) / max(predict_seconds, 1e-9),
        code=facts.code,
        command=facts.command,
        versions=versions(),
        notes=(*notes, *class_notes(truth, plan.classes)),
        **_diagnosed(diagnosis),
        **details(truth, output, others, plan.classes, facts.residuals, seed),
    )


def _diagnosed(diagnosis: Diagnosis | None) -> dict[str, Any]:
    """What a diagnosis found, as results."""
    if diagnosis is None:
        return {}
    rows = []
    for f in diagnosis:
        evidence = ", ".join(f"{name} {text}" for name, text in f.numbers().items())
        rows.append(FindingRow(f.name, f.severity, f.what, evidence, f.change))
    not_checked = dict(diagnosis.not_checked)
    return {"findings": tuple(rows), "checked": diagnosis.checked, "not_checked": not_checked}


def _predictions(model: Predictor, test: polars.DataFrame, y: Array) -> tuple[Array, int]:
    """Probabilities or numbers, and how many rows had some that are not finite."""
    if not model.plan.classes:
        numbers = np.asarray(model.predict(test), np.float64).reshape(len(test))
        sound = np.isfinite(numbers)
        instead = y.mean() if len(y) else 0.0
        return np.where(sound, numbers, instead), len(numbers) - int(sound.sum())
    shares = np.asarray(model.predict_proba(test), np.float64)
    finite = np.isfinite(shares).all(axis=1, keepdims=True)
    shares = np.where(finite, np.clip(shares, 0, 1), 1 / len(model.plan.classes))
    return shares, len(shares) - int(finite.sum())


def _baselines(
    model: Predictor,
    rows: polars.DataFrame,
    y: Array,
    test_rows: polars.DataFrame,
    encoded: tuple[Mapping[str, Array], Array] | None,
    compare: bool,
    seed: int,
    seconds: float,
) -> list[Baseline]:
    classes = len(model.plan.classes)
    if not len(rows):
        return []
    if not compare:
        return [simplest(y, len(test_rows), classes)]
    if encoded is not None:
        arrays, targets = encoded
        others = model.encoder.transform(test_rows)
        return baselines(arrays, targets, others, classes, seed, seconds)
    encoder, arrays = Encoder.fit_transform(rows, model.plan)
    return baselines(arrays, y, encoder.transform(test_rows), classes, seed, seconds)


# --- scores -------------------------------------------------------------------------------------


def scored(
    truth: Array, output: Array, others: Sequence[Baseline], plan: Plan, seed: int
) -> tuple[str, list[ModelScore]]:
    """The main score, and the scores of all models on the same draws of rows."""
    draws = Bootstrap(len(truth), seed)

    def scores_of(predicted: Array) -> Callable[[Array | slice], dict[str, Score]]:
        make = class_scores if plan.classes else number_scores
        return lambda rows: make(truth[rows], predicted[rows])

    network = draws.measure(scores_of(output))
    measured = [
        draws.measure(scores_of(other.predicted)) if other.predicted is not None else {}
        for other in others
    ]
    names = [name for name, (value, _) in network.items() if np.isfinite(value)]
    usual = "log_loss" if plan.classes else "rmse"
    # There is no AUC where only one class occurs, and no RMSE where squares are too large.
    metric = next((name for name in (plan.metric, usual, *names) if name in names), None)
    if metric is None:
        raise DataError(
            f"report: no score of {plan.target!r} is a finite number; its values, or what was "
            "predicted, are too large"
        )
    models = [ModelScore("network", {name: draws.interval(*network[name]) for name in names})]
    for other, values in zip(others, measured, strict=True):
        if other.predicted is None:
            models.append(ModelScore(other.name, {}, note=other.note, detail=other.detail))
            continue
        (value, drawn), (own, own_drawn) = values[metric], network[metric]
        models.append(
            ModelScore(
                other.name,
                {name: draws.interval(*values[name]) for name in names},
                difference=draws.interval(own - value, own_drawn - drawn),
                seconds=other.seconds,
                note=other.note,
                detail=other.detail,
            )
        )
    return metric, models


def _importance(
    model: Predictor,
    test: polars.DataFrame,
    truth: Array,
    y: Array,
    metric: str,
    seconds: float,
    seed: int,
) -> Importances:
    """The importance of the columns for the main score."""
    plan = model.plan
    make = class_scores if plan.classes else number_scores
    sign = -1.0 if HIGHER_IS_BETTER[metric] else 1.0

    def loss(true: Array, predicted: Array) -> float:
        score = make(true, predicted)[metric](np.ones(len(true)))
        return float(np.nan_to_num(sign * score))

    names = [column.name for column in plan.features]
    return permutation_importance(
        lambda rows: _predictions(model, rows, y)[0], loss, test, truth, names,
        seconds=seconds, seed=seed,
    )  # fmt: skip


# --- the rest -----------------------------------------------------------------------------------


def _missing(plan: Plan) -> float:
    """The share of the cells of the table that are empty."""
    cells = sum(column.rows for column in plan.columns)
    return sum(column.missing for column in plan.columns) / cells if cells else 0.0


def memory_used() -> dict[str, int]:
    """The most memory that this process has used, where the system says it."""
    try:
        import resource
    except ImportError:  # Windows
        return {}
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"peak": most if sys.platform == "darwin" else most * 1024}


def versions() -> dict[str, str]:
    versions = {"Python": platform.python_version()}
    for name in ("ranvier", "numpy", "polars", "scikit-learn"):
        with contextlib.suppress(ImportError):  # it is not installed
            versions[name] = importlib.metadata.version(name)
    return versions
