"""Nothing is lost by writing: no source, no device, no mode; no file is half written or left."""

from __future__ import annotations

import ast
import contextlib
import functools
import os
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner

import ranvier
from paths import SRC
from ranvier.attribution import Attribution, Counterfactual, partial_dependence
from ranvier.callbacks import Checkpoint, CSVLogger, ModelCheckpoint, Record
from ranvier.cli.main import main
from ranvier.compat import torch as torch_names
from ranvier.compat.tensorflow import keras
from ranvier.data import TextVectorization, Vocabulary, stream_csv, stream_npy
from ranvier.diagnosis import Diagnosis
from ranvier.errors import ArgumentError, FileError
from ranvier.io import files, handles, writing
from ranvier.io.writing import open_log, protect, protected, write_whole
from ranvier.plots.drawing import Drawing
from ranvier.report.measures.bootstrap import Estimate
from ranvier.report.page import Report
from ranvier.report.results import ModelScore, Results
from ranvier.tasks import ForecastModel
from ranvier.tune.journal import Journal
from syntax import parsed

ON_POSIX = pytest.mark.skipif(not hasattr(os, "getuid"), reason="modes and pipes of POSIX")
X = np.ones((4, 3), np.float32)


def network(kind: Any = ranvier.Sequential) -> Any:
    model = kind([ranvier.nn.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse", engine="reference")
    return model


def ensemble() -> Any:
    many = ranvier.ensemble(network, 2, seeds=[1, 2])
    many.predict(X)
    return many


def forecaster() -> Any:
    network = ranvier.models.mlp_forecaster(4, 2, width=4)
    return ForecastModel(network, "y", 4, 2, 1, 0.0, 1.0, False)


@functools.cache
def table_model() -> Any:
    pytest.importorskip("polars")
    rows = {"a": [float(i % 7) for i in range(40)], "y": [float(i % 5) for i in range(40)]}
    return ranvier.fit_table(rows, "y", budget=600, epochs=1, members=1, verbose=0)


def fitted(callback: Any) -> None:
    network().fit(X, X[:, 0], verbose=0, callbacks=[callback])


def record() -> Record:
    made = Record(1, max_cost=None)
    fitted(made)
    return made


def pairs(path: Path) -> None:
    pytest.importorskip("tokenizers")
    ranvier.data.BytePairs.train(["a b a b"], 300).save(path)


def picture(path: Path) -> None:
    figures = pytest.importorskip("matplotlib.figure")
    from ranvier.plots.figures import save_picture

    save_picture(figures.Figure(), path)


def plotted(path: Path) -> None:
    pytest.importorskip("matplotlib")
    network().fit(X, X[:, 0], verbose=0).plot(path)


def journal(path: Path) -> None:
    try:
        Journal(path).append_logs([{"op_code": 0}])
    except FileError as problem:  # it never replaces what is there
        if "is not the file of a study" not in str(problem):
            raise


def report(path: Path) -> None:
    score = ModelScore("network", {"rmse": Estimate(1.0)})
    Report(Results("t", "y", "regression", "rmse", 9, 9, "", models=(score,))).save(path)


def attribution() -> Attribution:
    return Attribution("occlusion", X, ("a", "b", "c"))


# Every way in which a user makes the package write, and the suffix of what it writes. The functions
# that reach the gate are found in the sources below; each must be under one of these.
WRITERS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "Model.save": (lambda path: network().save(path), ""),
    "Model.save_weights": (lambda path: network().save_weights(path), ".safetensors"),
    "TaskModel.save": (lambda path: forecaster().save(path), ""),
    "Ensemble.save": (lambda path: ensemble().save(path), ""),
    "TableModel.save": (lambda path: table_model().save(path), ""),
    "Ensemble.save_weights": (lambda path: ensemble().save_weights(path), ".safetensors"),
    "ModelCheckpoint": (lambda path: fitted(ModelCheckpoint(path)), ""),
    "Checkpoint": (lambda path: fitted(Checkpoint(path)), ".ckpt"),
    "CSVLogger": (lambda path: fitted(CSVLogger(path)), ".csv"),
    "files.write": (lambda path: files.write(path, {"x": X}, {}), ""),
    "write_whole": (lambda path: write_whole(path, b"x"), ""),
    "Vocabulary.save": (lambda path: Vocabulary(["a"]).save(path), ".json"),
    "TextVectorization.save": (
        lambda path: TextVectorization(vocabulary=["a"]).save(path), ".json"
    ),
    "BytePairs.save": (pairs, ".json"),
    "save_picture": (picture, ".png"),
    "History.plot": (plotted, ".svg"),
    "Drawing.save": (lambda path: Drawing("a", "b").save(path), ".svg"),
    "Report.save": (report, ".html"),
    "Attribution.save": (lambda path: attribution().save(path), ".html"),
    "Dependence.save": (
        lambda path: partial_dependence(lambda x: x[:, 0], X, 0).save(path), ".svg"
    ),
    "Counterfactual.save": (
        lambda path: Counterfactual({"a": (1, 2)}, "no", "yes", 1.0, {"a": 2}).save(path), ".csv"
    ),
    "Record.save": (lambda path: record().save(path), ".html"),
    "Walkthrough.save": (lambda p: network().walkthrough(X, X[:, 0]).save(p), ".html"),
    "Diagnosis.save": (lambda path: Diagnosis([], [], {}).save(path), ".html"),
    "Journal": (journal, ".study"),
    "torch.save": (lambda path: torch_names.save({"x": torch_names.ones(2)}, path), ".pt"),
    "keras save": (lambda path: network(keras.Sequential).save(path), ".keras"),
    "keras save_model": (
        lambda path: keras.models.save_model(network(keras.Sequential), path), ".h5"
    ),
}  # fmt: skip
WHOLE = [
    name for name in WRITERS if name not in ("CSVLogger", "Journal")
]  # those that write in one go

# What reaches the gate, and by which of the above it is tried; commands are tried further below.
REACHED = {
    "io.files:write": "files.write",
    "train.models.saving:save": "Model.save",
    "train.models.saving:save_weights": "Model.save_weights",
    "train.ensembles.saving:save": "Ensemble.save",
    "tasks.task_model:save": "TaskModel.save",
    "train.ensembles.saving:save_weights": "Ensemble.save_weights",
    "train.callbacks.callback:on_train_begin": "CSVLogger",
    "train.fit.resume:save": "Checkpoint",
    "data.text:write_json": "Vocabulary.save",
    "data.text:write_json_text": "Vocabulary.save",
    "data.text:save": "Vocabulary.save",
    "data.vectorize:save": "TextVectorization.save",
    "data.fetch:_keep": "write_whole",
    "plots.figures:save_picture": "save_picture",
    "plots.drawing:save": "Drawing.save",
    "report.page:save": "Report.save",
    "attribution.result:save_as": "Attribution.save",
    "train.recording.record:save": "Record.save",
    "train.walkthrough.walk:save": "Walkthrough.save",
    "diagnosis.finding:save": "Diagnosis.save",
    "tune.journal:__init__": "Journal",
    "compat.torch.functions:save": "torch.save",
    "tables.model:save": "TableModel.save",
    "cli.compare:_compare": "the command compare",
    "cli.tables:_write": "the command predict",
    "cli.tasks:predict_task": "the command predict",
}
GATE = {"write_whole", "open_log", "write_json", "write_json_text", "save_picture"}


# --- nothing goes around the gate ---------------------------------------------------------------

# Where files are written by hand: the gate itself, and the folder of compiled code.
HAND_MADE = {"io.writing", "io.handles", "io.private"}
# Calls that would write, remove or rename; of `open` those whose mode says so.
WRITING = {
    "write_text", "write_bytes", "touch", "savefig", "tofile", "savez", "savez_compressed",
    "savetxt", "open_memmap", "to_csv", "to_parquet", "to_excel", "to_json", "write_csv",
    "write_parquet", "write_image", "write_html", "save_file", "rename", "renames", "unlink",
    "remove_dir", "rmdir", "removedirs", "symlink_to", "hardlink_to", "symlink", "link", "mkstemp",
    "mkdtemp", "NamedTemporaryFile", "TemporaryFile", "copyfile", "copytree", "rmtree", "truncate",
    "fdopen", "urlretrieve", "dump",
}  # fmt: skip
# Exceptions, each with its reason.
ALLOWED = {
    ("plots.figures", "figure.savefig"): "into memory",
    ("cli.tables", "made.write_csv"): "into memory",
    ("cli.tasks", "frame.write_csv"): "into memory",
    ("tables.model", "self.results.to_json"): "into memory",
    ("io.reading", "os.open"): "with the flags of a file that is read",
}
OS_WRITING = {"open", "replace", "remove", "write", "mkfifo", "chmod", "chown"}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SRC).with_suffix("").parts)


def calls(text: str) -> Iterator[tuple[str, str, ast.Call]]:
    """(innermost function, dotted name, call) of every call in a source."""

    def visit(node: ast.AST, function: str) -> Iterator[tuple[str, str, ast.Call]]:
        if isinstance(node, ast.FunctionDef):
            function = node.name
        if isinstance(node, ast.Call):
            yield function, ast.unparse(node.func), node
        for inner in ast.iter_child_nodes(node):
            yield from visit(inner, function)

    yield from visit(parsed(text), "")


def by_hand(text: str) -> list[str]:
    """The calls in a source that write without the gate."""
    found = []
    for _, name, call in calls(text):
        owner, _, last = name.rpartition(".")
        modes = [*call.args[:2], *(k.value for k in call.keywords if k.arg == "mode")]
        literals = [
            m.value for m in modes if isinstance(m, ast.Constant) and isinstance(m.value, str)
        ]
        opens = last == "open" and owner not in ("os", "Image")
        unclear = opens and any(isinstance(m, ast.IfExp | ast.JoinedStr) for m in modes)
        writes = opens and any(set(m) <= set("rwaxbt+") and set(m) & set("wax+") for m in literals)
        others = {
            **{key: {"save"} for key in ("np", "numpy", "image", "figure", "tokenizer")},
            "os": OS_WRITING,
            "shutil": OS_WRITING,
        }
        if last in WRITING or writes or unclear or last in others.get(owner, ()):
            found.append(name)
    return found


def sources() -> dict[str, str]:
    return {name_of(p): p.read_text(encoding="utf-8") for p in sorted(SRC.rglob("*.py"))}


def test_every_file_is_written_through_the_gate() -> None:
    found = {
        (module, name)
        for module, text in sources().items()
        if module not in HAND_MADE
        for name in by_hand(text)
    }
    assert found == set(ALLOWED)


@pytest.mark.parametrize(
    "planted",
    [
        'open(p, "w")', 'open(p, mode="ab")', 'path.open("x")', 'open(p, "a" if q else "w")',
        "path.write_text(t)", "os.replace(a, b)", "np.save(p, x)", "figure.savefig(p)",
        "shutil.copyfile(a, b)", "os.open(p, os.O_WRONLY)", "frame.to_csv(p)", "image.save(p)",
        "tempfile.mkstemp()", "pickle.dump(x, f)",
    ],
)  # fmt: skip
def test_a_planted_writer_is_caught(planted: str) -> None:
    assert by_hand(f"def f():\n    {planted}")
    assert not by_hand('open(p); open(p, "rb"); text.replace("w", "x"); zip.open("w.txt")')


def test_every_way_to_the_gate_is_tried() -> None:
    found = set()
    for module, text in sources().items():
        for function, name, _ in calls(text):
            owner, _, last = name.rpartition(".")
            if last in GATE or (owner, last) == ("files", "write"):
                found.add(f"{module}:{function}")
    assert found == set(REACHED)
    assert {name for name in REACHED.values() if "command" not in name} <= set(WRITERS)


# --- every writer -------------------------------------------------------------------------------


@pytest.fixture(params=WRITERS)
def writer(request: pytest.FixtureRequest) -> tuple[Callable[[Path], Any], str]:
    return WRITERS[request.param]


def tried(write: Callable[[Path], Any], path: Path, message: str) -> None:
    with pytest.raises(FileError, match=message):
        write(path)


def test_no_writer_replaces_what_is_being_read(
    tmp_path: Path, writer: tuple[Callable[[Path], Any], str]
) -> None:
    write, suffix = writer
    source = tmp_path / f"data{suffix}"
    source.write_text("a,b\n1,2\n3,4\n")
    stream = stream_csv(source, "b")
    tried(write, source, "is being read as data")
    (tmp_path / f"link{suffix}").symlink_to(source)
    tried(write, tmp_path / f"link{suffix}", "the same file as .*is being read")
    os.link(source, tmp_path / f"hard{suffix}")
    tried(write, tmp_path / f"hard{suffix}", "is being read")
    assert source.read_text() == "a,b\n1,2\n3,4\n" and stream.rows is None
    del stream
    write(source)  # what nobody reads any more is the user's to replace


@ON_POSIX
def test_no_writer_replaces_what_is_no_plain_file(
    tmp_path: Path, writer: tuple[Callable[[Path], Any], str]
) -> None:
    write, suffix = writer
    pipe, folder, plug = (tmp_path / f"{n}{suffix}" for n in ("pipe", "folder", "plug"))
    os.mkfifo(pipe)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(os.path.relpath(plug))
        (tmp_path / f"link{suffix}").symlink_to(pipe)
        for path, message in ((pipe, "a pipe"), (folder, "a folder"), (plug, "a socket")):
            before = os.stat(path)
            tried(write, path, message)
            assert os.path.samestat(before, os.stat(path))
        tried(write, tmp_path / f"link{suffix}", "a pipe")
    circle = tmp_path / f"circle{suffix}"
    circle.symlink_to(circle)
    tried(write, circle, "cannot be written")
    assert len(list(tmp_path.iterdir())) == 5


@ON_POSIX
def test_no_device_is_replaced(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "full", stat.S_IFCHR | 0o666, os.makedev(1, 7))
    except (OSError, AttributeError):
        pytest.skip("this user may not make devices")
    tried(WRITERS["Model.save"][0], tmp_path / "full", "a device")
    assert stat.S_ISCHR((tmp_path / "full").stat().st_mode)


@ON_POSIX
@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640, 0o664, 0o755])
@pytest.mark.parametrize("name", WHOLE)
def test_a_file_keeps_its_mode(tmp_path: Path, name: str, mode: int) -> None:
    write, suffix = WRITERS[name]
    path = tmp_path / f"m{suffix}"
    write(path)
    path.write_bytes(b"before")
    path.chmod(mode)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode and path.read_bytes() != b"before"
    assert len(list(tmp_path.iterdir())) == 1


@ON_POSIX
def test_a_private_file_is_never_readable_by_others_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"")
    path.chmod(0o600)
    seen, write = [], os.write

    def spy(handle: int, data: bytes) -> int:
        seen.append(stat.S_IMODE(os.fstat(handle).st_mode))
        return write(handle, data)

    monkeypatch.setattr(os, "write", spy)
    write_whole(path, b"secret")
    assert seen == [0o600]


def test_a_suffix_of_another_format_is_refused(tmp_path: Path) -> None:
    for suffix in writing.FORMATS.keys() - {".safetensors"}:
        for name in ("Model.save", "Model.save_weights", "ModelCheckpoint", "files.write"):
            tried(WRITERS[name][0], tmp_path / f"m{suffix}", r"name it m\.safetensors")
    tried(WRITERS["Vocabulary.save"][0], tmp_path / "v.pkl", r"name it v\.json")
    for suffix in (".safetensors", ".npy", ".parquet", ".json"):
        tried(WRITERS["CSVLogger"][0], tmp_path / f"log{suffix}", "is the suffix of")
    with pytest.raises(ArgumentError, match=r"ends in \.png"):
        picture(tmp_path / "p.csv")
    assert list(tmp_path.iterdir()) == []
    for suffix in ("", ".rv", ".5", ".safetensors", ".SAFETENSORS"):
        network().save(tmp_path / f"m{suffix}")
        ranvier.load(tmp_path / f"m{suffix}")


def test_suffixes_of_tutorials_are_reported_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_warned_suffixes", set())
    for name, message in (("torch.save", "PyTorch"), ("keras save", "Keras")):
        write, suffix = WRITERS[name]
        with pytest.warns(
            UserWarning,
            match=rf"is written as safetensors, .* but no program that reads {message} files",
        ):
            write(tmp_path / f"m{suffix}")
        with pytest.warns(UserWarning) as found:
            write(tmp_path / f"m{suffix}")
            import warnings

            warnings.warn("the only one", stacklevel=1)
        assert len(found) == 1
    tried(WRITERS["keras save"][0], tmp_path / "m.onnx", "ONNX")


def test_paths_that_are_none() -> None:
    with pytest.raises(ArgumentError, match="expected the name of a file, got 3"):
        write_whole(3, b"")  # type: ignore[arg-type]
    with pytest.raises(FileError, match="cannot be written"):
        write_whole("a\0b", b"")
    with pytest.raises(FileError, match="is a folder"):
        write_whole("", b"")


# --- a full disk --------------------------------------------------------------------------------


@contextlib.contextmanager
def room_for(size: int) -> Iterator[None]:
    """Inside, no file grows beyond so many bytes, as on a disk that is full."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@ON_POSIX
@pytest.mark.parametrize("size", [0, 20])
def test_a_full_disk_loses_nothing(
    tmp_path: Path, size: int, writer: tuple[Callable[[Path], Any], str]
) -> None:
    write, suffix = writer
    path = tmp_path / f"file{suffix}"
    write(path)
    before = path.read_bytes()
    if len(before) <= size:
        pytest.skip("it fits")
    with room_for(size):
        tried(write, path, "could not be written")
    assert list(tmp_path.iterdir()) == [path], "parts were left behind"
    if writer is not WRITERS["CSVLogger"]:  # whose log begins again
        assert path.read_bytes() == before
    write(path)
    assert path.stat().st_size > size


@ON_POSIX
def test_a_log_on_a_full_disk_keeps_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = CSVLogger(path)
    model = network()
    with room_for(70), pytest.raises(FileError, match=r"log\.csv: a line could not be written"):
        model.fit(X, X[:, 0], epochs=50, verbose=0, callbacks=[log])
    head, *lines = path.read_bytes().decode().splitlines(keepends=True)
    assert head == "epoch,loss\r\n" and lines
    assert all(line.endswith("\r\n") and line.count(",") == 1 for line in lines)
    assert np.isfinite(model.get_weights()[0]).all()
    model.fit(X, X[:, 0], epochs=2, verbose=0, callbacks=[log])
    assert len(path.read_text().splitlines()) == 3


# --- what is being read -------------------------------------------------------------------------


def test_every_stream_protects_its_files(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    image = pytest.importorskip("PIL.Image")
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    picture_file = tmp_path / "photos" / "cat" / "1.png"
    image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(picture_file)
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    parquet.write_table(pyarrow.table({"a": [1.0], "y": [2.0]}), tmp_path / "t.parquet")
    streams = [
        stream_npy(tmp_path / "x.npy"),
        ranvier.data.stream_images(tmp_path / "photos", (4, 4)),
        ranvier.data.stream_parquet(tmp_path / "t.parquet", "y"),
    ]
    for path in (tmp_path / "x.npy", picture_file, tmp_path / "t.parquet"):
        with pytest.raises(FileError, match="is being read"):
            write_whole(path, b"")
    assert len(streams) == 3


def test_of_many_files_those_of_a_like_name_are_looked_at(tmp_path: Path) -> None:
    class Reader:
        pass

    reader = Reader()
    (tmp_path / "x150").write_bytes(b"kept")
    protect(reader, *(tmp_path / f"x{i}" for i in range(200)))
    with pytest.raises(FileError, match="is being read"):
        write_whole(tmp_path / "x150", b"")
    write_whole(tmp_path / "other", b"")


def test_protection_ends(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"kept")
    with protected(tmp_path / "a"), pytest.raises(FileError, match="is being read"):
        open_log(tmp_path / "a")
    open_log(tmp_path / "a").close()
    assert (tmp_path / "a").read_bytes() == b""


# --- Ctrl-C at every line -----------------------------------------------------------------------


class Interrupts:
    """KeyboardInterrupt at the n-th line, or end of a function, that runs in the gate."""

    def __init__(self, n: int) -> None:
        self.left = n

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in (writing.__file__, handles.__file__):
            return None
        if event in ("line", "return"):
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


def open_files() -> int:
    """How many files this process has open; 0 where the system does not show it."""
    shown = Path("/proc/self/fd")
    return len(list(shown.iterdir())) if shown.exists() else 0


def test_ctrl_c_at_any_line_leaves_the_file_before_or_the_whole_one(tmp_path: Path) -> None:
    path, n, known = tmp_path / "m", 0, open_files()
    before = sys.gettrace()
    while True:
        n += 1
        path.write_bytes(b"before")
        interrupts = Interrupts(n)
        try:
            sys.settrace(interrupts)
            write_whole(path, b"after")
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(before)
        if interrupts.left > 0:
            break
        assert path.read_bytes() in (b"before", b"after"), n
        left = [p.name for p in tmp_path.iterdir() if p != path]
        assert left == [], (n, left)
        assert open_files() == known, n  # a file that is removed takes room until it is closed
    assert n > 40 and path.read_bytes() == b"after"


@ON_POSIX
def test_what_a_dead_writer_left_is_removed_at_the_next_save(tmp_path: Path) -> None:
    import fcntl

    dead, alive = tmp_path / ".m.0123abcd.part", tmp_path / ".m.89abcdef.part"
    others = [tmp_path / ".m.x.part", tmp_path / ".mm.0123abcd.part", tmp_path / "m.0123abcd.part"]
    for path in (dead, alive, *others):
        path.write_bytes(b"half")
    with alive.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        write_whole(tmp_path / "m", b"whole")
        assert not dead.exists() and alive.exists()
    write_whole(tmp_path / "m", b"whole")
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "m", *others])


# --- every command ------------------------------------------------------------------------------

# The options of each command that name a file: what is read, what is written.
COMMANDS: dict[str, tuple[set[str], set[str]]] = {
    "train": (set(), {"out", "report"}),
    "tune": (set(), {"out", "report", "storage"}),
    "evaluate": ({"model", "data"}, set()),
    "predict": ({"model", "data"}, {"out"}),
    "inspect": ({"file"}, set()),
    "explain": ({"file"}, set()),
    "show": ({"model", "data"}, {"out"}),
    "attribute": ({"model", "data", "background"}, {"out"}),
    "diagnose": ({"model", "data", "validation", "new"}, {"out"}),
    "compare": ({"data"}, {"out", "scores"}),
}


def test_every_option_of_every_command_that_names_a_file_is_known() -> None:
    assert set(main.commands) == set(COMMANDS)
    for name, command in main.commands.items():
        paths = {p.name for p in command.params if isinstance(p.type, click.Path)}
        reads, writes = COMMANDS[name]
        assert writes <= paths <= reads | writes, name


def run(*arguments: object) -> Any:
    return CliRunner().invoke(main, list(map(str, arguments)))


def flowers(tmp_path: Path) -> Path:
    path = tmp_path / "flowers.csv"
    rows = [f"{i % 7},{i % 5},{'rose' if i % 2 else 'lily'}" for i in range(60)]
    path.write_text("\n".join(["a,b,species", *rows]) + "\n")
    return path


def compared(*arguments: object) -> Any:
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    return run("compare", *arguments, "--target", "species", "--sizes", "20", "--seeds", "1",
               "--learners", "naive Bayes")  # fmt: skip


def test_the_command_in_the_docs_leaves_the_table_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = flowers(tmp_path)
    before = path.read_bytes()
    monkeypatch.chdir(tmp_path)
    for _ in range(2):  # the second run replaces what the first one wrote
        done = compared("flowers.csv", "--out", "flowers.png")
        assert done.exit_code == 0, done.output
        assert "picture: flowers.png, numbers: flowers-scores.csv" in done.output
        assert path.read_bytes() == before
        names = sorted(p.name for p in tmp_path.iterdir())
        assert names == ["flowers-scores.csv", "flowers.csv", "flowers.png"]
    Path("flowers-scores.csv").write_text("what somebody else wrote\n")
    done = compared("flowers.csv", "--out", "flowers.png")
    assert done.exit_code == 2 and "--scores FILE.csv" in done.output
    assert Path("flowers-scores.csv").read_text() == "what somebody else wrote\n"
    assert compared("flowers.csv", "--out", "flowers.png", "--scores", "s.csv").exit_code == 0


@pytest.mark.parametrize("link", ["none", "symbolic", "hard"])
@pytest.mark.parametrize("option", ["--out", "--scores"])
def test_compare_never_writes_over_its_table(tmp_path: Path, option: str, link: str) -> None:
    path = flowers(tmp_path)
    before = path.read_bytes()
    named = path
    if option == "--out" or link != "none":
        named = tmp_path / ("x.png" if option == "--out" else "x.csv")
        if link == "hard":
            os.link(path, named)
        else:
            named.symlink_to(path)
    other = [] if option == "--out" else ["--out", tmp_path / "y.png"]
    done = compared(path, option, named, *other)
    assert done.exit_code == 2 and "is being read" in done.output, done.output
    assert path.read_bytes() == before and named.read_bytes() == before
    assert not (tmp_path / "y.png").exists()


def test_compare_writes_two_files(tmp_path: Path) -> None:
    path = flowers(tmp_path)
    (tmp_path / "s.csv").symlink_to(tmp_path / "p.png")
    done = compared(path, "--out", tmp_path / "p.png", "--scores", tmp_path / "s.csv")
    assert done.exit_code == 2 and "are the same file" in done.output


@pytest.mark.parametrize("name", ["flowers.csv", "link.csv", "m.safetensors"])
def test_predict_writes_over_neither_its_table_nor_its_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("flowers.csv").write_text("a,y\n1,2\n3,4\n")
    Path("link.csv").symlink_to("flowers.csv")
    table_model().save("m.safetensors")
    before = Path("flowers.csv").read_bytes(), Path("m.safetensors").read_bytes()
    done = run("predict", "m.safetensors", "flowers.csv", "--out", name)
    assert done.exit_code == 2, done.output
    assert (Path("flowers.csv").read_bytes(), Path("m.safetensors").read_bytes()) == before
    assert run("predict", "m.safetensors", "flowers.csv", "--out", "p.csv").exit_code == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [("m.h5", "name it m.safetensors"), ("none/m", "does not exist"), ("", "is a directory"),
     ("pipe", "a pipe")],
)  # fmt: skip
def test_train_says_before_the_training_what_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(ranvier.Sequential, "fit", lambda *a, **k: pytest.fail("it trained"))
    done = run("train", "digits", "--out", tmp_path / name)
    assert done.exit_code == 2 and message in done.output.replace("\n", " "), done.output


def test_train_does_not_write_over_the_packaged_digits(tmp_path: Path) -> None:
    ranvier.data.load_digits()
    packaged = next(p for p in (SRC / "data" / "files").iterdir() if "digits" in p.name)
    (tmp_path / "m").symlink_to(packaged)
    before = packaged.read_bytes()
    done = run("train", "digits", "--epochs", 1, "--out", tmp_path / "m")
    assert done.exit_code == 2 and "is being read" in done.output
    assert packaged.read_bytes() == before
