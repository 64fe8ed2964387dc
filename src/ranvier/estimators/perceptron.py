"""What the two multi-layer perceptrons share: `fit`, `partial_fit`, warm starts, outputs."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, is_regressor
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from ..base.config import switches
from ..errors import DataError, StateError
from ..typing import Array, ArrayLike, DataLike
from . import arguments
from .programs import Form
from .solvers import LBFGS, Stochastic, glorot, lay_out
from .training_rows import TrainingRows, outputs

_FLOATS = (np.float64, np.float32)


class Perceptron(BaseEstimator):
    """A multi-layer perceptron; a class says what its targets and its output are."""

    # What is learned, for type checkers; each is there after `fit`.
    coefs_: list[Array]
    intercepts_: list[Array]
    loss_: float
    loss_curve_: list[float]
    best_loss_: float | None
    validation_scores_: Any
    best_validation_score_: Any
    n_iter_: int
    t_: int
    n_features_in_: int

    # Between two calls: the optimizer's numbers for `partial_fit`, the best weights of early
    # stopping, and the epochs since the last progress.
    _memory: tuple[str, float, int, list[dict[str, Array]]] | None
    _best_weights: list[Array] | None
    _idle_epochs: int

    # The arguments, which constructors keep as they come.
    hidden_layer_sizes: Any
    activation: str
    solver: str
    alpha: float
    batch_size: Any
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: Any
    tol: float
    verbose: Any
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int

    # -- what a class says -------------------------------------------------------------------------

    def _encoded(self, y: Any, first: bool, incremental: bool) -> Array:
        """The targets as numbers; the first call learns what there is."""
        raise NotImplementedError

    def _output(self) -> tuple[str, int]:
        """The activation of the last layer, and how many outputs there are."""
        raise NotImplementedError

    def _row_weights(self, weights: Array | None, y: Any, incremental: bool) -> Array | None:
        """The weights of the rows, by their class too."""
        return weights

    def score_of(self, form: Form, weights: list[Array], rows: TrainingRows) -> float:
        """The score of a network with these weights on the rows held out."""
        raise NotImplementedError

    # -- training ----------------------------------------------------------------------------------

    def _train(
        self, X: DataLike, y: ArrayLike, sample_weight: ArrayLike | None, incremental: bool
    ) -> Self:
        name = type(self).__name__
        arguments.check(name, self.get_params(deep=False))
        hidden = arguments.hidden_sizes(name, self.hidden_layer_sizes)
        first = "coefs_" not in vars(self) or not (self.warm_start or incremental)
        x, target = self._looked_at(X, y, first)
        encoded = self._encoded(target, first, incremental)
        weights = arguments.sample_weights(name, sample_weight, x.shape[0], x.dtype)
        weights = self._row_weights(weights, target, incremental)
        if incremental and self.early_stopping:
            raise ValueError(
                f"{name}: partial_fit does not support early_stopping=True, since it sees one part "
                "of the rows at a time; call fit, or set early_stopping=False"
            )
        self.out_activation_, self.n_outputs_ = self._output()
        sizes = (int(x.shape[1]), *hidden, self.n_outputs_)
        self.n_layers_ = len(sizes)
        random = check_random_state(self.random_state)
        if first:
            self._begin(sizes, random, x.dtype)
        # A warm start keeps the precision it began with.
        form = self._form(sizes, self.coefs_[0].dtype.name)
        self._check_shapes(form)
        rows, held_out = self._split(form, x, encoded, weights, random)
        if self.solver == "lbfgs":
            LBFGS(self, form, rows).run()
        else:
            Stochastic(self, form, rows, held_out, random, incremental).run()
        return self

    def _looked_at(self, X: DataLike, y: ArrayLike, reset: bool) -> tuple[Any, Any]:
        """X and y as arrays, or X as a sparse matrix by rows."""
        rows, target = validate_data(
            self, X, y, accept_sparse="csr", multi_output=True, y_numeric=is_regressor(self),
            dtype=_FLOATS, reset=reset,
        )  # fmt: skip
        if not isinstance(target, np.ndarray):
            target = target.toarray()
        if target.ndim == 2 and target.shape[1] == 1:
            target = column_or_1d(target, warn=True)
        return rows, target

    def _begin(
        self, sizes: tuple[int, ...], random: np.random.RandomState, dtype: np.dtype[Any]
    ) -> None:
        """New weights, and nothing learned."""
        self.n_iter_ = self.t_ = 0
        self.take(glorot(sizes, random, dtype, self.activation == "logistic"))
        self._memory = self._best_weights = None
        self._idle_epochs = 0
        if self.solver == "lbfgs":
            return
        self.loss_curve_ = []
        self.best_loss_ = None if self.early_stopping else np.inf
        self.validation_scores_ = [] if self.early_stopping else None
        self.best_validation_score_ = -np.inf if self.early_stopping else None

    def _form(self, sizes: tuple[int, ...], dtype: str) -> Form:
        return Form(sizes, self.activation, self.out_activation_, dtype, switches.engine)

    def _check_shapes(self, form: Form) -> None:
        have = [w.shape for w in lay_out(self.coefs_, self.intercepts_)]
        if have != form.shapes:
            raise StateError(
                f"{type(self).__name__}: the weights of the fit before are for layers of sizes "
                f"{[have[0][0], *[shape[1] for shape in have[::2]]]}, now they are "
                f"{list(form.sizes)}; keep hidden_layer_sizes, or set warm_start=False and call fit"
            )
        if "loss_curve_" not in vars(self) and self.solver != "lbfgs":
            raise StateError(
                f"{type(self).__name__}: the fit before was with solver='lbfgs', so there is no "
                "training to go on with; keep the solver, or set warm_start=False and call fit"
            )
        if self.solver != "lbfgs" and self.early_stopping != (self.best_loss_ is None):
            raise StateError(
                f"{type(self).__name__}: early_stopping has changed since the fit before; keep "
                "it, or set warm_start=False and call fit"
            )

    def _split(
        self,
        form: Form,
        X: Any,
        targets: Array,
        weights: Array | None,
        random: np.random.RandomState,
    ) -> tuple[TrainingRows, TrainingRows | None]:
        """The rows to learn from, and with early stopping those held out."""
        if self.solver == "lbfgs" or not self.early_stopping:
            return TrainingRows(X, targets, weights, form), None
        count = X.shape[0]
        left_out = math.ceil(self.validation_fraction * count)
        if left_out < 2 or left_out >= count:
            what = "validation" if left_out < 2 else "training"
            change = "Increase" if left_out < 2 else "Decrease"
            raise DataError(
                f"{type(self).__name__}: The {what} set is too small: of {count} rows "
                f"early_stopping holds out {left_out}. {change} "
                f"validation_fraction={self.validation_fraction:g}, or give more rows."
            )
        parts = train_test_split(
            *[part for part in (X, targets, weights) if part is not None],
            random_state=random,
            test_size=self.validation_fraction,
            stratify=targets if self._stratified() else None,
        )
        if weights is None:
            parts += [None, None]
        X, X_out, targets, targets_out, weights, weights_out = parts
        rows = TrainingRows(X, targets, weights, form)
        return rows, TrainingRows(X_out, targets_out, weights_out, form)

    def _stratified(self) -> bool:
        """Whether the rows held out have the classes in the same shares."""
        return False

    def take(self, weights: list[Array]) -> None:
        """Keep these weights and biases, layer by layer."""
        self.coefs_, self.intercepts_ = list(weights[::2]), list(weights[1::2])

    # -- outputs -----------------------------------------------------------------------------------

    def _outputs(self, X: DataLike) -> Array:
        """(n, outputs): what the network gives for the rows of X."""
        check_is_fitted(self)
        x = validate_data(self, X, accept_sparse="csr", dtype=_FLOATS, reset=False)
        weights = lay_out(self.coefs_, self.intercepts_)
        sizes = (weights[0].shape[0], *[w.shape[1] for w in weights[::2]])
        kind = np.result_type(x.dtype, weights[0].dtype)  # too large for float32 is no infinity
        return outputs(self._form(sizes, kind.name), x, weights)

    def _can_go_on(self) -> bool:
        """Whether there is a `partial_fit`: it needs a solver that goes by batches."""
        if self.solver == "lbfgs":
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic: "
                "choose solver='adam' or 'sgd'"
            )
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
