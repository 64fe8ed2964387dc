"""The ensemble: many models of one form, trained side by side, and the verbs of a model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from operator import is_
from typing import TYPE_CHECKING, Any, cast, overload

import numpy as np

from ... import optim
from ...base.arguments import as_integer
from ...base.config import switches
from ...base.missing import answered, spelled
from ...data.streams.stream import as_stream
from ...errors import ArgumentError, ShapeError, StateError
from ...graph.members import MembersRows
from ...io.writing import FilePath
from ...nn.symbolic import packed
from ...tensors.tensor import Tensor
from ...typing import Array, ArrayLike, DataLike
from ..callbacks.callback import Callback, callbacks_of
from ..callbacks.progress import display, numbers
from ..fit.begin import Data, held_out
from ..fit.cautions import before_fit
from ..fit.ready import ready
from ..intake.arrange import Learning, inputs_of, rows_of
from ..intake.heads import LossLike, MetricsLike, WeightsLike
from ..intake.rows import Rows, weights
from ..models.model import Model, OptimizerLike
from ..steps.order import Orders
from ..steps.predict import outputs_in_parts, round_up
from ..steps.step import Step
from ..steps.step_functions import predict_function
from .fit import EnsembleHistory, EnsembleTraining, MembersOrders, MembersStep, run_members
from .members import Members, RandomStates, check_seeds, need_models
from .score import Score
from .sums import MembersSums

if TYPE_CHECKING:
    from ..steps.store import Steps


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


class Ensemble:
    """Models of one form, trained side by side; `ranvier.ensemble` says how.

    Attributes: `members`, the models, each an ordinary `ranvier.Model`; `seeds`; `stop_training`,
    to be set by callbacks.
    """

    name = "ensemble"

    def __init__(
        self,
        make_model: Callable[..., Model],
        members: int,
        seeds: Sequence[int] | None = None,
    ) -> None:
        members = as_integer("ensemble", "members", members, 1)
        if not callable(make_model) or isinstance(make_model, Model):
            raise ArgumentError(
                f"ensemble: make_model is a {type(make_model).__name__}; give a function that "
                "makes a new model each time it is called"
            )
        seeds = check_seeds(members, None if seeds is None else list(seeds))
        states = RandomStates(seeds)
        numbered = _takes_number(make_model)
        models = []
        for member in range(members):
            with states.of(member):
                models.append(make_model(member) if numbered else make_model())
        self._take(models, seeds, states)

    def _take(self, models: Sequence[Model], seeds: Sequence[int], states: RandomStates) -> None:
        need_models(models, Model)
        if len({id(model) for model in models}) < len(models):
            raise ArgumentError(
                "ensemble: make_model gave the same model twice; it must make a new one each time"
            )
        self._models = tuple(models)
        self.members = MembersView(self)
        self.seeds = list(seeds)
        self.stop_training = False
        self._states = states
        self._tensors: Members | None = None
        self._optimizers_seen: list[Any] = []
        # Members whose optimizer is not made yet: it is when somebody looks at the member.
        self._waiting: set[int] = set()
        self._how: dict[str, Any] = {}  # the arguments of `compile`
        self._rates: Array | None = None  # the learning rates that were set
        self._predicts: dict[Any, Step] = {}
        self._sums: dict[int, MembersSums] = {}
        self._score: Score | None = None

    @classmethod
    def of(cls, models: Sequence[Model], seeds: Sequence[int], states: Array) -> Ensemble:
        """An ensemble of models that are there, such as those of a file."""
        made = cls.__new__(cls)
        random_states = RandomStates(seeds)
        random_states.numbers[...] = states
        made._take(models, seeds, random_states)
        return made

    def __len__(self) -> int:
        return len(self._models)

    def __repr__(self) -> str:
        return f"Ensemble({len(self._models)} members, {self.first!r})"

    @property
    def random_states(self) -> Array:
        """Where each member is in its random numbers: (members, 2), seed and draws."""
        return self._states.numbers

    @property
    def first(self) -> Model:
        """The first member; what is the same for all members is asked of it."""
        return self._models[0]

    @property
    def engine(self) -> str:
        """The engine that runs the steps."""
        return self.first.engine or switches.engine

    @property
    def classes(self) -> Array | None:
        """The labels in order when the targets are text."""
        return self.first.classes

    # -- compile -----------------------------------------------------------------------------------

    @spelled
    def compile(
        self,
        optimizer: OptimizerLike | Sequence[OptimizerLike] = "rmsprop",
        loss: LossLike = None,
        metrics: MetricsLike = None,
        engine: str | None = None,
        loss_weights: WeightsLike = None,
        weighted_metrics: MetricsLike = None,
        learning_rate: ArrayLike | None = None,
    ) -> None:
        """As `Model.compile`, for all members. Each member has an optimizer of its own.

        Args:
            learning_rate: one for all members, or one for each.
        """
        self._how = {
            "loss": loss, "metrics": metrics, "engine": engine, "loss_weights": loss_weights,
            "weighted_metrics": weighted_metrics,
        }  # fmt: skip
        self._forget()
        self._rates = None
        own = self._optimizers(optimizer)
        self._waiting = set(range(len(own), len(self._models)))
        for member, one in zip(self._models, own, strict=False):
            member.compile(one, **self._how)
        if learning_rate is not None:
            self.set_learning_rates(learning_rate)

    def _optimizers(
        self, optimizer: OptimizerLike | Sequence[OptimizerLike]
    ) -> list[optim.Optimizer]:
        """An optimizer for each member; one, where the others are like that of the first."""
        count = len(self._models)
        if isinstance(optimizer, list | tuple):
            if len(optimizer) != count:
                raise ArgumentError(
                    f"ensemble: {len(optimizer)} optimizers for {count} members; give one for each"
                )
            made = [optim.get(one) for one in optimizer]
            for member, one in enumerate(made):
                if _rule(one) != _rule(made[0]):
                    raise ArgumentError(
                        f"ensemble: the optimizer of member {member}, {one!r}, is not that of "
                        f"member 0, {made[0]!r}; members may differ in their learning rates, not "
                        "in the rule"
                    )
            return made
        own = optim.get(cast("str", optimizer))
        if own is optimizer:  # of the user; members are not to share it with other models
            own = type(own).from_config(own.get_config())
        return [own]

    def complete(self, number: int) -> Model:
        """A member with an optimizer of its own, which is where training has left it."""
        member = self._models[number]
        if not number and self._waiting and (self._tensors is None or not self._tensors.gathered):
            # It is about to be looked at, and the others begin with what its optimizer holds now.
            for other in sorted(self._waiting):
                self.complete(other)
        if number in self._waiting:
            self._waiting.discard(number)
            rule = self.first.optimizer
            member.compile(type(rule).from_config(rule.get_config()), **self._how)
            if self._rates is not None:
                member.optimizer.learning_rate = float(self._rates[number])
            if self._tensors is not None:
                self._tensors.adopt(number, member)
                self._optimizers_seen[number] = member.optimizer
        return member

    def set_learning_rates(self, rates: ArrayLike) -> None:
        """Another learning rate for all members, or one for each."""
        if not isinstance(self.first.optimizer.learning_rate, Tensor):
            for number in sorted(self._waiting):
                self.complete(number)
        asked = np.asarray(rates, np.float64)
        if asked.shape not in ((), (len(self._models),)):
            raise ArgumentError(
                f"ensemble: learning rates of shape {asked.shape}; expected one number, or one for "
                f"each of the {len(self._models)} members"
            )
        self._rates = np.broadcast_to(asked, (len(self._models),)).copy()
        for number, rate in enumerate(self._rates.tolist()):
            if number not in self._waiting:
                self._models[number].optimizer.learning_rate = rate
        self._set_waiting_rates()

    def _set_waiting_rates(self) -> None:
        """Put the learning rates of members without an optimizer where the step reads them."""
        if self._rates is not None and self._waiting and self._tensors is not None:
            self._tensors.gather()
            self._tensors.fill("optimizer/learning_rate", sorted(self._waiting), self._rates)

    def learning_rates(self) -> Array:
        """The learning rate of each member."""
        first = self.first.optimizer.learning_rate
        if not isinstance(first, Tensor):
            raise StateError("ensemble: the optimizers have schedules; their rates cannot be set")
        rates = np.full(len(self._models), float(first.item()))
        if self._rates is not None:
            rates = self._rates.copy()
        for number, member in enumerate(self._models):
            if number not in self._waiting:
                rates[number] = member.optimizer.learning_rate.item()
        return rates

    @property
    def optimizer(self) -> Any:
        """What callbacks change the learning rate by: all rates in proportion to the first."""
        return None if self.first.optimizer is None else _Rates(self)

    def _compiled(self, call: str) -> None:
        self.first._compiled(call)

    def _forget(self) -> None:
        self._tensors, self._score = None, None
        self._predicts.clear()
        self._sums.clear()

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
        listeners = [*callbacks_of(callbacks), *([] if shown is None else [shown])]
        orders = MembersOrders(rows, own, batch, shuffle, self._states, same_batches)
        training = EnsembleTraining(
            self, make, self._members_sums(steps.sums), rows, orders,
            None if held is None else validate, listeners,
        )  # fmt: skip
        training.history.seconds["compile"] = steps.seconds - before
        params = {"epochs": epochs, "verbose": verbose, "initial_epoch": initial_epoch}
        return training.run(initial_epoch, epochs, params)

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
        if each is None:
            return rows, held, {}
        labels = rows.ys[0] if rows.ys else rows.xs[0]
        kind = rows.arrays[-1].dtype
        made = [
            weights(rows.count, labels, first.classes, w, data.class_weight, kind) for w in each
        ]
        return rows, held, {len(rows.arrays) - 1: np.stack(cast("list[Array]", made))}

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
        """Loss and metrics of each member, {name: (members,)}."""
        rows = self._rows_to_score("evaluate_members", x, y, sample_weight)
        each = self._evaluate_members(rows, batch_size)
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

    def _evaluate_members(self, rows: Rows, batch_size: int) -> dict[str, list[float]]:
        step, arrays = self._step("test", round_up(rows.count, batch_size), rows)
        sums = self._members_sums(self._steps().test_sums)
        order = Orders(rows.count, step.batch, shuffle=False).take(1)
        sums.reset()
        all_rows = MembersRows(rows.arrays, frozenset(), rows.count, len(order), 1, order)
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

    # -- weights and files -------------------------------------------------------------------------

    def get_weights(self) -> list[Array]:
        """Copies of all tensors, (members, ...), in the order of `named_tensors` of a member."""
        each = [member.get_weights() for member in self._models]
        return [np.stack(arrays) for arrays in zip(*each, strict=True)]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Replace all tensors by arrays of the same shapes, as `get_weights` gives them."""
        arrays = [np.asarray(w) for w in weights]
        for array in arrays:
            if array.shape[:1] != (len(self._models),):
                raise ShapeError(
                    f"ensemble: set_weights got an array of shape {array.shape}; expected "
                    f"{len(self._models)} members in front"
                )
        for number, member in enumerate(self._models):
            member.set_weights([array[number] for array in arrays])

    def state_tensors(self) -> list[Tensor]:
        """Every tensor of every member."""
        return [t for member in self._models for t in member.state_tensors()]

    @spelled
    def save(self, path: FilePath, include_optimizer: bool = True) -> str:
        """Write all members to one safetensors file; `ranvier.load(path)` reads it. Returns the
        checksum.
        """
        from .saving import save

        return save(self, path, include_optimizer)


def unpack(arrays: Mapping[str, Array], described: Mapping[str, Any], path: FilePath) -> Ensemble:
    """The ensemble of a file; what `ranvier.load` calls."""
    from .saving import unpacked

    return Ensemble.of(*unpacked(arrays, described, path))


class _Rates:
    """The learning rates of all members as that of one optimizer."""

    use_ema = False

    def __init__(self, of: Ensemble) -> None:
        self._of = of

    @property
    def learning_rate(self) -> Any:
        """That of the first member."""
        return self._of.first.optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        held = self._of.learning_rates()
        same = bool((held == held[0]).all())
        self._of.set_learning_rates(value if same else held * (float(value) / held[0]))


class MembersView(Sequence[Model]):
    """The members, each of them complete when it is looked at."""

    def __init__(self, of: Ensemble) -> None:
        self._of = of

    def __len__(self) -> int:
        return len(self._of)

    @overload
    def __getitem__(self, number: int) -> Model: ...
    @overload
    def __getitem__(self, number: slice) -> list[Model]: ...
    def __getitem__(self, number: int | slice) -> Model | list[Model]:
        numbers = range(len(self))[number]
        if isinstance(numbers, range):
            return [self._of.complete(n) for n in numbers]
        return self._of.complete(numbers)

    def __repr__(self) -> str:
        return f"<{len(self)} members>"


def _takes_number(make_model: Callable[..., Model]) -> bool:
    """Whether a function takes the number of the member."""
    try:
        inspect.signature(make_model).bind()
    except TypeError:
        return True
    except ValueError:
        return False
    return False


def _rule(optimizer: optim.Optimizer) -> tuple[Any, ...]:
    """What must be the same for the optimizers of all members."""
    config = optimizer.get_config()
    if isinstance(config.get("learning_rate"), float):
        del config["learning_rate"]
    return type(optimizer), config
