"""A network before it is trained: how data flows through it, what it takes and gives.

There are three kinds: layers connected from `ranvier.Input` (functional.py), a subclass with a
forward of its own, and the Sequential.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ... import dtypes
from ...base.arguments import as_integer
from ...data.named_columns import ColumnNames, names_of
from ...errors import ArgumentError, StateError, unknown_name
from ...graph.graph import Graph
from ...graph.node import Node
from ...graph.row_count import ROWS
from ...nn.basic.normalize import Adapting
from ...nn.building import row_shape
from ...nn.layer import Layer, as_input
from ...nn.modes import training_mode
from ...nn.policy import float_dtype
from ...nn.symbolic import layer_of
from ...tensors.mode import no_grad, no_trace
from ...tensors.tensor import Tensor
from ...tracing.trace import trace
from ...typing import Array, DataLike, DType, Shape
from ..intake.arrange import (
    arranged,
    by_input,
    check_input,
    inputs_of_forward,
    outputs_of,
    readers,
    role_of,
)
from ..intake.rows import check_features, features
from .functional import Wiring, direct_layers, ends, shapes_of


class Network(Layer):
    """A layer with inputs and outputs by name, and layers inside."""

    _called_with = ""  # it is made of symbolic values

    def __init__(
        self,
        inputs: object = None,
        outputs: object = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name, **options)
        self._row_dtype: Any = dtypes.float32
        self.taken_shapes: set[Shape] = set()  # of rows, beside the one it was built for
        self._takes: tuple[Any, ...] = ()  # of several inputs: (shape of a row, dtype) of each
        self._warned: set[str] = set()  # topics of warnings
        self.column_names = ColumnNames()  # of the tables it was trained on
        self.wiring: Wiring | None = None  # how its layers are connected, if it has `inputs`
        if inputs is not None or outputs is not None:
            self._wire(Wiring(inputs, outputs, self.name))

    def _wire(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.layers = wiring.layers
        if wiring.constants:
            self.constants = wiring.constants
        self.built = True
        if len(wiring.inputs) == 1:
            self.built_shape = wiring.input_shapes[0]

    def __getattr__(self, attribute: str) -> Any:
        wired = ("input", "inputs", "output", "outputs", "input_names", "output_names")
        if attribute in wired and attribute not in vars(type(self)):
            return ends(self, attribute)
        return super().__getattr__(attribute)

    # -- as a layer --------------------------------------------------------------------------------

    def __call__(self, *inputs: Any, training: bool | None = None, **options: Any) -> Any:
        """As of a layer; several inputs also as one list, or as a dict by name."""
        if len(inputs) == 1 and isinstance(inputs[0], list | tuple | dict):
            names = self._names_of_inputs(inputs[0])
            if names is not None:
                inputs = tuple(by_input(self.name, names, inputs[0], self._warned))
        inputs = tuple(self._arranged(x, i, len(inputs)) for i, x in enumerate(inputs))
        if len(inputs) > 1 and not self.built:
            self._build_for_inputs(
                [x if isinstance(x, Tensor) else as_input(x, self) for x in inputs]
            )
        return super().__call__(*inputs, training=training, **options)

    def adapt(self, x: DataLike, rows: int | None = None) -> None:
        """Adapt the layers inside that learn from data before training (`Normalize`,
        `RobustScale`, `NTPDense`, ...), in the order of the data's way, each to what reaches it.

        `x` is rows as `fit` takes them; several inputs in a list or a dict by name. With `rows`,
        layers that read an input as it comes see all of x, and those behind them so many rows,
        evenly spaced.

        >>> import ranvier
        >>> model = ranvier.Sequential([ranvier.nn.Normalize(input_shape=(1,))])
        >>> model.adapt([[1.0], [3.0]])
        >>> model([[3.0]])
        tensor([[1.]])
        """
        names, wiring = self._names_of_inputs(x), self.wired()
        parts: Sequence[Any]
        parts = [x] if names is None else by_input(self.name, names, x, self._warned)
        whole = [as_input(part, self) for part in parts]
        some = whole if rows is None else [as_input(_evenly(t.numpy(), rows), self) for t in whole]
        unchanged = dict(zip((v.node for v in wiring.inputs), whole, strict=True))
        adapted: set[int] = set()

        def visit(call: Node, inputs: Sequence[Tensor]) -> None:
            layer = layer_of(call)
            if isinstance(layer, Adapting) and id(layer) not in adapted:
                adapted.add(id(layer))
                layer.adapt(unchanged.get(call.inputs[0], inputs[0]))

        with no_grad(), training_mode(False):
            wiring.run(some, visit)

    def _arranged(self, x: DataLike, index: int, count: int) -> Any:
        """A table given to a call as an array, its columns in the order of training."""
        if isinstance(x, Tensor | np.ndarray) or names_of(x) is None:
            return x
        names = self._input_names() if count > 1 else None
        role = role_of(names, index)
        return features(arranged(self, x, role, index), role, float_dtype(self))

    def forward(self, *inputs: Any) -> Any:
        """The outputs for the inputs."""
        if self.wiring is None:
            raise StateError(f"{type(self).__name__}: a model needs a method forward(self, x)")
        return self.wiring.run(inputs)

    def build(self, input_shape: Shape) -> None:
        """Build the layers inside by tracing `forward` once."""
        self.trace_rows(row_shape(self.name, input_shape))

    def _traced(self, specs: Sequence[tuple[Shape, DType]]) -> Any:
        """What `forward` returns for rows like these, in a trace."""
        with no_trace():
            return trace(self.forward, specs)[1]

    def forward_graph(self) -> Graph:
        """What the model computes from its inputs in use, for any number of rows, as one graph.

        Its inputs are those of the model, of `(rows, *shape)`, then the tensors of its layers; its
        outputs those of the model, in order. `ranvier.graph.with_rows.instantiate` gives the graph
        for so many rows.

        Raises StateError for a model that is not built, and UnknownSizeError where the forward of
        a layer asks for the number of rows.

        >>> import ranvier
        >>> model = ranvier.Sequential([ranvier.nn.Dense(2, input_shape=(3,), name="dense")])
        >>> model.forward_graph()
        graph(x: float32[rows,3], dense.kernel: float32[3,2], dense.bias: float32[2]):
          0   matmul         float32[rows,2]    x, dense.kernel                 # dense
          1   broadcast_to   float32[rows,2]    dense.bias, shape=(rows,2)      # dense
          2   add            float32[rows,2]    %0, %1                          # dense
          return %2
        """
        if not self.built:
            raise StateError(
                f"{self.name}: there is no graph before the model is built; give input_shape= to "
                "its first layer, or call it on data"
            )
        names = self._input_names() or ["x"]
        rows = self._row_specs()
        with no_trace(), training_mode(False):
            traced, _ = trace(self.forward, [((ROWS, *shape), kind) for shape, kind in rows], names)
        return traced.graph

    def _row_specs(self) -> list[tuple[Shape, DType]]:
        """Shape and dtype of a row of each input that the model is built for."""
        if self.wiring is not None:
            return [(tuple(v.shape[1:]), v.dtype) for v in self.wiring.inputs]
        if self._takes:
            return list(self._takes)
        assert self.built_shape is not None
        return [(self.built_shape, self._row_dtype)]

    def _specs(self, xs: Sequence[Array]) -> list[tuple[Shape, DType]]:
        """What `_traced` takes for two rows like those of xs."""
        return [((2, *x.shape[1:]), _kept(x.dtype)) for x in xs]

    def output_shape(self, input_shape: Any) -> Any:
        """The shape of an output row; of several inputs from a list of shapes, and of several
        outputs a list or a dict of them.
        """
        many = bool(input_shape) and isinstance(input_shape[0], list | tuple)
        shapes = [tuple(n) for n in input_shape] if many else [tuple(input_shape)]
        if self.wiring is not None and shapes == self.wiring.input_shapes:
            return self.wiring.output_shape
        known = [dtype for _, dtype in self._takes] or [self._row_dtype]
        kinds = known if len(known) == len(shapes) else [dtypes.float32] * len(shapes)
        made = self._traced([((1, *n), kind) for n, kind in zip(shapes, kinds, strict=True)])
        if made is None:
            raise StateError(f"{self.name}: its forward returned None; end it in return")
        return shapes_of(made)

    def get_config(self) -> dict[str, Any]:
        """The arguments of a subclass; of a model made of `inputs` and `outputs` what connects
        them.
        """
        if self.wiring is not None and not _has_arguments(type(self)):
            from .wiring_data import to_data  # NOTE: for files, not for training

            return {**to_data(self.wiring), "trainable": self.trainable}
        return self._arguments("inputs", "outputs")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        if "calls" in config:
            from .wiring_data import from_data

            inputs, outputs = from_data(config)
            made = cls(inputs=inputs, outputs=outputs, name=config["name"])
            made._trainable = config.get("trainable", True)  # each layer inside has its own
            return made
        return super().from_config(config)

    def wired(self) -> Wiring:
        """How the layers are connected."""
        if self.wiring is None:
            raise AttributeError(
                f"{self.name}: a subclass of Model with a forward of its own has no inputs and "
                "outputs to look at; put the layers together with ranvier.Input"
            )
        return self.wiring

    def _outputs_named(self, xs: Sequence[Array], y: DataLike | None) -> Sequence[str] | None:
        """The names of the outputs when there are several; y may tell that there is one."""
        if self.wiring is not None:
            return None if isinstance(self.wiring.gives, int) else self.wiring.output_names
        plain = not isinstance(y, list | tuple | dict)
        if y is not None and plain and not isinstance(self.loss, list | dict):
            return None
        self._build_for(xs)
        return outputs_of(self, xs)[0]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of this name, or at this index of `layers`."""
        layers: list[Layer] = direct_layers(self)
        if index is not None:
            index = as_integer("get_layer", "index", index)
            if not -len(layers) <= index < len(layers):
                raise ArgumentError(
                    f"get_layer: index={index}; {self.name} has {len(layers)} layers, "
                    f"{-len(layers)} to {len(layers) - 1}"
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise unknown_name(f"layer of {self.name}", name, [layer.name for layer in layers])

    def trace_rows(self, shape: Shape) -> None:
        """Trace the model for rows of this shape; raises where a layer does not take them."""
        self._traced([((1, *shape), self._row_dtype)])

    def first_layer(self) -> Layer:
        """The layer that meets the input."""
        if self.wiring is not None:
            first: Layer = self.layers[0]
            return first
        return next((layer for layer in self.sublayers() if layer is not self), self)

    def _build_for(self, xs: Sequence[Array]) -> None:
        if len(xs) > 1:
            self._build_for_inputs(xs)
            return
        (x,) = xs
        check_features(self, x)
        if not self.built:
            self._row_dtype = _kept(x.dtype)
            self.ensure_built(x.shape[1:])

    def _build_for_inputs(self, xs: Sequence[Any]) -> None:
        """Build a subclass with several inputs; the rows must have the shapes it is built for."""
        if not self.built:
            self._takes = tuple((tuple(x.shape[1:]), _kept(x.dtype)) for x in xs)
            self._traced([((1, *shape), dtype) for shape, dtype in self._takes])
            self.built = True
        wiring = self.wiring
        shapes = wiring.input_shapes if wiring is not None else [shape for shape, _ in self._takes]
        named = inputs_of_forward(type(self).forward) if wiring is None else wiring.input_names
        names = named or [f"input_{i + 1}" for i in range(len(shapes))]
        for name, shape, x in zip(names, shapes, xs, strict=True):
            check_input(self.name, name, shape, x)

    def _names_of_inputs(self, x: DataLike) -> Sequence[str] | None:
        """The names of the inputs when there are several, or x is given by name; else None."""
        names = self._input_names()
        if isinstance(x, dict):
            if names is not None and len(names) > 1:
                return names
            return _named_input(names, x)
        if isinstance(x, list | tuple) and self._is_list_of_one(x):
            return ["x"]
        return None if names is None or len(names) == 1 else names

    def _input_names(self) -> Sequence[str] | None:
        """The names of the inputs; None for a subclass with one."""
        if self.wiring is not None:
            return self.wiring.input_names
        return inputs_of_forward(type(self).forward)

    def _readers(self, index: int) -> list[Layer] | None:
        """The layers that an input goes into; None where only the code of `forward` knows."""
        if self.wiring is None:
            return None
        source = self.wiring.inputs[index].node
        return [layer_of(n) for n in self.wiring.calls if source in n.inputs and layer_of(n)]

    def _own_readers(self) -> list[Layer] | None:
        """The layers that read its first input as it comes."""
        return readers(self, 0)

    def _is_list_of_one(self, x: Sequence[object]) -> bool:
        """Whether x is a list of one input, as Keras takes it, and not of one row: by its axes."""
        return (
            len(x) == 1
            and self.built_shape is not None
            and isinstance(x[0], np.ndarray | Tensor)
            and x[0].ndim == len(self.built_shape) + 1
        )


def _named_input(names: Sequence[str] | None, x: Mapping[Any, Any]) -> Sequence[str] | None:
    """The name of the only input, if x gives it by name; None for a dict of columns."""
    if names and names[0] in x and (len(x) == 1 or np.ndim(x[names[0]]) > 1):
        return names
    if len(x) == 1 and np.ndim(next(iter(x.values()))) > 1:
        return names or list(x)
    return None


def _evenly(x: Array, rows: int) -> Array:
    """At most so many rows, evenly spaced."""
    return x if len(x) <= rows else x[np.linspace(0, len(x) - 1, rows).astype(np.int64)]


def _has_arguments(cls: type) -> bool:
    """Whether a subclass has a constructor of its own, whose arguments are its configuration."""
    return "inputs" not in inspect.signature(cls).parameters


def _kept(dtype: DType) -> DType:
    """The dtype a model is built for: integers and float64 stay, all else is float32 (see
    `entry`).
    """
    whole = dtype.kind in "iu" and dtype != dtypes.uint8
    return dtype if whole or dtype == dtypes.float64 else dtypes.float32
