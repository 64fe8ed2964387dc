"""Estimators with the default network for tables: raw columns in, classes or numbers out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import narwhals.stable.v2 as nw
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_regressor
from sklearn.utils import check_array, check_random_state
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from ..errors import ArgumentError, DataError, ShapeError, warn
from ..tables.encoder import Encoder
from ..tables.files.frames import is_frame
from ..tables.plan import Plan, make_plan
from ..tables.reading import Reading, read_table
from ..tables.training.encoded_rows import EncodedRows
from ..tables.training.options import TrainingOptions
from ..tables.training.train import Trained, train
from ..typing import Array, ArrayLike, DataLike
from . import arguments

if TYPE_CHECKING:
    import polars

    from ..tables.targets import Task

_MIN_ROWS = 10
_ROWS_AT_ONCE = 65_536  # that are encoded and predicted together
_MAX_SORTED_ROWS = 1_000
_MAX_REPEATS = 10  # times as many rows as there are


class TableEstimator(BaseEstimator):
    """What the two have in common: tables in, plan, encoder and network inside."""

    plan_: Plan
    encoder_: Encoder
    network_: Trained | None
    loss_curve_: list[float]
    n_features_in_: int

    budget: float
    epochs: int | None
    members: int | None
    kinds: Mapping[str, str] | None
    validation_fraction: float
    random_state: Any
    verbose: Any

    # -- training ----------------------------------------------------------------------------------

    def _checked(self, y: ArrayLike) -> Array:
        """The targets as an array (n,) without missing ones."""
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                "is None"
            )
        numeric = is_regressor(self)
        options = {"ensure_2d": False, "input_name": "y", "dtype": np.float64 if numeric else None}
        checked: Array = column_or_1d(check_array(y, **options), warn=True)
        return checked

    def _train(
        self, frame: polars.DataFrame, kinds: Mapping[str, str], target: Array, task: Task,
        weights: Array | None,
    ) -> None:  # fmt: skip
        """Plan, encode and train on the rows of a frame and their targets."""
        import polars as pl

        name = "target"
        while name in frame.columns:
            name += "_"
        frame = frame.with_columns(pl.Series(name, target))
        frame, weights = self._by_weight(frame, weights)
        if frame.height < _MIN_ROWS:
            raise DataError(
                f"{type(self).__name__}: n_samples={frame.height} rows that count; expected at "
                f"least {_MIN_ROWS}, to learn from some and choose the best epoch on others"
            )
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        kind = "number" if task == "regression" else "category"
        kinds = {**kinds, **(self.kinds or {}), name: kind}
        reading = Reading(frame)
        self.plan_ = plan = make_plan(reading, name, kinds=kinds, task=task, seed=seed)
        rows, held_out = plan.split_rows(frame, share=self.validation_fraction)
        self.encoder_, arrays = Encoder.fit_transform(frame[rows], plan)
        encoder = self.encoder_
        encoded = EncodedRows.joined(
            arrays,
            encoder.encode_target(frame[rows]),
            encoder.transform(frame[held_out]),
            encoder.encode_target(frame[held_out]),
        )
        options = TrainingOptions(
            budget=self.budget,
            epochs=self.epochs,
            members=self.members,
            seed=seed,
            verbose=int(bool(self.verbose)),
        )
        self.network_ = train(
            encoded,
            plan=plan,
            levels=encoder.levels,
            options=options,
            weights=None if weights is None else weights[rows],
        )
        history = self.network_.history
        self.loss_curve_ = list(history["loss"])
        score = next(name for name in history if name != "loss")
        self.validation_loss_curve_ = list(history[score])

    def _by_weight(
        self, frame: polars.DataFrame, weights: Array | None
    ) -> tuple[polars.DataFrame, Array | None]:
        """The rows that count. Integers say how often a row is there.

        NOTE: rows of a small table are put in an order of their own, so that it makes no
        difference in which they came, nor whether a row is repeated or has a weight.
        """
        if weights is not None:
            whole = bool((weights == np.floor(weights)).all())
            if whole and weights.sum() <= _MAX_REPEATS * len(weights):
                frame = frame[np.repeat(np.arange(len(weights)), weights.astype(np.int64))]
                weights = None
            else:
                rows = np.flatnonzero(weights)
                frame, weights = frame[rows], weights[rows]
        if weights is None and frame.height <= _MAX_SORTED_ROWS:
            frame = frame.sort(frame.columns)
        return frame, weights

    def _check_arguments(self) -> None:
        name = type(self).__name__
        numbers = {
            "budget": arguments.Number(0, open_low=True),
            "validation_fraction": arguments.Number(0, 1, open_low=True, open_high=True),
        }
        counts = [argument for argument in ("epochs", "members") if getattr(self, argument)]
        numbers |= dict.fromkeys(counts, arguments.Number(1, integer=True))
        for argument, allowed in numbers.items():
            value = getattr(self, argument)
            if not allowed.allows(value):
                raise ArgumentError(f"{name}: {argument}={value!r}; expected {allowed}")
        if not isinstance(self.kinds, Mapping | None):
            raise ArgumentError(f"{name}: kinds={self.kinds!r}; expected a dict {{column: kind}}")
        arguments.check(name, {"class_weight": self.get_params().get("class_weight")})

    # -- rows --------------------------------------------------------------------------------------

    def _table(self, X: DataLike, reset: bool) -> tuple[polars.DataFrame, dict[str, str]]:
        """The rows as a frame of raw columns, and what columns are known to hold.

        Rows of an array stand for the columns of the frame that it was fitted on, in their order,
        and the other way round; scikit-learn's check warns of it.
        """
        frame, kinds = self._frame_of(X, reset)
        if reset:
            self._column_names = frame.columns
        elif not (is_frame(X) and "feature_names_in_" in vars(self)):
            frame.columns = self._column_names
        return frame, kinds

    def _frame_of(self, X: DataLike, reset: bool) -> tuple[polars.DataFrame, dict[str, str]]:
        if is_frame(X):
            if nw.dependencies.is_into_series(X):
                raise ShapeError(
                    f"{type(self).__name__}: Expected 2D data, got one column; give a table: "
                    "X.to_frame()"
                )
            try:
                validate_data(self, X, reset=reset, skip_check_array=True)
            except nw.exceptions.DuplicateError as error:
                raise DataError(
                    f"{type(self).__name__}: columns of X need names of their own ({error}); "
                    "rename those that stand more than once"
                ) from error
            return read_table(X).frame, {}
        options: dict[str, Any] = {"dtype": None, "ensure_all_finite": "allow-nan"}
        array = validate_data(self, X, reset=reset, **options)
        names = [f"x{i}" for i in range(array.shape[1])]
        frame = read_table({name: array[:, i] for i, name in enumerate(names)}).frame
        return frame, dict.fromkeys(names, "number") if array.dtype.kind in "fiub" else {}

    def _model_outputs(self, X: DataLike) -> tuple[int, Array | None]:
        """How many rows X has, and what the network says of them; None: it has learned nothing."""
        check_is_fitted(self)
        frame, _ = self._table(X, reset=False)
        if self.network_ is None:
            return frame.height, None
        parts = [
            self.network_.predict(self.encoder_.transform(frame[start : start + _ROWS_AT_ONCE]))
            for start in range(0, frame.height, _ROWS_AT_ONCE)
        ]
        return frame.height, np.concatenate(parts)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


class RanvierClassifier(ClassifierMixin, TableEstimator):
    """A network for tables, which learns classes from raw columns.

    Columns may be numbers, categories, yes/no, dates or text, with missing cells; a data frame's
    are recognized, and those of an array of numbers are numbers. Everything that is learned from
    the rows (scales, levels, vocabularies) is inside the estimator.

    Args:
        budget: seconds, at most, that training takes.
        epochs: how many are planned; None: as many as score best on held-out rows.
        members: how many networks are averaged; None: as many as the budget allows.
        kinds: what columns hold, where it is not recognized: {"zipcode": "category"}.
        class_weight: {class: weight}, or "balanced": all classes count the same.
        validation_fraction: the share of the rows on which the best epoch is chosen.
        random_state: an integer makes each fit the same, where `epochs` and `members` are set; else
            the clock decides how many there are.
        verbose: 1 shows the progress.

    Attributes after `fit`: `classes_`, `n_features_in_`, `feature_names_in_`, `loss_curve_` and
    `validation_loss_curve_` (the losses of each epoch; that with the lowest validation loss is
    kept), `plan_` (which says what each column was taken for, and why), `encoder_`, `network_`.

    >>> from ranvier.estimators import RanvierClassifier
    >>> import polars
    >>> table = polars.DataFrame({"size": list(range(60)), "town": ["Oslo", "Rome"] * 30})
    >>> labels = ["small"] * 30 + ["large"] * 30
    >>> classifier = RanvierClassifier(epochs=40, members=1, random_state=0).fit(table, labels)
    >>> classifier.predict(table[[5, 50]]).tolist()
    ['small', 'large']
    """

    def __init__(
        self,
        *,
        budget: float = 60.0,
        epochs: int | None = None,
        members: int | None = None,
        kinds: Mapping[str, str] | None = None,
        class_weight: dict[Any, float] | str | None = None,
        validation_fraction: float = 0.2,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        arguments.keep(self, locals())

    def fit(self, X: DataLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on the rows of a table X and their classes y (n,).

        Args:
            X: a data frame (pandas, polars, pyarrow) or an array (n, columns).
            y: labels of any kind that can be sorted.
            sample_weight: (n,), how often each row counts.
        """
        self._check_arguments()
        frame, kinds = self._table(X, reset=True)
        labels = self._checked(y)
        check_consistent_length(frame, labels)
        check_classification_targets(labels)
        self.classes_, index = np.unique(labels, return_inverse=True)
        name = type(self).__name__
        weights = arguments.sample_weights(name, sample_weight, len(labels), np.dtype(np.float64))
        self.network_, self.loss_curve_ = None, []
        present = np.unique(index if weights is None else index[weights > 0])
        self._constant = int(present[0])
        if len(present) == 1:
            label = self.classes_.tolist()[self._constant]
            warn(
                f"{name}: y has one class only, {label!r}, so nothing can be learned: every row "
                "will be predicted to be of it"
            )
            return self
        if self.class_weight is not None:
            by_class: Array = compute_sample_weight(self.class_weight, labels)
            weights = by_class if weights is None else weights * by_class
        target = np.array([f"class {i}" for i in range(len(self.classes_))])[index]
        task: Task = "binary" if len(present) == 2 else "multiclass"
        self._train(frame, kinds, target, task, weights)
        return self

    def predict_proba(self, X: DataLike) -> Array:
        """(n, classes): the probability of each class, in the order of `classes_`."""
        rows, out = self._model_outputs(X)
        p = np.zeros((rows, len(self.classes_)))
        if out is None:
            p[:, self._constant] = 1.0
            return p
        p[:, [int(label.partition(" ")[2]) for label in self.plan_.classes]] = out
        return p

    def predict(self, X: DataLike) -> Array:
        """The likeliest class of each row (n,)."""
        chosen = self.predict_proba(X).argmax(axis=1)
        labels: Array = self.classes_[chosen]
        return labels


class RanvierRegressor(RegressorMixin, TableEstimator):
    """A network for tables, which learns numbers from raw columns.

    The arguments and attributes are those of `RanvierClassifier`, without `class_weight` and
    classes. The network scales the target itself.
    """

    def __init__(
        self,
        *,
        budget: float = 60.0,
        epochs: int | None = None,
        members: int | None = None,
        kinds: Mapping[str, str] | None = None,
        validation_fraction: float = 0.2,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        arguments.keep(self, locals())

    def fit(self, X: DataLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on the rows of a table X and their numbers y (n,); see `RanvierClassifier.fit`."""
        self._check_arguments()
        frame, kinds = self._table(X, reset=True)
        numbers = self._checked(y)
        check_consistent_length(frame, numbers)
        name = type(self).__name__
        weights = arguments.sample_weights(name, sample_weight, len(numbers), np.dtype(np.float64))
        self.network_, self.loss_curve_ = None, []
        self._constant = float(numbers[0])
        if (numbers == numbers[0]).all():
            warn(
                f"{name}: every row of y is {numbers[0]:g}, so nothing can be learned: it is what "
                "will be predicted"
            )
            return self
        self._train(frame, kinds, numbers, "regression", weights)
        return self

    def predict(self, X: DataLike) -> Array:
        """(n,): the numbers predicted for the rows."""
        rows, out = self._model_outputs(X)
        return np.full(rows, self._constant) if out is None else out.astype(np.float64)
