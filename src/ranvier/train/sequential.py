"""Layers one after another."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from ..data.vectorize import TextVectorization
from ..errors import ArgumentError, StateError
from ..graph.node import Shape
from ..nn.config import restore
from ..nn.layer import LAYERS, Layer, register_layer
from ..nn.shaping import InputLayer
from ..nn.symbolic import Symbolic, own
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

    def __init__(
        self,
        layers: Sequence[Any] | None = None,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name)
        self.layers: list[Layer] = []
        self._entry: InputLayer | None = None  # what Input(...) in first place declared
        for layer in layers or ():
            self.add(layer)
        if not trainable:
            self.trainable = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        for layer in self.layers:
            own(layer, self)

    def add(self, layer: Any) -> None:
        """Append a layer; it is built at once when the shape of its input is known."""
        if isinstance(layer, Symbolic) and isinstance(layer.call.layer, InputLayer):
            layer = layer.call.layer
        if isinstance(layer, type):
            raise ArgumentError(
                f"Sequential: got the class {layer.__name__}; write {layer.__name__}(...)"
            )
        if isinstance(layer, TextVectorization):
            raise ArgumentError(
                "Sequential: a TextVectorization turns texts into whole numbers before they "
                "reach the model: ids = vectorize(texts); model.fit(ids, y)"
            )
        if not isinstance(layer, Layer):
            raise ArgumentError(
                f"Sequential: expected a layer, got a {type(layer).__name__}; "
                "wrap a function in a layer, or subclass ranvier.Model"
            )
        if layer in self.layers:
            raise ArgumentError(f"Sequential: the layer {layer.name!r} is in it already")
        if any(layer.name == other.name for other in self.layers):
            raise ArgumentError(
                f"Sequential: two layers are called {layer.name!r}; give one another name"
            )
        if isinstance(layer, InputLayer) and not self.layers and self._entry is None:
            self._entry = layer
            return
        if self.built:
            assert self.built_shape is not None
            layer.ensure_built(self.output_shape(self.built_shape))
        self.layers.append(layer)
        own(layer, self)
        if not self.built and len(self.layers) == 1:
            shape = layer.built_shape if layer.built else layer.input_shape
            shape = shape if self._entry is None else self._entry.shape
            if shape is not None:
                self.ensure_built(shape)

    def pop(self) -> Layer:
        """Remove and return the last layer."""
        if not self.layers:
            raise StateError("Sequential: there is no layer to remove")
        return self.layers.pop()

    def build(self, input_shape: Shape) -> None:
        """Build every layer for the output of the one before."""
        if not self.layers:
            raise StateError("Sequential has no layers; add some: model.add(ranvier.nn.Dense(1))")
        shape = input_shape
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

    def _outputs_named(self, xs: Any, y: Any) -> None:
        """There is one output."""

    def _readers(self, place: int) -> list[Layer]:
        """The first layer."""
        return self.layers[:1]

    def first_layer(self) -> Layer:
        """The first layer with tensors, or the first one."""
        return next((layer for layer in self.layers if layer.state_tensors()), self.layers[0])

    def get_config(self) -> dict[str, Any]:
        """Name, layers, and whether they are trained."""
        given = self.layers if self._entry is None else [self._entry, *self.layers]
        described = [{"class": type(x).__name__, "config": x.get_config()} for x in given]
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
