"""The space: what is searched, and the network and training that a point of it stands for.

Trials that are trained side by side share their form (layers and shapes, of which one step is
compiled) and have numbers of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..tables.training.recipe import Recipe

if TYPE_CHECKING:
    import optuna

_MOST_PERIODIC = 64  # columns of numbers: each becomes a block of its own

# What a form is made of, each with the values that are tried.
FORM: Mapping[str, tuple[Any, ...]] = {
    "hidden_units": (64, 128, 256),
    "depth": (1, 2, 3),
    "members": (4, 8, 16),
    "batch": (0.5, 1.0, 2.0),  # times the size by default
    "embedding": ("piecewise", "periodic", "none"),
    "bins": (16, 48, 96),
    "category_dim": (4, 8, 16),
    "label_smoothing": (0.0, 0.1),
}


class Range(NamedTuple):
    """Lowest and highest value of a number, whether its logarithm counts, and a small step."""

    low: float
    high: float
    log: bool
    step: float


# Numbers of a trial's own.
OWN: Mapping[str, Range] = {
    "units_share": Range(0.5, 1.0, False, 0.15),  # of the hidden units that are in use
    "learning_rate": Range(5e-4, 2e-2, True, 0.5),
    "weight_decay": Range(1e-5, 1e-1, True, 1.2),
    "dropout": Range(0.0, 0.5, False, 0.08),
}


@dataclass(frozen=True)
class Setting:
    """A point of the space: the recipe of its form, with numbers of its own.

    `width` are the hidden units in use, of `form.width`; `batch_size` None: the default one.
    """

    form: Recipe
    batch_size: int | None
    width: int
    learning_rate: float
    weight_decay: float
    dropout: float

    @property
    def recipe(self) -> Recipe:
        """The network as it is trained alone."""
        return replace(
            self.form,
            width=self.width,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            dropout=self.dropout,
        )


@dataclass(frozen=True)
class Space:
    """What is searched for a table with so many columns of `numbers` and `categories`.

    `classes` says whether the target has classes, `batch` is the size by default.

    >>> space = Space(numbers=3, categories=0, classes=False, batch=64)
    >>> space.setting(space.default()).recipe == Recipe()
    True
    """

    numbers: int
    categories: int
    classes: bool
    batch: int

    def default(self) -> dict[str, Any]:
        """The point that `ranvier train` stands at."""
        recipe = Recipe()
        of_form = {
            "hidden_units": recipe.width,
            "depth": recipe.depth,
            "members": recipe.members,
            "batch": 1.0,
            "embedding": recipe.embedding or "none",
            "bins": recipe.bins,
            "category_dim": recipe.category_dim,
            "label_smoothing": recipe.label_smoothing,
        }
        own = {
            "units_share": 1.0,
            "learning_rate": recipe.learning_rate,
            "weight_decay": recipe.weight_decay,
            "dropout": recipe.dropout,
        }
        return {name: of_form[name] for name in self._asked(of_form)} | own

    def form(self, trial: optuna.Trial) -> dict[str, Any]:
        """What a trial is to be made of."""
        chosen: dict[str, Any] = {}
        for name in FORM:
            if name in self._asked({**dict.fromkeys(FORM), **chosen}):
                chosen[name] = trial.suggest_categorical(name, self._choices(name))
        return chosen

    def _choices(self, name: str) -> tuple[Any, ...]:
        """The values of a part of the form that are tried for this table."""
        wide = self.numbers > _MOST_PERIODIC
        return tuple(v for v in FORM[name] if not (wide and v == "periodic"))

    def own(self, trial: optuna.Trial) -> dict[str, float]:
        """The numbers of a trial's own."""
        return {
            name: trial.suggest_float(name, of.low, of.high, log=of.log) for name, of in OWN.items()
        }

    def neighbour(self, values: Mapping[str, Any], draw: np.random.Generator) -> dict[str, Any]:
        """A point of the same form whose numbers are a small step away from these."""
        moved = dict(values)
        for name, of in OWN.items():
            step = of.step * draw.normal()
            value = values[name] * math.exp(step) if of.log else values[name] + step
            moved[name] = float(min(max(value, of.low), of.high))
        return moved

    def other_form(self, values: Mapping[str, Any], draw: np.random.Generator) -> dict[str, Any]:
        """The point with one part of its form changed."""
        form = {name: values[name] for name in FORM if name in values}
        name = str(draw.choice(list(form)))
        choices = [value for value in self._choices(name) if value != form[name]]
        changed = {**self.default(), **form, name: choices[draw.integers(len(choices))]}
        usual = {**dict.fromkeys(FORM), "bins": Recipe().bins, **changed}
        own = {name: values[name] for name in OWN}
        return {part: usual[part] for part in self._asked(usual)} | own

    def _asked(self, chosen: Mapping[str, Any]) -> list[str]:
        """The parts of a form that mean something for this table and what is chosen."""
        without = set()
        if not self.numbers:
            without |= {"embedding", "bins"}
        if chosen["embedding"] != "piecewise":
            without.add("bins")
        if not self.categories:
            without.add("category_dim")
        if not self.classes:
            without.add("label_smoothing")
        return [name for name in FORM if name not in without]

    def batch_size(self, values: Mapping[str, Any]) -> int:
        """Rows of a batch at a point."""
        return self.batch if values["batch"] == 1 else max(round(self.batch * values["batch"]), 8)

    def setting(self, values: Mapping[str, Any]) -> Setting:
        """What a point stands for; parts that it does not name are those by default."""
        embedding = values.get("embedding", Recipe().embedding)
        changes = {
            name: values[name]
            for name in ("depth", "members", "bins", "category_dim", "label_smoothing")
            if name in values
        }
        units = values["hidden_units"]
        changes |= {"width": units, "embedding": None if embedding == "none" else embedding}
        return Setting(
            form=replace(Recipe(), **changes),
            batch_size=None if values["batch"] == 1 else self.batch_size(values),
            width=max(round(values["units_share"] * units / 8), 1) * 8,
            learning_rate=values["learning_rate"],
            weight_decay=values["weight_decay"],
            dropout=values["dropout"],
        )


def shown(setting: Setting) -> dict[str, Any]:
    """A setting in the words of a recipe, for tables and messages; only what is not the default.

    >>> shown(Setting(Recipe(), None, 96, 0.005, 3e-4, 0.1))
    {'width': 96}
    """
    usual, recipe = Recipe(), setting.recipe
    names = [name for name in vars(usual) if getattr(recipe, name) != getattr(usual, name)]
    different = {name: getattr(recipe, name) for name in names}
    if setting.batch_size is not None:
        different["batch_size"] = setting.batch_size
    return different
