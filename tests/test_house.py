"""The rules of the house: who may import whom, which names are public, how light the import is."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import ranvier
from syntax import parsed

TESTS = Path(__file__).parent
ROOT = TESTS.parent
SRC = ROOT / "src"

NOT_MIRRORED = {"golden"}  # folders of tests that are no room of the package

# Files in the order in which data flows. A file imports from lines above its own and, without
# going in circles, from its own line. A folder stands for all its files; `ranvier` is the package
# itself, the names a user sees.
ORDER = """
errors dtypes typing base io
data
graph
ops
passes
native
lower
codegen
compiler
runtime
executors
tensors
tracing
random
nn
losses metrics
optim
train plots diagnosis
callbacks datasets
models
tables attribution report tasks
tune
estimators
inspection
ranvier
compat
cli __main__
"""

# Parts that import from these lines only, though others stand above them too.
ONLY = {"data": {"errors", "dtypes", "typing", "base", "io"}}

# Imports inside a function that close a circle on purpose, each with its reason.
CIRCLES = {
    ("attribution.dependence", "attribution.pictures.curves"): "a result draws itself",
    ("attribution.result", "attribution.pictures.attributions"): "a result draws itself",
    ("attribution.result", "attribution.pictures.page"): "a result is a page by itself",
    ("train.callbacks.callback", "plots.charts.curves"): "a history draws itself",
    ("tables.model", "report.build"): "a model of a table makes its own report",
    ("tables.model", "report.page"): "a model of a table makes its own report",
    ("tasks.task_model", "report.of_tasks.classes"): "a model of a task makes its own report",
    ("tasks.task_model", "report.of_tasks.series"): "a model of a task makes its own report",
    ("tasks.task_model", "report.page"): "a model of a task makes its own report",
    ("tables.model", "report.results"): "a model's file holds the results of its test",
    ("diagnosis.finding", "diagnosis.charts"): "a finding draws itself",
    ("diagnosis.finding", "diagnosis.page"): "a diagnosis is a page by itself",
    ("graph.graph", "graph.show"): "a graph prints itself; printing needs the graph",
    ("ops.movement", "ops.reduce"): "the gradient of broadcast_to is a sum",
    ("ops.loops.scan_op", "ops.loops.scan_gradient"): "the gradient of a scan is a scan",
    ("plots.drawing", "plots.page"): "a drawing writes itself; a page needs the drawing",
    ("plots.drawing", "plots.raster"): "a drawing writes itself; PNG needs the drawing",
    ("plots.drawing", "plots.svg"): "a drawing shows itself; SVG needs the drawing",
    ("train.models.model", "diagnosis.diagnose"): "a model is diagnosed by a verb of its own",
}

HEAVY = {
    "PIL", "click", "llvmlite", "matplotlib", "narwhals", "optuna", "pandas", "polars", "pyarrow",
    "rich", "safetensors", "scipy", "sklearn", "tokenizers",
}  # fmt: skip


# --- import order -------------------------------------------------------------------------------


def sources() -> dict[str, str]:
    """The text of every file by its dotted name, e.g. `ops.reduce`; "" is the package itself."""
    files = {}
    for path in sorted((SRC / "ranvier").rglob("*.py")):
        parts = path.relative_to(SRC / "ranvier").with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        files[name] = path.read_text(encoding="utf-8")
    return files


def imports(name: str, files: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each import of the package's own files in `name`, lazy ones too."""
    tree = parsed(files[name])
    is_package = name == "" or any(other.startswith(f"{name}.") for other in files)
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            skipped.update(inner for part in node.body for inner in ast.walk(part))
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "ranvier":
                    yield node.lineno, alias.name.partition(".")[2]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                home = name.split(".") if name else []
                base = home[: len(home) - node.level + is_package]
                base += node.module.split(".") if node.module else []
            elif node.module and node.module.partition(".")[0] == "ranvier":
                base = node.module.split(".")[1:]
            else:
                continue
            for alias in node.names:
                full = ".".join([*base, alias.name])
                yield node.lineno, full if full in files else ".".join(base)


def offences(files: dict[str, str]) -> list[str]:
    """Everything in `files` that breaks the order, in words."""
    rank = {part: i for i, line in enumerate(ORDER.split("\n")) for part in line.split()}
    found: list[str] = []
    edges: dict[str, set[str]] = {}
    for name in files:
        part = name.partition(".")[0] or "ranvier"
        if part not in rank:
            found.append(f"{name}: {part!r} is not in ORDER")
            continue
        edges[name] = set()
        for line, target in imports(name, files):
            other = target.partition(".")[0] or "ranvier"
            if other not in rank:
                found.append(f"{name}, line {line}: imports {target!r}, which is not there")
            elif rank[other] > rank[part]:
                found.append(f"{name}, line {line}: imports {target!r} from a line below it")
            elif other != part and part in ONLY and other not in ONLY[part]:
                found.append(f"{name}, line {line}: imports {target!r}; allowed: {ONLY[part]}")
            elif (name, target) not in CIRCLES:
                edges[name].add(target)
    return found + circles(edges)


def circles(edges: dict[str, set[str]]) -> list[str]:
    """Every file that cannot be put in any order, because it comes to import itself."""
    left = dict(edges)
    while free := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in free:
            del left[name]
    return [f"in a circle of imports: {', '.join(sorted(left))}"] if left else []


def test_files_import_only_from_above() -> None:
    assert offences(sources()) == []


@pytest.mark.parametrize(
    ("planted", "message"),
    [
        ({"errors": "from .tensors import Tensor"}, "errors, line 1: imports 'tensors'"),
        ({"errors": "def f():\n    from . import tensors"}, "errors, line 2: imports 'tensors'"),
        ({"ops.reduce": "import ranvier.nn.dense"}, "ops.reduce, line 1: imports 'nn.dense'"),
        ({"ops.reduce": "from ..nn.dense import Dense"}, "ops.reduce, line 1: imports 'nn.dense'"),
        ({"nn.dense": "from ranvier import sum"}, "nn.dense, line 1: imports ''"),
        ({"data.split": "from ..tensors import T"}, "data.split, line 1: imports 'tensors'"),
        ({"ops": "from .reduce import sum", "ops.reduce": "from . import x"}, "in a circle"),
        ({"helpers": ""}, "helpers: 'helpers' is not in ORDER"),
    ],
)
def test_a_planted_import_is_caught(planted: dict[str, str], message: str) -> None:
    files = {"": "", "errors": "", "tensors": "", "ops": "", "ops.reduce": "", "nn.dense": ""}
    assert offences(files) == []
    assert [line[: len(message)] for line in offences({**files, **planted})] == [message]


def test_imports_for_type_checkers_do_not_count() -> None:
    files = {"errors": "if TYPE_CHECKING:\n    from .tensors import Tensor", "tensors": ""}
    assert offences(files) == []


def test_circles_named_above_still_exist() -> None:
    files = sources()
    for name, target in CIRCLES:
        assert target in {other for _, other in imports(name, files)}, (name, target)


# --- rooms --------------------------------------------------------------------------------------


def rooms_with_files(below: Path) -> set[str]:
    """Every folder with Python files in it or below it, relative to `below`."""
    files = [path.relative_to(below) for path in below.rglob("*.py")]
    return {room.as_posix() for path in files for room in path.parents} - {"."}


def test_tests_mirror_the_rooms() -> None:
    rooms = rooms_with_files(SRC / "ranvier")
    assert rooms_with_files(TESTS) - NOT_MIRRORED - rooms == set(), (
        "folders of tests without a room"
    )
    top = {room.partition("/")[0] for room in rooms}
    assert top - rooms_with_files(TESTS) == set(), "rooms without a folder of tests"
    loose = {path.stem.removeprefix("test_") for path in TESTS.glob("test_*.py")}
    assert loose & top == set(), "files of tests beside the folder they belong to"


FILE_NAME = re.compile(r"(?<![\w/.~:$*-])((?:\w[\w-]*/)*\w[\w-]*\.py)\b")


def missing_files(text: str, folders: Iterable[Path]) -> list[str]:
    """The Python files that a text names and that are in none of these folders."""
    homes = list(folders)
    names = FILE_NAME.findall(text)
    return [name for name in names if not any((home / name).exists() for home in homes)]


def test_files_that_texts_name_are_there() -> None:
    """From its own folder or one above it: a file that was renamed is renamed in words too."""
    missing = {}
    for path in sorted(SRC.rglob("*.py")):
        missing[path] = missing_files(path.read_text("utf-8"), path.parents)
    for path in sorted((ROOT / "docs").rglob("*.md")):
        folders = (ROOT / name for name in (".", "src/ranvier", "docs", "benchmarks", "examples"))
        missing[path] = missing_files(path.read_text("utf-8"), folders)
    assert not {p.relative_to(ROOT).as_posix(): n for p, n in missing.items() if n}


def test_a_planted_name_of_no_file_is_found() -> None:
    text = "engines.py, golden/common.py; gone.py and golden/gone.py, `x.py`s, **.py"
    assert missing_files(text, [TESTS]) == ["gone.py", "golden/gone.py", "x.py"]


# --- public names -------------------------------------------------------------------------------


def test_public_names_are_pinned() -> None:
    lines = (TESTS / "public_names.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line for line in lines if line and not line.startswith("#")}
    assert set(ranvier.__all__) == pinned
    assert len(ranvier.__all__) == len(pinned), "a name stands twice in ranvier.__all__"
    assert [name for name in ranvier.__all__ if not hasattr(ranvier, name)] == []
    assert ranvier.__dir__() == sorted(pinned)
    with pytest.raises(AttributeError, match="no attribute 'walkthrough'"):
        ranvier.walkthrough  # type: ignore[attr-defined]  # noqa: B018


# --- types --------------------------------------------------------------------------------------

# Of a hundred arguments in the package so many at most may have the type `Any`, or none. `Any` is
# for what has no type that could be named: params of an op looked up by name, objects of
# untyped libraries, what a user's own function takes.
MAX_UNTYPED_PERCENT = 5.0


def untyped(source: str) -> tuple[list[str], int]:
    """The arguments without a type, and how many arguments there are."""
    without, count = [], 0
    for node in ast.walk(parsed(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        a = node.args
        given = [*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg]
        for argument in given:
            if argument is None or argument.arg in ("self", "cls"):
                continue
            count += 1
            kind = argument.annotation and ast.unparse(argument.annotation)
            if kind in (None, "Any", "typing.Any"):
                without.append(f"{node.name}, line {node.lineno}: {argument.arg}")
    return without, count


def test_arguments_have_types() -> None:
    found = {name: untyped(source) for name, source in sources().items()}
    without = sum(len(arguments) for arguments, _ in found.values())
    percent = 100 * without / sum(count for _, count in found.values())
    worst = sorted(found, key=lambda name: -len(found[name][0]))[:5]
    assert percent <= MAX_UNTYPED_PERCENT, (
        f"{percent:.1f} % of the arguments have no type; most of them in "
        + ", ".join(f"{name} ({len(found[name][0])})" for name in worst)
    )


def test_arguments_without_a_type_are_counted() -> None:
    source = (
        "class A:\n def f(self, x: Any, y, *z: int, k: Any = None, **w: Any) -> Any: ...\n"
        "def g(a: list[Any], b: object) -> None: ..."
    )
    without, count = untyped(source)
    assert [line.rpartition(" ")[2] for line in without] == ["x", "y", "k", "w"]
    assert count == 7


# --- probing ------------------------------------------------------------------------------------

# Files that ask an object whether it has an attribute (`hasattr`, `getattr` with a default), each
# with its reason: what comes from outside has no class of ours to ask for. Our own objects are told
# by their class or by a method that all of them have. compat/ is such a border as a whole.
PROBES = {
    "base.locks": "Python's import locks",
    "base.missing": "any object whose attribute is missing",
    "base.nested": "a named tuple, as Python tells it",
    "data.fetch": "errors of urllib",
    "data.streams.pipeline": "tables of other libraries have columns",
    "data.streams.stream": "what a user gives as batches",
    "data.text": "a user's function may have no name",
    "dtypes": "arrays of other libraries",
    "errors": "notes, which Python makes with the first one",
    "inspection.explain": "a user's function may have no name",
    "io.reading": "errors of the system",
    "io.tensors": "errors of the system",
    "losses.loss": "a user's function may have no name",
    "native.object_code": "inner parts of llvmlite, which may change",
    "native.object_files": "functions of the C library",
    "nn.activations": "a user's function may have no name",
    "nn.configuration": "a user's class may say how it is described",
    "nn.policy": "a policy of Keras, or a name",
    "nn.sequences.recurrent_layers": "a user's cell",
    "optim.arguments": "a model given for its parameters",
    "optim.dynamic_scale": "its own properties, among attributes of the optimizer inside",
    "tables.files.frames": "columns of other libraries",
    "tensors.from_numpy": "names that an error suggests",
    "tracing.compiled": "where a user's function can be found again",
    "tracing.snapshot": "objects of a user's classes",
    "train.callbacks.callback": "a user's function may have no name",
    "train.models.saving": "a layer where a model was expected",
    "train.models.sequential": "a user's function may have no name",
    "train.models.summary": "a user's model may keep a list of layers",
}
PLATFORM = {"os", "mmap"}  # modules that differ between systems


def probes(source: str) -> list[str]:
    """Every question whether something has an attribute."""
    return [
        ast.unparse(call)
        for call in ast.walk(parsed(source))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and (call.func.id == "hasattr" or (call.func.id == "getattr" and len(call.args) == 3))
        and not (isinstance(call.args[0], ast.Name) and call.args[0].id in PLATFORM)
    ]


def test_no_object_changes_its_class() -> None:
    changed = [
        f"{name}: {ast.unparse(node)}"
        for name, source in sources().items()
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Attribute) and t.attr == "__class__" for t in node.targets)
    ]
    assert not changed, f"make an object of the right class instead: {changed}"


def test_objects_of_ours_are_not_probed() -> None:
    found = {name: probes(source) for name, source in sources().items()}
    found = {n: calls for n, calls in found.items() if calls and not n.startswith("compat.")}
    new = {name: calls for name, calls in found.items() if name not in PROBES}
    assert not new, f"ask for a class or a method instead, or give a reason in PROBES: {new}"
    assert not PROBES.keys() - found.keys(), "a reason for what is gone"


def test_a_planted_probe_is_found() -> None:
    source = "hasattr(x, 'a'); getattr(x, 'a', None); getattr(x, name); hasattr(os, 'fork')"
    assert probes(source) == ["hasattr(x, 'a')", "getattr(x, 'a', None)"]


# --- the import ---------------------------------------------------------------------------------


def folders() -> list[Path]:
    """Every folder of the package but those that follow the layout of another framework."""
    found = (file.parent for file in (SRC / "ranvier").rglob("__init__.py"))
    compat = SRC / "ranvier" / "compat"
    return [f for f in found if f != SRC / "ranvier" and f != compat and compat not in f.parents]


@pytest.mark.parametrize(
    "folder", folders(), ids=lambda f: f.relative_to(SRC / "ranvier").as_posix()
)
def test_a_folder_lists_what_stands_in_it(folder: Path) -> None:
    """The docstring of a folder has one row for each file, with what it holds."""
    text = ast.get_docstring(parsed((folder / "__init__.py").read_text("utf-8"))) or ""
    rows = re.findall(r"^\| `?([\w./]+?)`? \| .+ \|$", text, re.MULTILINE)
    there = {f.name for f in folder.glob("*.py")} - {"__init__.py"}
    there |= {f"{f.name}/" for f in folder.iterdir() if (f / "__init__.py").exists()}
    assert sorted(rows) == sorted({"file", *there})


def in_new_process(code: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_import_is_silent_and_loads_nothing_heavy() -> None:
    done = in_new_process("import ranvier, sys; print(*{n.partition('.')[0] for n in sys.modules})")
    assert done.stderr == ""
    assert set(done.stdout.split()) & HEAVY == set()


def test_version_is_the_one_of_the_build() -> None:
    assert f'version = "{ranvier.__version__}"' in (ROOT / "pyproject.toml").read_text()
    assert f"\nversion: {ranvier.__version__}\n" in (ROOT / "CITATION.cff").read_text()
