"""Changes of a recipe, as lines of code and as what makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError
from ..nn.basic.affine import Biased
from ..nn.basic.shape_layers import Activation
from ..typing import Array
from .recipe import Recipe

if TYPE_CHECKING:
    from ..train.models.model import Model

Change = Callable[[Recipe], Recipe]
Described = list[dict[str, Any]]  # layers of a Sequential


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


def with_loss(loss: str) -> Change:
    """The same training with another loss."""

    def set_loss(model: Model) -> None:
        model.compile(model.optimizer, loss, engine=model.engine)

    return _built(set_loss)


def with_layers(change: Callable[[Described], Described]) -> Change:
    """The same training of other layers: `change` makes them of those of a `Sequential`, as its
    configuration describes them.
    """

    def changed(recipe: Recipe) -> Recipe:
        def build() -> Model:
            model = recipe.build()
            config = model.get_config()
            if "layers" not in config:
                raise ArgumentError("a trial with other layers is for ranvier.Sequential")
            made: Model = type(model).from_config({**config, "layers": change(config["layers"])})
            made.compile(model.optimizer, model.loss, engine=model.engine)
            return made

        return replace(recipe, build=build)

    return changed


def with_dropout(share: float = 0.3) -> Change:
    """The same network with a `Dropout` behind each hidden Dense."""

    def change(layers: Described) -> Described:
        made = []
        for i, layer in enumerate(layers):
            made.append(layer)
            if layer["class"] == "Dense" and i < len(layers) - 1:
                # With a name of its own, so that the user's next ones are counted as before.
                made.append({"class": "Dropout", "config": {"rate": share, "name": f"dropped_{i}"}})
        return made

    return with_layers(change)


def with_regularizer(factor: float = 0.001) -> Change:
    """The same network with the squares of all weights of Dense, times this, in the loss."""
    penalty = {"class": "L2", "config": {"l2": factor}}

    def change(layers: Described) -> Described:
        return [
            {**layer, "config": {**layer["config"], "kernel_regularizer": penalty}}
            if layer["class"] == "Dense"
            else layer
            for layer in layers
        ]

    return with_layers(change)


def with_units(factor: float) -> Change:
    """The same network with so many times the units in each hidden Dense."""

    def change(layers: Described) -> Described:
        dense = [i for i, layer in enumerate(layers) if layer["class"] == "Dense"][:-1]
        return [
            {**layer, "config": {**layer["config"], "units": _times(layer, factor)}}
            if i in dense
            else layer
            for i, layer in enumerate(layers)
        ]

    return with_layers(change)


def with_hidden(units: int, count: int = 2) -> Change:
    """The same network with `count` Dense of relu, each so wide, in place of its hidden ones."""

    def change(layers: Described) -> Described:
        dense = [i for i, layer in enumerate(layers) if layer["class"] == "Dense"]
        first = dense[0] if len(dense) > 1 else dense[-1]
        config = {"units": units, "activation": "relu"}
        hidden = [
            {"class": "Dense", "config": {**config, "name": f"hidden_{i}"}} for i in range(count)
        ]
        return [*layers[:first], *hidden, *layers[dense[-1] :]]

    return with_layers(change)


def with_end(loss: str | None = None, **arguments: Any) -> Change:
    """The same network whose last layer has other arguments, and perhaps another loss; one that
    tells classes is judged by its accuracy.
    """

    def change(layers: Described) -> Described:
        last = layers[-1]
        return [*layers[:-1], {**last, "config": {**last["config"], **arguments}}]

    def changed(recipe: Recipe) -> Recipe:
        made = with_layers(change)(recipe)
        return made if loss is None else replace(with_loss(loss)(made), score="accuracy")

    return changed


def _times(layer: dict[str, Any], factor: float) -> int:
    return max(1, round(int(layer["config"]["units"]) * factor))


def _built(then: Callable[[Model], None]) -> Change:
    def change(recipe: Recipe) -> Recipe:
        def build() -> Model:
            model = recipe.build()
            then(model)
            return model

        return replace(recipe, build=build)

    return change
