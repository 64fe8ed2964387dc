"""SHAP values: what each feature adds to an output, shared out by Shapley's rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from ...base.missing import spelled
from ...errors import ArgumentError, DataError, unknown_name
from ...typing import Array
from ..result import Attribution
from ..subject import Encoded, Output, Rows, Subject, TableSubject, TextSubject, subject_of
from .coalitions import Game
from .exact import exact
from .groups import correlated_groups, correlation_notes
from .sampled import Sampled, kernel, permutations

Method = Literal["auto", "exact", "permutation", "kernel"]
METHODS = ("auto", "exact", "permutation", "kernel")

MOST_EXACT = 16  # features of which "auto" takes all coalitions
_MOST_PLAYERS = 22  # that exact values are possible for
_LEAST_ROWS = 16  # of the background, for "auto" to take all coalitions


@spelled
def shap_values(
    model: object,
    x: Rows,
    background: Rows | None = None,
    *,
    method: Method = "auto",
    output: Output = None,
    groups: Mapping[str, Sequence[str | int]] | Literal["correlated"] | None = None,
    feature_names: Sequence[str] | None = None,
    patch: int | None = None,
    background_rows: int = 100,
    rounds: int | None = None,
    logits: bool = False,
    seed: int = 0,
) -> Attribution:
    """The SHAP values of the rows of x (Lundberg and Lee 2017): base value + values = output.

    `model` is a `TableModel` (the features are raw columns), a `TextModel` (words), any
    `ranvier.Model`, or a function of arrays that gives (rows,) or (rows, outputs).

    >>> model = lambda x: 2 * x[:, 0] + x[:, 1] * x[:, 2]
    >>> x = np.array([[1.0, 2.0, 3.0]])
    >>> print(shap_values(model, x, np.zeros((1, 3)), feature_names=["a", "b", "c"]))
    SHAP values (exact), row 0: 8 = 0 + 8
      b = 2   +3
      c = 3   +3
      a = 1   +2

    Args:
        x: rows to explain, as the model takes them; for a `TextModel` one text.
        background: rows that a feature's value is taken from where it is left out, such as 100
            rows of training; by default those that a `TableModel` was trained on, else x itself.
        method: "exact" takes all coalitions of the features, "permutation" and "kernel" sample
            them and say how sure they are (`errors`, `interval`); "auto" is exact up to 16
            features.
        output: which output is explained, by number or name, or "all"; by default the second of
            two classes, or the class that the model favours.
        groups: {name: features}: features that come and go together; "correlated" finds those
            that are correlated by 0.9 or more.
        feature_names: of the columns of an array.
        patch: images are explained by squares of so many pixels.
        background_rows: how many of the background's rows are used, at random.
        rounds: random orders for each row of the background, or pairs of coalitions ("kernel").
        logits: explain log-odds, log(p / (1 - p)), instead of probabilities (shap calls it
            link="logit"): there the parts of a likely and of a very likely class still differ.
        seed: of all that is random.

    Values against a background treat features as if each could change by itself; of correlated
    ones this asks the model about rows that do not occur. Group those.
    """
    if method not in METHODS:
        raise unknown_name("method", method, METHODS)
    subject = subject_of(model, x, feature_names, patch, logits)
    rows = subject.encode(x)
    random = np.random.default_rng(seed)
    compared = background_of(subject, rows, background, background_rows, random)
    notes: list[str] = []
    if groups == "correlated":
        correlated = correlated_groups(subject.feature_names, compared.data)
        subject = subject.grouped(correlated) if correlated else subject
        notes += [f"grouped: {', '.join(members)}" for members in correlated.values()]
    elif groups is not None:
        subject = subject.grouped(groups)
    elif subject.kind == "table":
        notes += correlation_notes(subject.feature_names, compared.data)
    if groups is not None and not isinstance(subject, TextSubject):
        rows = subject.encode(x)
    method, compared = _settled(method, subject, compared, notes)
    return _explained(subject, rows, compared, method, output, rounds, random, notes)


def background_of(
    subject: Subject,
    rows: Encoded,
    background: Rows | None,
    count: int,
    random: np.random.Generator,
) -> Encoded:
    """The rows of the background, so many at most."""
    if isinstance(subject, TextSubject):
        return subject.blank()
    if background is not None:
        compared = subject.encode(background)
    elif isinstance(subject, TableSubject) and subject.model.rows is not None:
        compared = subject.encode(subject.model.rows[0])
    else:
        compared = rows
        if len(rows) < 10:
            raise DataError(
                f"background: {len(rows)} rows are too few to compare with; give some rows of "
                "training, such as background=x_train[:100]"
            )
    if count < 1:
        raise ArgumentError(f"background_rows={count}: expected at least 1")
    if len(compared) > count:
        compared = compared.take(np.sort(random.choice(len(compared), count, replace=False)))
    return compared


def _settled(
    method: Method, subject: Subject, background: Encoded, notes: list[str]
) -> tuple[Method, Encoded]:
    """The method for "auto", and as much of the background as all coalitions leave time for."""
    features = len(subject.feature_names)
    if method == "exact" and features > _MOST_PLAYERS:
        raise ArgumentError(
            f"method='exact': {features} features have 2**{features} coalitions; exact values are "
            f"for up to {_MOST_PLAYERS} of them. Group features, or use method='permutation'"
        )
    if method != "auto":
        return method, background
    if features > MOST_EXACT:
        return "permutation", background
    affordable = subject.evaluations // 2**features
    if len(background) <= affordable:
        return "exact", background
    if affordable < _LEAST_ROWS:
        return "permutation", background
    notes.append(
        f"all coalitions of {features} features against {affordable} of the {len(background)} "
        "background rows; method='exact' takes all of them"
    )
    return "exact", background.take(slice(affordable))


def _explained(
    subject: Subject,
    rows: Encoded,
    background: Encoded,
    method: Method,
    output: Output,
    rounds: int | None,
    random: np.random.Generator,
    notes: Sequence[str],
) -> Attribution:
    outputs = subject(rows.arrays)
    names = subject.names_of(outputs.shape[1])
    chosen = subject.chosen(outputs, output)
    values, errors, base, predicted, freedom = [], [], [], [], []
    for i in range(len(rows)):
        columns = np.arange(outputs.shape[1]) if output == "all" else chosen[i : i + 1]
        game = Game(subject, rows.take(slice(i, i + 1)), background, columns)
        if method == "exact":
            values.append(exact(game))
        else:
            sampled: Sampled = (kernel if method == "kernel" else permutations)(
                game, rounds, random
            )
            values.append(sampled.values)
            errors.append(sampled.errors)
            freedom.append(sampled.freedom)
        empty, full = game.ends
        base.append(empty.mean(axis=0))
        predicted.append(full)
    keep = slice(None) if output == "all" else 0
    grid = _grid(subject)
    shape = (len(rows), *grid) if grid else (len(rows), len(subject.feature_names))
    more = (outputs.shape[1],) if output == "all" else ()

    def stacked(parts: Sequence[Array]) -> Array:
        return np.stack(parts)[..., keep].reshape(*shape, *more)

    how = {"exact": "exact", "permutation": "paired permutations", "kernel": "kernel regression"}
    return Attribution(
        method=f"SHAP values ({how[method]})",
        values=stacked(values),
        feature_names=subject.feature_names,
        base_values=np.stack(base)[..., keep],
        outputs=np.stack(predicted)[..., keep],
        data=rows.data,
        errors=stacked(errors) if errors else None,
        output_names=names if output == "all" else tuple(names[i] for i in chosen),
        notes=tuple(notes),
        kind=subject.kind,
        freedom=min(freedom, default=0),
    )


def _grid(subject: Subject) -> tuple[int, ...]:
    from ..subject import ArraySubject

    if isinstance(subject, ArraySubject) and subject.grid is not None:
        return subject.grid
    return ()
