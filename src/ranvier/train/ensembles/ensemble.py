"""The ensemble: many models of one form, trained side by side, and the verbs of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import is_
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ...base.missing import answered, spelled
from ...data.streams.stream import as_stream
from ...errors import ArgumentError, StateError
from ...graph.member_arrays import MembersRows
from ...io.writing import FilePath
from ...nn.symbolic import packed
from ...typing import Array, ArrayLike, DataLike
from ..callbacks.averages import SwapEMAWeights
from ..callbacks.callback import Callback, callbacks_of, wants_batches
from ..callbacks.checkpoint import Checkpoint
from ..callbacks.progress import display, numbers
from ..fit.begin import Data, held_out
from ..fit.cautions import before_fit
from ..fit.ready import ready
from ..intake.arrange import Learning, inputs_of, rows_of
from ..intake.rows import Rows, weights
from ..models.model import Model
from ..steps.order import Orders
from ..steps.predict import outputs_in_parts, round_up
from ..steps.step import Step
from ..steps.step_functions import predict_function
from .compiled_members import CompiledMembers
from .fit import EnsembleHistory, EnsembleTraining, MembersOrders, MembersStep, run_members
from .members import Members
from .members_sums import MembersSums
from .score import Score

if TYPE_CHECKING:
    from ..steps.kept_steps import Steps


@answered
def ensemble(
    make_model: Callable[..., Model], members: int, seeds: Sequence[int] | None = None
) -> Ensemble:
    """Many models of one form that train side by side: one compiled step serves them all.

    `make_model()` makes a model that is not compiled; it is called once for each member, under the
    member's seed. If it takes an argument, it gets the number of the member. Members may differ in
    their numbers (weights, masks, learning rates), not in their form. Without `seeds` they are
    drawn from the generator that `ranvier.seed` sets.

    Each member has the first weights, the batches and the dropout that it would have alone after
    `ranvier.seed(seed)`, and so learns what it would learn alone.

    >>> import ranvier
    >>> from ranvier.nn import Dense
    >>> def make_model():
    ...     return ranvier.Sequential([Dense(8, "relu"), Dense(1)])
    >>> many = ranvier.ensemble(make_model, members=5, seeds=range(5))
    >>> many.compile("adam", loss="mse", learning_rate=[0.001, 0.003, 0.01, 0.03, 0.1])
    >>> x = ranvier.linspace(-1, 1, 64).reshape((64, 1)).numpy()
    >>> history = many.fit(x, x**2, epochs=20, verbose=0)
    >>> many.predict(x).shape, many.predict_members(x).shape
    ((64, 1), (5, 64, 1))
    >>> many.members[4].predict(x).shape
    (64, 1)
    """
    return Ensemble(make_model, members, seeds)


class Ensemble(CompiledMembers):
    """Models of one form, trained side by side; `ranvier.ensemble` says how.

    Attributes: `members`, the models, each an ordinary `ranvier.Model`; `seeds`; `stop_training`,
    to be set by callbacks.
    """

    # -- fit ---------------------------------------------------------------------------------------

    @spelled
    def fit(
        self,
        x: DataLike,
        y: DataLike | None = None,
        batch_size: int | None = 32,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] | Callback | None = None,
        validation_split: float = 0.0,
        validation_data: DataLike | None = None,
        shuffle: bool = True,
        class_weight: Mapping[Any, float] | str | None = None,
        sample_weight: DataLike | None = None,
        initial_epoch: int = 0,
        same_batches: bool = False,
        member_scores: bool = False,
    ) -> EnsembleHistory:
        """Train all members on rows x with targets y; as `Model.fit`.

        The numbers of an epoch are the means over the members; with validation, `val_loss` and its
        kin are the score of the ensemble: of the mean of what the members predict. So callbacks
        such as EarlyStopping watch, stop and restore the ensemble.

        Args:
            same_batches: all members see the same batches, those of the first one, and differ by
                their first weights and dropout alone.
            sample_weight: one weight for each row; or (members, rows), those of each member, as in
                cross-validation: 0 for the rows that a member does not see.
            member_scores: also evaluate each member at the end of an epoch, for
                `history.members["val_loss"]`.
        """
        self._compiled("fit")
        data = Data(x, y, sample_weight, class_weight, validation_split, validation_data)
        rows, held, own = self._rows(data)
        batch = min(batch_size or rows.count, rows.count)
        steps = self._steps()
        before_fit(self.first, steps.sums.heads, rows, held if validation_data is None else None)
        before = steps.seconds

        def make() -> MembersStep:
            return self._step("train", batch, rows)

        def validate() -> tuple[dict[str, float], dict[str, list[float]]]:
            assert held is not None
            each = self._evaluate_members(held, 256) if member_scores else {}
            return self._scored(held), each

        shown = display(verbose)
        listeners = [*_for_members(callbacks_of(callbacks)), *([] if shown is None else [shown])]
        orders = MembersOrders(rows, own, batch, shuffle, self._states, same_batches)
        training = EnsembleTraining(
            self, make, self._members_sums(steps.sums), rows, orders,
            None if held is None else validate, listeners,
        )  # fmt: skip
        training.history.seconds["compile"] = steps.seconds - before
        params = {"epochs": epochs, "verbose": verbose, "initial_epoch": initial_epoch}
        history = training.run(initial_epoch, epochs, params)
        if self.first.optimizer.use_ema:  # as `fit` of a model ends
            for member in self.members:
                member.optimizer.finalize_variable_values(member.parameters())
        return history

    def _rows(self, data: Data) -> tuple[Rows, Rows | None, dict[int, Array]]:
        """The rows to train on, those held out, and what members have of their own, by its number
        among the arrays of the rows; all members are built for them.
        """
        data, each = self._own_weights(data)
        for value in (data.x, data.validation_data):
            if as_stream(value) is not None:
                raise ArgumentError(
                    "ensemble: members train on rows that are all there; give arrays or tables, "
                    "not a stream"
                )
        first = self.first
        with Learning(first), self._states.of(0):
            rows = rows_of(first, data.x, data.y, data.sample_weight, data.class_weight, learn=True)
            rows, held, _ = held_out(first, data, rows)
            ready(first, rows)
        self._build(rows.xs)
        return rows, held, self._own_arrays(rows, each, data.class_weight)

    def _own_arrays(
        self, rows: Rows, each: Array | None, class_weight: Mapping[Any, float] | str | None
    ) -> dict[int, Array]:
        """The weights of each member, checked, by their number among the arrays of the rows."""
        if each is None:
            return {}
        labels = rows.ys[0] if rows.ys else rows.xs[0]
        kind, classes = rows.arrays[-1].dtype, self.first.classes
        made = [weights(rows.count, labels, classes, w, class_weight, kind) for w in each]
        return {len(rows.arrays) - 1: np.stack(cast("list[Array]", made))}

    def _own_weights(self, data: Data) -> tuple[Data, Array | None]:
        """The data with the weights of the first member, and those of each if they differ."""
        if data.sample_weight is None or np.ndim(cast("ArrayLike", data.sample_weight)) != 2:
            return data, None
        each = np.asarray(cast("ArrayLike", data.sample_weight))
        if each.shape[0] != len(self._models) or each.shape[1] == 1:
            return data, None
        if data.validation_split:
            raise ArgumentError(
                "ensemble: with weights of each member, (members, rows), give validation_data "
                "instead of validation_split"
            )
        return data._replace(sample_weight=each[0]), each

    def _build(self, xs: Sequence[Array]) -> None:
        """Build the members for rows like these, each with its own random numbers."""
        first = self.first
        if first.built:
            first._build_for(xs)  # which compares the shape of the rows
        for number, member in enumerate(self._models):
            if member.built:
                continue
            self._tensors = None
            with self._states.of(number):
                member._build_for(xs)
        for member in self._models[1:]:
            if member.classes is not first.classes or member.column_names is not first.column_names:
                member.classes, member.column_names = first.classes, first.column_names
                member.taken_shapes = first.taken_shapes

    def _steps(self) -> Steps:
        steps = self.first._steps
        assert steps is not None  # `ready` has made them
        return steps

    def _all_tensors(self) -> Members:
        optimizers = [member.optimizer for member in self._models]
        if self._tensors is None or not all(map(is_, optimizers, self._optimizers_seen)):
            for number in sorted(self._waiting) if self._tensors is not None else ():
                self.complete(number)
            self._tensors = Members(self._models, self._waiting)
            self._optimizers_seen = [member.optimizer for member in self._models]
            self._set_waiting_rates()
        return self._tensors

    def _members_sums(self, one: Any) -> MembersSums:
        if id(one) not in self._sums or self._sums[id(one)].one is not one:
            self._sums[id(one)] = MembersSums(one, len(self._models))
        return self._sums[id(one)]

    def _step(self, kind: str, batch: int, rows: Rows) -> MembersStep:
        """The step of this kind for batches of `batch` of these rows, and what it is run on."""
        tensors = self._all_tensors()
        steps = self._steps()
        step = steps.get(kind, batch, rows, self.engine)
        sums = self._members_sums(steps.sums if kind == "train" else steps.test_sums)
        return MembersStep(step, tensors.arrays(step.traced, self._states, sums))

    # -- evaluate and predict ----------------------------------------------------------------------

    @spelled
    def evaluate(
        self,
        x: DataLike,
        y: DataLike | None = None,
        verbose: int | str = 0,
        sample_weight: DataLike | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics of the ensemble: of the mean of what its members predict."""
        values = self._scored(self._rows_to_score("evaluate", x, y, sample_weight))
        if verbose not in (0, "auto"):
            print(numbers(values))
        if return_dict:
            return values
        listed = list(values.values())
        return listed[0] if len(listed) == 1 else listed

    def evaluate_members(
        self,
        x: DataLike,
        y: DataLike | None = None,
        batch_size: int = 256,
        sample_weight: DataLike | None = None,
    ) -> dict[str, Array]:
        """Loss and metrics of each member, {name: (members,)}.

        `sample_weight` is one weight for each row; or (members, rows), those of each member, as in
        cross-validation: 0 for the rows that a member has learned from. The loss is the sum of
        weight times loss over the number of all rows.
        """
        data, own = self._own_weights(Data(x, y, sample_weight, None, 0.0, None))
        rows = self._rows_to_score("evaluate_members", x, y, data.sample_weight)
        each = self._evaluate_members(rows, batch_size, self._own_arrays(rows, own, None))
        return {name: np.asarray(values) for name, values in each.items()}

    def _rows_to_score(
        self, call: str, x: DataLike, y: DataLike | None, sample_weight: DataLike | None
    ) -> Rows:
        self._compiled(call)
        with self._states.of(0):
            rows = rows_of(self.first, x, y, sample_weight)
            ready(self.first, rows)
        self._build(rows.xs)
        return rows

    def _evaluate_members(
        self, rows: Rows, batch_size: int, own: Mapping[int, Array] | None = None
    ) -> dict[str, list[float]]:
        step, arrays = self._step("test", round_up(rows.count, batch_size), rows)
        sums = self._members_sums(self._steps().test_sums)
        order = Orders(rows.count, step.batch, shuffle=False).take(1)
        sums.reset()
        own = own or {}
        streams = [own.get(i, a) for i, a in enumerate(rows.arrays)]
        all_rows = MembersRows(streams, frozenset(own), rows.count, len(order), 1, order)
        last = len(order) // step.batch
        run_members(step, arrays, all_rows, 0, last, sums.flat)
        return sums.results(rows.count)

    def _scored(self, rows: Rows) -> dict[str, float]:
        """The score of the ensemble for these rows."""
        heads = self._steps().test_sums.heads
        if self._score is None or self._score.heads != heads:
            self._score = Score(heads, self.engine)
        _, outputs = self._outputs(rows.xs, 256)
        return self._score([out.mean(axis=0) for out in outputs], rows)

    def predict(self, x: DataLike, batch_size: int | None = 256) -> Any:
        """The mean of what the members predict for the rows of x: of probabilities, of values, or
        of logits, whatever the model ends in; several outputs as the model gives them.
        """
        structure, outputs = self._answers(x, batch_size)
        return packed(structure, [out.mean(axis=0) for out in outputs])

    def predict_members(self, x: DataLike, batch_size: int | None = 256) -> Any:
        """What each member predicts, (members, rows, ...)."""
        return packed(*self._answers(x, batch_size))

    def predict_classes(self, x: DataLike, batch_size: int | None = 256) -> Array:
        """The most likely class of each row by the mean of the members' predictions."""
        out = self.predict(x, batch_size)
        if not isinstance(out, np.ndarray):
            raise StateError("ensemble: predict_classes is for models with one output; use predict")
        return self.first.classes_of(out, x)

    def _answers(self, x: DataLike, batch_size: int | None) -> tuple[Any, list[Array]]:
        _, xs = inputs_of(self.first, x)
        self._build(xs)
        return self._outputs(xs, batch_size)

    def _outputs(self, xs: Sequence[Array], batch_size: int | None) -> tuple[Any, list[Array]]:
        """The structure of the outputs, and each for all members: (members, rows, ...)."""
        tensors = self._all_tensors()
        total = len(xs[0])
        batch = round_up(total, batch_size or total)
        key = (batch, self.engine, *[(a.shape[1:], a.dtype) for a in xs])
        step = self._predicts.get(key)
        if step is None or not step.holds():
            specs = [((batch, *a.shape[1:]), a.dtype) for a in xs]
            names = ["x"] if len(xs) == 1 else [f"x{i}" for i in range(len(xs))]
            step = Step(predict_function(self.first), specs, names, self.engine)
            self._predicts[key] = step
        step.check_ids(xs)
        of_members = tensors.arrays(step.traced, self._states, None)
        each = [outputs_in_parts(step, xs, arrays) for arrays in of_members.arrays]
        return step.structure, [np.stack(outputs) for outputs in zip(*each, strict=True)]

    # -- files -------------------------------------------------------------------------------------

    @spelled
    def save(self, path: FilePath, include_optimizer: bool = True) -> str:
        """Write all members to one safetensors file; `ranvier.load(path)` reads it. Returns the
        checksum.
        """
        from .saving import save

        return save(self, path, include_optimizer)

    @spelled
    def save_weights(self, path: FilePath) -> str:
        """Write the weights of all members alone; returns the checksum."""
        from .saving import save_weights

        return save_weights(self, path)

    @spelled
    def load_weights(self, path: FilePath) -> None:
        """Read weights written by `save_weights`; nothing changes if one does not fit."""
        from .saving import load_weights

        load_weights(self, path)


def unpack(arrays: Mapping[str, Array], described: Mapping[str, Any], path: FilePath) -> Ensemble:
    """The ensemble of a file; what `ranvier.load` calls."""
    from .saving import unpacked

    return Ensemble.of(*unpacked(arrays, described, path))


def _for_members(callbacks: Sequence[Callback]) -> Sequence[Callback]:
    """The callbacks, unless one of them asks for what an ensemble does not have."""
    for callback in callbacks:
        reason = None
        if isinstance(callback, Checkpoint):
            reason = "a training of members is not resumed; use ModelCheckpoint, and load the file"
        elif isinstance(callback, SwapEMAWeights):
            reason = "the averages of members are put in at the end of fit alone"
        elif wants_batches(callback):
            reason = "members run whole stretches of batches; do it at the end of an epoch"
        if reason is not None:
            raise ArgumentError(
                f"ensemble: {type(callback).__name__} is not for ensembles: {reason}"
            )
    return callbacks
