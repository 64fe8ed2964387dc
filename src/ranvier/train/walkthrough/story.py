"""The story: a recording as a list of stages, each with formulas, numbers and tensors.

    forward    each layer, in the order of the calls
    loss       the loss of each output
    backward   the layers again, last first: the chain rule
    update     each parameter: before, gradient, slots, after

What a stage looks like is told by terminal.py, page.py and latex_document.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from ...graph.node import Node
from ...nn.basic.shape_layers import InputLayer
from ...nn.layer import Layer
from ...typing import Array
from .elements import Elements
from .expressions import NUMBERS, SYMBOLS, Expr, Form, value_text
from .formulas import losses as loss_table
from .formulas.formula import Formula
from .formulas.layers import formulas_of
from .formulas.optimizers import rule_of
from .known import known
from .labels import Labels
from .loops import Frames, frames_of
from .meaning import Call, Update
from .names import GRADIENT, LOSS, STEP, Names, symbol_of
from .number_text import position, shape_text

FORWARD, BACKWARD, UPDATE = "forward", "backward", "update"
_LONGEST = 600  # characters of an expression that is shown
_LONGEST_LATEX = 1200


@dataclass(eq=False)
class Quantity:
    """A tensor of a stage, with what its axes mean, and what the positions along them are called:
    () for an axis without names.
    """

    symbol: str
    title: str
    array: Array
    axes: tuple[str, ...] = ()
    names: tuple[tuple[str, ...], ...] = ()
    used: tuple[int, ...] = ()  # of a table of vectors the rows that were looked up


@dataclass(eq=False)
class Line:
    """One number of a stage and where it comes from."""

    symbol: str
    index: tuple[int, ...]
    expr: Expr

    @property
    def name(self) -> str:
        """The symbol with its position."""
        return self.symbol + position(self.index)

    def text(self) -> str:
        """`z[0, 0] = x[0, 0]·W[0, 0] = 2·5 = 10`."""
        return " = ".join([self.name, *self.parts(SYMBOLS, NUMBERS)])

    def parts(self, symbols: Form, numbers: Form) -> list[str]:
        """What stands behind the name, from symbols to the value; each once."""
        value = value_text(self.expr, numbers)
        parts = [self.expr.show(symbols), self.expr.show(numbers), value]
        if sum(map(len, parts)) > (_LONGEST_LATEX if numbers.latex else _LONGEST):
            return [value]
        if parts[1].strip("()") == value.strip("()"):
            parts = [parts[0], value]
        return list(dict.fromkeys(parts))


@dataclass(eq=False)
class Stage:
    """One thing that happens in a step."""

    section: str
    who: str  # the layer, "loss", or the path of a parameter
    title: str
    formulas: tuple[Formula, ...] = ()
    lines: list[Line] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ops: list[str] = field(default_factory=list)  # of a layer without formulas
    frames: list[Frames] = field(default_factory=list)
    depth: int = 1


class Story:
    """The stages of a recording."""

    def __init__(self, names: Names, labels: Labels | None = None) -> None:
        self.names, self.recording = names, names.recording
        self.labels = labels or Labels(names.recording, {}, ())
        self.elements = Elements(self.recording.values, names)
        calls = [(who, call) for who, call in names.calls.items() if _told(call)]
        self.stages: list[Stage] = [self._forward(who, call) for who, call in calls]
        self.stages += self._loss()
        self.stages += [s for who, call in reversed(calls) if (s := self._backward(who, call))]
        self.stages += [self._update(update) for update in self.recording.updates]

    def line(self, who: str, symbol: str, index: tuple[int, ...]) -> Line:
        """One number by the layer, the symbol and the position."""
        node = self.names.symbols[who][symbol]
        expr = known(self.elements, self.names, who, symbol, node, index)
        if expr is None:
            expr = self._elsewhere(who, symbol, node, index)
        if expr is None:
            expr = self.elements.explain(node, index, who)
        return Line(symbol, index, expr)

    def _elsewhere(self, who: str, symbol: str, node: Node, index: tuple[int, ...]) -> Expr | None:
        """An element that another layer has made: what a layer reads is not explained twice."""
        call = self.names.calls.get(who)
        own = call is None or node in call.outputs or node in call.notes.values()
        if call is not None and node in call.outputs and self._holds(call):
            return self.elements.named(node, index, who)
        if call is None or (own and not symbol.startswith(GRADIENT)):
            return None
        if symbol.startswith(GRADIENT):
            behind = {GRADIENT + s for s in self._outputs(who)}
            if symbol not in behind:
                return None
        return self.elements.named(node, index, who)

    def _holds(self, call: Call) -> bool:
        """Whether other calls are inside of it, which have stages of their own."""
        return any(child.parent is call for child in self.names.calls.values())

    def _outputs(self, who: str) -> list[str]:
        """The symbols of what a call gives."""
        call = self.names.calls[who]
        return [s for s, n in self.names.symbols[who].items() if n in call.outputs]

    # -- stages ------------------------------------------------------------------------------------

    def _forward(self, who: str, call: Call) -> Stage:
        stage = self._stage(FORWARD, who, call)
        symbols = self.names.symbols.get(who, {})
        formulas = formulas_of(call.layer)
        if formulas is not None:
            stage.formulas = formulas.forward
        elif not self._holds(call):
            stage.ops = [n.op.name for n in self._inside(call) if n.op.kind not in _QUIET]
        if call.outputs and all(n in call.inputs for n in call.outputs):
            stage.notes.append("The output is the input itself.")
        made = {s: n for s, n in symbols.items() if n in (*call.notes.values(), *call.outputs)}
        stage.lines = self._lines(who, made)
        stage.quantities = [
            self._quantity(who, s, call)
            for s in symbols
            if not s.startswith(GRADIENT) and not (self._holds(call) and "." in s)
        ]
        if {"e", "total"} <= symbols.keys():
            e, total = (self.recording.values[symbols[s]] for s in ("e", "total"))
            title = "attention: row: from query, column: to key"
            stage.quantities.append(Quantity("p", title, e / total))
        stage.frames = frames_of(self.recording, call, self._inside(call))
        return stage

    def _loss(self) -> list[Stage]:
        names, recording = self.names, self.recording
        stage = Stage("loss", LOSS, "loss", depth=0)
        formulas: list[Formula] = []
        for head in recording.heads:
            if head.loss is None:
                continue
            stage.title = f"loss: {head.loss.name}"
            known_loss = loss_table.LOSSES.get(head.loss.name)
            for line in () if known_loss is None else known_loss.forward:
                if line not in formulas:
                    formulas.append(line)
        stage.formulas = (*formulas, *loss_table.TOTAL)
        symbols = names.symbols.get(LOSS, {})
        for symbol, node in symbols.items():
            if symbol[0] in "lL" and node.size:
                stage.lines.append(self.line(LOSS, symbol, (0,) * node.ndim))
        for name in names.symbols[STEP]:
            if name.startswith("y"):
                array = recording.values[names.symbols[STEP][name]]
                stage.quantities.append(Quantity(name, "target", array, ("row",)))
        for symbol, node in symbols.items():
            if not symbol.startswith(GRADIENT):
                title = {"p": "prediction", "l": "loss of each row", "L": "loss"}[symbol[0]]
                last = self.labels.last(node)
                stage.quantities.append(
                    Quantity(
                        symbol, title, recording.values[node], ("row",) * (node.ndim > 0),
                        ((),) * (node.ndim - 1) + (last,) if last else (),
                    )
                )  # fmt: skip
        return [stage, *self._loss_gradient()]

    def _loss_gradient(self) -> list[Stage]:
        """What the loss hands back to the last layer."""
        symbols = self.names.symbols.get(LOSS, {})
        stage = Stage(BACKWARD, LOSS, "gradient of the loss", depth=0)
        for head in self.recording.heads:
            known_loss = None if head.loss is None else loss_table.LOSSES.get(head.loss.name)
            if known_loss is not None and known_loss.backward[0] not in stage.formulas:
                stage.formulas = (*stage.formulas, *known_loss.backward)
        for symbol, node in symbols.items():
            if symbol.startswith(f"{GRADIENT}p"):
                stage.lines.append(self.line(LOSS, symbol, self._chosen(node)))
                array = self.recording.values[node]
                stage.quantities.append(Quantity(symbol, "gradient by the prediction", array))
        if not stage.lines:
            stage.notes.append("It reaches z of the last layer directly; see there.")
        return [stage]

    def _backward(self, who: str, call: Call) -> Stage | None:
        symbols = self.names.symbols.get(who, {})
        gradients = {s: n for s, n in symbols.items() if s.startswith(GRADIENT)}
        if not gradients:
            return None
        stage = self._stage(BACKWARD, who, call)
        formulas = formulas_of(call.layer)
        outputs = self._outputs(who)
        reached = any(GRADIENT + s in gradients for s in outputs)
        if formulas is not None:
            stage.formulas = tuple(
                f for f in formulas.backward if GRADIENT + "x" in gradients or not _by_x(f)
            )
        if "z" in symbols and "z" not in outputs and not reached:
            stage.formulas = stage.formulas[1:]
            stage.notes.append(
                "The loss reads z itself, so ∂L/∂z comes from it directly and not through a."
            )
        if self._holds(call):
            gradients = {s: n for s, n in gradients.items() if "." not in s}
        order = sorted(gradients, key=lambda s: _order(s, outputs))
        stage.lines = self._lines(who, {symbol: gradients[symbol] for symbol in order})
        stage.quantities = [self._quantity(who, symbol, call) for symbol in order]
        return stage

    def _lines(self, who: str, nodes: Mapping[str, Node]) -> list[Line]:
        """One number of each tensor of floats; of tensors of one shape the same."""
        told = {s: n for s, n in nodes.items() if n.size and n.dtype.kind == "f"}
        chosen = {tuple(n.shape): self._chosen(n) for n in told.values()}
        return [self.line(who, s, chosen[tuple(n.shape)]) for s, n in told.items()]

    def _update(self, update: Update) -> Stage:
        recording = self.recording
        who = self.names.updated(update.parameter)
        optimizer = recording.model.optimizer.innermost
        stage = Stage(UPDATE, who, self._parameter(update), depth=0)
        stage.formulas = rule_of(optimizer)
        stage.notes = [
            f"Around the rule: {wrapper}."
            for wrapper in optimizer.chain()
            if any(v is not None for v in wrapper.get_config().values())
        ]
        symbols = self.names.symbols[who]
        index = self._chosen(symbols["g"]) if "g" in symbols else (0,) * update.parameter.ndim
        for symbol, node in symbols.items():
            if symbol in ("w", *[s for s in symbols if s.endswith(" before")]):
                continue
            at = index if node.shape == update.parameter.shape else (0,) * node.ndim
            gradient = recording.gradient_node(update.parameter)
            if not (symbol == "g" and node is gradient) and node.size:
                stage.lines.append(self.line(who, symbol, at))
        titles = {"w": "before", "g": "gradient", "new w": "after"}
        axes, labels = self._axes_of_parameter(update)
        for symbol, node in symbols.items():
            title = titles.get(symbol, f"slot {symbol}")
            array = recording.values[node]
            same = array.shape == update.parameter.shape
            stage.quantities.append(
                Quantity(symbol, title, array, axes if same else (), labels if same else ())
            )
        return stage

    # -- parts -------------------------------------------------------------------------------------

    def _stage(self, section: str, who: str, call: Call) -> Stage:
        def shapes(nodes: list[Node]) -> str:
            return ", ".join(shape_text(tuple(n.shape)) for n in nodes)

        kind = type(call.layer).__name__
        title = f"{who} ({kind}): {shapes(call.inputs)} -> {shapes(call.outputs)}"
        return Stage(section, who, title, depth=call.depth)

    def _inside(self, call: Call) -> list[Node]:
        """The nodes between the inputs and the outputs of a call."""
        order: list[Node] = []
        seen = set(call.inputs)
        stack = [(n, False) for n in reversed(call.outputs)]
        while stack:
            node, ready = stack.pop()
            if ready:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack += [(x, False) for x in reversed(node.inputs)]
        return order

    def _chosen(self, node: Node) -> tuple[int, ...]:
        """The element that is told: the largest by size; of a batch in its first row."""
        array = self.recording.values[node]
        if not array.ndim or not array.size:
            return ()
        batch = array.ndim > 1 and array.shape[0] == self.recording.rows.count
        part = np.abs(array[:1] if batch else array).astype(np.float64)
        flat = int(np.argmax(np.where(np.isfinite(part), part, -1.0)))
        return tuple(int(i) for i in np.unravel_index(flat, part.shape))

    def _quantity(self, who: str, symbol: str, call: Call) -> Quantity:
        array = self.recording.values[self.names.symbols[who][symbol]]
        bare = symbol.removeprefix(GRADIENT)
        title = _TITLES.get(bare, "")
        axes = axes_of(call.layer, bare, array)
        if not axes and array.ndim > 1:
            axes = ("row",)
        if symbol != bare:
            title = f"gradient by {bare}"
        used: tuple[int, ...] = ()
        if symbol == "E" and len(call.inputs) == 1:
            used = tuple(int(i) for i in np.unique(self.recording.values[call.inputs[0]]))
        return Quantity(symbol, title, array, axes, self.labels.of(call, symbol, array), used)

    def _axes_of_parameter(
        self, update: Update
    ) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """What the axes of a parameter mean, and the names along them."""
        for call in self.names.calls.values():
            for path, tensor in call.layer.named_tensors().items():
                if tensor is update.parameter and "." not in path:
                    array, symbol = self.recording.before(tensor), symbol_of(path)
                    labels = self.labels.of(call, symbol, array)
                    return axes_of(call.layer, symbol, array), labels
        return (), ()

    def _parameter(self, update: Update) -> str:
        """The parameter in words: the layer that holds it and its symbol."""
        path = self.names.updated(update.parameter)
        for layer in self.recording.model.sublayers():
            for name, t in vars(layer).items():
                if t is update.parameter:
                    symbol = symbol_of(name)
                    own = f"{symbol} ({name})" if symbol != name else name
                    return f"{own} of {layer.name}: {shape_text(tuple(t.shape))}"
        return path

    def of_section(self, section: str) -> Iterator[Stage]:
        """The stages of a section."""
        return (s for s in self.stages if s.section == section)


_QUIET = {"creation", "input", "movement"}
_TITLES = {
    "x": "input", "z": "before the activation", "a": "output", "out": "output", "h": "output",
    "W": "kernel", "b": "bias", "U": "recurrent kernel", "μ": "mean", "σ²": "variance",
    "E": "table", "score": "scores", "e": "e to the scores, less the largest",
    "total": "the sum of e over the keys; p = e / total", "keep": "what is kept",
}  # fmt: skip


def axes_of(layer: Layer, symbol: str, array: Array) -> tuple[str, ...]:
    """What the axes of a weight mean.

    >>> from ranvier.nn import Dense
    >>> axes_of(Dense(2), "W", np.ones((3, 2)))
    ('from input', 'to unit')
    """
    if symbol == "W" and array.ndim == 2:
        return ("from input", "to unit")
    if symbol == "U" and array.ndim == 2:
        return ("from state", "to unit")
    if symbol == "W" and array.ndim == 4:
        return ("window row", "window column", "from channel", "to filter")
    if symbol == "W" and array.ndim == 3:
        return ("window step", "from channel", "to filter")
    if symbol == "b" and array.ndim == 1:
        return ("to unit",)
    if symbol in ("E", "table") and array.ndim == 2:
        return ("id", "feature")
    return ()


def _by_x(formula: Formula) -> bool:
    return formula.text.startswith((f"{GRADIENT}x ", f"{GRADIENT}x:"))


def _order(symbol: str, outputs: list[str]) -> int:
    """Gradients in the order of the chain rule: of outputs, of z, of weights, of inputs."""
    bare = symbol.removeprefix(GRADIENT)
    if bare in outputs and bare != "z":
        return 0
    if bare == "z":
        return 1
    return 3 if bare.startswith("x") or bare in ("query", "value", "key") else 2


def _told(call: Call) -> bool:
    """Whether a call has a stage: not that of the model, of an Input, or one that does nothing
    inside of another.
    """
    if call.depth == 0 or isinstance(call.layer, InputLayer):
        return False
    return call.depth == 1 or any(n not in call.inputs for n in call.outputs)
