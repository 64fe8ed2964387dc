"""The command `ranvier explain`: the compiler's work on a model, at seven levels."""

from __future__ import annotations

import click
import numpy as np

from ..inspection.explain import LEVELS, Explanation
from ..train.models.model import Model
from ..typing import Array
from .digits import digits_model

_BATCH_ROWS = 32  # rows of the batch that is explained


@click.command()
@click.argument("file", metavar="FILE|digits")
@click.option(
    "--level",
    type=click.Choice(LEVELS),
    default="timings",
    show_default=True,
    help="How deep to look: from what each kernel costs to the processor's own instructions.",
)
@click.option("--batch-size", default=_BATCH_ROWS, show_default=True, type=click.IntRange(1))
def explain(file: str, level: str, batch_size: int) -> None:
    """Show what the compiler made of a saved model, or of the digits network.

    For a model that reads digits: its training step. For any other: the forward pass.
    """
    click.echo(_explained(file, level, batch_size).text)


def _explained(file: str, level: str, batch_size: int) -> Explanation:
    import ranvier

    (x, y), _ = ranvier.data.load_digits()
    if file == "digits":
        model = digits_model(x, [64, 32], "relu")
        model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    else:
        model = ranvier.load(file)
        if model.loss is None or not _reads_digits(model):
            return ranvier.explain(model, _rows(model, batch_size), level=level)
        x = x.reshape(len(x), *model.built_shape)
    return ranvier.explain(model, x[:batch_size], y[:batch_size], level=level)


def _reads_digits(model: Model) -> bool:
    """Whether the digits and their labels fit the model and its loss."""
    shape = model.built_shape
    return (
        shape in ((8, 8), (64,))
        and model.output_shape(shape) == (10,)
        and model.loss.name == "sparse_categorical_crossentropy"
    )


def _rows(model: Model, count: int) -> Array:
    """Rows of the model's own shape; their numbers do not matter."""
    return np.ones((count, *(model.built_shape or ())), model._row_dtype)
