"""The base of what the tasks return: a network, its preprocessing, its score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ..errors import FileError, StateError
from ..io import files
from ..io.writing import FilePath
from ..tables.choice import Choice, lines
from ..train.models import saving
from ..train.models.model import Model
from ..typing import Array
from .tested import ClassTest, SeriesTest

if TYPE_CHECKING:
    from ..report.page import Report
    from ..report.results import Results


class TaskModel(ABC):
    """A trained network with all that stands between the user's data and its numbers.

    Attributes: `network`, an ordinary `ranvier.Model`; `choices`, what was decided and why;
    `score`, numbers by name on rows that training never saw; `tested`, these rows with their
    predictions, until the report has been made.
    """

    kind: ClassVar[str]  # of its files

    def __init__(
        self, network: Model, choices: Sequence[Choice] = (), score: Mapping[str, float] = {}
    ) -> None:
        self.network, self.choices, self.score = network, tuple(choices), dict(score)
        self.tested: ClassTest | SeriesTest | None = None
        self.results: Results | None = None

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

    def report(
        self, path: FilePath | None = None, *, lang: str | None = None, command: str = ""
    ) -> Report:
        """What the model is worth on the rows held out for the test, as one page.

        `path` names an .html file to write; `lang` is "en" or "zh". There is one only of a model
        that was trained in this process, as a file does not hold the rows.
        """
        from ..report.page import Report

        if self.results is None:
            self.results = self._results(command)
            self.tested = None
        report = Report(self.results, lang)
        if path is not None:
            report.save(path)
        return report

    def _results(self, command: str) -> Results:
        """What a report shows."""
        from ..report.of_tasks.classes import class_results
        from ..report.of_tasks.series import series_results

        if isinstance(self.tested, SeriesTest):
            return series_results(self.tested, self.network, self.choices, command)
        if self.tested is None:
            raise StateError(
                f"report: this {type(self).__name__} was read from a file, which does not hold the "
                "rows of its test; call report() on the model that fit gave"
            )
        classes = self.config()["classes"]
        return class_results(self.tested, classes, self.network, self.choices, command)

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
