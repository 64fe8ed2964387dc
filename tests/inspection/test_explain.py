"""One verb and one ladder: what explain shows of functions and models, at every level."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import ranvier
from ranvier import Sequential
from ranvier.cli.main import main
from ranvier.errors import ArgumentError, StateError
from ranvier.inspection.explain import LEVELS
from ranvier.nn import Dense

X = np.random.default_rng(0).random((32, 10), np.float32)
Y = (X.sum(axis=1) > 5).astype(int)


def layer(x: ranvier.Tensor, w: ranvier.Tensor) -> ranvier.Tensor:
    return ranvier.relu(x @ w) * 1.0


def arguments() -> tuple[ranvier.Tensor, ranvier.Tensor]:
    return ranvier.ones((4, 6)), ranvier.ones((6, 5))


def network(engine: str = "compiled") -> Sequential:
    ranvier.seed(0)
    model = Sequential([Dense(10, "relu", input_shape=(10,)), Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", ["accuracy"], engine=engine)
    return model


def updates_a_kernel(text: str) -> bool:
    return re.search(r"\n  update dense\w*\.kernel = %", text) is not None


# --- functions -----------------------------------------------------------------------------------


def test_graph_is_the_traced_one() -> None:
    compiled = ranvier.compile(layer)
    shown = ranvier.explain(compiled, *arguments())
    assert shown.level == "graph"
    assert str(shown) == repr(shown) == str(compiled.graph(*arguments()))
    assert "matmul" in str(shown)


def test_a_plain_function_is_compiled_to_be_looked_at() -> None:
    assert str(ranvier.explain(layer, *arguments())) == str(
        ranvier.explain(ranvier.compile(layer), *arguments())
    )


def test_passes_show_each_pass_and_what_is_fused() -> None:
    text = str(ranvier.explain(layer, *arguments(), level="passes"))
    for name in ("traced", "simplify", "separate", "fuse", "memory"):
        assert f"-- {name}" in text
    counts = [int(n) for n in re.findall(r"-- (?:traced|simplify): (\d+) nodes", text)]
    assert counts[1] < counts[0]
    assert re.search(r"contraction +4x5 +%0 matmul, .*; stores", text)


def test_loops_show_every_kernel() -> None:
    text = str(ranvier.explain(layer, *arguments(), level="loops"))
    assert "in0 float32[4,6]" in text and "out0 float32[4,5]" in text
    assert "contraction i<4 j<5" in text
    assert text == str(ranvier.explain(layer, *arguments(), level="kernels"))


def test_llvm_and_assembly() -> None:
    llvm = str(ranvier.explain(layer, *arguments(), level="llvm"))
    assert "define" in llvm and "@step" in llvm and "x float>" in llvm
    assert "nnan" not in llvm and "ninf" not in llvm
    assert ".globl\tstep" in str(ranvier.explain(layer, *arguments(), level="assembly"))


# --- timings -------------------------------------------------------------------------------------


def test_timings_measure_every_kernel_and_count_its_work() -> None:
    shown = ranvier.explain(
        lambda x, w: x @ w, ranvier.ones((64, 96)), ranvier.ones((96, 64)), level="timings"
    )
    timings = shown.timings
    assert timings is not None and len(timings.kernels) >= 1
    product = next(k for k in timings.kernels if k.kind == "contraction")
    assert product.flop == 2 * 64 * 96 * 64
    assert product.bytes == 4 * (64 * 96 + 96 * 64 + 64 * 64)
    assert product.origin == "matmul" and product.threads >= 1
    assert 0 < timings.seconds < 1
    for kernel in timings.kernels:
        assert 0 < kernel.seconds < 1
        # NOTE: another process may slow down the loop that measures the machine's best.
        assert 0 <= kernel.flop_share < 3 and 0 < kernel.byte_share < 10
    lines = str(shown).splitlines()
    assert lines[0].startswith("function <lambda>: ")
    assert "best of this machine" in lines[1] and "GFLOP/s" in lines[1]
    assert len(lines) == 3 + len(timings.kernels)


def test_work_of_a_map_and_a_reduction() -> None:
    shown = ranvier.explain(
        lambda x: ranvier.exp(x) * x + 1.0, ranvier.ones((100,)), level="timings"
    )
    assert shown.timings is not None
    (kernel,) = shown.timings.kernels
    assert (kernel.kind, kernel.flop, kernel.bytes) == ("map", 300, 800)
    shown = ranvier.explain(lambda x: ranvier.sum(x * x), ranvier.ones((100,)), level="timings")
    assert shown.timings is not None
    (kernel,) = shown.timings.kernels
    assert (kernel.kind, kernel.flop, kernel.bytes) == ("reduce", 200, 404)


def test_nothing_changes_by_looking() -> None:
    model = network()
    model.fit(X, Y, epochs=2, verbose=0)
    before = [w.copy() for w in model.get_weights()]
    for level in LEVELS:
        rows = (X, Y) if level == "values" else ()
        assert str(ranvier.explain(model, *rows, level=level))
    for a, b in zip(before, model.get_weights(), strict=True):
        assert (a == b).all()


# --- models --------------------------------------------------------------------------------------


def test_the_training_step_is_forward_loss_gradient_and_update() -> None:
    model = network()
    model.fit(X, Y, epochs=1, batch_size=16, verbose=0)
    text = str(ranvier.explain(model))
    assert "x: float32[16,10]" in text and updates_a_kernel(text)
    shown = ranvier.explain(model, level="timings")
    assert str(shown).startswith(f"training step of {model.name}, 16 rows: ")
    assert shown.timings is not None
    assert sum(k.origin.count("matmul") for k in shown.timings.kernels) >= 3


def test_a_model_that_was_not_trained_shows_the_step_for_given_rows() -> None:
    text = str(ranvier.explain(network(), X[:8], Y[:8]))
    assert "x: float32[8,10]" in text and updates_a_kernel(text)


def test_rows_alone_show_the_forward_pass() -> None:
    text = str(ranvier.explain(network(), X[:4]))
    assert "x: float32[4,10]" in text and "update" not in text


def test_the_reference_engine_is_explained_as_it_would_be_compiled() -> None:
    model = network("reference")
    model.fit(X, Y, epochs=1, verbose=0)
    assert updates_a_kernel(str(ranvier.explain(model)))
    assert "contraction" in str(ranvier.explain(model, level="loops"))


# --- what is said when it does not fit ------------------------------------------------------------


def test_errors() -> None:
    with pytest.raises(ArgumentError, match="level 'timing'.*timings"):
        ranvier.explain(layer, *arguments(), level="timing")
    with pytest.raises(ArgumentError, match="expected a function or a model; got int"):
        ranvier.explain(3)  # type: ignore[arg-type]
    with pytest.raises(StateError, match=r"explain\(model, x, y\)"):
        ranvier.explain(network())
    with pytest.raises(ArgumentError, match="a model takes x, or x and y"):
        ranvier.explain(network(), X, Y, X)
    with pytest.raises(ArgumentError, match="no argument 'levels'"):
        ranvier.explain(network(), X, Y, levels="llvm")


# --- the command ---------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    done = CliRunner().invoke(main, ["explain", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_values_are_those_of_the_step() -> None:
    model = network()
    text = str(ranvier.explain(model, X[:3], Y[:3], level="values"))
    history = model.fit(X[:3], Y[:3], batch_size=3, epochs=1, shuffle=False, verbose=0).history
    loss = re.search(r"divide +float32\[\] +%\d+, count +# = (\S+)", text)
    assert loss is not None
    assert float(loss[1]) == pytest.approx(history["loss"][0], rel=1e-3)


def test_values_of_a_function_and_of_a_forward_pass() -> None:
    text = str(ranvier.explain(lambda x: ranvier.sum(x * x), ranvier.ones((3,)), level="values"))
    assert "x0 = [1, 1, 1]" in text and text.count("= 3") == 1
    model = network()
    before = model.predict(X[:2])
    text = str(ranvier.explain(model, X[:2], level="values"))
    assert " = " in text and "  -- " not in text
    np.testing.assert_array_equal(model.predict(X[:2]), before)
    with pytest.raises(StateError, match="level='values' shows the numbers of some rows"):
        ranvier.explain(network(), level="values")


def test_the_command_explains_the_digits_network() -> None:
    assert "update" in run("digits", "--level", "graph")
    assert run("digits").startswith("training step of sequential")


def test_the_command_explains_a_saved_model(tmp_path: Path) -> None:
    model = network()
    model.fit(X, Y, epochs=1, verbose=0)
    file = str(tmp_path / "net.safetensors")
    model.save(file)
    text = run(file, "--level", "loops", "--batch-size", "4")
    assert "in0 float32[4,10] = x" in text


def test_the_command_says_what_is_wrong() -> None:
    done = CliRunner().invoke(main, ["explain", "nothing.safetensors"])
    assert done.exit_code == 2 and "nothing.safetensors" in done.output
