"""Ensembles to files and back: one description of a member, and arrays of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import FileError, ShapeError, StateError
from ...io.tensors import Arrays
from ...io.writing import FilePath
from ...typing import Array
from ..models import saving as of_one

if TYPE_CHECKING:
    from ..models.model import Model
    from .ensemble import Ensemble

_STATES = "random states"
_MAX_MEMBERS = 1 << 24


def save(ensemble: Ensemble, path: FilePath, include_optimizer: bool = True) -> str:
    """Write an ensemble; see `Ensemble.save`."""
    from ...io import files

    arrays, described = pack(ensemble, include_optimizer)
    return files.write(path, arrays, described, ())


def save_weights(ensemble: Ensemble, path: FilePath) -> str:
    """Write the weights alone; see `Ensemble.save_weights`."""
    from ...io import files

    _check_built(ensemble, "save_weights")
    arrays = {name: np.array(a) for name, a in ensemble.named_tensors().items()}
    return files.write(path, arrays, {"kind": "weights"}, ())


def load_weights(ensemble: Ensemble, path: FilePath) -> None:
    """Read weights into members that are built; see `Ensemble.load_weights`."""
    from ...io import files

    arrays, _ = files.read(path)
    _check_built(ensemble, "load_weights")
    known = ensemble.named_tensors()
    different = sorted(
        name
        for name in known.keys() | arrays.keys()
        if name not in known or name not in arrays or known[name].shape != arrays[name].shape
    )
    if different:
        raise ShapeError(
            f"{path} does not hold the weights of these {len(ensemble)} members: "
            f"{', '.join(different[:4])} differ in name or shape"
        )
    ensemble.set_weights([arrays[name] for name in known])


def _check_built(ensemble: Ensemble, call: str) -> None:
    if not ensemble.built:
        raise StateError(
            f"ensemble: {call}: the members are not built, so they have no weights; give their "
            "first layer input_shape= or call predict on a row"
        )


def pack(ensemble: Ensemble, include_optimizer: bool = True) -> tuple[Arrays, dict[str, Any]]:
    """An ensemble as arrays, members in front, and a description that is plain data."""
    parts = [of_one.pack(member, include_optimizer) for member in ensemble.members]
    first, member = parts[0]
    arrays = {name: np.stack([arrays[name] for arrays, _ in parts]) for name in first}
    arrays[_STATES] = ensemble.random_states.copy()
    seeds = list(ensemble.seeds)
    return arrays, {"kind": "ensemble", "member": member, "seeds": seeds}


def unpacked(
    arrays: Mapping[str, Array], described: Mapping[str, Any], path: FilePath
) -> tuple[list[Model], list[int], Array]:
    """The members, seeds and random states of what `pack` gave; `path` is for messages."""
    listed, member, states = described.get("seeds"), described.get("member"), arrays.get(_STATES)
    seeds: list[int] = listed if isinstance(listed, list) else []
    whole = all(type(n) is int and 0 <= n < 1 << 64 for n in seeds)
    if not whole or not isinstance(member, Mapping) or not 0 < len(seeds) < _MAX_MEMBERS:
        raise FileError(f"{path}: this ensemble does not say what its members are")
    if states is None or states.shape != (len(seeds), 2) or states.dtype != np.uint32:
        raise FileError(f"{path}: the random states of {len(seeds)} members are not in the file")
    of_members = {name: a for name, a in arrays.items() if name != _STATES}
    if any(a.shape[:1] != (len(seeds),) for a in of_members.values()):
        raise FileError(f"{path}: an array of this file is not one of {len(seeds)} members")
    models = [
        of_one.unpack({name: a[m] for name, a in of_members.items()}, member, path)
        for m in range(len(seeds))
    ]
    return models, seeds, states
