"""The data sets are the published ones; a missing or damaged file is said clearly."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ranvier.base.config import switches
from ranvier.data import (
    datasets,
    load_adult,
    load_airline_passengers,
    load_california_housing,
    load_digits,
    load_etth1,
    load_iris,
    load_mnist,
    load_rt_polarity,
    load_tiny_shakespeare,
    make_blobs,
    make_moons,
    make_regression,
    make_xor,
    seasonal_naive,
    windows,
)
from ranvier.data.datasets import image_sets
from ranvier.data.fetch import DataFile, read
from ranvier.errors import ArgumentError, DataError, FileError


def needs(*files: DataFile) -> pytest.MarkDecorator:
    """Skip where the folder RANVIER_DATA does not hold the files."""
    folder = Path(switches.data or "no folder given")
    missing = [file.path for file in files if not (folder / file.path).is_file()]
    return pytest.mark.skipif(bool(missing), reason=f"RANVIER_DATA has no {', '.join(missing)}")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, the only one looked at."""
    monkeypatch.setattr(switches, "data", str(tmp_path))
    monkeypatch.setattr(switches, "cache", "off")
    return tmp_path


# --- in the package -----------------------------------------------------------------------------


def test_digits_are_those_of_scikit_learn() -> None:
    theirs = pytest.importorskip("sklearn.datasets").load_digits()
    x, y = load_digits(split=False)
    np.testing.assert_array_equal(x, theirs.images)
    np.testing.assert_array_equal(y, theirs.target)
    assert (x.shape, x.dtype, y.dtype) == ((1797, 8, 8), np.uint8, np.int64)


def test_irises_are_those_of_scikit_learn() -> None:
    theirs = pytest.importorskip("sklearn.datasets").load_iris()
    x, y = load_iris(split=False)
    np.testing.assert_array_equal(x, theirs.data.astype(np.float32))
    np.testing.assert_array_equal(y, theirs.target)
    assert datasets.IRIS_SPECIES == tuple(theirs.target_names)


def test_a_stratified_fifth_of_the_digits_is_held_out() -> None:
    (x_train, y_train), (x_test, y_test) = load_digits()
    assert (len(x_train), len(x_test)) == (1437, 360)
    share = np.bincount(y_test) / np.bincount(load_digits(split=False)[1])
    assert np.abs(share - 0.2).max() < 0.006
    rows = {image.tobytes() for image in x_train} | {image.tobytes() for image in x_test}
    assert rows == {image.tobytes() for image in load_digits(split=False)[0]}
    assert len(set(y_train[:100])) == 10, "the training rows are in random order"


def test_a_seed_names_a_split() -> None:
    first, again, other = (load_digits(seed=seed)[1][1] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    # The same rows on every machine and with every release of NumPy.
    assert hashlib.sha256(load_digits()[1][0].tobytes()).hexdigest()[:16] == "50a3f1b53837c485"


# --- from a folder ------------------------------------------------------------------------------


@needs(*datasets.MNIST_FILES)
def test_mnist() -> None:
    (x_train, y_train), (x_test, y_test) = load_mnist()
    assert (x_train.shape, x_test.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert (x_train.dtype, y_train.dtype) == (np.uint8, np.int64)
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9] and y_test[:3].tolist() == [7, 2, 1]
    assert np.bincount(y_train).tolist()[:2] == [5923, 6742]
    assert abs(x_train.mean() / 255 - 0.1307) < 1e-4


@needs(*datasets.ADULT_FILES)
def test_adult() -> None:
    (x_train, y_train), (x_test, y_test) = load_adult()
    assert (x_train.shape, x_test.shape) == ((32_561, 108), (16_281, 108))
    assert (round(y_train.mean(), 4), round(y_test.mean(), 4)) == (0.2408, 0.2362)
    assert x_train[0, :6].tolist() == [39, 77516, 13, 2174, 0, 40]
    assert (x_train[:, 6:].sum(axis=1) == 8).all(), "one of each of the eight categories"
    (columns, _), _ = load_adult(encode=False)
    assert list(columns) == list(datasets.ADULT_COLUMNS[:-1])
    assert (columns["workclass"] == "?").sum() == 1836


@needs(datasets.CALIFORNIA_FILE)
def test_california_housing() -> None:
    (x_train, y_train), (x_test, y_test) = load_california_housing()
    assert (x_train.shape, x_test.shape) == ((16_512, 13), (4_128, 13))
    assert x_train.dtype == y_train.dtype == np.float32
    assert np.isfinite(x_train).all() and np.isfinite(x_test).all()
    assert (x_train[:, 8:].sum(axis=1) == 1).all()
    assert abs(np.concatenate([y_train, y_test]).mean() - 2.06856) < 1e-4
    (x_train, _), (x_test, _) = load_california_housing(missing="keep")
    assert np.isnan(x_train).sum() + np.isnan(x_test).sum() == 207
    with pytest.raises(ArgumentError, match="did you mean 'median'"):
        load_california_housing(missing="medain")


@needs(datasets.SHAKESPEARE_FILE)
def test_tiny_shakespeare() -> None:
    train, test = load_tiny_shakespeare()
    assert (len(train), len(test)) == (1_003_854, 111_540)
    assert train.startswith("First Citizen:\nBefore we proceed")
    ids, held, vocabulary = load_tiny_shakespeare(ids=True)
    assert len(vocabulary) == 65 and vocabulary[:2] == ["\n", " "] and ids.dtype == np.uint8
    assert "".join(vocabulary[i] for i in ids[:500]) == train[:500]
    assert "".join(vocabulary[i] for i in held[-500:]) == test[-500:]


@needs(*datasets.POLARITY_FILES)
def test_rt_polarity() -> None:
    (train, y_train), (test, y_test) = load_rt_polarity()
    assert len(train) == 9595 and len(test) == 1067 and abs(y_test.mean() - 0.5) < 1e-3
    first = train.index("simplistic , silly and tedious .")
    assert y_train[first] == 0 and not set(train) >= set(test)
    assert all("\n" not in text and text == text.strip() for text in train)


@needs(datasets.ETTH1_FILE)
def test_etth1() -> None:
    train, validation, test = load_etth1()
    assert [p.shape for p in (train, validation, test)] == [(8640, 7), (2880, 7), (2880, 7)]
    assert np.abs(train.mean(axis=0)).max() < 1e-4 and np.abs(train.std(axis=0) - 1).max() < 1e-4
    raw = load_etth1(standardize=False, columns="OT")[0]
    assert raw.shape == (8640, 1) and abs(raw[0, 0] - 30.531) < 1e-3
    with pytest.raises(ArgumentError, match="did you mean 'OT'"):
        load_etth1(columns="ot")


@needs(datasets.ETTH1_FILE)
def test_the_last_value_repeated_has_the_published_error() -> None:
    train, validation, test = load_etth1()
    x, y = windows(np.concatenate([validation[-336:], test]), 336, 96)
    x, y = x[:2785], y[:2785]
    error = seasonal_naive(x, 96, 1) - y
    assert len(x) == 2785 and round(float((error**2).mean()), 3) == 1.294
    assert round(float(np.abs(error).mean()), 3) == 0.713


@needs(datasets.AIRLINE_FILE)
def test_airline_passengers() -> None:
    series = load_airline_passengers()
    assert series.shape == (144,) and series[:3].tolist() == [112, 118, 132]
    x, y = windows(series, 12)
    error = seasonal_naive(x, 1, 12)[-48:] - y[-48:]
    assert round(float(np.sqrt((error**2).mean())), 1) == 41.9


# --- downloads ----------------------------------------------------------------------------------


class Mirror(http.server.BaseHTTPRequestHandler):
    """Answers with what lies in `files`; breaks off in the middle of "/half"."""

    files: dict[str, bytes] = {}
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        content = self.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content) * (2 if self.path == "/half" else 1)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def mirror() -> Iterator[str]:
    """The address of a server on this machine."""
    Mirror.files, Mirror.asked = {}, []
    server = http.server.HTTPServer(("127.0.0.1", 0), Mirror)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def published(content: bytes, *urls: str) -> DataFile:
    sha256 = hashlib.sha256(content).hexdigest()
    return DataFile("some/file", len(content), sha256, "nowhere", urls)


def test_mirrors_are_asked_one_after_the_other(
    folder: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switches, "cache", str(folder / "cache"))
    Mirror.files = {"/half": b"some", "/other": b"some letters", "/good": b"some numbers"}
    file = published(
        b"some numbers", *(f"{mirror}/{name}" for name in ("missing", "half", "other", "good"))
    )
    assert read(file) == [b"some numbers"]
    assert Mirror.asked == ["/missing", "/half", "/other", "/good"]
    assert read(file) == [b"some numbers"] and len(Mirror.asked) == 4
    kept = [p.name for p in (folder / "cache").rglob("*") if p.is_file()]
    assert kept == ["file"], "no parts are left behind"


def test_when_no_mirror_has_it_the_error_says_what_each_answered(
    folder: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switches, "cache", str(folder / "cache"))
    Mirror.files = {"/long": b"x" * 100_000}
    file = published(b"some", f"{mirror}/long", f"{mirror}/none", "http://127.0.0.1:9/off")
    with pytest.raises(DataError, match="not found") as caught:
        read(file)
    message = str(caught.value)
    assert "/long: 5 bytes that are not the published file" in message, "never reads more"
    assert "/none: Not Found" in message and "127.0.0.1:9/off: " in message
    assert str(folder / "cache" / "data") in message and "Put them there" in message


def test_nothing_is_downloaded_with_the_cache_off(folder: Path, mirror: str) -> None:
    with pytest.raises(DataError, match="not found"):
        read(published(b"some", f"{mirror}/good"))
    assert Mirror.asked == []


def test_every_file_has_mirrors_and_a_hash() -> None:
    files = [f for name in datasets.__all__ if name.endswith(("_FILE", "_FILES"))
             for f in np.atleast_1d(getattr(datasets, name)).tolist()]  # fmt: skip
    files = [f for f in files if isinstance(f, DataFile)]
    assert len(files) == 12
    for file in files:
        assert len(file.urls) == 2 and all(u.startswith("https://") for u in file.urls)
        assert len(file.sha256) == 64 and file.size > 1000


# --- what is not right --------------------------------------------------------------------------


def test_missing_files_are_listed_with_where_to_get_them(folder: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_mnist()
    message = str(caught.value)
    assert message.startswith(
        "4 data files not found:\n  mnist/train-images-idx3-ubyte.gz  (9,912,422"
    )
    assert (
        "https://" in message
        and str(folder) in message
        and "ranvier.config(data=FOLDER)" in message
    )


def test_a_damaged_file_is_refused(folder: Path) -> None:
    for file in datasets.MNIST_FILES:
        (folder / file.path).parent.mkdir(exist_ok=True)
        (folder / file.path).write_bytes(b"not this")
    with pytest.raises(FileError, match=r"not the published file: 8 bytes .* expected 9,912,422"):
        load_mnist()


def test_a_file_is_read_when_its_hash_is_right(folder: Path) -> None:
    content = b"some numbers"
    file = DataFile("some/file", len(content), hashlib.sha256(content).hexdigest(), "nowhere")
    (folder / "some").mkdir()
    (folder / "some" / "file").write_bytes(content)
    assert read(file) == [content]


def test_idx_files_are_read_and_checked(folder: Path) -> None:
    content = struct.pack(">BBBBII", 0, 0, 8, 2, 2, 3) + bytes(range(6))
    unpacked = gzip.decompress(gzip.compress(content))
    assert image_sets._idx(unpacked).tolist() == [
        [0, 1, 2],
        [3, 4, 5],
    ]
    for bad in (content[:-1], b"\1" + content[1:], content + b"x"):
        with pytest.raises(FileError, match="not an IDX file"):
            image_sets._idx(bad)


# --- made up ------------------------------------------------------------------------------------


def test_made_up_sets_are_what_they_say() -> None:
    x, y = make_regression(200, 3, noise=0.0, seed=1)
    weights, residue, *_ = np.linalg.lstsq(x, y, rcond=None)
    assert y.shape == (200,) and float(residue[0]) < 1e-4 and (weights > 0).all()
    x, y = make_xor(100, noise=0.1)
    assert ((x.round()[:, 0] != x.round()[:, 1]) == y).mean() > 0.95
    for make in (make_moons, make_blobs):
        x, y = make(90)
        assert x.shape == (90, 2) and x.dtype == np.float32 and np.bincount(y).min() >= 30
        np.testing.assert_array_equal(x, make(90)[0])
        assert (x != make(90, seed=1)[0]).any()
