"""Names: what the nodes of a recorded step are called, by each layer in its own words.

The output of one layer is the input of the next, so a node has a name for each layer that speaks of
it: `a` to the one that made it, `x` to the one that reads it.
"""

from __future__ import annotations

from collections import Counter

from ...graph.node import Node
from ...graph.show import names_of
from ...nn.sequences.attention import AttentionLayer
from ...nn.sequences.recurrent_layers import Recurrent
from .meaning import Call
from .record import Recording

LOSS, STEP = "loss", ""  # who speaks when it is no layer
GRADIENT = "∂L/∂"

_SHORT = {
    "kernel": "W", "bias": "b", "recurrent_kernel": "U", "gamma": "γ", "beta": "β",
    "mean": "μ", "variance": "σ²", "embeddings": "E", "query_kernel": "Wq", "key_kernel": "Wk",
    "value_kernel": "Wv", "output_kernel": "Wo",
}  # fmt: skip


def symbol_of(name: str) -> str:
    """What formulas call a tensor of a layer.

    >>> symbol_of("kernel"), symbol_of("cell.bias"), symbol_of("moving_mean")
    ('W', 'cell.b', 'moving_mean')
    """
    prefix, dot, last = name.rpartition(".")
    return f"{prefix}{dot}{_SHORT.get(last, last)}"


class Names:
    """The names of a recording's nodes.

    calls       each call of a layer by the name of the layer, from the second call on with a number
    numbers     %0, %1, ... of the nodes that have no name, as the printed graph has them
    symbols     of each call (and of the loss): its nodes by symbol, in the order of its formula
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.calls: dict[str, Call] = {}
        self.symbols: dict[str, dict[str, Node]] = {}
        self._of: dict[Node, dict[str, str]] = {}
        shown = names_of(recording.graph)
        self.numbers = {node: name for node, name in shown.items() if name.startswith("%")}
        self.counts: set[Node] = set()  # the inputs that say how many rows are real
        self._arguments()
        seen: Counter[str] = Counter()
        for call in recording.calls:
            name = call.layer.name
            seen[name] += 1
            self._of_call(name if seen[name] == 1 else f"{name} (call {seen[name]})", call)
        self._of_loss()
        self._of_updates()
        self._of_tensors()

    def of(self, node: Node, home: str) -> tuple[str, str] | None:
        """(who calls it so, symbol) for a node; `home` is asked first. None: it has no name."""
        known = self._of.get(node)
        if known is None:
            return None
        if home in known:
            return home, known[home]
        who = min(known, key=lambda name: known[name].count("."))
        return who, known[who]

    def elsewhere(self, node: Node, home: str) -> tuple[str, str]:
        """(layer, symbol) that another layer has for a node; ("", "") if none has."""
        others = {w: s for w, s in self._of.get(node, {}).items() if w in self.calls and w != home}
        return next(iter(others.items()), ("", ""))

    def name_of(self, call: Call) -> str:
        """The name of a call."""
        return next(name for name, known in self.calls.items() if known is call)

    def _add(self, who: str, symbol: str, node: Node) -> None:
        symbols = self.symbols.setdefault(who, {})
        if symbol in symbols:
            return
        symbols[symbol] = node
        self._of.setdefault(node, {}).setdefault(who, symbol)

    def _with_gradient(self, who: str, symbol: str, node: Node) -> None:
        self._add(who, symbol, node)
        gradient = self.recording.gradient_node(node)
        if gradient is not None:
            self._add(who, GRADIENT + symbol, gradient)

    def _arguments(self) -> None:
        recording = self.recording
        count = len(recording.graph.inputs) - len(recording.traced.captured)
        for node in recording.graph.inputs[:count]:
            self._add(STEP, node.name, node)
            if node.name == "count":
                self.counts.add(node)

    def _of_call(self, name: str, call: Call) -> None:
        self.calls[name] = call
        layer = call.layer
        if call.depth == 0:
            return
        inputs = ["x"] if len(call.inputs) == 1 else [f"x{i + 1}" for i in range(len(call.inputs))]
        if isinstance(layer, AttentionLayer) and len(inputs) == 3:
            inputs = ["query", "value", "key"]
        for symbol, node in zip(inputs, call.inputs, strict=True):
            self._with_gradient(name, symbol, node)
        for path, tensor in layer.named_tensors().items():
            known = self.recording.node_of(tensor)
            if known is not None:
                self._add(name, symbol_of(path), known)
                gradient = self.recording.gradient_node(tensor)
                if gradient is not None:
                    self._add(name, GRADIENT + symbol_of(path), gradient)
        for symbol, node in call.notes.items():
            self._with_gradient(name, _SHORT.get(symbol, symbol), node)
        for symbol, node in zip(self._outputs(call), call.outputs, strict=True):
            if node not in call.notes.values() and node not in call.inputs:
                self._with_gradient(name, symbol, node)

    def _outputs(self, call: Call) -> list[str]:
        if isinstance(call.layer, Recurrent):
            symbol = "h"
        else:
            symbol = "a" if "z" in call.notes else "out"
        count = len(call.outputs)
        return [symbol] if count == 1 else [f"{symbol}{i + 1}" for i in range(count)]

    def _of_loss(self) -> None:
        recording = self.recording
        whole = next((c for c in recording.calls if c.depth == 0), None)
        outputs = [] if whole is None else whole.outputs
        numbered = len(outputs) > 1
        for i, node in enumerate(outputs):
            self._with_gradient(LOSS, f"p{i + 1}" if numbered else "p", node)
        numbered = len(recording.losses) > 1
        for i, notes in enumerate(recording.losses):
            number = str(i + 1) if numbered else ""
            for symbol, node in notes.items():
                self._with_gradient(LOSS, {"losses": "l", "loss": "L"}[symbol] + number, node)

    def _of_updates(self) -> None:
        recording = self.recording
        for update in recording.updates:
            who = self.updated(update.parameter)
            node = recording.node_of(update.parameter)
            if node is not None:
                self._add(who, "w", node)
            if update.weight is not None:
                self._add(who, "w decayed", update.weight)
            gradient = recording.gradient_node(update.parameter)
            if update.grad is not gradient:
                self._add(who, "g", update.grad)
            elif gradient is not None:
                self._of.setdefault(gradient, {})[who] = "g"
                self.symbols.setdefault(who, {})["g"] = gradient
            slots = recording.model.optimizer.innermost.slots(update.parameter)
            for slot, new in update.changed.items():
                before = recording.node_of(slots[slot])
                if before is not None:
                    self._add(who, f"{slot} before", before)
                self._add(who, slot, new)
            self._add(who, "new w", update.new)

    def updated(self, parameter: object) -> str:
        """Who speaks of the update of a parameter: its path in the model."""
        path = self.recording.names.get(id(parameter), "a parameter")
        return f"parameter {path}" if path in self.calls else path

    def _of_tensors(self) -> None:
        """Tensors from outside that have no other name: the learning rate, counts, draws."""
        recording = self.recording
        inputs = recording.graph.inputs[-len(recording.traced.captured) or len(self._of) :]
        for t, node in zip(recording.traced.captured, inputs, strict=False):
            if node not in self._of:
                self._add(STEP, t.name or "state", node)
