"""The diagnosis of a model of a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import ranvier
from ranvier.errors import DataError, StateError
from ranvier.tables import TableModel


def table(rows: int = 300) -> pl.DataFrame:
    random = np.random.default_rng(0)
    size, weight = random.normal(size=rows), random.normal(size=rows)
    return pl.DataFrame(
        {
            "size": size,
            "size in inches": size / 2.54,
            "weight": weight,
            "colour": random.choice(["red", "green", "blue"], rows),
            "kind": np.where(size + weight + 0.5 * random.normal(size=rows) > 0, "a", "b"),
        }
    )


@pytest.fixture(scope="module")
def model() -> TableModel:
    return ranvier.fit_table(table(), "kind", epochs=5, members=1, verbose=0)


def test_raw_columns_are_looked_at(model: TableModel) -> None:
    diagnosis = model.diagnose()
    (finding,) = diagnosis["duplicate columns"]
    assert "size in inches" in finding.what
    assert "dead units" in diagnosis.checked and "small validation set" in diagnosis.checked
    assert "training of tables" in diagnosis.not_checked["learning rate too high"]
    assert str(diagnosis).startswith("model of kind:")


def test_new_rows_are_compared(model: TableModel) -> None:
    frame = table()
    moved = frame.drop("kind").with_columns(pl.col("weight") + 5)
    assert not model.diagnose(frame, new_data=frame.drop("kind"))["drift"]
    (finding,) = model.diagnose(frame, new_data=moved)["drift"]
    assert "weight" in finding.what


def test_nothing_is_changed(model: TableModel, tmp_path: Path) -> None:
    before = model.save(tmp_path / "before.safetensors")
    model.diagnose()
    assert model.save(tmp_path / "after.safetensors") == before
    assert model.trained.network.optimizer is None


def test_a_loaded_model_asks_for_rows(model: TableModel, tmp_path: Path) -> None:
    model.save(tmp_path / "m.safetensors")
    loaded = ranvier.load(tmp_path / "m.safetensors")
    assert isinstance(loaded, TableModel)
    with pytest.raises(StateError, match="holds no rows"):
        loaded.diagnose()
    assert loaded.diagnose(table())["duplicate columns"]
    with pytest.raises(DataError, match="no column 'kind'"):
        loaded.diagnose(table().drop("kind"))


def test_the_report_has_a_section_of_it(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    size = random.normal(size=300).round(4)
    sold = np.where(size + random.normal(0, 0.2, 300) > 0, "yes", "no")
    rows = {"size": [*size, *size[:150]], "sold": [*sold, *sold[:150]]}
    model = ranvier.fit_table(rows, "sold", budget=600, epochs=2, members=1, verbose=0)
    page = model.report(seconds=600)
    results = page.results
    assert [row.kind for row in results.findings] == ["repeated rows"]
    assert "label noise" in results.checked and results.not_checked["drift"] == "no new data"
    assert results.seconds["diagnosis"] > 0
    assert 'id="diagnosis"' in page.html() and "--group COLUMN" in page.html()
    chinese = model.report(lang="zh").html()
    assert "重复的行" in chinese and "没有新数据" in chinese
    model.save(tmp_path / "model.safetensors")
    assert ranvier.load(tmp_path / "model.safetensors").results == results


def test_a_report_without_time_has_no_diagnosis() -> None:
    random = np.random.default_rng(0)
    rows = {"size": random.normal(size=60), "sold": ["yes", "no"] * 30}
    model = ranvier.fit_table(rows, "sold", budget=600, epochs=1, members=1, verbose=0)
    page = model.report(seconds=0.0)
    assert not page.results.checked and 'id="diagnosis"' not in page.html()
