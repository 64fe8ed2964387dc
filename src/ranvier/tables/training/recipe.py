"""The default network for tables.

    numbers     -> RobustScale -> an embedding of each number --+
    flags       -> RobustScale ---------------------------------+-> hidden layers -> outputs
    categories  -> Embedding, one for each column --------------+

By default it holds 8 members that share most weights (TabM-mini: Gorishniy et al. 2024, arXiv
2410.24210) over piecewise linear embeddings. `Recipe.realmlp` is RealMLP (Holzmueller et al. 2024,
arXiv 2407.04491). Every part is a layer of `ranvier.nn`, the whole an ordinary `ranvier.Model`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from ... import nn
from ...errors import ArgumentError
from ...nn.initializers import RandomUniform
from ...nn.schedule import Schedule
from ...nn.symbolic import Symbolic
from ...optim import AdamW
from ...optim.schedules import CosLog4, FlatCos
from ...train.models.model import Model
from ...typing import Shape

if TYPE_CHECKING:
    from ..targets import Task

INPUTS = ("numbers", "flags", "categories")
CLASS_TASKS = ("binary", "multiclass")
_MAX_EMBEDDED = 256  # numbers made of numbers; more columns get fewer each


@dataclass(frozen=True)
class Recipe:
    """What the default network is made of, and how it is trained.

    `members`: how many networks it holds that share most weights; 1: a plain one. `ntp`: dense
    layers in neural tangent parametrization, with first weights from data. `squared_decay`: the
    factor of a learning rate also multiplies its weight decay, as in RealMLP's published code.
    """

    members: int = 8
    width: int = 128
    depth: int = 2
    activation: str = "relu"
    parametric: bool = False
    ntp: bool = False
    scale: bool = False
    embedding: Literal["periodic", "piecewise"] | None = "piecewise"
    embedding_dim: int = 16
    bins: int = 48
    category_dim: int = 8
    level_strength: float = 100.0
    dropout: float = 0.1
    learning_rate: float = 0.005
    schedule: Literal["flat_cos", "cos_log_4"] = "flat_cos"
    weight_decay: float = 3e-4
    squared_decay: bool = True
    beta_2: float = 0.999
    clipping: float | None = 1.0
    label_smoothing: float = 0.0
    epochs: int = 45

    @classmethod
    def realmlp(cls, task: Task, **changes: Any) -> Recipe:
        """The recipe of RealMLP for a task, with changes.

        >>> Recipe.realmlp("regression").activation
        'mish'
        """
        classes = task in CLASS_TASKS
        published: dict[str, Any] = {
            "members": 1, "width": 256, "depth": 3, "activation": "selu" if classes else "mish",
            "parametric": True, "ntp": True, "scale": True, "embedding": "periodic",
            "embedding_dim": 4, "dropout": 0.15, "learning_rate": 0.04 if classes else 0.2,
            "schedule": "cos_log_4", "weight_decay": 0.02, "beta_2": 0.95, "clipping": None,
            "epochs": 256,
        }  # fmt: skip
        return replace(cls(), **{**published, **changes})


def default_network(
    shapes: Mapping[str, Shape],
    outputs: int,
    task: Task,
    levels: Sequence[int] = (),
    recipe: Recipe | None = None,
    name: str = "network",
    dropout: Callable[[Symbolic, str], Symbolic] | None = None,
) -> Model:
    """The default network for rows of these shapes: "numbers", "flags" and "categories", of which
    any may be absent.

    Its output is (rows, members, outputs), or (rows, outputs) of a recipe with one member:
    probabilities, or numbers in units of the standardized target. Adapt it to the training rows
    (`model.adapt`), compile it with `default_optimizer`, and see `averaged`.

    >>> model = default_network({"numbers": (5,), "categories": (1,)}, 3, "multiclass", levels=[9])
    >>> model.input_names, model.output.shape[1:]
    (['numbers', 'categories'], (8, 3))

    Args:
        shapes: the shape of a row of each input.
        outputs: the number of classes, or of targets.
        task: "binary", "multiclass", "ordinal" or "regression".
        levels: how many levels each category has, the one for missing values included.
        recipe: instead of the default one.
        name: of the model.
        dropout: makes what stands behind each hidden layer, from that layer's output and a name;
            by default dropout at the recipe's rate.
    """
    recipe = Recipe() if recipe is None else recipe
    inputs = _inputs(shapes, levels)
    parts, widths = _front(inputs, levels, recipe)
    x = parts[0] if len(parts) == 1 else nn.Concatenate(name="all_inputs")(parts)
    if recipe.scale:
        x = nn.Scale(name="scale")(x)
    if recipe.members > 1:
        signs = recipe.embedding is None or "numbers" not in inputs
        x = nn.MemberScale(recipe.members, parts=widths, signs=signs, name="members")(x)
    x = _hidden(x, recipe, dropout)
    activation = "softmax" if task in CLASS_TASKS else None
    if recipe.members > 1:
        x = nn.MemberDense(outputs, activation, name="output")(x)
    else:
        x = _dense(x, outputs, recipe, "output", activation)
    return Model(inputs, x, name=name)


def _inputs(shapes: Mapping[str, Shape], levels: Sequence[int]) -> dict[str, Symbolic]:
    """The inputs that there are, by name."""
    unknown = [name for name in shapes if name not in INPUTS]
    there = {name: tuple(shapes[name]) for name in INPUTS if shapes.get(name, (0,))[0]}
    if unknown or not there:
        raise ArgumentError(
            f"default_network: got inputs {list(shapes)}; expected some of {', '.join(INPUTS)}, "
            "with at least one column"
        )
    columns = there.get("categories", (0,))[0]
    if len(levels) != columns:
        raise ArgumentError(
            f"default_network: {columns} columns of categories need the number of levels of each; "
            f"got levels={list(levels)}"
        )
    kinds = {"categories": "int32"}
    return {
        name: nn.Input(shape, name=name, dtype=kinds.get(name, "float32"))
        for name, shape in there.items()
    }


def _front(
    inputs: Mapping[str, Symbolic], levels: Sequence[int], recipe: Recipe
) -> tuple[list[Symbolic], list[int]]:
    """What the hidden layers read, and how many numbers each column of the table became."""
    parts, widths = [], []
    if "numbers" in inputs:
        x = nn.RobustScale(name="scale_numbers")(inputs["numbers"])
        count = x.shape[-1]
        dim = max(min(recipe.embedding_dim, _MAX_EMBEDDED // count), 2)
        if recipe.embedding == "periodic":
            x = nn.PeriodicEmbedding(recipe.embedding_dim, name="periodic")(x)
        elif recipe.embedding == "piecewise":
            x = nn.PiecewiseLinearEmbedding(dim, recipe.bins, name="piecewise")(x)
        parts.append(x)
        widths += [x.shape[-1] // count] * count
    if "flags" in inputs:
        parts.append(nn.RobustScale(name="scale_flags")(inputs["flags"]))
        widths += [1] * inputs["flags"].shape[-1]
    if "categories" in inputs:
        ids = inputs["categories"]
        if recipe.level_strength:
            ids = nn.LevelDropout(levels, recipe.level_strength, name="hidden_levels")(ids)
        normal = {"class": "RandomNormal", "config": {"stddev": 1.0 if recipe.ntp else 0.05}}
        for i, count in enumerate(levels):
            embedding = nn.Embedding(
                count, recipe.category_dim, embeddings_initializer=normal, name=f"category_{i}"
            )
            parts.append(embedding(ids[:, i]))
            widths.append(recipe.category_dim)
    return parts, widths


def _hidden(
    x: Symbolic, recipe: Recipe, dropout: Callable[[Symbolic, str], Symbolic] | None
) -> Symbolic:
    """The hidden layers."""
    for i in range(1, recipe.depth + 1):
        x = _dense(x, recipe.width, recipe, f"hidden_{i}")
        if recipe.parametric:
            x = nn.ParametricActivation(recipe.activation, name=f"activation_{i}")(x)
        else:
            x = nn.Activation(recipe.activation, name=f"activation_{i}")(x)
        if dropout is not None:
            x = dropout(x, f"dropout_{i}")
        elif recipe.dropout:
            # NOTE: of RealMLP it fades; stretched to the plan by `schedules_of`.
            fading = recipe.schedule == "cos_log_4"
            rate: Any = FlatCos(recipe.dropout, 1) if fading else recipe.dropout
            x = nn.Dropout(rate, name=f"dropout_{i}")(x)
    return x


def _dense(
    x: Symbolic, units: int, recipe: Recipe, name: str, activation: str | None = None
) -> Symbolic:
    made: Symbolic
    if recipe.ntp:
        made = nn.NTPDense(units, activation, name=name)(x)
        return made
    limit = 1 / math.sqrt(x.shape[-1])
    even = RandomUniform(-limit, limit)
    made = nn.Dense(units, activation, kernel_initializer=even, bias_initializer=even, name=name)(x)
    return made


def averaged(model: Model, task: Task) -> Model:
    """The same network with the mean over its members as its output, within the range of the
    targets (regression; see `OutputRange.measure`). It shares its layers with `model`.
    """
    x = model.output
    if len(x.shape) == 3:
        x = nn.GlobalAveragePooling1D(name="mean_of_members")(x)
    if task not in CLASS_TASKS:
        x = nn.OutputRange(name="range")(x)
    return Model(dict(zip(model.input_names, model.inputs, strict=True)), x, name=model.name)


# Factors of the learning rate and of weight decay, by the names of the parameters.
_REALMLP: Mapping[str, tuple[float, float]] = {
    r"^(hidden_\d+|output)\.bias$": (0.1, 0.0),
    r"^scale\.scale$": (6.0, 1.0),
    r"^(periodic|piecewise)\.": (0.1, 1.0),
    r"^activation_\d+\.alpha$": (0.1, 1.0),
}
_TABM: Mapping[str, tuple[float, float]] = {r"\.bias$": (1.0, 0.0)}


def default_optimizer(recipe: Recipe) -> AdamW:
    """AdamW with the learning rates of a recipe; stretch its schedules to the plan.

    >>> default_optimizer(Recipe()).beta_2
    0.999
    """
    curve = CosLog4 if recipe.schedule == "cos_log_4" else FlatCos
    fading = recipe.schedule == "cos_log_4"

    def decay(strength: float) -> Any:
        return FlatCos(strength, 1) if fading and strength else strength

    groups = []
    for pattern, (rate, kept) in (_REALMLP if recipe.ntp else _TABM).items():
        factor = kept * (rate if recipe.squared_decay else 1.0)
        groups.append(
            {
                "names": [pattern],
                "learning_rate": curve(recipe.learning_rate * rate, 1),
                "weight_decay": decay(recipe.weight_decay * factor),
            }
        )
    return AdamW(
        curve(recipe.learning_rate, 1),
        weight_decay=decay(recipe.weight_decay),
        beta_2=recipe.beta_2,
        epsilon=1e-8,
        global_clipnorm=recipe.clipping,
        groups=groups,
    )


def schedules_of(model: Model, optimizer: AdamW) -> list[Any]:
    """Every schedule that a training follows, so that all are stretched together."""
    rules = [optimizer, *[group.rule for group in optimizer.groups]]
    values = [value for rule in rules for value in (rule.learning_rate, rule.weight_decay)]
    values += [layer.rate for layer in model.sublayers() if isinstance(layer, nn.Dropout)]
    return [s for s in values if isinstance(s, Schedule)]
