"""The base of what the tasks return: a network, its preprocessing, its score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from ..errors import FileError
from ..io import files
from ..io.writing import FilePath
from ..tables.choice import Choice, lines
from ..train.models import saving
from ..train.models.model import Model
from ..typing import Array


class TaskModel(ABC):
    """A trained network with all that stands between the user's data and its numbers.

    Attributes: `network`, an ordinary `ranvier.Model`; `choices`, what was decided and why;
    `score`, numbers by name on rows that training never saw.
    """

    kind: ClassVar[str]  # of its files

    def __init__(
        self, network: Model, choices: Sequence[Choice] = (), score: Mapping[str, float] = {}
    ) -> None:
        self.network, self.choices, self.score = network, tuple(choices), dict(score)

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """The preprocessing as plain data."""

    @classmethod
    @abstractmethod
    def restored(cls, network: Model, config: Mapping[str, Any]) -> Self:
        """The model of a file's network and `config`."""

    def save(self, path: FilePath) -> str:
        """Write network and preprocessing to one safetensors file; returns the checksum.

        `ranvier.load(path)` reads it.
        """
        arrays, described = saving.pack(self.network, include_optimizer=False)
        about = {
            "kind": self.kind,
            "network": described,
            "config": self.config(),
            "score": self.score,
            "choices": [choice.config() for choice in self.choices],
        }
        return files.write(path, arrays, about)

    def __str__(self) -> str:
        score = ", ".join(f"{name} {value:.4g}" for name, value in self.score.items())
        return f"{lines(self.choices)}\n{score}"


def unpack_as(
    cls: type[TaskModel],
    arrays: Mapping[str, Array],
    described: Mapping[str, Any],
    path: FilePath,
) -> TaskModel:
    """What `save` wrote, made again; whatever is wrong with the description is a FileError."""
    try:
        network = saving.unpack(arrays, described["network"], path)
        model = cls.restored(network, described["config"])
        model.score = {str(k): float(v) for k, v in described["score"].items()}
        model.choices = tuple(Choice.restore(choice) for choice in described["choices"])
    except FileError:
        raise
    except Exception as problem:
        raise FileError(
            f"{path}: this model cannot be read: {type(problem).__name__}: {problem}"
        ) from problem
    return model
