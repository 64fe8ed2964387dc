"""Models to files and back: architecture as JSON, tensors as numbers, names resolved in closed
registries.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import dtypes, optim
from ...base.missing import PACKAGE, spelled
from ...errors import ArgumentError, FileError, RanvierError, ShapeError, StateError, unknown_name
from ...io.tensors import Arrays
from ...io.writing import FilePath
from ...nn.configuration import plain, restore
from ...nn.layer import LAYERS, Layer
from ...nn.restoring import restoring
from ...tensors.tensor import Tensor
from ...typing import Array, DType, Shape
from ..intake.arrange import known_columns, role_of

if TYPE_CHECKING:
    from .model import Model

_MAX_ROW_NUMBERS = 1 << 28  # of what a layer takes of one row: a gigabyte in float32
_MAX_NUMBER = 1 << 63
_NUMBERS = ("seed", "values")  # may be larger
_OPTIMIZER = "optimizer/"  # before the names of the optimizer's tensors

# What makes the object of a file again, by the file's kind: a function of the arrays, the
# description and the path. Its module is imported when such a file is read.
_KINDS = {
    "model": "train.models.saving:unpack",
    "ensemble": "train.ensembles.ensemble:unpack",
    "forecast": "tasks.forecast:unpack",
    "images": "tasks.images:unpack",
    "texts": "tasks.texts:unpack",
    "table model": "tables.model:restore",
}


def save(model: Model, path: FilePath, include_optimizer: bool = True) -> str:
    """Write a whole model; see `Model.save`."""
    from ...io import files

    arrays, described = pack(model, include_optimizer)
    return files.write(path, arrays, described, model.foreign_suffixes)


def pack(model: Model, include_optimizer: bool = True) -> tuple[Arrays, dict[str, Any]]:
    """A model as arrays by their names and a description that is plain data."""
    _check_saveable(model)
    described: dict[str, Any] = {
        "kind": "model",
        "class": type(model).__name__,
        "config": model.get_config(),
        "input_shape": list(model.built_shape or ()),
        "input_dtype": np.dtype(model._row_dtype).name,
        "inputs": [[list(shape), np.dtype(dtype).name] for shape, dtype in model._takes],
        "classes": None if model.classes is None else model.classes.tolist(),
        "column_names": _column_names(model),
        "training": _training(model),
    }
    arrays = _arrays(model.named_tensors())
    if include_optimizer and described["training"] is not None:
        arrays |= {_OPTIMIZER + name: a for name, a in _arrays(optimizer_tensors(model)).items()}
    return arrays, described


def save_weights(model: Layer, path: FilePath) -> str:
    """Write the weights alone; see `Model.save_weights`."""
    from ...io import files

    _check_built(model, "save_weights")
    arrays = _arrays(model.named_tensors())
    return files.write(path, arrays, {"kind": "weights"}, model.foreign_suffixes)


def load_weights(model: Layer, path: FilePath) -> None:
    """Read weights into a built model; see `Model.load_weights`."""
    from ...io import files

    arrays, _ = files.read(path)
    _check_built(model, "load_weights")
    _fill(
        model.named_tensors(),
        {k: a for k, a in arrays.items() if not k.startswith(_OPTIMIZER)},
        path,
    )


@spelled
def load(path: FilePath) -> Any:
    """The model in a file written by `save`, ready to predict, and to train on if it was compiled.

    Files hold numbers and names, never code: classes are looked up among Ranvier's own and those
    entered with `ranvier.nn.register_layer`. Whatever is wrong with a file is a FileError, and what
    it asks for is compared with what it holds before anything is made.
    """
    from ...io import files

    arrays, described = files.read(path)
    where = _KINDS.get(str(described.get("kind")))
    if where is None:
        raise FileError(
            f"{path} holds weights without an architecture; build the model and use "
            "model.load_weights(path)"
        )
    module, _, name = where.partition(":")
    restored = getattr(importlib.import_module(f"{PACKAGE}.{module}"), name)
    return restored(arrays, described, path)


def unpack(arrays: Mapping[str, Array], described: Mapping[str, Any], path: FilePath) -> Any:
    """The model that `pack` gave arrays and description of; `path` is for messages."""
    state = {k.removeprefix(_OPTIMIZER): a for k, a in arrays.items() if k.startswith(_OPTIMIZER)}
    weights = {k: a for k, a in arrays.items() if not k.startswith(_OPTIMIZER)}
    # NOTE: the description comes from somebody else; whatever fails on the way is its fault.
    try:
        with restoring(sum(a.nbytes for a in weights.values())):
            model = _built(described)
    except Exception as problem:
        raise FileError(f"{path}: this model cannot be built: {_words(problem)}") from problem
    _fill(model.named_tensors(), weights, path, FileError)
    try:
        _compile(model, described.get("training"))
        slots = optimizer_tensors(model) if state and model.optimizer is not None else {}
    except Exception as problem:
        raise FileError(
            f"{path}: how this model was trained cannot be read: {_words(problem)}"
        ) from problem
    if slots:
        _fill(slots, state, path, FileError)
    return model


def _words(problem: Exception) -> str:
    """What an exception says; one that is not Ranvier's own with its name."""
    text = str(problem)
    return text if isinstance(problem, RanvierError) else f"{type(problem).__name__}: {text}"


def _built(described: Mapping[str, Any]) -> Any:
    """The described model, its weights not filled yet."""
    check_values(described.get("config"))
    model = restore("layer", described, LAYERS)
    if getattr(type(model), "fit", None) is None:
        raise ArgumentError(f"{described['class']} is a layer, not a model")
    model._row_dtype = _dtype(described.get("input_dtype"))
    inputs = described.get("inputs") or []
    if not isinstance(inputs, list) or not all(isinstance(v, list) and len(v) == 2 for v in inputs):
        raise ArgumentError(f"inputs: expected pairs of shape and dtype, got {inputs!r:.80}")
    if inputs:
        rows = [(_shape(shape, "inputs"), _dtype(dtype)) for shape, dtype in inputs]
        model._build_for_inputs([np.broadcast_to(np.zeros((), d), (1, *s)) for s, d in rows])
    shape = _shape(described.get("input_shape"), "input_shape")
    model.ensure_built(shape)
    for layer in model.sublayers():
        if math.prod(layer.built_shape or ()) > _MAX_ROW_NUMBERS:
            raise ArgumentError(
                f"layer {layer.name!r} takes rows of shape {layer.built_shape}, more than "
                f"{_MAX_ROW_NUMBERS:,} numbers each"
            )
    stateful = any(vars(layer).get("stateful") for layer in model.sublayers())
    if model.wiring is None and not inputs and not stateful:
        model.trace_rows(shape)  # so that what a layer cannot do with its arguments shows now
    model.classes = _classes(described.get("classes"))
    for role, names in (described.get("column_names") or {}).items():
        model.column_names.learn(role, [str(name) for name in names])
    return model


def check_values(value: object, name: str = "") -> None:
    """Names are texts, and no integer is beyond 64 bits, as no size, index or count is."""
    if name == "name" and not isinstance(value, str | None):
        raise ArgumentError(f"name={value!r:.80}: expected a text")
    if isinstance(value, dict):
        for key, inner in value.items():
            check_values(inner, key)
    elif isinstance(value, list):
        for inner in value:
            check_values(inner, name)
    elif type(value) is int and name not in _NUMBERS and not -_MAX_NUMBER <= value < _MAX_NUMBER:
        raise ArgumentError(f"{name}={value}: expected a number of at most 64 bits")


def _shape(value: object, what: str) -> Shape:
    """The shape of a row, as a description has it."""
    sizes = value if isinstance(value, list) else [None]
    whole = all(type(n) is int and 0 <= n <= _MAX_ROW_NUMBERS for n in sizes)
    if not whole or math.prod(sizes) > _MAX_ROW_NUMBERS:
        raise ArgumentError(f"{what}: expected the sizes of a row, got {value!r:.80}")
    return tuple(sizes)


def _dtype(name: object) -> DType:
    if not isinstance(name, str) or name not in dtypes.BY_NAME:
        raise unknown_name("dtype", name, dtypes.BY_NAME)
    return dtypes.BY_NAME[name]


def _classes(labels: object) -> Array | None:
    """The labels of the classes: texts, or numbers."""
    if labels is None:
        return None
    kinds = {type(v) for v in labels} if isinstance(labels, list) else set()
    if len(kinds) != 1 or not kinds <= {str, int, float, bool}:
        raise ArgumentError(f"classes: expected a list of labels of one kind, got {labels!r:.80}")
    return np.array(labels)


def _compile(model: Model, training: Any) -> None:
    """Compile the model as it was when it was saved, if it was."""
    if training is None:
        return
    if not isinstance(training, Mapping):
        raise ArgumentError(f"training: expected a dict, got {training!r:.80}")
    model.compile(
        optim.get(training["optimizer"]),
        training["loss"],
        training["metrics"],
        training["engine"],
        training.get("loss_weights"),
        weighted_metrics=training.get("weighted_metrics"),
    )


def _training(model: Model) -> dict[str, Any] | None:
    """Optimizer, loss and metrics as data; None when not compiled, or when one of them is the
    user's own code.
    """
    if model.optimizer is None:
        return None
    try:
        return {
            "optimizer": plain(model.optimizer, "optimizer"),
            "loss": plain(model.loss, "loss"),
            "metrics": plain(model.metrics, "metrics"),
            "weighted_metrics": plain(model.weighted_metrics, "weighted_metrics"),
            "loss_weights": plain(model.loss_weights, "loss_weights"),
            "engine": model.engine,
        }
    except StateError:
        return None


def _column_names(model: Model) -> dict[str, list[str]]:
    """The names of columns that the model or its Normalize has learned."""
    names = model._input_names()
    many = names is not None and len(names) > 1
    for i in range(len(names) if names is not None else 1):
        known_columns(model, role_of(names if many else None, i), i)
    return dict(model.column_names)


def optimizer_tensors(model: Model) -> dict[str, Tensor]:
    """The optimizer's tensors, those of a parameter under the parameter's name."""
    moving = {id(t) for t in model.parameters()}
    named = {name: t for name, t in model.named_tensors().items() if id(t) in moving}
    return dict(model.optimizer.named_tensors(named))


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: t.numpy() for name, t in tensors.items()}


def _check_built(model: Layer, call: str) -> None:
    if not model.built:
        raise StateError(
            f"{call}: the model is not built, so it has no weights; give its first layer "
            "input_shape=, or call it on a row"
        )


def _check_saveable(model: Layer) -> None:
    """Every class in the model must be in the registry, so that the file needs no code."""
    for layer in model.sublayers():
        kind = type(layer)
        kind = vars(kind).get("stands_for", kind)
        if LAYERS.get(kind.__name__) is not kind:
            what = "model" if layer is model else f"layer {layer.name!r}"
            raise StateError(
                f"save: the {what} is of your own class {kind.__name__}, and a file holds no "
                "code. Either save the numbers with save_weights(path), and make the model by "
                "your code before load_weights(path); or put @ranvier.nn.register_layer above "
                f"class {kind.__name__}, here and where it is loaded"
            )
    _check_built(model, "save")


def _fill(
    tensors: Mapping[str, Tensor],
    arrays: Mapping[str, np.ndarray],
    path: FilePath,
    wrong_shape: type[RanvierError] = ShapeError,
) -> None:
    """Put arrays into tensors of the same names and shapes, all or none."""
    missing, extra = sorted(tensors.keys() - arrays.keys()), sorted(arrays.keys() - tensors.keys())
    if missing or extra:
        parts = [
            f"{word} {', '.join(names[:4])}"
            for word, names in (("lacks", missing), ("has", extra))
            if names
        ]
        raise FileError(
            f"{path} does not fit this model: compared with it, the file {' and '.join(parts)}"
        )
    for name, t in tensors.items():
        if arrays[name].shape != t.shape:
            raise wrong_shape(
                f"{path} does not fit this model: {name} has shape {arrays[name].shape} in the "
                f"file, {t.shape} in the model"
            )
        _check_dtype(name, arrays[name].dtype, t.dtype, path)
    for name, t in tensors.items():
        t.assign(arrays[name])


def _check_dtype(name: str, held: np.dtype[Any], wanted: np.dtype[Any], path: FilePath) -> None:
    """Numbers may become wider, never narrower: that would change them without a word."""
    if not np.can_cast(held, wanted, "safe"):
        raise FileError(
            f"{path} does not fit this model: {name} is {held} in the file and {wanted} in the "
            f"model, which would change its numbers; save it as {wanted}, or build the model with "
            f"{held}"
        )
