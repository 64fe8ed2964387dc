"""The model: a layer that can be compiled, fitted, evaluated, saved and verified, under the names
Keras gives it all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from ... import optim
from ...base.arguments import as_integer
from ...base.config import ENGINES
from ...base.locks import importing
from ...base.missing import spelled
from ...base.notebook import html_of
from ...data.streams.stream import as_stream
from ...errors import StateError, unknown_name, warn
from ...io.writing import FilePath
from ...nn.layer import register_layer
from ...nn.policy import is_mixed
from ...tensors.mode import state
from ...typing import Array, DataLike
from ..callbacks.callback import Callback, History
from ..callbacks.progress import numbers
from ..fit import loop
from ..fit.begin import Data, begin
from ..fit.cautions import say_untrained
from ..fit.ready import ready, test_step
from ..intake.arrange import Learning, heads_of, inputs_of, outputs_of, rows_of
from ..intake.heads import LossLike, MetricsLike, WeightsLike, losses_of, metrics_of, sole
from ..intake.logits import EndSeen, left_open, take_logits
from ..steps.concurrency import in_training
from ..steps.kept_steps import Steps
from ..steps.predict import Predictor, predict
from .network import Network

if TYPE_CHECKING:
    from ...diagnosis.finding import Diagnosis
    from ..steps.verify import Report
    from ..walkthrough.walk import Walkthrough

# What `compile` says of training; a running fit takes no other.
_OF_TRAINING = frozenset({
    "engine", "loss", "loss_weights", "metrics", "optimizer", "weighted_metrics",
})  # fmt: skip

OptimizerLike: TypeAlias = str | optim.Optimizer | type[optim.Optimizer] | Mapping[str, Any]
Augment: TypeAlias = Callable[[Any, Any], tuple[Any, Any]]


@register_layer
class Model(Network):
    """A network: a layer with the verbs of training.

    Write a subclass with `forward`, or use `Sequential`::

        class Net(ranvier.Model):
            def __init__(self):
                super().__init__()
                self.hidden = ranvier.nn.Dense(16, activation="relu")
                self.out = ranvier.nn.Dense(1)

            def forward(self, x):
                return self.out(self.hidden(x))

    or put layers together by calling them on `Input`, with as many inputs and outputs as
    you like::

        x = ranvier.Input(shape=(4,))
        model = ranvier.Model(inputs=x, outputs=Dense(1)(Dense(16, activation="relu")(x)))

    Attributes: `optimizer`, `loss`, `engine` after `compile`; `classes`, the labels in order when
    the targets are text; `column_names`, what the columns of the tables it was trained on are
    called, by which later tables are put in order; `history`, that of the last `fit`;
    `stop_training`, to be set by callbacks.
    """

    # What says how it is trained; the steps depend on the losses and metrics themselves
    # (train/steps/kept_steps.py).
    _unwatched = Network._unwatched | {
        "column_names", "_end_seen", "history", "loss", "loss_weights", "metrics", "optimizer",
        "stop_training", "_warned", "_steps", "_uses", "classes", "taken_shapes",
        "weighted_metrics", "_explained",
    }  # fmt: skip

    history: History  # of the last `fit`; before it there is none
    _keeps_history = True  # unless `history` is something else in a user's class

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "history" in vars(cls):
            cls._keeps_history = False

    _end_seen: EndSeen | None = None  # what `predict_classes` has asked

    foreign_suffixes: Collection[str] = ()  # of other formats, under which it may still be saved

    def __init__(
        self,
        inputs: object = None,
        outputs: object = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(inputs, outputs, name, **options)
        self.optimizer: Any = None
        self.loss: Any = None
        self.engine: str | None = None
        self.loss_weights: Any = None
        self.metrics: Any = ()
        self.weighted_metrics: Any = ()
        self.augment: Any = None
        self.classes: Array | None = None
        self.stop_training = False
        self._steps: Steps | None = None
        self._uses: Predictor | None = None  # what `predict` has prepared
        self._explained: dict[Any, Any] | None = None  # what attributions have compiled

    def __setattr__(self, attribute: str, value: object) -> None:
        if attribute in _OF_TRAINING and state.trace is None:
            if in_training(self):
                raise StateError(
                    f"{self.name}.{attribute} was set while fit runs, which goes on as it began: "
                    "its step is compiled. Set it before fit, or end fit by model.stop_training = "
                    "True and call it again; a callback may change optimizer.learning_rate, and "
                    "whether layers are trainable"
                )
            if attribute == "optimizer" and isinstance(value, str | type | Mapping):
                value = optim.get(value)
        super().__setattr__(attribute, value)

    def summary(self) -> None:
        """Print the layers, their output shapes and the number of parameters."""
        from .summary import summary

        print(summary(self))

    def _repr_html_(self) -> str | None:
        """What a notebook shows: the diagram of the network and its summary."""
        return html_of("model", self)

    # -- compile -----------------------------------------------------------------------------------

    @spelled
    def compile(
        self,
        optimizer: OptimizerLike = "rmsprop",
        loss: LossLike = None,
        metrics: MetricsLike = None,
        engine: str | None = None,
        loss_weights: WeightsLike = None,
        augment: Augment | None = None,
        weighted_metrics: MetricsLike = None,
    ) -> None:
        """Say how to train: optimizer and loss by name or as objects, metrics, and the engine.

        Of several outputs, losses, metrics and weights are lists in the order of the outputs or
        dicts by their names. A model whose layers add losses of their own (`Layer.add_loss`) may
        have none.

        Args:
            loss_weights: how much the loss of each output counts; 1 by default.
            engine: "compiled" (LLVM) or "reference" (NumPy); by default what `ranvier.config()`
                says.
            augment: what mixes each batch (x, y) in training: `nn.Mixup()`, `nn.CutMix()`, or a
                function of two tensors that returns two. It is not saved with the model.
            weighted_metrics: metrics in which rows count by `sample_weight` and `class_weight`, as
                they do in the loss; in `metrics` every row counts the same, as in Keras. One of a
                name that is in `metrics` too gets another: "weighted_accuracy".

        The state of an optimizer given by name begins at zero; weights stay.
        """
        if engine is not None and engine not in ENGINES:
            raise unknown_name("engine", engine, ENGINES)
        self.loss_weights = loss_weights
        self.engine = engine
        self.augment = augment
        self._settle(optimizer, loss, metrics, weighted_metrics)

    def _settle(
        self,
        optimizer: OptimizerLike,
        loss: LossLike,
        metrics: MetricsLike,
        weighted_metrics: MetricsLike,
    ) -> None:
        """Names as objects; all steps are made again."""
        self.optimizer = optim.get(optimizer)
        if is_mixed(self) and not isinstance(self.optimizer, optim.LossScaleOptimizer):
            self.optimizer = optim.LossScaleOptimizer(self.optimizer)
        self.loss = losses_of(loss)
        self.metrics = metrics_of(metrics)
        self.weighted_metrics = metrics_of(weighted_metrics)
        self._steps = None

    def _compiled(self, call: str) -> None:
        name = self.name  # here a subclass that forgot super().__init__() is told so
        if self.optimizer is None:
            raise StateError(
                f"{name}: {call} needs a compiled model; call model.compile(optimizer='adam', "
                "loss=...) first"
            )
        if self._steps is None or not self._steps.settled():
            self._settle(self.optimizer, self.loss, self.metrics, self.weighted_metrics)

    # -- fit ---------------------------------------------------------------------------------------

    @spelled
    def fit(
        self,
        x: DataLike | Iterable[Any],
        y: DataLike | None = None,
        batch_size: int | None = 32,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] | Callback | None = None,
        validation_split: float = 0.0,
        validation_data: DataLike | Iterable[Any] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[Any, float] | str | None = None,
        sample_weight: DataLike | None = None,
        initial_epoch: int = 0,
        resume: FilePath | None = None,
    ) -> History:
        """Train on rows x with targets y (arrays, lists, tensors or tables) and return the history.

        Instead of x and y a stream (`ranvier.data.Stream`), a generator of batches or a DataLoader
        is read chunk by chunk while the network trains.

        Args:
            batch_size: rows in a step; None for all. Batches of a generator have their own.
            epochs: train until this epoch, counted from `initial_epoch`.
            verbose: 0 silent, 1 a bar (in a terminal or a notebook), 2 a line for each epoch;
                "auto": 1 there.
            validation_split: the share of rows held out, taken from the end before shuffling, as
                in Keras; rows sorted by class warn.
            validation_data: (x, y) or (x, y, sample_weight) instead, or a stream.
            class_weight: {class: weight} or "balanced".
            sample_weight: one weight for each row.
            resume: the file of a `callbacks.Checkpoint`: training goes on where that was written,
                to the same bits as without the break. Where there is no file yet, it begins. Which
                of the two is said, unless `verbose` is 0. Reading is all it does: where neither
                the file is there nor a `Checkpoint` that writes it, a warning says so. Another
                model or other data is a StateError.

        Raises DataError or ShapeError for data that cannot be used, NonFiniteError at the first NaN
        or infinity (the model then has its last finite weights; `error.weights` are those that
        the epoch began with). Ctrl-C ends the training cleanly (one
        that takes no longer than a tenth of a second ends by KeyboardInterrupt, as any code does).
        """
        self._compiled("fit")
        training = begin(
            self, Data(x, y, sample_weight, class_weight, validation_split, validation_data),
            batch_size, epochs, verbose, callbacks, shuffle, initial_epoch,
        )  # fmt: skip
        say_untrained(self, training.step)
        if initial_epoch >= epochs:
            warn(
                f"{self.name}: fit trains until epoch {epochs}, counted from initial_epoch="
                f"{initial_epoch}, so there is no epoch left and nothing was trained; for {epochs} "
                f"more epochs write epochs={initial_epoch + epochs}"
            )
        params = {"epochs": epochs, "verbose": verbose, "initial_epoch": initial_epoch}
        history = training.run(initial_epoch, epochs, params, resume)
        if self._keeps_history and isinstance(vars(self).get("history", history), History):
            vars(self)["history"] = history  # never over something else of the user's
        return history

    @spelled
    def train_on_batch(
        self,
        x: DataLike,
        y: DataLike | None = None,
        sample_weight: DataLike | None = None,
        class_weight: Mapping[Any, float] | str | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One step on these rows as one batch; returns the loss before it, and the metrics."""
        self._compiled("train_on_batch")
        with Learning(self):
            rows = rows_of(self, x, y, sample_weight, class_weight, learn=True)
            steps = ready(self, rows)
        step = steps.get("train", rows.count, rows, self.engine, larger=True)
        say_untrained(self, step)
        steps.in_training.begin(step.traced.changed)
        try:
            steps.in_training.start_stretch()
            values = loop.run_all(step, rows, steps.sums)
        finally:
            steps.in_training.end()
        return _answer(values, return_dict)

    # -- evaluate and predict ----------------------------------------------------------------------

    @spelled
    def evaluate(
        self,
        x: DataLike | Iterable[Any],
        y: DataLike | None = None,
        batch_size: int | None = 256,
        verbose: int | str = 0,
        sample_weight: DataLike | None = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss over these rows, or [loss, metrics...], or with `return_dict` all by name."""
        self._compiled("evaluate")
        if (stream := as_stream(x)) is not None:
            with importing("evaluation on streams"):
                from ..fit.streaming import evaluate_stream, only_stream

            only_stream(y, sample_weight)
            values = evaluate_stream(stream, self, batch_size)
        else:
            rows = rows_of(self, cast(DataLike, x), y, sample_weight)
            steps = ready(self, rows)
            step = test_step(self, steps, rows, batch_size or rows.count)
            values = loop.test_all(steps, step, rows)
        if verbose not in (0, "auto"):
            print(numbers(values))
        return _answer(values, return_dict)

    @spelled
    def test_on_batch(
        self,
        x: DataLike,
        y: DataLike | None = None,
        sample_weight: DataLike | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics of these rows as one batch."""
        return self.evaluate(x, y, None, 0, sample_weight, return_dict)

    def predict(
        self, x: DataLike | Iterable[Any], batch_size: int | None = 256, verbose: int | str = 0
    ) -> Any:
        """The outputs for the rows of x, as an array; several in a list or dict as the model gives
        them.

        Rows go through the model in batches of `batch_size` (None: all together). That is what a
        model sees that mixes rows, such as `x - mean(x, axis=0)`.
        """
        if self._uses is not None:
            out = self._uses.last(x, batch_size)  # type: ignore[arg-type]
            if out is None:
                out = self._uses.quick(x, batch_size)
            if out is not None:
                return out
        if batch_size is not None:
            as_integer("predict", "batch_size", batch_size, 1)
        if (stream := as_stream(x)) is not None:
            with importing("prediction on streams"):
                from ..fit.streaming import predict_stream

            return predict_stream(self, stream, lambda chunk: predict(self, chunk, batch_size))
        return predict(self, x, batch_size)  # type: ignore[arg-type]

    def predict_on_batch(self, x: DataLike) -> Any:
        """The outputs for these rows as one batch."""
        return self.predict(x, batch_size=None)

    def predict_classes(
        self, x: DataLike | Iterable[Any], batch_size: int | None = 256, verbose: int | str = 0
    ) -> Array:
        """The most likely class of each row: a number, or a text label if trained on those."""
        out = self.predict(x, batch_size)
        if not isinstance(out, np.ndarray):
            raise StateError(
                f"{self.name}: predict_classes is for a model with one output; use predict"
            )
        return self.classes_of(out, x)

    def classes_of(self, out: Array, x: DataLike | Iterable[Any]) -> Array:
        """The classes that the outputs `out` for the rows of x speak for."""
        if out.ndim > 1 and out.shape[-1] > 1:
            codes = out.argmax(axis=-1)
        else:
            threshold = 0.0 if self._signed(x) else 0.5
            codes = (out.reshape(len(out), -1) > threshold).astype(np.int64)[:, 0]
        return np.asarray(codes if self.classes is None else self.classes[codes])

    def _signed(self, x: DataLike | Iterable[Any]) -> bool:
        """Whether a single output says yes above 0 rather than above 1/2."""
        loss = sole(self.loss)
        known = self._end_seen
        if loss is not None and left_open(loss) and (known is None or not known.holds(loss)):
            xs = inputs_of(self, cast(DataLike, x))[1]
            take_logits(self, heads_of(self, *outputs_of(self, xs)), xs)
            loss = sole(self.loss)
            self._end_seen = EndSeen(self, loss)
        return loss is not None and (loss.from_logits or loss.name in ("hinge", "squared_hinge"))

    # -- files and checks --------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        # What was compiled is made again when a copy is used.
        made = {"_steps": None, "_uses": None, "_end_seen": None, "_explained": None}
        return {**super().__getstate__(), **made}

    @spelled
    def save(self, path: FilePath, include_optimizer: bool = True) -> str:
        """Write architecture, weights and the state of the optimizer to one safetensors file;
        returns the checksum.

        `ranvier.load(path)` reads it. A failed save leaves the file that was there before, and one
        that is replaced keeps its mode. Name it `.safetensors`, or without a suffix: FileError for
        the suffix of another format, for what is no plain file, and for data that are being read.
        """
        from .saving import save

        return save(self, path, include_optimizer)

    @spelled
    def save_weights(self, path: FilePath) -> str:
        """Write the weights alone; returns the checksum."""
        from .saving import save_weights

        return save_weights(self, path)

    @spelled
    def load_weights(self, path: FilePath) -> None:
        """Read weights written by `save_weights` or `save`; nothing changes if one does not fit."""
        from .saving import load_weights

        load_weights(self, path)

    @spelled
    def verify(
        self, x: DataLike, y: DataLike | None = None, samples: int = 5, verbose: int = 1
    ) -> Report:
        """Compare the compiled with the reference executor, and gradients with finite differences;
        see `Report`.
        """
        from ..steps.verify import verify

        self._compiled("verify")
        with Learning(self):
            rows = rows_of(self, x, y, learn=True)
            ready(self, rows)
        report = verify(self, rows, samples)
        if verbose:
            print(report)
        return report

    @spelled
    def walkthrough(
        self,
        x: DataLike,
        y: DataLike | None = None,
        sample_weight: DataLike | None = None,
        feature_names: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
        class_names: Sequence[str] | None = None,
    ) -> Walkthrough:
        """One training step on these rows, with every number shown; nothing is trained.

        Forward, loss, gradients by the chain rule and the update of every parameter, each formula
        filled in with the live numbers. `print(walk)` shows it, `walk.save("step.html")` writes a
        page (or `.tex`, `.txt`), `walk.trace("dense", "z", (0, 3))` says where one number
        comes from.

        >>> import ranvier
        >>> model = ranvier.Sequential([ranvier.nn.Dense(1, use_bias=False, input_shape=(1,))])
        >>> model.set_weights([[[5.0]]])
        >>> model.compile(ranvier.optim.SGD(0.1), "half_squared_error")
        >>> walk = model.walkthrough([[2.0]], [6.0])
        >>> walk.prediction.item(), walk.loss
        (10.0, 8.0)

        Args:
            x, y, sample_weight: rows as `fit` takes them, best a few.
            feature_names: of the columns of x, or of each input by its name; by default those of
                the table that x is or that the model was trained on.
            class_names: of the outputs; by default `classes`.
        """
        from ..walkthrough.walk import walkthrough

        return walkthrough(self, x, y, sample_weight, feature_names, class_names)

    @spelled
    def diagnose(
        self,
        x: DataLike,
        y: DataLike | None = None,
        validation_data: Any = None,
        history: History | Mapping[str, Sequence[float]] | None = None,
        new_data: DataLike | None = None,
        trial: bool = False,
    ) -> Diagnosis:
        """What goes wrong in its training, each finding with evidence and the line to change; see
        `ranvier.diagnosis`. The model is not changed.

        Args:
            x, y: the rows it was trained on, as `fit` takes them.
            validation_data: (x, y) of rows that it was not trained on.
            history: what `fit` returned; by default that of the last `fit`.
            new_data: rows that it is used on, without targets.
            trial: measure what the changes are worth, by new networks of 5 seeds as it is and as
                changed, trained side by side on the same rows.

        `print(found)` shows it, `found.save("diagnosis.html")` writes a page; it is true where
        something was found.
        """
        from ...diagnosis.diagnose import diagnose

        return diagnose(
            self, x, y, validation_data=validation_data, history=history, new_data=new_data,
            trial=trial,
        )  # fmt: skip


def _answer(by_name: dict[str, float], as_dict: bool) -> Any:
    if as_dict:
        return by_name
    values = list(by_name.values())
    return values[0] if len(values) == 1 else values
