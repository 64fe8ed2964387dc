"""The API reference: every public name has an entry and a sentence, and none is listed by hand."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

import ranvier
from paths import ROOT


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("api_pages", ROOT / "docs" / "api_pages.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = script()
MODULES = PAGES.public_modules()
ENTRY = re.compile(r"^\.\. (?:autoclass|autofunction|py:class|py:data):: (\S+)$", re.M)


def test_every_public_module_has_a_page(tmp_path: Path) -> None:
    (tmp_path / "ranvier.gone.rst").write_text("what a name that is gone has left")
    written = {path.stem for path in PAGES.write_pages(tmp_path)}
    assert written == {path.stem for path in tmp_path.iterdir()}
    values = [getattr(ranvier, name) for name in ranvier.__all__]
    offered = {value.__name__ for value in values if isinstance(value, ModuleType)}
    aliases = {"ranvier.datasets"}  # a test that reads the file itself finds it under its name
    assert offered - written - aliases <= {"ranvier.compat", "ranvier.inspection", "ranvier.plots"}
    assert len(written) > 15


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_public_name_has_one_entry(module: ModuleType) -> None:
    found = ENTRY.findall(PAGES.page(module))
    assert sorted(found) == [f"{module.__name__}.{name}" for name in sorted(PAGES.entries(module))]
    for name in vars(module).get("__all__", ()):
        is_module = isinstance(getattr(module, name), ModuleType)
        assert is_module or name.startswith("__") or f"{module.__name__}.{name}" in found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_public_name_says_what_it_is(module: ModuleType) -> None:
    assert PAGES.first_sentence(module.__doc__ or "").endswith(".")
    silent = [
        name
        for name, value in PAGES.entries(module).items()
        if callable(value)
        and value.__module__.startswith("ranvier")
        and not re.match(r"\S+ .*[.:?]$", PAGES.first_sentence(inspect.getdoc(value) or ""))
    ]
    assert silent == []


def test_a_name_without_a_sentence_would_be_found() -> None:
    module = ModuleType("ranvier.planted", "A module.")

    def nothing() -> None: ...

    nothing.__module__ = module.__name__
    vars(module).update(nothing=nothing)
    with pytest.raises(AssertionError, match="nothing"):
        test_every_public_name_says_what_it_is(module)


def test_formulas_keep_their_lines() -> None:
    doc = ["Adam.", "", "    m <- m + g", "    w <- w - m", "", "Args:", "    rate: how far.", ""]
    PAGES.show_blocks(doc)
    assert doc[2:6] == [".. code-block:: text", "", "    m <- m + g", "    w <- w - m"]
    assert doc[7:9] == ["Args:", "    rate: how far."]


@pytest.mark.parametrize(
    ("cls", "member"),
    [
        (ranvier.optim.Optimizer, "set_group"),
        (ranvier.Tensor, "sum"),
        (ranvier.Model, "fit"),
    ],
)
def test_members_of_bases_without_an_entry_are_shown(cls: type, member: str) -> None:
    stops = [name for option in PAGES.inherited(cls) for name in re.findall(r"\w+", option)[2:]]
    bases = [base.__name__ for base in cls.__mro__]
    shown = cls.__mro__[: min(bases.index(stop) for stop in stops)]
    assert any(member in vars(base) for base in shown)


def test_what_a_public_base_tells_is_not_told_again() -> None:
    assert PAGES.inherited(ranvier.optim.Adam) == []
    assert "Layer" in PAGES.inherited(ranvier.nn.Dense)[0]
