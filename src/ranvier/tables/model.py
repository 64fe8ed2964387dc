"""A model for a table: plan, encoder and network, from raw rows to predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError, DataError, FileError, StateError
from ..io.writing import FilePath
from ..typing import Array
from .choice import Choice
from .encoder import Encoder
from .plan import Plan
from .reading import read_table
from .scores import scores
from .training.encoded_rows import EncodedRows
from .training.train import Trained
from .trees import Trees

if TYPE_CHECKING:
    import polars

    from ..diagnosis.finding import Diagnosis
    from ..report.page import Report
    from ..report.results import Results

_MOST_DIAGNOSED = 20_000  # rows of the training, and of the test, for the report
_NOISE_SECONDS = 1.5  # that a report has for its diagnosis, to look for wrong labels too
_ROWS_AT_ONCE = 65_536  # of raw rows that are encoded and predicted together
_ENCODER, _NETWORK, _TREES = (
    "encoder/",
    "network/",
    "trees/",
)  # before the names of arrays in a file


class TableModel:
    """What `ranvier.fit_table` gives: a network with everything it needs to read raw rows.

    `plan` says what was decided and why, `history` holds the scores of each epoch, `test_scores`
    those of the rows that were held out, {} if there were none. Where there are `trees`, what is
    predicted is the mean of both, in which the trees have the weight `share_of_trees`.

    `rows` are the raw rows that it was trained on, those of the test, and the numbers of the
    latter in the table, `encoded` the arrays and targets of the former, until the report
    has been made; a file does not hold them. `program` is Python that trains it again.
    """

    def __init__(
        self,
        plan: Plan,
        encoder: Encoder,
        trained: Trained,
        *,
        trees: Trees | None = None,
        share_of_trees: float = 0.0,
        choices: Sequence[Choice] = (),
        test_scores: Mapping[str, float] | None = None,
        seconds: Mapping[str, float] | None = None,
        results: Results | None = None,
    ) -> None:
        self.plan = plan
        self.encoder = encoder
        self.trained = trained
        self.trees = trees
        self.share_of_trees = share_of_trees
        self.choices = tuple(choices)
        self.test_scores = dict(test_scores or {})
        self.seconds = dict(seconds or {})
        self.results = results
        self.program = ""
        self.rows: tuple[polars.DataFrame, polars.DataFrame, Array] | None = None
        self.encoded: EncodedRows | None = None

    def __repr__(self) -> str:
        plan = self.plan
        return f"<TableModel {plan.task} {plan.target!r} from {len(plan.features)} columns>"

    def _repr_html_(self) -> str:
        """Test scores and plan, in a notebook; `report()` shows everything."""
        from ..report.notebook import model_html

        return model_html(self.plan, self.test_scores)

    @property
    def history(self) -> Mapping[str, Sequence[float]]:
        """The numbers of each epoch."""
        return self.trained.history

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels of the target; () for regression."""
        return self.plan.classes

    # -- predictions -------------------------------------------------------------------------------

    def predict(self, table: object) -> Array:
        """The label or the number for each raw row of a frame, file or dict of columns."""
        return self._decided(self.outputs(table))

    def predict_proba(self, table: object) -> Array:
        """The probability of each class: (rows, classes), in the order of `classes`."""
        if not self.classes:
            raise ArgumentError(
                f"predict_proba: {self.plan.target!r} is a number, so there are no classes; "
                "predict gives it, predict_interval a range"
            )
        return self.outputs(table)

    def predict_interval(self, table: object, coverage: float = 0.9) -> Array:
        """The range that holds `coverage` of the targets: (rows, 2), lower and upper end.

        Its width is what held-out rows were off by (split conformal prediction: Papadopoulos et
        al. 2002), the same for all rows.
        """
        if self.classes:
            raise ArgumentError("predict_interval: the target has classes; use predict_proba")
        if not 0 < coverage < 1:
            raise ArgumentError(f"coverage={coverage}: expected a share between 0 and 1")
        return self._interval(self.outputs(table), coverage)

    def _interval(self, values: Array, coverage: float) -> Array:
        residuals = np.sort(np.abs(self.trained.residuals))
        rank = int(np.ceil(coverage * (len(residuals) + 1))) - 1
        margin = residuals[min(rank, len(residuals) - 1)]
        return np.stack([values - margin, values + margin], axis=1)

    def evaluate(self, table: object) -> dict[str, float]:
        """The scores on raw rows that hold the target too; rows without it do not count."""
        frame = self._frame(table)
        if self.plan.target not in frame.columns:
            raise DataError(
                f"evaluate: the table has no column {self.plan.target!r}, the target; it has "
                f"{', '.join(frame.columns[:8])}"
            )
        y = self.encoder.encode_target(frame)
        known = np.flatnonzero(y >= 0 if self.classes else np.isfinite(y))
        return scores(self.plan.task, y[known], self.outputs(frame[known]))

    def outputs_in_parts(self, frame: polars.DataFrame) -> Iterator[tuple[polars.DataFrame, Array]]:
        """Rows and what the network says of them, some ten thousand at a time."""
        for start in range(0, max(len(frame), 1), _ROWS_AT_ONCE):
            part = frame[start : start + _ROWS_AT_ONCE]
            yield part, self.outputs_of(self.encoder.transform(part))

    def outputs_of(self, arrays: Mapping[str, Array]) -> Array:
        """Probabilities (rows, classes), or numbers (rows,), for rows that the encoder has read."""
        values = self.trained.predict(arrays)
        if self.trees is not None:
            share = self.share_of_trees
            values = (1 - share) * values + share * self.trees.predict(arrays)
        return values

    def columns_of(self, values: Array, coverage: float = 0.9) -> dict[str, Array]:
        """The columns of a file of predictions: `prediction`, and probabilities or a range."""
        columns = {"prediction": self._decided(values)}
        if self.classes:
            return columns | {
                f"probability_{label}": values[:, i] for i, label in enumerate(self.classes)
            }
        if not len(self.trained.residuals):
            return columns
        lower, upper = self._interval(values, coverage).T
        return columns | {"lower": lower, "upper": upper}

    def outputs(self, table: object) -> Array:
        """Probabilities (rows, classes), or numbers (rows,), for raw rows."""
        return np.concatenate([out for _, out in self.outputs_in_parts(self._frame(table))])

    def _decided(self, values: Array) -> Array:
        return self.encoder.decode(values.argmax(axis=1) if self.classes else values)

    def _frame(self, table: object) -> polars.DataFrame:
        return read_table(table).frame

    # -- diagnosis ---------------------------------------------------------------------------------

    def diagnose(
        self,
        table: object = None,
        *,
        validation_data: object = None,
        new_data: object = None,
    ) -> Diagnosis:
        """What goes wrong with its data, and inside its network; see `ranvier.diagnosis`.

        Args:
            table: the raw rows that it was trained on, with the target. By default those of its
                training and test, which a loaded model does not hold.
            validation_data: raw rows that it was not trained on, with the target.
            new_data: raw rows that it is used on.

        Rates, losses, scaling and the end of the training are chosen by the training itself and
        not judged. Raises StateError where it holds no rows, DataError for a table without target.
        """
        from .diagnosing import diagnose_table

        if table is None:
            if self.rows is None:
                raise StateError(
                    "diagnose: a model of a file holds no rows; give those that it was trained on"
                )
            table = self.rows[0]
            if validation_data is None and len(self.rows[1]):
                validation_data = self.rows[1]
        return diagnose_table(self, table, validation_data, new_data)

    def _diagnosed(self, seconds: float) -> Diagnosis:
        """What goes wrong with the rows of training and test, at most some of them."""
        from .diagnosing import OF_DATA, diagnose_table

        assert self.rows is not None
        # Wrong labels are looked for by training networks, which is not done in a hurry.
        kinds = OF_DATA if seconds >= _NOISE_SECONDS else [k for k in OF_DATA if k != "label noise"]
        train, test, tested = self.rows
        numbers = np.arange(len(train))
        if len(train) + len(test) == self.plan.rows:  # every row has a target
            numbers = np.setdiff1d(np.arange(self.plan.rows), tested)
        rows, held = (
            np.linspace(0, len(part) - 1, min(len(part), _MOST_DIAGNOSED)).astype(np.int64)
            for part in (train, test)
        )
        return diagnose_table(
            self, train[rows], test[held], numbers=numbers[rows], kinds=kinds, seconds=seconds
        )

    # -- the report --------------------------------------------------------------------------------

    def report(
        self,
        path: FilePath | None = None,
        *,
        lang: str | None = None,
        seconds: float = 10.0,
        command: str = "",
    ) -> Report:
        """What the model is worth on the rows held out for the test, beside simple models.

        `path` names an .html file to write; `lang` is "en" or "zh"; `seconds` is about what the
        simple models and the importance of the columns may take. What is measured is kept, and
        saved with the model.
        """
        from ..report.build import Facts, results_of
        from ..report.page import Report

        if self.results is None:
            if self.rows is None or not len(self.rows[1]):
                raise StateError(
                    "report: no rows were held out to test the model on; train with held_out=0.2, "
                    "or use ranvier.report.results_of(model, train, test) with rows of your own"
                )
            train_rows, test_rows, numbers = self.rows
            encoded = self.encoded
            facts = Facts(
                choices=self.choices,
                best_epoch=self.trained.best_epoch,
                residuals=self.trained.residuals if not self.classes else None,
                row_numbers=numbers,
                encoded=None if encoded is None else (encoded.arrays, encoded.y),
                network=self.trained.network,
                members=self.trained.members,
                seconds=self.seconds,
                code=self.program,
                command=command,
                diagnose=self._diagnosed,
            )
            self.results = results_of(self, train_rows, test_rows, facts, seconds=seconds)
            self.encoded = None
        report = Report(self.results, lang)
        if path is not None:
            report.save(path)
        return report

    # -- files -------------------------------------------------------------------------------------

    def save(self, path: FilePath) -> str:
        """Write everything to one .safetensors file, which `ranvier.load` reads.

        It holds numbers and text, never code. Returns the checksum.
        """
        from ..io import files

        network, described = self.trained.pack()
        arrays = {_ENCODER + name: a for name, a in self.encoder.arrays().items()}
        arrays |= {_NETWORK + name: a for name, a in network.items()}
        if self.trees is not None:
            arrays |= {_TREES + name: a for name, a in self.trees.arrays().items()}
        about = {
            "kind": "table model",
            "plan": self.plan.config(),
            "encoder": self.encoder.config(),
            "network": described,
            "share_of_trees": None if self.trees is None else self.share_of_trees,
            "choices": [choice.config() for choice in self.choices],
            "test_scores": self.test_scores,
            "seconds": self.seconds,
            "results": None if self.results is None else self.results.to_json(),
        }
        return files.write(path, arrays, about)


def restore(
    arrays: Mapping[str, Array], described: Mapping[str, Any], path: FilePath
) -> TableModel:
    """The model of a file that `TableModel.save` wrote."""

    def part(prefix: str) -> dict[str, Array]:
        return {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}

    from ..report.results import Results

    # NOTE: the description comes from somebody else; whatever fails on the way is its fault.
    try:
        results = described["results"]
        plan = Plan.restore(described["plan"])
        share = described["share_of_trees"]
        return TableModel(
            plan,
            Encoder.restore(described["encoder"], part(_ENCODER)),
            Trained.unpack(part(_NETWORK), described["network"], path),
            trees=None if share is None else Trees.restore(plan.task, part(_TREES)),
            share_of_trees=share or 0.0,
            choices=[Choice.restore(choice) for choice in described["choices"]],
            test_scores=described["test_scores"],
            seconds=described["seconds"],
            results=None if results is None else Results.from_json(results),
        )
    except FileError:
        raise
    except Exception as problem:
        raise FileError(
            f"{path}: this model of a table cannot be read: {type(problem).__name__}: {problem}"
        ) from problem
