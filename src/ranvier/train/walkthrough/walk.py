"""The walkthrough of one training step, as a user has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import ArgumentError, IndexRangeError, unknown_name
from ...io.writing import FilePath, check_suffix, write_whole
from ...plots.markup import element
from ...typing import Array, DataLike
from ..intake.arrange import Learning, rows_of
from .expressions import NUMBERS, SYMBOLS, Applied, Expr, Total
from .labels import FeatureNames, Labels, features_of
from .names import GRADIENT, Names, symbol_of
from .number_text import number, position
from .record import Recording
from .story import Line, Stage, Story

if TYPE_CHECKING:
    from ..models.model import Model

_TERMS = 200  # terms of a number that are printed
SUFFIXES = (".html", ".tex", ".txt")


class Trace:
    """Where one number comes from: `value`, and the `terms` that it is made of.

    A term is (symbols, numbers, value), such as ("x[0, 1]·W[1, 3]", "2·5", 10.0).
    """

    def __init__(self, layer: str, line: Line, recorded: float) -> None:
        self.layer, self.line, self.value = layer, line, recorded

    @property
    def terms(self) -> list[tuple[str, str, float]]:
        """What is added up, or what the last operation was applied to."""
        parts = _added(self.line.expr)
        if len(parts) == 1 and isinstance(parts[0], Applied):
            parts = list(parts[0].args)
        return [(p.show(SYMBOLS), p.show(NUMBERS), p.value) for p in parts]

    def __str__(self) -> str:
        parts = _added(self.line.expr)
        products = sum(isinstance(p, Applied) and p.op == "multiply" for p in parts)
        head = f"{self.layer}: {self.line.name} = {number(self.value)}"
        if len(parts) > 1:
            others = len(parts) - products
            what = [f"{products} products"] if products else []
            what += [f"{others} other{'s' * (others > 1)}" if products else f"{others} numbers"] * (
                others > 0
            )
            head += f" is the sum of {' and '.join(what)}"
        shown = self.terms[:_TERMS]
        wide = max((len(symbols) for symbols, _, _ in shown), default=0)
        lines = [
            f"  {s.ljust(wide)} = "
            + (number(v) if n.strip("()") == number(v) else f"{n} = {number(v)}")
            for s, n, v in shown
        ]
        if len(self.terms) > _TERMS:
            lines.append(f"  ... and {len(self.terms) - _TERMS} more")
        return "\n".join([head, f"  = {self.line.expr.show(SYMBOLS)}", *lines])

    __repr__ = __str__


class Walkthrough:
    """One training step, number by number; `print(walk)` shows it all.

    stages       what happens, in order: forward, loss, backward, update
    difference   the largest relative difference of a new parameter to the model's own engine

    See `Model.walkthrough`.
    """

    def __init__(self, story: Story) -> None:
        self.story = story
        self.recording: Recording = story.recording
        self.difference = self.recording.difference

    @property
    def stages(self) -> list[Stage]:
        """What happens in the step, in order."""
        return self.story.stages

    @property
    def layers(self) -> list[str]:
        """The names of the layers in the order of their calls, to be given to `trace`."""
        return [stage.who for stage in self.story.of_section("forward")]

    @property
    def prediction(self) -> Array:
        """What the model gives (the first output of several)."""
        return self.numbers("loss", "p" if "p" in self.story.names.symbols["loss"] else "p1")

    @property
    def loss(self) -> float:
        """The loss before the step."""
        return float(self.numbers("loss", "L" if "L" in self.symbols("loss") else "L1"))

    def symbols(self, layer: str) -> list[str]:
        """The symbols that a layer (or "loss") has numbers for."""
        return list(self._symbols_of(layer))

    def numbers(self, layer: str, symbol: str) -> Array:
        """The tensor of this symbol: `walk.numbers("dense", "z")`."""
        who, symbol = self._resolve(layer, symbol)
        return self.recording.values[self.story.names.symbols[who][symbol]]

    def trace(self, layer: str, symbol: str, index: int | str | Sequence[int | str] = ()) -> Trace:
        """Where one number comes from.

        Args:
            layer: its name; "loss"; or the path of a parameter, such as "0.kernel".
            symbol: z, a, W, ...; the name of a weight, such as "kernel"; "dW" or "∂L/∂W" for a
                gradient; "new W" for a weight after the step; %41 for a node of the graph.
            index: the position in the tensor; along columns of a table or classes also a name.

        Raises UnknownNameError or IndexRangeError.

        >>> import ranvier
        >>> model = ranvier.Sequential([ranvier.nn.Dense(1, input_shape=(2,), name="dense")])
        >>> model.set_weights([[[2.0], [3.0]], [0.5]])
        >>> model.compile("sgd", "mse")
        >>> print(model.walkthrough([[1.0, 10.0]], [30.0]).trace("dense", "z", (0, 0)))
        dense: z[0, 0] = 32.5 is the sum of 2 products and 1 other
          = x[0, 0]·W[0, 0] + x[0, 1]·W[1, 0] + b[0]
          x[0, 0]·W[0, 0] = 1·2 = 2
          x[0, 1]·W[1, 0] = 10·3 = 30
          b[0]            = 0.5
        """
        positions = (index,) if isinstance(index, int | str | np.integer) else tuple(index)
        if symbol.startswith("%"):
            return self._trace_node(layer, symbol, _numbered(symbol, positions, ()))
        who, symbol = self._resolve(layer, symbol)
        array = self.recording.values[self.story.names.symbols[who][symbol]]
        call = self.story.names.calls.get(who)
        names = () if call is None else self.story.labels.of(call, symbol, array)
        at = _numbered(f"{symbol} of {layer}", positions, names)
        at = _checked(f"trace: {symbol} of {layer}", at, array.shape)
        return Trace(layer, self.story.line(who, symbol, at), float(array[at]))

    def _trace_node(self, layer: str, symbol: str, at: tuple[int, ...]) -> Trace:
        names = self.story.names
        node = next((n for n, name in names.numbers.items() if name == symbol), None)
        if node is None:
            raise ArgumentError(
                f"trace: there is no node {symbol}; they are numbered from %0 to "
                f"%{len(names.numbers) - 1}, as ranvier.explain(model, x, y) prints them"
            )
        array = self.recording.values[node]
        at = _checked(f"trace: {symbol}", at, array.shape)
        line = Line(symbol, at, self.story.elements.explain(node, at, layer))
        return Trace(node.op.name, line, float(array[at]))

    def _symbols_of(self, layer: str) -> dict[str, object]:
        known = self.story.names.symbols
        if layer not in known or not layer:
            raise unknown_name("layer", layer, [who for who in known if who])
        return dict(known[layer])

    def _resolve(self, layer: str, symbol: str) -> tuple[str, str]:
        """The speaker and the symbol that are meant."""
        if symbol.startswith("new ") and layer in self.story.names.calls:
            return self._parameter(layer, symbol[4:]), "new w"
        known = self._symbols_of(layer)
        bare = symbol_of(symbol)
        for meant in (symbol, bare, GRADIENT + symbol_of(symbol[1:]) if symbol[:1] == "d" else ""):
            if meant in known:
                return layer, meant
        raise unknown_name(f"symbol of {layer}", symbol, list(known))

    def _parameter(self, layer: str, symbol: str) -> str:
        held = self.story.names.calls[layer].layer.named_tensors()
        for path, tensor in held.items():
            if symbol in (path, symbol_of(path)):
                return self.story.names.updated(tensor)
        raise unknown_name(f"weight of {layer}", symbol, [symbol_of(path) for path in held])

    # -- shown -------------------------------------------------------------------------------------

    def __str__(self) -> str:
        from .terminal import text

        return text(self.story)

    def __repr__(self) -> str:
        return f"<walkthrough of {self.recording.model.name}: {len(self.stages)} stages>"

    def show(self, section: str | None = None, pause: bool = False) -> None:
        """Print it in colours; one section only ("forward", "loss", "backward", "update"), or with
        a pause after each stage.
        """
        from .terminal import show

        show(self.story, section, pause)

    def html(self) -> str:
        """The page: one document of HTML, which needs neither scripts nor the network."""
        from .page import page

        return page(self.story)

    def latex(self) -> str:
        """The document for LaTeX (amsmath)."""
        from .latex_document import document

        return document(self.story)

    def save(self, path: FilePath) -> Path:
        """Write it, whole or not at all: `.html`, `.tex` or `.txt`."""
        suffix = Path(path).suffix.lower()
        if suffix not in SUFFIXES:
            check_suffix(path, ".html")
            raise ArgumentError(
                f"{path}: a walkthrough is written as {', '.join(SUFFIXES)}; name it so"
            )
        made = {".html": self.html, ".tex": self.latex, ".txt": self.__str__}[suffix]()
        write_whole(path, made.encode())
        return Path(path)

    def _repr_html_(self) -> str:
        """A frame in a notebook, so that the styles of page and notebook stay apart."""
        return element(
            "iframe",
            srcdoc=self.html(),
            title=repr(self),
            style="width: 100%; height: 800px; border: 0",
        )


def walkthrough(
    model: Model,
    x: DataLike,
    y: DataLike | None = None,
    sample_weight: DataLike | None = None,
    feature_names: FeatureNames | None = None,
    class_names: Sequence[str] | None = None,
) -> Walkthrough:
    """The walkthrough of one training step on these rows; nothing is trained."""
    model._compiled("walkthrough")
    with Learning(model):
        rows = rows_of(model, x, y, sample_weight, None, learn=True)
        recording = Recording(model, rows)
        features = features_of(recording, feature_names)
        known = model.classes if class_names is None else class_names
        classes = () if known is None else tuple(map(str, known))
    return Walkthrough(Story(Names(recording), Labels(recording, features, classes)))


def _added(expr: Expr) -> list[Expr]:
    """The terms of a sum."""
    if isinstance(expr, Applied) and expr.op == "add":
        return [part for a in expr.args for part in _added(a)]
    if isinstance(expr, Total) and expr.kind in ("sum", "products"):
        return expr.terms
    return [expr]


def _numbered(
    what: str, positions: Sequence[int | str], names: Sequence[Sequence[str]]
) -> tuple[int, ...]:
    """Positions as numbers; those given as text are names along their axis."""
    at = []
    for axis, one in enumerate(positions):
        if isinstance(one, str):
            along = list(names[axis]) if axis < len(names) else []
            if not along:
                raise ArgumentError(
                    f"trace: {one!r} is no position: axis {axis} of {what} has no names; count "
                    "from 0"
                )
            if one not in along:
                raise unknown_name(f"position along axis {axis} of {what}", one, along)
            one = along.index(one)
        at.append(int(one))
    return tuple(at)


def _checked(what: str, at: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The position, counted from 0; IndexRangeError where there is none such."""
    if len(at) != len(shape):
        raise ArgumentError(
            f"{what}: got the position {position(at) or '()'}; expected {len(shape)} numbers for "
            f"the shape {shape}"
        )
    if any(not -n <= i < n for i, n in zip(at, shape, strict=True)):
        raise IndexRangeError(f"{what}: position {position(at)} is outside the shape {shape}")
    return tuple(i % n for i, n in zip(at, shape, strict=True))
