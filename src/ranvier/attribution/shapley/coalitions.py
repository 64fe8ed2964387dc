"""Coalitions: rows in which some features are those of the row explained, the others another's.

The game of a row x with the background rows r: the worth of a coalition S of features is the mean
over r of what the model says of x in S and of r elsewhere (interventional SHAP: Lundberg and Lee
2017, Janzing et al. 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...base.locks import computed_once
from ...typing import Array
from ..subject import Encoded, Subject

_ELEMENTS, _ROWS = 2**22, 2**16  # of mixed rows that are made together


@dataclass
class Game:
    """One row against the background rows; `columns` are the outputs that count."""

    subject: Subject
    row: Encoded
    background: Encoded
    columns: Array

    @property
    def features(self) -> int:
        """How many players there are."""
        return len(self.subject.feature_names)

    @computed_once
    def differing(self) -> Array:
        """(background rows, features): where the row and a background row differ.

        A feature in which they agree changes nothing, whoever else is there.
        """
        differ = np.zeros((len(self.background), self.features), np.bool_)
        for name, owner in self.subject.owners.items():
            row, others = self.row.arrays[name], self.background.arrays[name]
            unlike = (others != row).reshape(len(others), -1)
            owned = owner.reshape(-1)
            for i in np.flatnonzero(unlike.any(axis=0) & (owned >= 0)):
                differ[:, owned[i]] |= unlike[:, i]
        return differ

    @computed_once
    def ends(self) -> tuple[Array, Array]:
        """The outputs of each background row, (rows, outputs), and of the row, (outputs,)."""
        empty = self.subject(self.background.arrays)[:, self.columns]
        full = self.subject(self.row.arrays)[0, self.columns]
        return empty, full

    def at(self, masks: Array, rows: Array) -> Array:
        """The outputs of coalitions, (n, features), each with the background row of its number."""
        parts = []
        for start in range(0, len(masks), self._together):
            some = slice(start, start + self._together)
            chosen, others = self._elements(masks[some]), rows[some]
            arrays = {
                name: np.where(chosen[name], self.row.arrays[name], a[others])
                for name, a in self.background.arrays.items()
            }
            parts.append(self.subject(arrays)[:, self.columns])
        return np.concatenate(parts)

    def summed(self, masks: Array, rows: Array) -> Array:
        """The outputs of coalitions, (n, outputs), summed over these rows of the background."""
        sums = []
        for start in range(0, len(masks), self._together):
            block = masks[start : start + self._together]
            chosen = self._elements(block)
            total = np.zeros((len(block), len(self.columns)))
            step = max(1, self._together // len(block))
            for first in range(0, len(rows), step):
                part = rows[first : first + step]
                arrays = {
                    name: np.where(chosen[name], self.row.arrays[name][0], a[part][:, None])
                    for name, a in self.background.arrays.items()
                }
                flat = {k: a.reshape(-1, *a.shape[2:]) for k, a in arrays.items()}
                out = self.subject(flat)[:, self.columns]
                total += out.reshape(len(part), len(block), -1).sum(axis=0)
            sums.append(total)
        return np.concatenate(sums)

    @computed_once
    def _together(self) -> int:
        """How many mixed rows are made together."""
        width = sum(owner.size for owner in self.subject.owners.values())
        return min(max(1, _ELEMENTS // max(width, 1)), _ROWS)

    def _elements(self, masks: Array) -> dict[str, Array]:
        """For coalitions, (n, features), which elements of each array are those of the row."""
        n = len(masks)
        chosen = {}
        for name, owner in self.subject.owners.items():
            owned = owner.reshape(-1)
            if len(owned) == self.features and (owned == np.arange(len(owned))).all():
                elements = masks
            else:
                elements = masks[:, owned]
                elements[:, owned < 0] = False
            chosen[name] = elements.reshape(n, *owner.shape)
        return chosen
