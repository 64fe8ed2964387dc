"""Multi-layer perceptrons with scikit-learn's arguments, attributes and random numbers.

With the same `random_state` they begin with the same weights as scikit-learn's classes of the same
names, see the same batches and follow the same rules, so that losses and scores agree up to
rounding; the training itself is compiled.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from ..errors import ArgumentError, DataError, warn
from ..typing import Array, ArrayLike, DataLike
from . import arguments
from .perceptron import Perceptron
from .programs import Form
from .training_rows import TrainingRows, outputs

ClassWeight = dict[Any, float] | list[dict[Any, float]] | str | None


class MLPClassifier(ClassifierMixin, Perceptron):
    """A network of dense layers that learns classes, with the arguments of scikit-learn's class.

    The loss is cross-entropy: of the softmax of one output for each class, for two classes of the
    sigmoid of one output, and of 0/1 targets of shape (n, labels) (multilabel) of one sigmoid each;
    with `alpha / 2 * sum(W ** 2)`, divided by the rows of the batch.

    Args:
        hidden_layer_sizes: neurons of each hidden layer.
        activation: of the hidden layers: "relu", "tanh", "logistic" or "identity".
        solver: "adam", "sgd" or, over all rows at once, "lbfgs" (SciPy's).
        alpha: strength of the penalty.
        batch_size: rows of a batch; "auto": 200, or all if there are fewer.
        learning_rate: of "sgd": "constant", "invscaling" (divided by the number of rows seen to the
            power of `power_t`), or "adaptive" (divided by 5 instead of an end of the training).
        learning_rate_init: of "sgd" and "adam".
        max_iter: epochs at most; of "lbfgs" iterations.
        shuffle: the rows, before each epoch.
        random_state: an integer makes each fit the same.
        tol, n_iter_no_change: training ends after so many epochs in which the loss has not fallen,
            or with `early_stopping` the score has not risen, by `tol`.
        verbose: print the loss of each epoch.
        warm_start: `fit` goes on with the weights of the fit before.
        momentum, nesterovs_momentum: of "sgd".
        early_stopping: hold out the share `validation_fraction` of the rows, and keep the weights
            with the best score on them.
        beta_1, beta_2, epsilon: of "adam".
        max_fun: of "lbfgs": evaluations of the loss at most.
        class_weight: {class: weight}, or "balanced": weights that make all classes count the same;
            of multilabel targets a list of one dict for each label. (scikit-learn's class has no
            such argument.)

    Attributes after `fit`: `classes_`, `loss_`, `best_loss_`, `loss_curve_`, `validation_scores_`,
    `best_validation_score_`, `t_` (rows seen), `coefs_`, `intercepts_`, `n_features_in_`,
    `feature_names_in_`, `n_iter_`, `n_layers_`, `n_outputs_`, `out_activation_`.

    Rows of float32 are computed with in float32, all others in float64.

    Raises (when `fit` begins):
        ArgumentError: an argument is not what it may be.
        DataError: weights of rows that cannot be used, or a training that ends in no numbers.

    >>> from ranvier.estimators import MLPClassifier
    >>> X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    >>> y = ["same", "other", "other", "same"]
    >>> classifier = MLPClassifier((8,), "tanh", solver="lbfgs", random_state=1).fit(X, y)
    >>> classifier.predict([[0.0, 1.0], [1.0, 1.0]]).tolist()
    ['other', 'same']
    """

    def __init__(
        self,
        hidden_layer_sizes: ArrayLike = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        class_weight: ClassWeight = None,
    ) -> None:
        arguments.keep(self, locals())

    def fit(self, X: DataLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on rows X (n, features) and classes y (n,), or 0/1 of shape (n, labels).

        Args:
            X: an array, a data frame of numbers, or a sparse matrix (which becomes dense a few
                batches at a time).
            y: labels of any kind that can be sorted.
            sample_weight: (n,), how often each row counts.
        """
        return self._train(X, y, sample_weight, incremental=False)

    @available_if(lambda self: self._can_go_on())  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: DataLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """One epoch over these rows; the optimizer goes on where it was.

        Args:
            X, y, sample_weight: as of `fit`.
            classes: all classes that will ever come; the first call needs them.
        """
        if classes is not None:
            listed = unique_labels(classes)
            if "classes_" not in vars(self):
                multilabel = type_of_target(y).startswith("multilabel")
                self.classes_ = np.arange(np.shape(y)[1]) if multilabel else listed
                self._multilabel = multilabel
            elif not np.array_equal(self.classes_, listed) and not self._multilabel:
                raise ValueError(
                    f"MLPClassifier: classes={listed} is not the same as on last call to "
                    f"partial_fit, was: {self.classes_}; give all classes at the first call"
                )
        elif "classes_" not in vars(self):
            raise ValueError(
                "MLPClassifier: classes must be passed on the first call to partial_fit, as one "
                "part of the rows may not have all of them: classes=np.unique(y_all)"
            )
        return self._train(X, y, sample_weight, incremental=True)

    def predict(self, X: DataLike) -> Array:
        """The class of each row (n,), or 0/1 of each label (n, labels)."""
        p = self._outputs(X)
        if self._multilabel:
            return (p > 0.5).astype(int)
        only = len(self.classes_) == 1
        chosen = p.argmax(axis=1) if p.shape[1] > 1 or only else (p[:, 0] > 0.5).astype(int)
        labels: Array = self.classes_[chosen]
        return labels

    def predict_proba(self, X: DataLike) -> Array:
        """(n, classes): the probability of each class, in the order of `classes_`."""
        p = self._outputs(X)
        if self._multilabel or p.shape[1] > 1:
            return p
        if len(self.classes_) == 1:
            return np.ones_like(p)
        return np.concatenate([1 - p, p], axis=1)

    def predict_log_proba(self, X: DataLike) -> Array:
        """The logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            logarithms: Array = np.log(self.predict_proba(X))
        return logarithms

    # -- targets -----------------------------------------------------------------------------------

    def _encoded(self, y: Any, first: bool, incremental: bool) -> Array:
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
        if kind == "multiclass-multioutput":
            raise ValueError(
                "MLPClassifier: y has several columns of classes; give 0/1 columns (multilabel), "
                "or one classifier a column: sklearn.multioutput.MultiOutputClassifier"
            )
        multilabel = kind.startswith("multilabel")
        if "classes_" not in vars(self) or not (self.warm_start or incremental):
            self._multilabel = multilabel
            self.classes_ = np.arange(y.shape[1]) if multilabel else np.unique(y)
            if not multilabel and len(self.classes_) == 1:
                (label,) = self.classes_.tolist()
                warn(
                    f"MLPClassifier: y has one class only, {label!r}, so nothing can be learned: "
                    "every row will be predicted to be of it"
                )
        else:
            self._check_classes(y, multilabel)
        if multilabel:
            return self._indicators(y)
        index = np.searchsorted(self.classes_, y)
        encoded: Array = index if len(self.classes_) > 2 else index[:, None]
        return encoded

    def _indicators(self, y: Array) -> Array:
        strange = (y != 0) & (y != 1)
        if strange.any():
            raise DataError(
                f"MLPClassifier: y of shape {y.shape} has a {y[strange][0]!s} in it; of several "
                "labels each column is 1 where a row has the label and 0 elsewhere, as "
                "sklearn.preprocessing.MultiLabelBinarizer makes it"
            )
        return y

    def _check_classes(self, y: Array, multilabel: bool) -> None:
        """The classes of the fit before are those of this one too."""
        if multilabel != self._multilabel or (multilabel and y.shape[1] != len(self.classes_)):
            raise DataError(
                "MLPClassifier: the fit before was on other targets "
                f"({len(self.classes_)} {'labels' if self._multilabel else 'classes'}); give y of "
                "the same kind, or set warm_start=False and call fit"
            )
        if multilabel:
            return
        classes = np.unique(y)
        known = set(self.classes_.tolist())
        if self.warm_start and set(classes.tolist()) != known:
            raise ValueError(
                "MLPClassifier: warm_start can only be used where `y` has the same classes as in "
                f"the previous call to fit. Previously got {self.classes_}, `y` has {classes}"
            )
        if not set(classes.tolist()) <= known:
            raise ValueError(
                "MLPClassifier: `y` has classes not in `self.classes_`. `self.classes_` has "
                f"{self.classes_}. 'y' has {classes}."
            )

    def _output(self) -> tuple[str, int]:
        count = len(self.classes_)
        if self._multilabel:
            return "logistic", count
        return ("softmax", count) if count > 2 else ("logistic", 1)

    def _row_weights(self, weights: Array | None, y: Any, incremental: bool) -> Array | None:
        if self.class_weight is None:
            return weights
        if incremental and self.class_weight == "balanced":
            raise ArgumentError(
                "MLPClassifier: class_weight='balanced' needs all rows at once, so partial_fit has "
                "no use for it; give the weights: sklearn.utils.class_weight.compute_class_weight("
                "'balanced', classes=..., y=y_all)"
            )
        by_class: Array = compute_sample_weight(self.class_weight, y)
        return by_class if weights is None else weights * by_class

    def _stratified(self) -> bool:
        return self.n_outputs_ == 1

    def score_of(self, form: Form, weights: list[Array], rows: TrainingRows) -> float:
        p = outputs(form, rows.x, weights)
        if form.output == "softmax":
            right = p.argmax(axis=1) == rows.y
        else:
            right = ((p > 0.5) == rows.y).all(axis=1)
        if not np.isfinite(p).all():
            return float("nan")
        return float(np.average(right, weights=rows.weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class MLPRegressor(RegressorMixin, Perceptron):
    """A network of dense layers that learns numbers, with the arguments of scikit-learn's class.

    The loss is half the squared error, or with `loss="poisson"` half the Poisson deviance of
    counts, whose logarithm the network learns; with `alpha / 2 * sum(W ** 2)`, divided by the rows
    of the batch. All other arguments and the attributes after `fit` are those of `MLPClassifier`.

    y is (n,) or (n, outputs). Numbers far from 1 are learned slowly or not at all: scale them, as
    sklearn.compose.TransformedTargetRegressor does.

    >>> from ranvier.estimators import MLPRegressor
    >>> X = [[-1.0], [0.0], [1.0], [2.0]]
    >>> regressor = MLPRegressor(solver="lbfgs", hidden_layer_sizes=8, random_state=0)
    >>> regressor.fit(X, [1.0, 0.0, 1.0, 4.0]).predict([[2.0]]).round(1).tolist()
    [4.0]
    """

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: ArrayLike = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
    ) -> None:
        arguments.keep(self, locals())

    def fit(self, X: DataLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on rows X (n, features) and numbers y (n,) or (n, outputs).

        Args:
            X: an array, a data frame of numbers, or a sparse matrix (which becomes dense a few
                batches at a time).
            y: the numbers; of `loss="poisson"` counts or rates, not negative.
            sample_weight: (n,), how often each row counts.
        """
        return self._train(X, y, sample_weight, incremental=False)

    @available_if(lambda self: self._can_go_on())  # type: ignore[untyped-decorator]
    def partial_fit(
        self, X: DataLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """One epoch over these rows; the optimizer goes on where it was."""
        return self._train(X, y, sample_weight, incremental=True)

    def predict(self, X: DataLike) -> Array:
        """(n,) or (n, outputs): the numbers predicted for the rows."""
        out = self._outputs(X)
        return out[:, 0] if out.shape[1] == 1 else out

    # -- targets -----------------------------------------------------------------------------------

    def _encoded(self, y: Any, first: bool, incremental: bool) -> Array:
        numbers: Array = y[:, None] if y.ndim == 1 else y
        if self.loss == "poisson" and (y < 0).any():
            raise DataError(
                "MLPRegressor: loss='poisson' learns counts and rates, and y has negative numbers "
                f"(the smallest is {y.min():g}); use loss='squared_error'"
            )
        self._outputs_now = numbers.shape[1]
        return numbers

    def _output(self) -> tuple[str, int]:
        return "exp" if self.loss == "poisson" else "identity", self._outputs_now

    def score_of(self, form: Form, weights: list[Array], rows: TrainingRows) -> float:
        out = outputs(form, rows.x, weights)
        if not np.isfinite(out).all():
            return float("nan")
        return float(r2_score(rows.y, out, sample_weight=rows.weights))
