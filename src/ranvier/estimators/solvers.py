"""The solvers: Adam and gradient descent by batches, L-BFGS over all rows.

The rules are scikit-learn's, so that the same `random_state` leads through the same numbers: when
an epoch counts as progress, when training ends, and how the learning rate falls.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.optimize
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from ..errors import DataError
from ..typing import Array
from .programs import Form, Gradient, Rule, Training, gradient_sums, trainings
from .training_rows import TrainingRows

if TYPE_CHECKING:
    from .perceptron import Perceptron

_BATCH = 200  # rows of a batch for batch_size="auto"
_ROWS_AT_ONCE = 1024  # of which L-BFGS takes the gradient
_SMALLEST_RATE = 1e-6  # of the adaptive learning rate
_RATE_DIVISOR = 5.0  # by which it falls


def check_finite(estimator: Perceptron) -> None:
    """DataError where training has ended in weights, or in a loss, that are not finite."""
    weights = (*estimator.coefs_, *estimator.intercepts_)
    what = "non-finite parameter weights"
    if all(np.isfinite(w).all() for w in weights):
        if np.isfinite(estimator.loss_):
            return
        what = "a non-finite loss"
    rate = "" if estimator.solver == "lbfgs" else (
        f", or lower learning_rate_init={estimator.learning_rate_init!r}"
    )  # fmt: skip
    raise DataError(
        f"{type(estimator).__name__}: Solver produced {what} after "
        f"{estimator.n_iter_} iterations. The input data may contain large values: scale X (and "
        "the target of a regression), for example with sklearn.preprocessing.StandardScaler in a "
        f"pipeline{rate}"
    )


def lay_out(coefs: list[Array], intercepts: list[Array]) -> list[Array]:
    """Weights and biases as the programs hold them, layer by layer."""
    return [array for pair in zip(coefs, intercepts, strict=True) for array in pair]


def glorot(
    sizes: tuple[int, ...],
    random: np.random.RandomState,
    dtype: np.dtype[Any],
    logistic: bool = False,
) -> list[Array]:
    """New weights and biases: Glorot & Bengio 2010, uniform; biases too, as in scikit-learn."""
    weights: list[Array] = []
    for fan_in, fan_out in pairwise(sizes):
        bound = np.sqrt((2.0 if logistic else 6.0) / (fan_in + fan_out))
        for shape in ((fan_in, fan_out), (fan_out,)):
            weights.append(random.uniform(-bound, bound, shape).astype(dtype, copy=False))
    return weights


# --- by batches ---------------------------------------------------------------------------------


class Stochastic:
    """One call of `fit` or `partial_fit` with Adam or gradient descent."""

    def __init__(
        self,
        estimator: Perceptron,
        form: Form,
        rows: TrainingRows,
        held_out: TrainingRows | None,
        random: np.random.RandomState,
        once: bool,
    ) -> None:
        self.estimator, self.form, self.rows, self.held_out = estimator, form, rows, held_out
        self.random, self.once = random, once
        self.rate = float(estimator.learning_rate_init)

    def run(self) -> None:
        """Train, and leave the weights and what the optimizer remembers in the estimator."""
        e = self.estimator
        e.n_iter_ = 0
        rule = self._rule()
        batch = self.rows.program_batch(self._batch())
        weighted = self.rows.weights is not None
        with trainings.borrowed(self.form, rule, batch, weighted) as program:
            program.load(lay_out(e.coefs_, e.intercepts_))
            self._remember(program, rule)
            try:
                self._epochs(program)
            except KeyboardInterrupt:
                warnings.warn("Training interrupted by user.", stacklevel=2)
            e.take(program.taken())
            e._memory = (rule.solver, self.rate, *program.memory())
        if self.held_out is not None and e._best_weights is not None:
            e.take([w.copy() for w in e._best_weights])
        check_finite(e)

    def _rule(self) -> Rule:
        e = self.estimator
        if e.solver == "sgd":
            return Rule("sgd", float(e.momentum), bool(e.nesterovs_momentum))
        numbers = float(e.beta_1), float(e.beta_2), float(e.epsilon)
        return Rule("adam", 0.0, False, *numbers)

    def _batch(self) -> int:
        e = self.estimator
        count: int = self.rows.count
        size: int = _BATCH if e.batch_size == "auto" else int(e.batch_size)
        if size > count and e.batch_size != "auto":
            warnings.warn(
                f"{type(e).__name__}: batch_size={e.batch_size} is larger than the {count} rows; "
                "each batch holds all of them",
                stacklevel=2,
            )
        return min(size, count)

    def _remember(self, program: Training, rule: Rule) -> None:
        """What the optimizer knows from the `partial_fit` before, or nothing."""
        memory = self.estimator._memory
        program.clear_memory()
        if self.once and memory is not None and memory[0] == rule.solver:
            _, self.rate, time, slots = memory
            if all(set(a) == set(b) for a, b in zip(program.slots, slots, strict=True)):
                program.load_memory(time, slots)
        program.alpha._array()[...] = self.estimator.alpha

    def _epochs(self, program: Training) -> None:
        e = self.estimator
        order = np.arange(self.rows.count)
        for _ in range(1 if self.once else int(e.max_iter)):
            if e.shuffle:
                drawn = np.arange(self.rows.count)
                self.random.shuffle(drawn)
                order = order[drawn]
            program.rate._array()[...] = self.rate
            program.reset()
            self.rows.run(program.step, order)
            e.n_iter_ += 1
            e.t_ += self.rows.count
            e.loss_ = program.loss_sum / self.rows.count
            e.loss_curve_.append(e.loss_)
            if e.verbose:
                print(f"Iteration {e.n_iter_}, loss = {e.loss_:.8f}")
            if not np.isfinite(e.loss_):
                e.take(program.taken())
                check_finite(e)
            self._look(program)
            if e.solver == "sgd" and e.learning_rate == "invscaling":
                self.rate = float(e.learning_rate_init) / (e.t_ + 1) ** e.power_t
            if e._idle_epochs > e.n_iter_no_change and self._stops():
                return
        if not self.once:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({e.max_iter}) reached and the "
                "optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=2,
            )

    def _look(self, program: Training) -> None:
        """Count the epochs without progress; keep the weights of the best one."""
        e = self.estimator
        if self.held_out is None:
            assert e.best_loss_ is not None
            progress = not e.loss_ > e.best_loss_ - e.tol
            e.best_loss_ = min(e.best_loss_, e.loss_)
        else:
            weights = program.taken()
            score = e.score_of(self.form, weights, self.held_out)
            e.validation_scores_.append(score)
            if e.verbose:
                print(f"Validation score: {score:f}")
            progress = not score < e.best_validation_score_ + e.tol
            if score > e.best_validation_score_:
                e.best_validation_score_, e._best_weights = score, weights
        e._idle_epochs = 0 if progress else e._idle_epochs + 1

    def _stops(self) -> bool:
        """Whether training ends; with the adaptive learning rate that falls first."""
        e = self.estimator
        what = "Training loss" if self.held_out is None else "Validation score"
        text = (
            f"{what} did not improve more than tol={e.tol:f} for {e.n_iter_no_change} consecutive "
            "epochs."
        )
        ends = True
        if e.solver == "sgd" and e.learning_rate == "adaptive":
            ends = self.rate <= _SMALLEST_RATE
            self.rate = self.rate if ends else self.rate / _RATE_DIVISOR
            text += " Learning rate too small." if ends else ""
        if not ends:
            e._idle_epochs = 0
        if e.verbose:
            print(f"{text} Stopping." if ends else f"{text} Setting learning rate to {self.rate:f}")
        return ends


# --- over all rows ------------------------------------------------------------------------------


class LBFGS:
    """One call of `fit` with SciPy's L-BFGS-B on the loss of all rows."""

    def __init__(self, estimator: Perceptron, form: Form, rows: TrainingRows) -> None:
        self.estimator, self.form, self.rows = estimator, form, rows
        weights = rows.weights
        self.total = float(rows.count if weights is None else weights.sum(dtype=np.float64))
        sizes = [int(np.prod(shape)) for shape in form.shapes]
        self.ends = np.cumsum(sizes)[:-1]
        self.iteration = 0

    def run(self) -> None:
        """Minimize, and leave the weights in the estimator."""
        e = self.estimator
        batch = self.rows.program_batch(min(_ROWS_AT_ONCE, self.rows.count))
        first = self._packed(lay_out(e.coefs_, e.intercepts_))
        weighted = self.rows.weights is not None
        # NOTE: SciPy's own vectors are short, and threads of its BLAS only wait for each other.
        with (
            gradient_sums.borrowed(self.form, batch, weighted) as program,
            threadpool_limits(1, user_api="blas"),
        ):
            result = scipy.optimize.minimize(
                self._loss_and_gradient,
                first,
                args=(program,),
                method="L-BFGS-B",
                jac=True,
                callback=self._tell if e.verbose else None,
                options={"maxfun": e.max_fun, "maxiter": e.max_iter, "gtol": e.tol},
            )
        e.n_iter_ = min(int(result.nit), int(e.max_iter))
        e.take([w.astype(self.form.kind) for w in self._unpacked(result.x)])
        e.loss_ = self._reported(result)
        check_finite(e)
        if result.status != 0:
            warnings.warn(
                f"{type(e).__name__}: lbfgs failed to converge after {e.n_iter_} iterations "
                f"({result.message}). Increase max_iter={e.max_iter} or max_fun={e.max_fun}, or "
                "scale the data",
                ConvergenceWarning,
                stacklevel=2,
            )

    def _packed(self, weights: list[Array]) -> Array:
        return np.concatenate([w.ravel() for w in weights], dtype=np.float64)

    def _unpacked(self, vector: Array) -> list[Array]:
        parts = np.split(vector, self.ends)
        return [part.reshape(s) for part, s in zip(parts, self.form.shapes, strict=True)]

    def _penalty(self, weights: list[Array]) -> float:
        return sum(float(np.vdot(w, w)) for w in weights[::2]) * self.estimator.alpha / 2

    def _loss_and_gradient(self, vector: Array, program: Gradient) -> tuple[float, Array]:
        weights = self._unpacked(vector)
        program.load(weights)
        program.reset()
        self.rows.run(program.step, None)
        gradient = [added.copy() for added in program.gradient()]
        for added, w in zip(gradient[::2], weights[::2], strict=True):
            added += self.estimator.alpha * w
        loss = (program.loss_sum + self._penalty(weights)) / self.total
        return loss, self._packed(gradient) / self.total

    def _reported(self, result: Any) -> float:
        """The loss; of several numbers to predict it has their mean, as scikit-learn's has."""
        if self.form.output != "identity":
            return float(result.fun)
        penalty = self._penalty(self._unpacked(result.x)) / self.total
        return (float(result.fun) - penalty) / self.form.sizes[-1] + penalty

    def _tell(self, intermediate_result: Any) -> None:
        self.iteration += 1
        print(f"Iteration {self.iteration}, loss = {self._reported(intermediate_result):.8f}")
