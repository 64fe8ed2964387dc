"""The walkthrough: every formula filled with live numbers gives the recorded number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import ranvier
from layer_table import TAKES
from ranvier import losses, nn, optim
from ranvier.errors import ArgumentError, FileError, IndexRangeError, StateError
from ranvier.optim.rules import OPTIMIZERS
from ranvier.train.walkthrough.expressions import NUMBERS, SYMBOLS
from ranvier.train.walkthrough.formulas.layers import formulas_of
from ranvier.train.walkthrough.formulas.losses import LOSSES
from ranvier.train.walkthrough.formulas.optimizers import rule_of
from ranvier.train.walkthrough.names import Names
from ranvier.train.walkthrough.story import Story
from ranvier.train.walkthrough.walk import Walkthrough
from train.walkthrough.step_models import Case

RNG = np.random.default_rng(7)
# Layers whose ops are shown instead of a formula.
BY_OPS = {
    "RandomBrightness", "RandomContrast", "RandomErasing", "RandomRotation", "RandomTranslation",
    "RandomZoom", "Resizing",
}  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore:.*has mean 0 and deviation 1")


def worked_example() -> Walkthrough:
    model: Any = ranvier.Sequential(
        [nn.Dense(1, use_bias=False, input_shape=(1,), name="dense")], name="one_weight"
    )
    model.set_weights([np.array([[5.0]], np.float32)])
    model.compile(optim.SGD(0.1), "half_squared_error")
    walk: Walkthrough = model.walkthrough([[2.0]], [6.0])
    return walk


def small(loss: Any = "mse", optimizer: Any = "sgd", last: Any = None, y: Any = None) -> Any:
    """The walkthrough of a network of two layers."""
    ranvier.seed(1)
    layers = [
        nn.Dense(3, "tanh", input_shape=(2,), name="first"),
        nn.Dense(2, last, name="second"),
    ]
    model: Any = ranvier.Sequential(layers)
    model.compile(optimizer, loss)
    x = np.array([[0.5, -1.0], [1.0, 2.0], [0.2, 0.3]], np.float32)
    return model.walkthrough(x, np.array([[0.3, 0.7], [1.0, 0.0], [0.5, 0.5]]) if y is None else y)


def agrees(walk: Walkthrough, name: str = "") -> int:
    """Every line of every stage computed again from its own numbers; how many there are."""
    lines = [line for stage in walk.stages for line in stage.lines]
    for line in lines:
        value, again = line.expr.value, line.expr.computed()
        assert math.isclose(value, again, rel_tol=2e-3, abs_tol=2e-5), (name, line.text())
        text = line.text()
        assert text.startswith(line.name) and text.endswith(line.parts(SYMBOLS, NUMBERS)[-1])
    return len(lines)


def test_the_worked_example_reads_as_in_the_books() -> None:
    walk = worked_example()
    assert (walk.prediction.tolist(), walk.loss) == ([[10.0]], 8.0)
    expected = [
        "z[0, 0] = x[0, 0]·W[0, 0] = 2·5 = 10",
        "l[0] = (p[0, 0] - y[0])·(p[0, 0] - y[0])·0.5 = (10 - 6)·(10 - 6)·0.5 = 8",
        "∂L/∂z[0, 0] = p[0, 0] - y[0] = 10 - 6 = 4",
        "∂L/∂W[0, 0] = x[0, 0]·∂L/∂z[0, 0] = 2·4 = 8",
        "new w[0, 0] = w[0, 0] - learning_rate·g[0, 0] = 5 - 0.1·8 = 4.2",
    ]
    text, page = str(walk), walk.html()
    for line in expected:
        assert line in text
        name, *parts = line.split(" = ")
        cells = f"<span>{name}</span>" + "".join(
            f"<i> = </i><{tag}>{part}</{tag}>"
            for tag, part in zip(["span"] * (len(parts) - 1) + ["b"], parts, strict=True)
        )
        assert cells in page
    assert r"\text{new w}_{0,0} &= w_{0,0} - " in walk.latex()
    assert "&= 5 - 0.1 \\cdot 8 \\\\\n&= 4.2\n" in walk.latex()


@pytest.mark.parametrize("name", TAKES)
def test_every_layer_is_told_and_its_numbers_agree(name: str) -> None:
    case = Case(name)
    walk = Walkthrough(Story(Names(case.recorded())))
    assert agrees(walk, name) >= 5
    layer = case.model.layer.name
    stage = next(s for s in walk.stages if s.who == layer)
    assert (formulas_of(case.model.layer) is None) is (name in BY_OPS)
    assert stage.formulas or stage.ops
    assert walk.html().count("<section") == len(walk.stages)
    assert walk.latex().count(r"\begin") == walk.latex().count(r"\end")
    for symbol in walk.symbols(layer):  # any other number can be traced too
        array = walk.numbers(layer, symbol)
        if array.size and array.dtype.kind == "f":
            at = tuple(int(RNG.integers(n)) for n in array.shape)
            trace = walk.trace(layer, symbol, at)
            assert trace.value == array[at]
            again = trace.line.expr.computed()
            assert math.isclose(trace.value, again, rel_tol=2e-3, abs_tol=2e-5), (symbol, at)


@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS)))
def test_every_optimizer_is_told(name: str) -> None:
    rule = OPTIMIZERS[name](learning_rate=0.01)
    walk = small(optimizer=rule)
    assert rule_of(rule)
    assert agrees(walk, name) > 10
    for stage in walk.stages:
        if stage.section == "update":
            new = next(q for q in stage.quantities if q.symbol == "new w")
            before = next(q for q in stage.quantities if q.symbol == "w")
            assert (new.array != before.array).any()
    for update in walk.recording.updates:
        np.testing.assert_array_equal(
            walk.recording.values[update.new], walk.recording.after(update.parameter)
        )


@pytest.mark.parametrize(
    "options",
    [{"clipnorm": 0.01}, {"global_clipnorm": 0.01}, {"clipvalue": 0.01}, {"weight_decay": 0.1}],
)
def test_what_stands_around_a_rule_is_told(options: Any) -> None:
    walk = small(optimizer=optim.SGD(0.1, **options))
    agrees(walk, str(options))
    assert "Around the rule" in str(walk) or "w decayed" in str(walk)


CLASSES = np.array([0, 1, 1])
ENDS: dict[str, tuple[Any, Any]] = {
    "sparse_categorical_crossentropy": ("softmax", CLASSES),
    "categorical_crossentropy": ("softmax", None),
    "binary_crossentropy": ("sigmoid", None),
    "kl_divergence": ("softmax", None),
    "poisson": ("exponential", None),
    "hinge": (None, np.array([[1.0, -1.0]] * 3)),
    "squared_hinge": (None, np.array([[1.0, -1.0]] * 3)),
    "perceptron": (None, np.array([[1.0, -1.0]] * 3)),
}


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_every_loss_is_told(name: str) -> None:
    last, y = ENDS.get(name, (None, None))
    walk = small(name, last=last, y=y)
    assert agrees(walk, name) > 10
    stage = next(s for s in walk.stages if s.section == "loss")
    assert stage.title == f"loss: {name}" and len(stage.formulas) > 1
    assert math.isclose(walk.loss, float(walk.numbers("loss", "l").mean()), rel_tol=1e-5)


def test_the_table_of_losses_is_whole() -> None:
    kinds = [v for v in vars(losses).values() if isinstance(v, type)]
    names = {k.name for k in kinds if issubclass(k, losses.Loss) and k.name in vars(k).values()}
    assert names - {"loss", "function"} == set(LOSSES)


def test_a_number_is_traced_to_its_products() -> None:
    ranvier.seed(0)
    model: Any = ranvier.Sequential([nn.Dense(4, "relu", input_shape=(64,), name="wide")])
    model.compile("adam", "mse")
    walk = model.walkthrough(RNG.normal(size=(2, 64)), RNG.normal(size=(2, 4)))
    trace = walk.trace("wide", "z", (0, 3))
    assert len(trace.terms) == 65
    assert "is the sum of 64 products and 1 other" in str(trace)
    assert math.isclose(sum(value for _, _, value in trace.terms), trace.value, abs_tol=1e-5)
    assert trace.terms[1][0] == "x[0, 1]·W[1, 3]" and trace.terms[-1][0] == "b[3]"
    assert "(60 more)" in walk.stages[0].lines[0].text()
    assert walk.trace("wide", "a", (0, -1)).value == walk.trace("wide", "a", (0, 3)).value
    for symbol in ("kernel", "W", "dkernel", "dW", "∂L/∂W", "new W", "new kernel"):
        assert walk.trace("wide", symbol, (63, 3)).line.index == (63, 3)
    assert walk.trace("wide", "new bias", 2).value == walk.numbers("wide", "new b")[2]
    known = walk.story.names.numbers
    ndim = next(n.ndim for n, number in known.items() if number == "%0")
    node = walk.trace("", "%0", (0,) * ndim)
    assert math.isclose(node.value, node.line.expr.computed(), abs_tol=1e-5)


def test_mistakes_are_answered() -> None:
    walk = worked_example()
    with pytest.raises(ArgumentError, match="'dens'"):
        walk.trace("dens", "z", (0, 0))
    with pytest.raises(ArgumentError, match="symbol of dense"):
        walk.trace("dense", "q", (0, 0))
    with pytest.raises(ArgumentError, match="weight of dense"):
        walk.trace("dense", "new b", 0)
    with pytest.raises(IndexRangeError, match=r"\[0, 1\] is outside the shape \(1, 1\)"):
        walk.trace("dense", "z", (0, 1))
    with pytest.raises(ArgumentError, match="expected 2 numbers for the shape"):
        walk.trace("dense", "z", 0)
    with pytest.raises(ArgumentError, match="there is no node %999"):
        walk.trace("dense", "%999")
    with pytest.raises(ArgumentError, match="section"):
        walk.show("middle")
    with pytest.raises((ArgumentError, FileError), match="html"):
        walk.save("walk.pdf")
    with pytest.raises(StateError, match="walkthrough needs a compiled model"):
        ranvier.Sequential([nn.Dense(1)]).walkthrough([[1.0]], [1.0])


def test_checks_of_predictions_are_passed() -> None:
    """Of a network whose end does not say what it gives, a step looks at its predictions."""
    layers = [
        nn.Dense(2, "softmax", input_shape=(3,)),
        nn.Reshape((1, 2)),
        nn.GlobalAveragePooling1D(),
    ]
    model: Any = ranvier.Sequential(layers)
    model.compile("sgd", "sparse_categorical_crossentropy", engine="reference")
    walk = model.walkthrough(RNG.normal(size=(2, 3)), [0, 1])
    assert agrees(walk) > 5
    assert any(n.op.kind == "check" for n in walk.recording.graph.nodes)


def test_the_time_steps_of_a_loop() -> None:
    ranvier.seed(0)
    model: Any = ranvier.Sequential([nn.LSTM(3, input_shape=(4, 2), name="lstm"), nn.Dense(1)])
    model.compile("sgd", "mse")
    walk = model.walkthrough(RNG.normal(size=(2, 4, 2)), [1.0, 2.0])
    frames = {f.symbol: f.array for f in walk.stages[0].frames}
    assert set(frames) == {"i", "f", "g", "o", "c", "h"}
    np.testing.assert_allclose(frames["h"][-1], walk.numbers("lstm", "h"), rtol=1e-5)
    c = np.zeros((2, 3))
    for t in range(4):
        c = frames["f"][t] * c + frames["i"][t] * frames["g"][t]
        np.testing.assert_allclose(frames["c"][t], c, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(
            frames["h"][t], frames["o"][t] * np.tanh(c), rtol=1e-4, atol=1e-6
        )


def test_shared_layers_and_several_outputs() -> None:
    ranvier.seed(0)
    a, b = ranvier.Input((2,)), ranvier.Input((2,))
    shared = nn.Dense(3, "relu", name="shared")
    both = nn.Add(name="both")([shared(a), shared(b)])
    model = ranvier.Model([a, b], [nn.Dense(1, name="one")(both), nn.Dense(2, name="two")(both)])
    model.compile("sgd", ["mse", "mae"], loss_weights=[1.0, 0.5])
    x = RNG.normal(size=(3, 2))
    walk = model.walkthrough([x, x + 1], [np.ones((3, 1)), np.zeros((3, 2))])
    agrees(walk)
    assert walk.layers == ["shared", "shared (call 2)", "both", "one", "two"]
    assert {"p1", "p2", "L1", "L2"} <= set(walk.symbols("loss"))
    assert walk.trace("both", "out", (0, 0)).terms[0][0] == "x1[0, 0]"


def test_it_is_written_as_page_text_and_latex(tmp_path: Any) -> None:
    walk = worked_example()
    for suffix, begin in (
        (".html", "<!DOCTYPE html>"),
        (".tex", r"\documentclass"),
        (".txt", "One"),
    ):
        path = walk.save(tmp_path / f"step{suffix}")
        assert path.read_text(encoding="utf-8").startswith(begin)
    assert "srcdoc" in walk._repr_html_()
    assert repr(walk) == "<walkthrough of one_weight: 5 stages>"


def test_it_is_shown_by_sections(capsys: pytest.CaptureFixture[str]) -> None:
    walk = worked_example()
    walk.show("update", pause=True)  # no terminal: no pause
    shown = capsys.readouterr().out
    assert "5 - 0.1·8 = 4.2" in shown and "FORWARD" not in shown
    walk.show()
    assert capsys.readouterr().out.rstrip() == str(walk).rstrip()
