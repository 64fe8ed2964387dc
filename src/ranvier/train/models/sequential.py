"""Layers one after another."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...errors import ArgumentError, StateError
from ...nn.basic.shape_layers import InputLayer
from ...nn.building import row_shape
from ...nn.configuration import restore
from ...nn.layer import LAYERS, Layer, register_layer
from ...nn.symbolic import Symbolic, layer_of, own
from ...typing import Array, DataLike, Shape
from .functional import Wiring
from .model import Model

# What `wired` has made: kept beside the models, since they are looked through at every call.
_wirings: weakref.WeakKeyDictionary[Sequential, tuple[list[Layer], Wiring]]
_wirings = weakref.WeakKeyDictionary()


@register_layer
class Sequential(Model):
    """A model whose layers follow one another.

    >>> import ranvier
    >>> from ranvier.nn import Dense
    >>> model = ranvier.Sequential([Dense(16, activation="relu", input_shape=(4,)), Dense(3)])
    >>> model.count_params()
    131
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        first = args[0] if args else kwargs.get("layers")
        if (first is not None and not isinstance(first, Iterable)) or isinstance(first, str):
            made = [a for a in args if isinstance(a, Layer | type)]
            calls = ", ".join(f"{_class_name(a)}(...)" for a in made)
            raise ArgumentError(
                f"Sequential takes the layers as one list: Sequential([{calls or '...'}]); got "
                f"{first if isinstance(first, type) else 'a ' + type(first).__name__}"
            )
        return super().__new__(cls, *args, **kwargs)

    def __init__(
        self,
        layers: Sequence[Any] | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name)
        self.layers: list[Layer] = []
        self._entry: InputLayer | None = None  # what an Input(...) at the front declared
        self._last: tuple[int, int, Shape] | None = None  # see `_end_shape`
        names: set[str] = set()
        for layer in layers or ():
            self._append(self._checked(layer), names)
        self._build_if_known()
        if not trainable:
            self.trainable = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        for layer in self.layers:
            own(layer, self)

    def add(self, layer: Layer | Symbolic) -> None:
        """Append a layer; it is built at once when the shape of its input is known."""
        layer = self._checked(layer)
        shape = self._end_shape() if self.built else None
        self._append(layer, {other.name for other in self.layers})
        if shape is None:
            self._build_if_known()
        else:
            layer.ensure_built(shape)
            self._last = len(self.layers), id(layer), shape

    def _checked(self, layer: object) -> Layer:
        if isinstance(layer, Symbolic) and isinstance(layer_of(layer.node), InputLayer):
            layer = layer_of(layer.node)
        if isinstance(layer, type):
            raise ArgumentError(
                f"Sequential: got the class {layer.__name__}; write {layer.__name__}(...)"
            )
        if not isinstance(layer, Layer):
            from ...data.vectorize import TextVectorization  # NOTE: only for this message

            if isinstance(layer, TextVectorization):
                raise ArgumentError(
                    "Sequential: a TextVectorization makes integers of texts before they "
                    "reach the model: ids = vectorize(texts); model.fit(ids, y)"
                )
            raise ArgumentError(
                f"Sequential: expected a layer, got a {type(layer).__name__}; {_as_layer(layer)}"
            )
        return layer

    def _append(self, layer: Layer, names: set[str]) -> None:
        """Append a layer unless one of these `names` is its own, and add its name to them.

        NOTE: `names` is kept by the caller, since to collect it for each of many layers takes
        longer than all else.
        """
        if layer.name in names:
            if layer in self.layers:
                raise ArgumentError(f"Sequential: the layer {layer.name!r} is in it already")
            raise ArgumentError(
                f"Sequential: two layers are called {layer.name!r}; give one another name"
            )
        if isinstance(layer, InputLayer) and not self.layers and self._entry is None:
            self._entry = layer
            return
        names.add(layer.name)
        self.layers.append(layer)
        own(layer, self)

    def _build_if_known(self) -> None:
        """Build the layers, if the shape of a row is known."""
        if self.built or not self.layers:
            return
        first = self.layers[0]
        shape = first.built_shape if first.built else first.input_shape
        shape = shape if self._entry is None else self._entry.shape
        if shape is not None:
            self.ensure_built(shape)

    def _end_shape(self) -> Shape:
        """The shape of an output row of the layers that are there.

        `_last` holds of the layer added last what it takes, with its number, so that many layers
        can be added one by one without looking through all of them each time.
        """
        assert self.built_shape is not None
        last = self.layers[-1] if self.layers else None
        if last is not None and self._last is not None:
            count, which, shape = self._last
            if count == len(self.layers) and which == id(last):
                return tuple(last.output_shape(shape))
        return self.output_shape(self.built_shape)

    def pop(self) -> Layer:
        """Remove and return the last layer."""
        if not self.layers:
            raise StateError("Sequential: there is no layer to remove")
        return self.layers.pop()

    def build(self, input_shape: Shape) -> None:
        """Build every layer for the output of the one before."""
        if not self.layers:
            raise StateError("Sequential has no layers; add some: model.add(ranvier.nn.Dense(1))")
        shape = row_shape(self.name, input_shape)
        for layer in self.layers:
            layer.ensure_built(shape)
            shape = layer.output_shape(shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of an output row."""
        shape = tuple(input_shape)
        for layer in self.layers:
            shape = tuple(layer.output_shape(shape))
        return shape

    def forward(self, x: Any) -> Any:
        """The output of the last layer."""
        if self._entry is not None:
            x = self._entry(x)
        for layer in self.layers:
            x = layer(x)
        return x

    def wired(self) -> Wiring:
        """The layers as connections between symbolic values: made when somebody asks for them."""
        known = _wirings.get(self)
        if known is not None and known[0] == self.layers:
            return known[1]
        if self.built_shape is None:
            raise AttributeError(
                f"{self.name}: its input is not known yet; give the first layer input_shape=, put "
                "ranvier.Input(shape=...) first, or call the model on data"
            )
        first = InputLayer(self.built_shape) if self._entry is None else self._entry
        x = out = first.symbolic()
        for layer in self.layers:
            out = layer(out)
        _wirings[self] = list(self.layers), Wiring(x, out, self.name)
        return _wirings[self][1]

    def _outputs_named(self, xs: Sequence[Array], y: DataLike | None) -> None:
        """There is one output."""

    def _readers(self, index: int) -> list[Layer]:
        """The first layer."""
        return self.layers[:1]

    def first_layer(self) -> Layer:
        """The first layer with tensors, or the first one."""
        return next((layer for layer in self.layers if layer.state_tensors()), self.layers[0])

    def get_config(self) -> dict[str, Any]:
        """Name, layers, and whether they are trained."""
        layers = self.layers if self._entry is None else [self._entry, *self.layers]
        described = [{"class": type(x).__name__, "config": x.get_config()} for x in layers]
        return {"name": self.name, "trainable": self.trainable, "layers": described}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """A new model with the described layers, found in the closed registry."""
        made = cls([restore("layer", c, LAYERS) for c in config["layers"]], config.get("name"))
        made._trainable = config.get("trainable", True)  # each layer inside has its own
        return made

    def __getitem__(self, index: int) -> Layer:
        return self.layers[index]

    def __len__(self) -> int:
        return len(self.layers)


def _class_name(layer: object) -> str:
    return layer.__name__ if isinstance(layer, type) else type(layer).__name__


def _as_layer(thing: object) -> str:
    """How to make a layer of what is none."""
    if isinstance(thing, str):
        return f"an activation by name is a layer as Activation({thing!r})"
    if isinstance(thing, list | tuple):
        return "give the layers one after the other in one list, or Sequential([...]) as a layer"
    if callable(thing):
        name = getattr(thing, "__name__", "function")
        return f"a function of one tensor is a layer as Activation({name})"
    return "wrap a function in a layer, or subclass ranvier.Model"
