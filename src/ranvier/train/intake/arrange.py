"""Several inputs and outputs: which of the user's arrays belongs to which."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data.cell_kinds import kind_of_cells
from ...data.conversion import check_rows
from ...data.named_columns import ColumnNames, names_of
from ...data.streams.stream import Stream
from ...errors import ArgumentError, DataError, ShapeError, unknown_name, warn
from ...losses.loss import Loss
from ...nn.basic.normalize import Normalize
from ...nn.layer import Layer
from ...nn.policy import float_dtype
from ...nn.targets import encode_labels
from ...typing import Array, DataLike
from .heads import Head, heads, sole
from .rows import Rows, decode_labels, features, targets, weights

if TYPE_CHECKING:
    from ..models.model import Model
    from ..models.network import Network

_LABELS = 20  # so many different texts may be classes, whatever they look like


@functools.lru_cache(maxsize=256)
def inputs_of_forward(forward: Callable[..., Any]) -> tuple[str, ...] | None:
    """The names of the inputs that a method `forward(self, a, b)` takes; None: one input.

    >>> inputs_of_forward(lambda self, a, b: a), inputs_of_forward(lambda self, x: x)
    (('a', 'b'), None)
    """
    names = [
        p.name
        for p in list(inspect.signature(forward).parameters.values())[1:]
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty
    ]
    return tuple(names) if len(names) > 1 else None


def by_input(
    model: str, names: Sequence[str], x: DataLike, warned: set[str] | None = None
) -> list[Any]:
    """The parts of x, a list, tuple or dict, in the order of the inputs.

    What is no input is left out with a word, once for what `warned` remembers.
    """
    if isinstance(x, Mapping):
        return _by_input_name(model, names, x, warned)
    if not isinstance(x, list | tuple) or len(x) != len(names):
        size = f" of {len(x)}" if isinstance(x, list | tuple) else ""
        raise ArgumentError(
            f"{model}: takes {len(names)} inputs; give x as a list of {len(names)} arrays, or as "
            f"a dict by input ({', '.join(names)}); got a {type(x).__name__}{size}"
        )
    return list(x)


def by_output(
    model: str, names: Sequence[str], heads: Sequence[Head], y: DataLike | None
) -> list[Any]:
    """The parts of y for the heads: a list with one for each output or each head, or a dict."""
    wanted = [head.name for head in heads]
    if isinstance(y, Mapping):
        return _by_name(model, "output", names, y, wanted)
    if not wanted and y is None:
        return []
    if isinstance(y, list | tuple) and len(y) == len(names):
        return [y[head.output] for head in heads]
    if isinstance(y, list | tuple) and len(y) == len(wanted):
        return list(y)
    size = f" of {len(y)}" if isinstance(y, list | tuple) else ""
    raise ArgumentError(
        f"{model}: has {len(names)} outputs; give y as a list of {len(names)} arrays, or as a dict "
        f"by output ({', '.join(names)}); got a {type(y).__name__}{size}"
    )


def _by_input_name(
    model: str, names: Sequence[str], x: Mapping[Any, Any], warned: set[str] | None
) -> list[Any]:
    extra = [name for name in x if name not in names]
    if extra and all(x.get(name) is not None for name in names):
        warn(
            f"{model}: x holds {', '.join(map(repr, extra))}, which is no input and was left out; "
            f"the inputs are {', '.join(names)}",
            warned,
        )
        x = {name: x[name] for name in names}
    return _by_name(model, "input", names, x, names)


def _by_name(
    model: str, what: str, names: Sequence[str], parts: Mapping[Any, Any], wanted: Sequence[str]
) -> list[Any]:
    for name in parts:
        if name not in names:
            raise unknown_name(f"{what} of {model}", name, names)
    for name in wanted:
        if parts.get(name) is None:
            raise ArgumentError(f"{model}: the {what} {name!r} is missing from the dict of arrays")
    return [parts[name] for name in wanted]


class Learning:
    """Inside, data are made ready to learn from; if that fails, no label and no name of a column
    is kept of them.
    """

    def __init__(self, model: Model) -> None:
        self.model, self.names, self.classes = model, model.column_names.copy(), model.classes

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, *error: object) -> None:
        if kind is not None:
            self.model.column_names, self.model.classes = self.names, self.classes


def role_of(names: Sequence[str] | None, i: int = 0) -> str:
    """What an input is called in messages and among the names of columns."""
    return "x" if names is None else f"x[{names[i]!r}]"


def features_of(
    model: Network, names: Sequence[str] | None, x: DataLike, learn: bool = False
) -> list[Array]:
    """Every input as an array of finite numbers, its columns in the order of training."""
    parts = [x] if names is None else by_input(model.name, names, x, model._warned)
    arrays = []
    for i, part in enumerate(parts):
        role = role_of(names, i)
        arrays.append(features(arranged(model, part, role, i, learn), role, float_dtype(model)))
    return arrays


def arranged(
    model: Network, x: DataLike, role: str = "x", index: int = 0, learn: bool = False
) -> Any:
    """A table given for the input number `index`, with the columns of training in their order."""
    if type(x) is np.ndarray:
        return x
    names = names_of(x)
    if names is None:
        return x
    return known_columns(model, role, index, len(names)).arrange(x, role, learn)


def known_columns(model: Network, role: str, index: int, width: int | None = None) -> ColumnNames:
    """The names of the columns that a model knows; first those its Normalize was adapted to."""
    known: ColumnNames = model.column_names
    layer = normalize_of(model, index)
    adapted = None if layer is None else layer.column_names.get("x")
    if layer is None or adapted is None or known.get(role) == adapted:
        return known
    if role in known:
        raise DataError(
            f"{role}: {layer.name!r} was adapted to columns in another order than the model was "
            f"trained on; adapt it again, with the columns of model.column_names[{role!r}]"
        )
    if width is None or width == len(adapted):
        known.learn(role, adapted)
    return known


def normalize_of(model: Network, index: int) -> Normalize | None:
    """The Normalize that an input goes into first, if it does."""
    layers = readers(model, index)
    if layers is None:
        layers = model.sublayers() if index == 0 else []
    for layer in layers:
        if isinstance(layer, Normalize):
            return layer
    return None


def readers(model: Network, index: int) -> list[Layer] | None:
    """The layers that read an input as it comes; None where only the code of `forward` knows."""
    layers = model._readers(index)
    if layers is None:
        return None
    nested = [layer._own_readers() for layer in layers]
    return [layer for inner in nested for layer in inner or []]


def stream_columns(model: Network, stream: Stream, learn: bool = False) -> Stream:
    """A stream over a file with the columns of training in their order."""
    if stream.features is None:
        return stream
    known = known_columns(model, "x", 0, len(stream.features))
    if "x" not in known:
        if learn:
            known.learn("x", stream.features)
        return stream
    wanted = known.order(stream.features)
    return stream if wanted is None else stream.with_features(wanted)


def inputs_of(model: Network, x: DataLike) -> tuple[Sequence[str] | None, list[Array]]:
    """(the names of the inputs, or None when there is one; x as one array for each)."""
    names = model._names_of_inputs(x)
    xs = features_of(model, names, x)
    if names is not None:
        check_rows(**dict(zip(names, xs, strict=True)))
    return names, xs


def targets_by_head(
    model: Model, heads: Sequence[Head], parts: Sequence[Any], learn: bool = False
) -> list[Array]:
    """The targets of every head as an array of numbers."""
    arrays = []
    for head, part in zip(heads, parts, strict=True):
        role = f"y[{head.name!r}]"
        if part is None:
            raise ArgumentError(f"{role} is missing: this output has a loss or a metric")
        columns = model.column_names.arrange_targets(part, role, learn)
        array = targets(columns, role, float_dtype(model))
        if array.dtype.kind == "U":
            check_text(head.loss, array, role)
            raise DataError(
                f"{role} holds text; a model with several outputs takes numbers: "
                "codes, classes = ranvier.nn.targets.encode_labels(y)"
            )
        arrays.append(array)
    return arrays


def check_input(model: str, name: str, expected: Sequence[Any], x: Array) -> None:
    """The rows of an input must have the shape the model was built for."""
    if tuple(x.shape[1:]) != tuple(expected):
        raise ShapeError(
            f"{model}: input {name!r} expects rows of shape {tuple(expected)}, received rows of "
            f"shape {x.shape[1:]} (the array has shape {x.shape})"
        )


def outputs_of(model: Network, xs: Sequence[Array]) -> tuple[list[str] | None, list[Any]]:
    """The names of the outputs (None: there is one) and the shapes of their rows."""
    rows = xs[0].shape[1:] if len(xs) == 1 else [x.shape[1:] for x in xs]
    shapes = model.output_shape(rows)
    if isinstance(shapes, tuple):
        return None, [shapes]
    wiring = model.wiring
    if wiring is not None and len(wiring.outputs) == len(shapes):
        names = wiring.output_names
    elif isinstance(shapes, dict):
        names = list(shapes)
    else:
        names = [f"output_{i + 1}" for i in range(len(shapes))]
    return names, list(shapes.values()) if isinstance(shapes, dict) else shapes


def heads_of(model: Model, names: Sequence[str] | None, shapes: Sequence[Any]) -> list[Head]:
    """The heads of a compiled model with these outputs."""
    made = heads(names, model.loss, model.loss_weights, model.metrics, model.weighted_metrics)
    for head in made:
        head.shape = tuple(shapes[head.output])
    return made


def check_count(model: str, heads: Sequence[Head], rows: Rows) -> None:
    """ArgumentError when there are not as many targets as heads."""
    listed = ", ".join(head.name for head in heads)
    if not heads:
        raise ArgumentError(
            f"{model}: loss is missing: y is given, but compile(loss=None) compares nothing with "
            "it; give a loss by name, such as loss='mean_squared_error', 'binary_crossentropy' or "
            "'sparse_categorical_crossentropy'"
        )
    raise ArgumentError(
        f"{model}: {len(heads)} outputs ({listed}) have a loss or a metric; y holds "
        f"{len(rows.ys)}. Give a list with one array for each, or a dict by output"
    )


def rows_of(
    model: Model,
    x: DataLike,
    y: DataLike | None,
    sample_weight: DataLike | None = None,
    class_weight: Mapping[Any, float] | str | None = None,
    learn: bool = False,
    learn_columns: bool = False,
) -> Rows:
    """The user's data as arrays; text labels become numbers, columns stand as in training.

    With `learn`, labels and names of columns met for the first time are kept; with
    `learn_columns`, only the latter.
    """
    learn_columns = learn_columns or learn
    if y is None and model.loss is not None:
        raise ArgumentError("y is missing: give the targets, one for each row of x")
    names = model._names_of_inputs(x)
    xs = features_of(model, names, x, learn_columns)
    outputs = model._outputs_named(xs, y)
    if outputs is None:
        if isinstance(y, list | tuple) and len(y) == 1 < len(xs[0]):
            y = y[0]  # a list of the targets of each output
        ys = [] if y is None else [_only_target(model, y, learn, learn_columns)]
        y_names = ["y"]
    else:
        if class_weight is not None:
            raise ArgumentError("class_weight is for a model with one output; use sample_weight")
        model._build_for(xs)
        heads = heads_of(model, *outputs_of(model, xs))
        ys = targets_by_head(model, heads, by_output(model.name, outputs, heads, y), learn_columns)
        y_names = [f"y_{head.name}" for head in heads]
    x_names = ["x"] if names is None else list(names)
    roles = [*x_names, *y_names[: len(ys)]]
    check_rows(**dict(zip(roles, [*xs, *ys], strict=True)))
    if class_weight is not None and not ys:
        raise ArgumentError("class_weight needs targets y")
    labels = ys[0] if ys else xs[0]
    floats = float_dtype(model)
    weight = weights(len(xs[0]), labels, model.classes, sample_weight, class_weight, floats)
    if outputs is None and ys and model.classes is not None and _wants_one_hot(model, ys[0]):
        ys = [np.eye(len(model.classes), dtype=np.float32)[ys[0]]]
    one = names is None and len(ys) == 1 and outputs is None
    return Rows(xs[0], ys[0], weight) if one else Rows(xs, ys, weight, roles)


def _only_target(model: Model, y: DataLike, learn: bool, learn_columns: bool) -> Array:
    """The targets of the only output; text labels become numbers."""
    if type(y) is not np.ndarray:  # which has no names
        if isinstance(y, Mapping) and len(y) == 1:
            y = next(iter(y.values()))
        y = model.column_names.arrange_targets(y, learn=learn_columns)
    y = targets(y, "y", float_dtype(model))
    if y.dtype.kind == "U":
        check_text(sole(model.loss), y, "y")
    if y.dtype.kind == "U" and learn and model.classes is None:
        model.classes = encode_labels(y)[1]
    return decode_labels(y, model.classes)


def check_text(loss: Loss | None, y: Array, role: str) -> None:
    """DataError for targets of text that stand for no classes: their number in the alphabet means
    nothing.
    """
    learns_numbers = loss is not None and loss.learns_numbers
    looks = kind_of_cells(y, role)
    many = len(np.unique(y)) > _LABELS and looks.kind != "number"
    if not learns_numbers and not (looks.numeric and many):
        return
    taker = loss.name if loss is not None and learns_numbers else "class labels"
    fix = looks.fix
    if learns_numbers and looks.kind in ("labels", "answers", "text"):
        classes = len(np.unique(y))
        head = f"Dense({classes}, activation='softmax') with loss='sparse_categorical_crossentropy'"
        if classes == 2:
            head = "Dense(1, activation='sigmoid') with loss='binary_crossentropy'"
        fix = f"to tell {classes} classes apart, use {head}, which takes labels"
        if looks.kind == "answers":
            fix += f"; or {looks.fix}"
    expected = "numbers" if learns_numbers else "a few classes"
    raise DataError(
        f"{role}: {taker}{' needs' if learns_numbers else ':'} {expected}, and the targets are "
        f"text ({looks.description}); {fix}"
    )


def _wants_one_hot(model: Model, y: Array) -> bool:
    loss = sole(model.loss)
    return loss is not None and loss.name == "categorical_crossentropy" and y.ndim == 1
