"""Results of a network that tells classes of pictures or texts."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...plots.pixels import picture, png
from ...tables.choice import Choice
from ...tables.plan import Plan
from ...tables.scores import log_losses
from ...tables.splitting import Split
from ...tables.targets import Task
from ...train.models.model import Model
from ...typing import Array
from ..build import memory_used, scored, versions
from ..layers import layers_of
from ..measures.baselines import simplest
from ..measures.details import class_notes, details
from ..profile import target_profile
from ..results import Picture, Results, WorstRow
from .words import class_words

if TYPE_CHECKING:
    from ...tasks.tested import ClassTest

_WORST, _EXAMPLES = 18, 12  # pictures
_WORST_TEXTS = 10
_MOST_CHARACTERS = 400  # of a text that is shown
_SHOWN_SIDE = 96  # pixels


def class_results(
    tested: ClassTest,
    classes: Sequence[str],
    network: Model,
    choices: Sequence[Choice],
    command: str = "",
    seed: int = 0,
) -> Results:
    """What a report shows of it: scores beside the most frequent class, mistakes, examples."""
    codes, output = tested.codes, np.asarray(tested.output, np.float64)
    output = output / output.sum(axis=1, keepdims=True)
    others = [simplest(tested.known, len(codes), len(classes))]
    task: Task = "binary" if len(classes) == 2 else "multiclass"
    plan = Plan(
        target=tested.target, task=task, metric="accuracy", columns=(), split=Split(),
        rows=len(codes) + len(tested.known), classes=tuple(classes),
    )  # fmt: skip
    metric, models = scored(codes, output, others, plan, seed)
    layers = layers_of(network)
    wrong = _most_wrong(codes, output)
    texts = tested.pixels is None
    return Results(
        source=tested.source,
        target=tested.target,
        task=task,
        metric=metric,
        classes=plan.classes,
        train_rows=len(tested.known),
        test_rows=len(codes),
        made=f"{datetime.datetime.now():%Y-%m-%d %H:%M}",
        target_profile=target_profile(tested.known, plan.classes),
        choices=tuple(choices),
        models=tuple(models),
        worst=_worst_texts(tested, classes, output, wrong) if texts else (),
        worst_columns=("text",) if texts else (),
        wrong_pictures=_pictures(tested, classes, output, wrong[:_WORST]),
        right_pictures=_pictures(tested, classes, output, _examples(codes, output)),
        class_words=() if tested.ask is None else class_words(tested.names, classes, tested.ask),
        layers=layers,
        parameters=sum(layer.parameters for layer in layers),
        seconds={"training": tested.seconds},
        memory=memory_used(),
        command=command,
        versions=versions(),
        notes=tuple(class_notes(codes, plan.classes)),
        **details(codes, output, others, plan.classes, None, seed),
    )


def _most_wrong(codes: Array, output: Array) -> Array:
    """The rows whose class was not told, the most surprising first."""
    losses = np.where(output.argmax(axis=1) == codes, -np.inf, log_losses(codes, output))
    order = np.argsort(-losses, kind="stable")
    return np.asarray(order[np.isfinite(losses[order])])


def _examples(codes: Array, output: Array) -> Array:
    """Rows whose class is right: of each class the one in the middle, then others."""
    right = np.flatnonzero(output.argmax(axis=1) == codes)
    of_class = [right[codes[right] == c] for c in np.unique(codes[right])]
    most = max((len(rows) for rows in of_class), default=0)
    chosen = [rows[(len(rows) // 2 + i) % len(rows)] for i in range(most) for rows in of_class]
    return np.array(list(dict.fromkeys(chosen))[:_EXAMPLES], np.int64)


def _pictures(
    tested: ClassTest, classes: Sequence[str], output: Array, rows: Array
) -> tuple[Picture, ...]:
    if tested.pixels is None:
        return ()
    made = []
    for i in rows:
        pixels = tested.pixels[i]
        step = max(1, -(-max(pixels.shape[:2]) // _SHOWN_SIDE))
        image = np.clip(np.asarray(pixels, np.float64)[::step, ::step], 0, 255).astype(np.uint8)
        image = image[..., 0] if image.shape[-1] == 1 else image
        predicted = int(output[i].argmax())
        made.append(
            Picture(
                png(picture(image)),
                classes[int(tested.codes[i])],
                classes[predicted],
                float(output[i, predicted]),
                tested.names[i],
            )
        )
    return tuple(made)


def _worst_texts(
    tested: ClassTest, classes: Sequence[str], output: Array, rows: Array
) -> tuple[WorstRow, ...]:
    return tuple(
        WorstRow(
            int(tested.numbers[i]),
            classes[int(tested.codes[i])],
            classes[int(output[i].argmax())],
            float(output[i, int(tested.codes[i])]),
            (tested.names[i][:_MOST_CHARACTERS],),
        )
        for i in rows[:_WORST_TEXTS]
    )
