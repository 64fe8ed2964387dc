"""Changes of a recipe, as lines of code and as what makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..nn.basic.affine import Biased
from ..nn.basic.shape_layers import Activation
from ..typing import Array
from .recipe import Recipe

if TYPE_CHECKING:
    from ..train.models.model import Model

Change = Callable[[Recipe], Recipe]


def rate_line(model: Model, rate: float) -> str:
    """The line that sets another learning rate.

    >>> import ranvier
    >>> model = ranvier.Sequential([ranvier.nn.Dense(1)])
    >>> model.compile(ranvier.optim.Adam(0.5), "mse")
    >>> rate_line(model, 0.001)
    'optimizer=ranvier.optim.Adam(learning_rate=0.001)'
    """
    kind = type(model.optimizer.innermost).__name__
    return f"optimizer=ranvier.optim.{kind}(learning_rate={rate:g})"


def with_rate(rate: float) -> Change:
    """The same training at another learning rate."""

    def set_rate(model: Model) -> None:
        model.optimizer.learning_rate = rate

    return _built(set_rate)


def with_patience(patience: int) -> Change:
    """The same training, stopped when the validation loss no longer falls."""
    return lambda recipe: replace(recipe, patience=patience)


def with_epochs(factor: int) -> Change:
    """The same training for some times as many epochs."""
    return lambda recipe: replace(recipe, epochs=recipe.epochs * factor)


def with_activation(layer: str, activation: str) -> Change:
    """The same network with another activation in one layer."""

    def set_activation(model: Model) -> None:
        for one in model.sublayers():
            if one.name == layer and isinstance(one, Biased | Activation):
                one.activation = activation

    return _built(set_activation)


def with_scaled_inputs() -> Change:
    """The same training on columns of mean 0 and deviation 1."""

    def change(recipe: Recipe) -> Recipe:
        (x, y), (x_held, y_held) = recipe.train, recipe.validation
        mean, deviation = x.mean(axis=0), x.std(axis=0)
        deviation = np.where(deviation > 0, deviation, 1)
        scaled = [((a - mean) / deviation).astype(np.float32) for a in (x, x_held)]
        return replace(recipe, train=(scaled[0], y), validation=(scaled[1], y_held))

    return change


def with_class_weight(weights: Mapping[Any, float] | str = "balanced") -> Change:
    """The same training in which classes count by these weights; it is judged by the mean recall of
    the classes.
    """
    return lambda recipe: replace(recipe, class_weight=weights, score="mean recall")


def without_rows(rows: Array) -> Change:
    """The same training without some of the rows."""

    def change(recipe: Recipe) -> Recipe:
        x, y = recipe.train
        kept = np.setdiff1d(np.arange(len(x)), rows)
        return replace(recipe, train=(x[kept], y[kept]))

    return change


def _built(then: Callable[[Model], None]) -> Change:
    def change(recipe: Recipe) -> Recipe:
        def build() -> Model:
            model = recipe.build()
            then(model)
            return model

        return replace(recipe, build=build)

    return change
