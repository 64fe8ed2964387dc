"""An entry whose checksum is right and whose contents are not: made again, never run, no error."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from compiler.common import threads
from native.test_cache import EXPECTED, sample
from ranvier.base.config import switches
from ranvier.compiler import store
from ranvier.graph.batch_plan import ONCE
from ranvier.graph.graph import Graph
from ranvier.native import cache as entries_module
from ranvier.native import code_cache
from ranvier.native import object_code as build_module
from ranvier.native.cache import read_entry, sealed
from ranvier.native.code_cache import CachedCode, Facts, forget_code, key_of
from ranvier.native.object_files import are_sound
from ranvier.runtime.call_glue import driver
from ranvier.runtime.executable import Executable
from runtime.test_threads import network

Sections = list[bytes]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(switches, "cache", str(tmp_path / "cache"))
    yield tmp_path / "cache"
    forget_code()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The IR of everything that was really compiled."""
    driver()  # made once in a process, whatever is forgotten
    seen: list[str] = []

    def spy(text: str, *how: Any) -> build_module.Objects:
        seen.append(text)
        return build_module.compile_object(text, *how)

    monkeypatch.setattr(code_cache, "compile_object", spy)
    return seen


def result() -> Any:
    forget_code()
    arrays = [np.ones((7, 5), "f4"), np.ones((5, 3), "f4")]
    return Executable(sample()).run(arrays)[0]


def the_entry(cache: Path) -> tuple[Path, str, Sections]:
    """The entry of the sample: file, whole key, sections."""
    np.testing.assert_allclose(result(), EXPECTED, rtol=1e-6)
    (path,) = (cache / "graphs").iterdir()
    sections = entries_module._opened(path.stem, path.read_bytes())
    assert sections is not None
    return path, path.stem, sections


def facts(change: Callable[[dict[str, Any]], Any]) -> Callable[[Sections], Sections]:
    """An edit of the facts: `change` alters them or returns what stands in their place."""

    def edit(sections: Sections) -> Sections:
        found = json.loads(sections[0])
        other = change(found)
        return [json.dumps(found if other is None else other).encode(), *sections[1:]]

    return edit


def put(name: str, value: Any) -> Callable[[Sections], Sections]:
    return facts(lambda found: found.__setitem__(name, value))


def code(change: Callable[[bytes], bytes]) -> Callable[[Sections], Sections]:
    return lambda sections: [sections[0], *map(change, sections[1:])]


def at(offset: int, form: str, value: int) -> Callable[[Sections], Sections]:
    """A number of the object code's header (ELF), changed."""

    def change(data: bytes) -> bytes:
        found = bytearray(data)
        struct.pack_into(form, found, offset, value)
        return bytes(found)

    return code(change)


WRONG: dict[str, Callable[[Sections], Sections]] = {
    "no JSON": lambda sections: [b"{", *sections[1:]],
    "no text": lambda sections: [b"\xff\xfe", *sections[1:]],
    "deep JSON": lambda sections: [b"[" * 100_000, *sections[1:]],
    "a huge number": lambda sections: [b'{"arena_bytes": 1' + b"0" * 5000 + b"}", *sections[1:]],
    "a list": facts(lambda found: [found]),
    "nothing known": facts(lambda found: {}),
    "one fact more": put("more", 1),
    "one fact less": facts(lambda found: found.pop("threads") and None),
    **{
        f"{name} is {value!r}": put(name, value)
        for name in ("arena_bytes", "threads", "nanoseconds", "updated", "host", "symbols")
        for value in (None, "1", -1, 1.5, [99], [0, 0], True, {"a": 1}, 1 << 70, ["step", "other"])
        if not (name == "nanoseconds" and isinstance(value, int | float) and 0 <= value)
        or (name == "nanoseconds" and value is True)
    },
    "no code": lambda sections: sections[:1],
    "no sections": lambda sections: [],
    "no bytes of code": code(lambda data: b""),
    "text for code": code(lambda data: b"garbage" * 50),
    "zeros for code": code(lambda data: bytes(len(data))),
    "the code twice": lambda sections: [*sections, sections[1]],
    "another kind of object": at(16, "<H", 3),
    "another machine": at(18, "<H", 8),
    "sections far away": at(40, "<Q", 1 << 62),
    "more sections": at(60, "<H", 60_000),
    "no sections in the code": at(60, "<H", 0),
    "names elsewhere": at(62, "<H", 999),
    "the function has another name": code(lambda data: data.replace(b"\0step\0", b"\0stop\0")),
}


def read(graph: Graph, key: str) -> CachedCode | None:
    def fits(facts: Facts) -> bool:
        return store._fits(facts, graph)

    return code_cache._read("graphs", key, ("step",), fits)


def test_wrong_contents_under_a_right_checksum_are_a_miss(empty_cache: Path) -> None:
    path, key, sections = the_entry(empty_cache)
    graph = sample()
    assert read(graph, key) is not None
    for wrong, edit in WRONG.items():
        edited = edit(list(sections))
        assert edited != sections, wrong
        path.write_bytes(sealed(key, edited))
        assert read(graph, key) is None, wrong


@pytest.mark.parametrize("wrong", ["no JSON", "updated is '1'", "zeros for code"])
def test_a_miss_is_made_again_without_a_word(
    empty_cache: Path, made: list[str], wrong: str
) -> None:
    path, key, sections = the_entry(empty_cache)
    whole = path.read_bytes()
    path.write_bytes(sealed(key, WRONG[wrong](list(sections))))
    np.testing.assert_allclose(result(), EXPECTED, rtol=1e-6)
    assert len(made) == 2 and path.read_bytes() == whole
    result()
    assert len(made) == 2


def test_the_entry_of_another_graph_under_its_name(empty_cache: Path, made: list[str]) -> None:
    path, _, _ = the_entry(empty_cache)
    forget_code()
    Executable(sample(2))
    (other,) = set(path.parent.iterdir()) - {path}
    path.write_bytes(other.read_bytes())
    np.testing.assert_allclose(result(), EXPECTED, rtol=1e-6)
    assert len(made) == 3


def elf_sample() -> bytes:
    (data,) = build_module.compile_object(Executable(sample()).compilation().module.text)
    if not data.startswith(b"\x7fELF"):
        pytest.skip("the object code of this machine is not ELF")
    return data


def test_code_cut_anywhere_is_not_sound() -> None:
    data = elf_sample()
    assert are_sound([data], ["step"])
    assert not any(are_sound([data[:n]], ["step"]) for n in range(0, len(data), 7))


def test_code_with_numbers_changed_is_sound_or_not_but_never_an_error() -> None:
    """Seeded; what is called sound is given to LLVM's loader, which must live through it."""
    data, chance = elf_sample(), random.Random(7)
    tables = struct.unpack_from("<Q", data, 40)[0]
    for _ in range(300):
        found = bytearray(data)
        for _ in range(chance.randint(1, 3)):
            offset = chance.choice([chance.randrange(64), chance.randrange(tables, len(data))])
            found[offset] = chance.choice([0, 1, 0x7F, 0xFF, chance.randrange(256)])
        if are_sound([bytes(found)], ["step"]):
            build_module.load((bytes(found),)).address("step")


def test_all_that_the_compiler_writes_is_sound() -> None:
    """Otherwise it would be made again in every process, and nobody would see why."""
    graph, _ = network()
    for count in (1, 2):
        with threads(count):
            forget_code()
            key = key_of("graphs", store._parts(graph, ONCE))
            Executable(graph)
            assert read_entry("graphs", key, build_module.host(), ("step",)) is not None
