"""`keras.models`: Ranvier's models with what else Keras' have."""

from __future__ import annotations

from typing import Any

from ....errors import StateError, unknown_name
from ....train.model import Model as RanvierModel
from ....train.saving import load
from ....train.sequential import Sequential as RanvierSequential
from ...names import missing, module_getattr
from .calls import call_of
from .layers import InputLayer, KerasInput

# Arguments of Keras that say how its engine works; Ranvier's needs no telling.
_FOR_SPEED = ("jit_compile", "steps_per_execution", "auto_scale_loss", "validation_batch_size",
    "workers", "use_multiprocessing", "max_queue_size")  # fmt: skip


class _Keras(RanvierModel):
    """What Keras' models have beside the verbs of Ranvier's."""

    def __getattr__(self, attribute: str) -> Any:
        try:
            return super().__getattr__(attribute)
        except AttributeError:
            raise missing(type(self).__name__, attribute, dir(type(self))) from None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        engine: str | None = None,
        run_eagerly: bool = False,
        **speed: Any,
    ) -> None:
        """As `ranvier.Model.compile`; `run_eagerly=True` is `engine="reference"`."""
        _only_speed("compile", speed)
        super().compile(optimizer, loss, metrics, "reference" if run_eagerly else engine)

    def fit(self, *args: Any, **options: Any) -> Any:
        """As `ranvier.Model.fit`."""
        kept = {k: v for k, v in options.items() if k not in _FOR_SPEED}
        return super().fit(*args, **kept)

    def build(self, input_shape: Any = None) -> None:
        """Create the parameters for inputs of this shape, (None, ...) with the batch axis."""
        shape = tuple(input_shape)
        if shape and shape[0] is None:
            self.ensure_built(shape[1:])
        else:
            super().build(shape)

    @property
    def trainable_variables(self) -> list[Any]:
        """The parameters."""
        return self.parameters()

    trainable_weights = trainable_variables

    @property
    def variables(self) -> list[Any]:
        """Every tensor, untrained statistics included."""
        return self.state_tensors()

    weights = variables


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

    def save(self, path: Any, include_optimizer: bool = True) -> str:
        """As `ranvier.Model.save`; the file says nothing of Keras, so `ranvier.load` reads it."""
        plain: RanvierModel = _turned(self, _PLAIN)
        return plain.save(path, include_optimizer)


# What stands in a file for the classes here.
_PLAIN: dict[type, type] = {Sequential: RanvierSequential, KerasInput: InputLayer}


def _turned(layer: Any, classes: dict[type, type]) -> Any:
    """The same layer, or model with its layers, under another class; it shares the tensors."""
    kind: Any = classes.get(type(layer))
    if kind is None:
        return layer
    out = kind.__new__(kind)
    vars(out).update(vars(layer))
    if isinstance(layer, RanvierSequential):
        out.layers = [_turned(x, classes) for x in layer.layers]
        out._steps = out._uses = None  # these belong to the layer as it was
    return out


class Model(_Keras):
    """A model of one's own: a subclass with `call(self, inputs)` (and `training`, if wanted)."""

    def __init__(self, *args: Any, name: str | None = None, **options: Any) -> None:
        if args or "inputs" in options or "outputs" in options:
            raise StateError(
                "keras.Model(inputs, outputs): the functional style is not in Ranvier's "
                "compatibility layer; put the layers into keras.Sequential, or write a subclass "
                "of keras.Model with call(self, inputs)"
            )
        super().__init__(name, **options)

    def forward(self, x: Any) -> Any:
        """What `call` gives."""
        return call_of(self, x)


def load_model(filepath: Any, compile: bool = True) -> Any:
    """The model in a file written by `model.save`."""
    return _turned(load(filepath), {plain: ours for ours, plain in _PLAIN.items()})


def save_model(model: Any, filepath: Any, **options: Any) -> None:
    """`model.save(filepath)`."""
    model.save(filepath)


__all__ = ["Model", "Sequential", "load_model", "save_model"]

__getattr__ = module_getattr("keras.models", globals())
