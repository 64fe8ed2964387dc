"""Pictures in class folders: what is chosen, learned, saved and refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.errors import DataError, FileError, RanvierError, ShapeError
from ranvier.io import files as written
from ranvier.tasks import ImageModel, fit_images, images

image = pytest.importorskip("PIL.Image")

Clock = Callable[[float], None]


def pictures(folder: Path, count: int = 40, side: int = 12, color: bool = False) -> Path:
    """Bright on the left, or on the right."""
    random = np.random.default_rng(0)
    for name, part in (("left", slice(None, side // 2)), ("right", slice(side // 2, None))):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            pixels = random.integers(0, 60, (side, side, 3) if color else (side, side))
            pixels[:, part] += random.integers(100, 190)
            image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{i}.png")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return pictures(tmp_path / "photos")


def test_it_learns_saves_and_says_why(
    folder: Path, tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    clock(0.2)
    model = fit_images(folder, budget=20)
    assert model.score["accuracy"] >= 0.75 and model.score["test_images"] == 8
    assert (model.classes, model.size, model.color) == (["left", "right"], (12, 12), "grayscale")
    assert {"size", "color", "network", "training"} <= {c.what for c in model.choices}
    shown = capsys.readouterr().out
    assert "12 x 12 pixels" in shown and "pictures held out" in shown
    paths = sorted(folder.glob("*/1*.png"))
    before = model.predict_proba(paths)
    model.save(tmp_path / "model.safetensors")
    again = ranvier.load(tmp_path / "model.safetensors")
    assert isinstance(again, ImageModel)
    np.testing.assert_array_equal(again.predict_proba(paths), before)
    assert again.score == model.score and again.choices == model.choices
    assert again.predict(str(paths[0])) == model.predict(paths)[:1]
    pixels = np.stack([np.asarray(image.open(path)) for path in paths])
    np.testing.assert_array_equal(again.predict_proba(pixels), before)
    with pytest.warns(UserWarning, match="pixels of 0 to 255; .* multiply them again"):
        again.predict(pixels / 255)
    with pytest.raises(RanvierError, match="images: .*NaN"):
        again.predict(np.full(pixels.shape, np.nan))
    assert again.evaluate(folder) >= 0.75


def test_what_the_network_sees_follows_the_pictures(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "_LARGEST", 24)
    clock(20.0)
    folder = pictures(tmp_path / "large", 4, 40, color=True)
    image.new("RGB", (300, 200)).save(folder / "left" / "other.jpg")
    model = fit_images(folder, budget=10, verbose=0)
    assert model.size == (24, 24) and model.color == "rgb"
    assert model.predict_proba([folder / "left" / "other.jpg"]).shape == (1, 2)
    assert fit_images(folder, budget=10, size=16, color="grayscale", verbose=0).size == (16, 16)


def test_what_cannot_be_learned_is_refused(tmp_path: Path, folder: Path) -> None:
    one = pictures(tmp_path / "one")
    for path in (one / "right").iterdir():
        path.unlink()
    few = pictures(tmp_path / "few", 2)
    (tmp_path / "empty").mkdir()
    refused = {one: "two classes", few: "at least three", tmp_path / "empty": "no images"}
    for wrong, message in (refused | {tmp_path / "none": "no folder"}).items():
        with pytest.raises(RanvierError, match=message):
            fit_images(wrong, budget=5, verbose=0)
    with pytest.raises(RanvierError, match="budget"):
        fit_images(folder, budget=0)
    with pytest.raises(RanvierError, match="at least 4 pixels"):
        fit_images(folder, size=2, verbose=0)


def test_pictures_that_cannot_be_read(folder: Path, clock: Clock) -> None:
    clock(5.0)
    model = fit_images(folder, budget=10, verbose=0)
    (folder / "broken.png").write_bytes(b"no picture")
    with pytest.raises(FileError, match="broken.png"):
        model.predict(folder / "broken.png")
    with pytest.raises(ShapeError, match="expected"):
        model.predict(np.zeros((2, 5, 5)))


@pytest.mark.parametrize("name", ["size", "classes", "color"])
def test_a_damaged_description_is_a_file_error(
    folder: Path, tmp_path: Path, clock: Clock, name: str
) -> None:
    clock(5.0)
    path = tmp_path / "model.safetensors"
    fit_images(folder, budget=10, verbose=0).save(path)
    arrays, about = written.read(path)
    config: Any = about["config"]
    del config[name]
    about.pop("checksum", None)
    written.write(path, arrays, about)
    with pytest.raises(FileError, match="cannot be read"):
        ranvier.load(path)


def test_no_data_error_for_pictures_of_one_size_only(folder: Path) -> None:
    with pytest.raises(DataError, match="smaller size"):
        fit_images(folder, size=20_000, verbose=0)
