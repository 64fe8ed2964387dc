"""`keras.models`: Ranvier's models with what else Keras' have."""

from __future__ import annotations

import json
from typing import Any

from ....data import stream_batches
from ....data.streams.stream import as_stream
from ....errors import ArgumentError, RanvierError, StateError, unknown_name
from ....io.tensors import parsed
from ....nn.configuration import restore, restored_as
from ....nn.layer import LAYERS, Layer, register_layer
from ....train.models.model import Model as RanvierModel
from ....train.models.saving import check_values, load
from ....train.models.sequential import Sequential as RanvierSequential
from ...table import fill, missing
from .calls import are_separate, call_of

# Arguments of Keras that say how its engine works; Ranvier's needs no telling.
_FOR_SPEED = ("jit_compile", "steps_per_execution", "auto_scale_loss", "validation_batch_size",
    "workers", "use_multiprocessing", "max_queue_size")  # fmt: skip


class _Keras(RanvierModel):
    """What Keras' models have beside the verbs of Ranvier's."""

    foreign_suffixes = (".keras", ".h5", ".hdf5", ".ckpt")  # as tutorials name what they save

    def __getattr__(self, attribute: str) -> Any:
        try:
            return super().__getattr__(attribute)
        except AttributeError:
            raise missing(type(self).__name__, attribute, dir(type(self))) from None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("train_step", "test_step"):
            if name in vars(cls):
                raise StateError(
                    f"{cls.__name__}.{name}: fit runs a step of its own as one compiled graph and "
                    "calls no train_step. Write the loss into call() with self.add_loss(value), or "
                    "a loop of your own: a function with tf.GradientTape under @tf.function"
                )

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        engine: str | None = None,
        loss_weights: Any = None,
        augment: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        **speed: Any,
    ) -> None:
        """As `ranvier.Model.compile`; `run_eagerly=True` is `engine="reference"`."""
        _only_speed("compile", speed)
        engine = "reference" if run_eagerly else engine
        super().compile(optimizer, loss, metrics, engine, loss_weights, augment, weighted_metrics)

    def fit(self, x: Any = None, *args: Any, **options: Any) -> Any:
        """As `ranvier.Model.fit`; `steps_per_epoch` are the batches that an epoch takes from a
        generator.
        """
        kept = {k: v for k, v in options.items() if k not in _FOR_SPEED}
        x = _of_steps(x, kept.pop("steps_per_epoch", None))
        steps = kept.pop("validation_steps", None)
        if "validation_data" in kept:
            kept["validation_data"] = _of_steps(kept["validation_data"], steps)
        return super().fit(x, *args, **kept)

    def build(self, input_shape: Any = None) -> None:
        """Create the parameters for inputs of this shape, (None, ...) with the batch axis."""
        shape = tuple(input_shape)
        if shape and shape[0] is None:
            self.ensure_built(shape[1:])
        else:
            super().build(shape)

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns, in order."""
        return [] if self._steps is None else list(self._steps.test_sums.results(1))

    @property
    def losses(self) -> list[Any]:
        """The terms of the regularizers; what `add_loss` gives is known only while `fit` runs."""
        return self.penalties()

    def to_json(self) -> str:
        """The architecture as text, for `model_from_json`."""
        return json.dumps({"class": type(self).__name__, "config": self.get_config()})


def _of_steps(data: Any, steps: int | None) -> Any:
    """A generator of which an epoch takes so many batches; anything else as it is."""
    if steps is None or as_stream(data) is None:
        return data
    return stream_batches(data, steps)


def _only_speed(call: str, options: Any) -> None:
    for name in options:
        if name not in _FOR_SPEED:
            raise unknown_name(f"argument of {call}", name, ("optimizer", "loss", "metrics"))


class Sequential(_Keras, RanvierSequential):
    """A model whose layers follow one another.

    >>> from ranvier.compat.tensorflow import keras
    >>> model = Sequential([keras.Input(shape=(3,)), keras.layers.Dense(2, activation="relu")])
    >>> [w.shape for w in model.trainable_variables]
    [(3, 2), (2,)]
    """

    stands_for = RanvierSequential  # in files, so that `ranvier.load` reads them


class Model(_Keras):
    """Layers called on `keras.Input`, `Model(inputs, outputs)`; or a subclass with
    `call(self, inputs)` (and `training`, if wanted).

    >>> from ranvier.compat.tensorflow import keras
    >>> x = keras.Input(shape=(3,))
    >>> keras.Model(x, keras.layers.Dense(2)(x)).count_params()
    8
    """

    stands_for = RanvierModel
    _names: tuple[str, ...] | None = None  # of the inputs, when they were given in a dict

    def _names_of_inputs(self, x: Any) -> Any:
        if self.wiring is not None:
            return super()._names_of_inputs(x)
        names = tuple(sorted(x)) if isinstance(x, dict) else None
        if names != self._names:
            self._names = names
        if names is not None:
            return names
        return [f"input_{i + 1}" for i in range(len(x))] if are_separate(x) else None

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What `call` gives."""
        if self.wiring is not None:
            return super().forward(*inputs)
        return call_of(self, inputs, options, self._names)


def load_model(filepath: Any, custom_objects: Any = None, compile: bool = True) -> Any:
    """The model in a file written by `model.save`; `custom_objects`: layer classes by name."""
    for kind in (custom_objects or {}).values():
        if isinstance(kind, type) and issubclass(kind, Layer):
            register_layer(kind)
    with restored_as(_OURS):
        return load(filepath)


_OURS: dict[type, type] = {RanvierSequential: Sequential, RanvierModel: Model}


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """A model of the architecture that `to_json` wrote, with new weights; ArgumentError for any
    other text.
    """
    if not isinstance(json_string, str | bytes):
        raise ArgumentError(
            f"model_from_json: expected the text that to_json() gave, got {json_string!r:.80}"
        )
    for kind in (custom_objects or {}).values():
        register_layer(kind)
    # NOTE: the text may come from anybody; whatever fails on the way is its fault.
    try:
        described = parsed(json_string)
        check_values(described.get("config"))
        with restored_as(_OURS):
            return restore("model", described, LAYERS)
    except RanvierError:
        raise
    except Exception as problem:
        kind = "" if type(problem) is ValueError else f" ({type(problem).__name__})"
        raise ArgumentError(
            f"model_from_json: no model can be made of this text{kind}: it {problem}; expected "
            "what to_json() gave"
        ) from problem


def clone_model(model: Any) -> Any:
    """A model of the same layers with new weights, not compiled."""
    made = type(model).from_config(model.get_config())
    if model.built_shape is not None:
        made.ensure_built(model.built_shape)
    return made


def save_model(model: Any, filepath: Any, **options: Any) -> None:
    """`model.save(filepath)`."""
    model.save(filepath)


__all__, __getattr__ = fill(globals(), "keras.models")
