"""Pictures, texts and series from the command line to predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ranvier.cli.main import main

pytest.importorskip("polars")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def trained(*arguments: object) -> str:
    done = run("train", *arguments, "--budget", "3s")
    assert done.exit_code == 0, done.output
    return done.output


def test_pictures_in_folders(folder: Path) -> None:
    images = pytest.importorskip("PIL.Image")
    random = np.random.default_rng(0)
    for name, grey in (("dark", 40), ("light", 200)):
        (folder / "photos" / name).mkdir(parents=True)
        for i in range(30):
            pixels = random.normal(grey, 10, (12, 12)).clip(0, 255).astype(np.uint8)
            images.fromarray(pixels).save(folder / "photos" / name / f"{i}.png")
    assert "model saved: photos.safetensors, report: photos.html" in trained("photos")
    page = (folder / "photos.html").read_text("utf-8")
    assert "<img" in page
    one = run("predict", "photos.safetensors", "photos/dark/3.png").output
    assert "prediction " in one and "probability_dark" in one
    done = run("predict", "photos.safetensors", "photos", "-o", "out.csv")
    assert "60 predictions written: out.csv" in done.output
    assert run("evaluate", "photos.safetensors", "photos").output.startswith("accuracy: ")


def test_texts_of_a_column(folder: Path) -> None:
    rows = [
        f"a {w} film {i % 7},{o}" for i in range(60) for w, o in (("bad", "no"), ("good", "yes"))
    ]
    (folder / "films.csv").write_text("\n".join(["review,liked", *rows]))
    trained("films.csv", "--text", "review", "--target", "liked", "--report", "page.html")
    assert 'id="words"' in (folder / "page.html").read_text("utf-8")
    out = run("predict", "films.safetensors", "films.csv").output.splitlines()
    assert len(out) == 120 and "prediction " in out[0]
    scored = run("evaluate", "films.safetensors", "films.csv", "--target", "liked")
    assert scored.output.startswith("accuracy: "), scored.output
    missing = run("train", "films.csv", "--text", "words", "--target", "liked")
    assert missing.exit_code == 2 and "--text words: no such column" in missing.output


def test_a_series(folder: Path) -> None:
    points = [10 + np.sin(2 * np.pi * i / 12) for i in range(240)]
    lines = [f"{2000 + i // 12}-{i % 12 + 1:02d},{p:.4f}" for i, p in enumerate(points)]
    (folder / "sales.csv").write_text("\n".join(["month,sold", *lines]))
    trained("sales.csv", "--forecast", "sold", "--horizon", 4, "--time", "month")
    assert 'id="forecast"' in (folder / "sales.html").read_text("utf-8")
    out = run("predict", "sales.safetensors", "sales.csv").output.splitlines()
    assert [line.split(",")[0] for line in out] == [f"step {i}" for i in range(1, 5)]
    refused = run("evaluate", "sales.safetensors", "sales.csv")
    assert refused.exit_code == 2 and "ranvier inspect" in refused.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x.csv", "--forecast", "b"], "Say --horizon N"),
        (["x.csv", "--text", "a"], "--target is missing"),
        (["x.csv", "--forecast", "b", "--horizon", "2", "--as", "a=date"], "--as is no option for"),
        ([".", "--target", "a"], "--target is no option for a folder"),
        (["x.csv", "--text", "a", "--target", "b", "--out", "x.csv"], "x.csv"),
    ],
)
def test_mistakes_are_explained(folder: Path, arguments: list[str], message: str) -> None:
    (folder / "x.csv").write_text("a,b\n" + "u,1\nv,2\n" * 9)
    done = run("train", *arguments)
    assert done.exit_code == 2 and message in done.output, done.output
    assert (folder / "x.csv").read_text().startswith("a,b\n")
