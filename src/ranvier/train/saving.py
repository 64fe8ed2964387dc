"""Models to files and back: architecture as JSON, tensors as numbers, names resolved in closed
registries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import optim
from ..errors import ArgumentError, FileError, RanvierError, ShapeError, StateError
from ..missing import spelled
from ..nn.config import plain, restore
from ..nn.layer import LAYERS
from ..tensor import Tensor
from .given import known_columns, role_of

_OPTIMIZER = "optimizer/"  # before the names of the optimizer's tensors


def save(model: Any, path: Any, include_optimizer: bool = True) -> str:
    """Write a whole model; see `Model.save`."""
    from ..io import files

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
        arrays |= {_OPTIMIZER + name: a for name, a in _arrays(_slots(model)).items()}
    return files.write(path, arrays, described, model.foreign_suffixes)


def save_weights(model: Any, path: Any) -> str:
    """Write the weights alone; see `Model.save_weights`."""
    from ..io import files

    _check_built(model, "save_weights")
    arrays = _arrays(model.named_tensors())
    return files.write(path, arrays, {"kind": "weights"}, model.foreign_suffixes)


def load_weights(model: Any, path: Any) -> None:
    """Read weights into a built model; see `Model.load_weights`."""
    from ..io import files

    arrays, _ = files.read(path)
    _check_built(model, "load_weights")
    _fill(
        model.named_tensors(),
        {k: a for k, a in arrays.items() if not k.startswith(_OPTIMIZER)},
        path,
    )


@spelled
def load(path: Any) -> Any:
    """The model in a file written by `save`, ready to predict, and to train on if it was compiled.

    Files hold numbers and names, never code: classes are looked up among Ranvier's own and those
    entered with `ranvier.nn.register_layer`. A damaged, cut or foreign file is a FileError.
    """
    from ..io import files

    arrays, described = files.read(path)
    if described.get("kind") != "model":
        raise FileError(
            f"{path} holds weights without an architecture; build the model and use "
            "model.load_weights(path)"
        )
    try:
        model = restore("layer", described, LAYERS)
        if getattr(type(model), "fit", None) is None:
            raise ArgumentError(f"{described['class']} is a layer, not a model")
        model._row_dtype = np.dtype(described["input_dtype"])
        several = [np.empty((1, *shape), dtype) for shape, dtype in described.get("inputs", [])]
        if several:
            model._build_several(several)
        model.ensure_built(tuple(described["input_shape"]))
        if described["classes"] is not None:
            model.classes = np.array(described["classes"])
        for role, names in (described.get("column_names") or {}).items():
            model.column_names.learn(role, [str(name) for name in names])
    except (RanvierError, KeyError, TypeError, ValueError) as problem:
        raise FileError(f"{path}: this model cannot be built: {problem}") from problem
    state = {k.removeprefix(_OPTIMIZER): a for k, a in arrays.items() if k.startswith(_OPTIMIZER)}
    _fill(
        model.named_tensors(),
        {k: a for k, a in arrays.items() if not k.startswith(_OPTIMIZER)},
        path,
    )
    training = described["training"]
    if training is not None:
        model.compile(
            optim.get(training["optimizer"]),
            training["loss"],
            training["metrics"],
            training["engine"],
            training.get("loss_weights"),
            weighted_metrics=training.get("weighted_metrics"),
        )
        if state:
            _fill(_slots(model), state, path)
    return model


def _training(model: Any) -> dict[str, Any] | None:
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


def _column_names(model: Any) -> dict[str, list[str]]:
    """The names of columns that the model or its Normalize has learned."""
    names = model._input_names()
    several = names is not None and len(names) > 1
    for i in range(len(names) if names is not None else 1):
        known_columns(model, role_of(names if several else None, i), i)
    return dict(model.column_names)


def _slots(model: Any) -> dict[str, Tensor]:
    """The optimizer's tensors, those of a parameter under the parameter's name."""
    moving = {id(t) for t in model.parameters()}
    named = {name: t for name, t in model.named_tensors().items() if id(t) in moving}
    return dict(model.optimizer.named_tensors(named))


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: t.numpy() for name, t in tensors.items()}


def _check_built(model: Any, call: str) -> None:
    if not model.built:
        raise StateError(
            f"{call}: the model is not built, so it has no weights; give its first layer "
            "input_shape=, or call it on a row"
        )


def _check_saveable(model: Any) -> None:
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


def _fill(tensors: Mapping[str, Tensor], arrays: Mapping[str, np.ndarray], path: Any) -> None:
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
            raise ShapeError(
                f"{path} does not fit this model: {name} has shape {arrays[name].shape} in the "
                f"file, {t.shape} in the model"
            )
    for name, t in tensors.items():
        t.assign(arrays[name])
