"""A large module is compiled in pieces: the same results, and the same code each time."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("llvmlite")

from compiler.common import threads
from ranvier.base.config import switches
from ranvier.native import object_code as build_module
from ranvier.native import split_module as pieces_module
from ranvier.native.object_code import compile_object
from ranvier.native.split_module import pieces
from ranvier.runtime.executable import Executable
from runtime.test_threads import network, trained

pytestmark = pytest.mark.usefixtures("fresh_code")


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces_module, "_MAX_PIECE_CHARACTERS", 6000)


@pytest.mark.parametrize("count", [1, 2])
def test_pieces_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    graph, arrays = network()
    with threads(count):
        whole = trained(Executable(graph), arrays, 3)
        small(monkeypatch)
        executable = Executable(graph)
        assert len(pieces(executable.compilation().module.text, True)) > 3
        assert trained(executable, arrays, 3) == whole


def test_each_kernel_is_in_one_piece_and_long_ones_stay_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small(monkeypatch)
    module = Executable(network()[0]).compilation().module
    names = [f"k{i}" for i in range(module.text.count("define internal void @k"))]
    first, *others = pieces(module.text, True, names[:2])
    assert "@step(ptr %table" in first.text and not first.thorough
    for name in names:
        (holder,) = [p for p in others if f"define void @{name}(" in p.text]
        assert holder.thorough == (name in names[:2])
        assert f"declare void @{name}(ptr" in first.text
    assert not any(p.thorough for p in pieces(module.text, False, names[:2]))


def test_code_does_not_depend_on_the_threads_that_make_it(monkeypatch: pytest.MonkeyPatch) -> None:
    text = Executable(network()[0]).compilation().module.text
    small(monkeypatch)
    made = set()
    for count in (1, 2, 3):
        monkeypatch.setattr(switches, "threads", count)
        made.add(compile_object(text, True, ["k1"]))
    assert len(made) == 1


def test_what_goes_wrong_in_a_thread_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    text = Executable(network()[0]).compilation().module.text
    small(monkeypatch)
    monkeypatch.setattr(switches, "threads", 2)
    compiled = build_module._compiled

    def breaks(text: str, thorough: bool) -> bytes:
        if "define void @k1(" in text:
            raise MemoryError("no room")
        return compiled(text, thorough)

    monkeypatch.setattr(build_module, "_compiled", breaks)
    before = threading.active_count()
    with pytest.raises(MemoryError, match="no room"):
        compile_object(text)
    assert threading.active_count() == before
