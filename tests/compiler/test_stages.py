"""The stages from a graph to LLVM IR: one list, each result kept, shown and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.compiler import stages
from ranvier.compiler.stages import STAGES, Compilation, Stage
from ranvier.errors import GraphError
from ranvier.graph.graph import Graph
from ranvier.graph.node import OPS
from ranvier.lower.check_loops import check_program
from ranvier.lower.loop_ir import Affine, Apply, Buffer, Kernel, Literal, Load, Nest, Result, Store
from ranvier.lower.program import NewBuffer, Program, rewritten, with_kernels
from ranvier.ops.creation import input_node
from ranvier.train.fit.ready import ready
from ranvier.train.intake.arrange import rows_of


def sample() -> Graph:
    x, w = input_node((6, 5), "float32", "x"), input_node((5, 4), "float32", "w")
    out = OPS["tanh"](OPS["matmul"](x, w))
    return Graph([x, w], [out, OPS["sum"](out, 0)])


def test_every_stage_keeps_its_result() -> None:
    made = Compilation(sample(), keep=True)
    assert list(made.results) == [stage.name for stage in STAGES]
    assert made.results["codegen"] is made.module
    assert len(made.results["lower"].kernels) == len(made.results["collapse"].kernels)


def test_no_stage_changes_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each result, printed when it was left and again at the end, reads the same."""
    printed: dict[str, str] = {}

    def noting(stage: Stage) -> Stage:
        def run(value: Any, plan: Any) -> Any:
            left = stage.run(value, plan)
            printed[stage.name] = str(left)
            return left

        return stage._replace(run=run)

    monkeypatch.setattr(stages, "STAGES", [noting(stage) for stage in STAGES])
    made = Compilation(training_step(), keep=True)
    kinds = (Graph, Program)
    for name, value in made.results.items():
        if isinstance(value, kinds):
            assert str(value) == printed[name], name


def training_step() -> Graph:
    """A step of a recurrent network, with loops, packed operands and updates."""
    model = ranvier.Sequential([ranvier.nn.LSTM(6), ranvier.nn.Dense(3)])
    model.compile("adam", "mse")
    x = np.ones((8, 5, 4), "f4")
    ranvier.explain(model, x, np.ones((8, 3), "f4"))
    rows = rows_of(model, x, np.ones((8, 3), "f4"), learn=True)
    return ready(model, rows).get("train", 8, rows, model.engine).traced.graph


def without_copies(kernel: Kernel, new_buffer: NewBuffer) -> list[Kernel]:
    """A pass: `detach` of an element is the element."""
    stores = []
    for store in kernel.nest.stores:
        value = store.value
        if isinstance(value, Apply) and value.op.name == "detach":
            store = replace(store, value=value.inputs[0])
        stores.append(store)
    return [replace(kernel, nest=replace(kernel.nest, stores=stores))]


@pytest.mark.usefixtures("fresh_code")
def test_a_new_loop_pass_is_one_function_and_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Stage("plain", "", "no copies", lambda p, _: rewritten(p, without_copies), check_program)
    at = [stage.name for stage in STAGES].index("split")
    monkeypatch.setattr(stages, "STAGES", [*STAGES[:at], row, *STAGES[at:]])

    def three(x: Any) -> Any:
        return ranvier.full((2,), 3.0)

    text = str(ranvier.explain(three, ranvier.ones((2,)), level="passes"))
    before, after = text[text.index("-- lower") :], text[text.index("-- plain") :]
    assert "out0[i] = detach(3.0)" in before[: before.index("-- plain")]
    assert "out0[i] = 3.0" in after[: after.index("-- split")]


# --- the checker of the loop language -----------------------------------------------------------

F4 = np.dtype("float32")


def one_kernel(store: Callable[[Buffer, Buffer], Store], axes: tuple[int, ...] = (4,)) -> Program:
    x, out = Buffer("in0", F4, 4), Buffer("out0", F4, 4)
    program = Program(Graph([], []), inputs=[x], outputs=[out])
    return with_kernels(program, [Kernel("", Nest(axes, [store(x, out)]))])


WRONG: dict[str, tuple[Callable[[Buffer, Buffer], Store], str]] = {
    "read behind the end": (
        lambda x, out: Store(out, Affine((1,)), Load(x, Affine((1,), 1))),
        r"reads in0\[1..4\], which has 4 elements",
    ),
    "read before the beginning": (
        lambda x, out: Store(out, Affine((1,)), Load(x, Affine((-1,)))),
        r"reads in0\[-3..0\]",
    ),
    "write behind the end": (
        lambda x, out: Store(out, Affine((2,)), Load(x, Affine((1,)))),
        r"writes out0\[0..6\]",
    ),
    "never written": (
        lambda x, out: Store(out, Affine((1,)), Load(Buffer("t0", F4, 4), Affine((1,)))),
        "reads t0 before it is written",
    ),
    "another dtype": (
        lambda x, out: Store(out, Affine((1,)), Literal(1, np.dtype("int32"))),
        "stores int32 in out0, which holds float32",
    ),
    "no such result": (
        lambda x, out: Store(out, Affine((1,)), Result(0, F4)),
        "names result 0 of 0",
    ),
    "a computed position outside": (
        lambda x, out: Store(out, Affine((1,)), Load(x, Affine((0,)), Load(x, Affine((1,))), 2, 4)),
        r"reads in0\[0..6\]",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_the_checker_finds(mistake: str) -> None:
    store, message = WRONG[mistake]
    with pytest.raises(GraphError, match=f"after here: kernel k0 {message}"):
        check_program(one_kernel(store), "here")


def test_the_checker_passes_what_is_sound() -> None:
    check_program(one_kernel(lambda x, out: Store(out, Affine((1,)), Load(x, Affine((-1,), 3)))))


def test_an_output_that_nobody_writes() -> None:
    program = Program(Graph([], []), outputs=[Buffer("out0", F4, 4)])
    with pytest.raises(GraphError, match="after tile: no kernel writes out0"):
        check_program(program, "tile")
