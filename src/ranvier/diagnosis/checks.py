"""All checks: what each looks for and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .data import column_findings as columns
from .data import row_findings as rows
from .examination import Examination
from .finding import Finding
from .network.ends import wrong_activation, wrong_loss
from .network.gradients import exploding, vanishing
from .network.scale import unscaled_inputs, unscaled_targets
from .network.units import dead_units, saturated_units
from .training.fitting import overfitting, underfitting
from .training.rate import too_high, too_low


@dataclass(frozen=True)
class Check:
    """One row of the table: a kind of finding.

    kind    its name, which its findings carry
    about   what it means, in one sentence
    look    gives the findings of an examination
    needs   what must be there for it, by the names below
    live    whether `callbacks.Diagnose` looks for it between epochs

    What may be needed: "targets", "validation", "history", "new data"; "numbers": rows of numbers
    rather than words, "columns": rows of a table, "classes": a target of classes; "recipe": a
    training that the user chose. What is looked for between epochs costs little, and holds of the
    first epochs too.
    """

    kind: str
    about: str
    look: Callable[[Examination], Iterable[Finding]]
    needs: tuple[str, ...] = ()
    live: bool = False


# Every kind there is, in the order in which they are looked for.
CHECKS: tuple[Check, ...] = (
    Check(
        "overfitting",
        "It does better on the rows it learned from than on others, and that still grows.",
        overfitting,
        ("targets", "recipe", "validation"),
    ),
    Check(
        "underfitting",
        "It does worse on rows that it learned from than simple methods on rows not seen.",
        underfitting,
        ("targets",),
    ),
    Check(
        "learning rate too high",
        "Steps overshoot: the loss rises along them, or blew up on the way.",
        too_high,
        ("targets", "recipe"),
        live=True,
    ),
    Check(
        "learning rate too low",
        "The loss is far from its end and still falls, and steps could be many times longer.",
        too_low,
        ("targets", "recipe", "history"),
    ),
    Check(
        "dead units",
        "Units of relu that are 0 for every row.",
        dead_units,
        ("targets",),
        live=True,
    ),
    Check(
        "saturated units",
        "Hidden sigmoid, tanh or softmax at its ends for nearly every row.",
        saturated_units,
        ("targets", "recipe"),
        live=True,
    ),
    Check(
        "vanishing gradients",
        "Next to nothing of the gradient reaches the first layers, or the start of a sequence.",
        vanishing,
        ("targets", "recipe"),
        live=True,
    ),
    Check(
        "exploding gradients",
        "The gradient grows a thousandfold on its way back.",
        exploding,
        ("targets", "recipe"),
        live=True,
    ),
    Check(
        "wrong loss",
        "A loss of numbers for classes, or of separate labels for classes.",
        wrong_loss,
        ("targets", "recipe"),
        live=True,
    ),
    Check(
        "wrong last activation",
        "Targets that the last layer can never give.",
        wrong_activation,
        ("targets", "recipe"),
        live=True,
    ),
    Check(
        "unscaled inputs",
        "Columns that reach the first weights far too large, too small, or unlike in size.",
        unscaled_inputs,
        ("targets", "recipe"),
        live=True,
    ),
    Check(
        "unscaled targets",
        "Numbers to predict that are far from 0, or far larger or smaller than 1.",
        unscaled_targets,
        ("targets", "recipe"),
    ),
    # --- of data
    Check(
        "leaking columns",
        "A column tells the target almost alone, where all others together do not.",
        columns.leaking_columns,
        ("columns", "targets"),
    ),
    Check(
        "constant columns",
        "A column holds one value in all training rows.",
        columns.constant_columns,
        ("columns",),
    ),
    Check(
        "duplicate columns",
        "A column says what another one says, perhaps in another unit.",
        columns.duplicate_columns,
        ("columns",),
    ),
    Check(
        "repeated rows",
        "Rows for validation also stand in the rows it was trained on.",
        rows.repeated,
        ("numbers", "validation"),
    ),
    Check(
        "label noise",
        "Labels are wrong as often where networks are sure as where they are not.",
        rows.label_noise,
        ("numbers", "targets", "classes"),
    ),
    Check(
        "class imbalance",
        "Rare classes are hardly found.",
        rows.class_imbalance,
        ("numbers", "targets", "classes", "validation"),
    ),
    Check(
        "missing classes",
        "The rows for validation, or those to train on, lack classes.",
        rows.missing_class,
        ("numbers", "targets", "validation"),
    ),
    Check(
        "small validation set",
        "There are too few rows for validation to say how good the model is.",
        rows.small_validation_set,
        ("numbers", "targets", "validation"),
    ),
    Check(
        "drift",
        "New rows are not like those it was trained on.",
        columns.drifted,
        ("columns", "new data"),
    ),
)
