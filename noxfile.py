"""Every chore is one word: `nox -s test`, `check`, `docs`, `bench`, `slow`, `build`.

A session makes a virtual environment of its own and installs what it needs; `nox -R` uses the one
of the last time, `nox --no-venv` the one that is active.
"""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from pathlib import Path

import nox

nox.options.sessions = ["check", "test"]
nox.options.reuse_existing_virtualenvs = True


@nox.session
def test(session: nox.Session) -> None:
    """The quick tests, examples in docstrings and pages among them."""
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """The tests that take long."""
    session.install("-e", ".[test]")
    session.run("pytest", "-m", "slow", *session.posargs)


@nox.session
def check(session: nox.Session) -> None:
    """Linter, formatter and type checker."""
    session.install("-e", ".[test,dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """The pages as HTML, warnings as errors."""
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-W", "docs", "docs/_build", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Ranvier beside its peers: `nox -s bench -- --peers-python PYTHON` (benchmarks/README.md)."""
    session.install("-e", ".")
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Wheel and sdist: built, contents and metadata checked, each installed and used."""
    session.install("build", "twine")
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build")
    made = sorted(map(str, Path("dist").iterdir()))
    session.run("twine", "check", "--strict", *made)
    check_contents(session, made)
    for one in made:
        session.install("--force-reinstall", one)
        session.run("python", "-m", "ranvier", "--version", env={"PYTHONPATH": ""})


def check_contents(session: nox.Session, made: list[str]) -> None:
    """The wheel holds the package, its data and licences and nothing else; the sdist all that a
    build and the tests need.
    """
    (wheel,) = [name for name in made if name.endswith(".whl")]
    (sdist,) = [name for name in made if name.endswith(".tar.gz")]
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    strange = [n for n in names if not n.startswith(("ranvier/", "ranvier-")) or "__pycache__" in n]
    if strange:
        session.error(f"the wheel holds what it should not: {strange[:5]}")
    for needed in ("ranvier/py.typed", "ranvier/data/files/LICENCE.md", "LICENSE"):
        if not any(name.endswith(needed) for name in names):
            session.error(f"the wheel lacks {needed}")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    for needed in ("pyproject.toml", "conftest.py", "README.md", "LICENSE", "tests", "docs", "src"):
        if not any(name == needed or name.startswith(f"{needed}/") for name in inside):
            session.error(f"the sdist lacks {needed}")
