"""The command `ranvier train`."""

from __future__ import annotations

import click

from ..base.config import ENGINES
from ..optim import OPTIMIZERS
from .digits import train_digits

_OPTIMIZER_NAMES = [name.lower() for name in OPTIMIZERS]


@click.command()
@click.argument("data", type=click.Choice(["digits"]))
@click.option("--hidden", default="64,32", show_default=True, help="Units of the hidden layers.")
@click.option("--activation", default="relu", show_default=True, help="Of the hidden layers.")
@click.option(
    "--optimizer",
    default="adam",
    show_default=True,
    help=", ".join(_OPTIMIZER_NAMES) + ".",
)
@click.option("--epochs", default=40, show_default=True, type=click.IntRange(1))
@click.option("--batch-size", default=32, show_default=True, type=click.IntRange(1))
@click.option(
    "--learning-rate",
    type=click.FloatRange(0, min_open=True),
    help="By default the optimizer's own.",
)
@click.option("--seed", default=0, show_default=True, help="Same seed, same bits.")
@click.option("--engine", type=click.Choice(list(ENGINES)), default="compiled", show_default=True)
@click.option(
    "--out", type=click.Path(dir_okay=False), default="digits.safetensors", show_default=True
)
def train(
    data: str,
    hidden: str,
    activation: str,
    optimizer: str,
    epochs: int,
    batch_size: int,
    learning_rate: float | None,
    seed: int,
    engine: str,
    out: str,
) -> None:
    """Train a network on handwritten digits and show how well it reads the ones it has not seen."""
    train_digits(
        hidden, activation, optimizer, epochs, batch_size, learning_rate, seed, engine, out
    )
