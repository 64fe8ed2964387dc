"""Ensembles to files and back: one description of a member, and arrays of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import FileError
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
