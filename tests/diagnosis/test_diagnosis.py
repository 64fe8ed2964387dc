"""A diagnosis: what it holds, says and writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ranvier
from ranvier.diagnosis import CHECKS, Diagnosis, Finding
from ranvier.errors import ArgumentError, StateError
from ranvier.nn import Dense


def overfitted() -> tuple[ranvier.Model, tuple[np.ndarray, ...]]:
    """A wide network on 40 rows with one fifth of the labels wrong, trained for long."""
    random = np.random.default_rng(0)
    x = random.normal(size=(80, 8)).astype(np.float32)
    y = (x[:, 0] + 0.5 * random.normal(size=80) > 0).astype(np.int64)
    ranvier.seed(0)
    model = ranvier.Sequential([Dense(64, "relu"), Dense(64, "relu"), Dense(1, "sigmoid")])
    model.compile(ranvier.optim.Adam(0.01), "binary_crossentropy")
    model.fit(x[:40], y[:40], epochs=60, verbose=0, validation_data=(x[40:], y[40:]))
    return model, (x[:40], y[:40], x[40:], y[40:])


@pytest.fixture(scope="module")
def found() -> Diagnosis:
    model, (x, y, x_held, y_held) = overfitted()
    return model.diagnose(x, y, validation_data=(x_held, y_held))


def test_overfitting_is_found_with_its_evidence(found: Diagnosis) -> None:
    (finding,) = found["overfitting"]
    assert finding.severity == "problem" and found and len(found["overfitting"]) == 1
    now, curve = (
        np.asarray(finding.evidence[name]) for name in ("validation loss now", "validation loss")
    )
    assert now > 1.2 * curve.min()
    assert "EarlyStopping" in finding.change and "epoch" in finding.what


def test_what_was_looked_for_is_told(found: Diagnosis) -> None:
    assert {*found.checked, *found.not_checked} == {check.kind for check in CHECKS}
    assert not {*found.checked} & {*found.not_checked}
    text = str(found)
    for finding in found:
        assert finding.change.splitlines()[0] in text
    for reason in found.not_checked.values():
        assert reason in text


def test_nothing_is_changed_by_a_diagnosis(tmp_path: Path) -> None:
    model, (x, y, x_held, y_held) = overfitted()
    before = model.save(tmp_path / "before.safetensors")
    draws = []
    for look in (False, True):
        ranvier.seed(3)
        if look:
            model.diagnose(x, y, validation_data=(x_held, y_held))
        draws.append(ranvier.random.normal((4,)).numpy())
    assert model.save(tmp_path / "after.safetensors") == before
    np.testing.assert_array_equal(draws[0], draws[1])


def test_a_page_is_written(found: Diagnosis, tmp_path: Path) -> None:
    text = found.save(tmp_path / "found.html").read_text("utf-8")
    assert "<script" not in text and "http" not in text.replace("http-equiv", "").replace(
        "http://www.w3.org/2000/svg", ""
    )
    assert text.count("<section") == len(found) and "<svg" in text
    assert found.save(tmp_path / "found.txt").read_text("utf-8") == f"{found}\n"
    with pytest.raises(ArgumentError, match=r"\.html or \.txt"):
        found.save(tmp_path / "found.page")
    assert "srcdoc" in found._repr_html_()


def test_problems_come_first_and_no_finding_is_false() -> None:
    caution, problem = (
        Finding("overfitting", severity, "It.", {}, "x") for severity in ("caution", "problem")
    )
    found = Diagnosis([caution, problem], ["overfitting"], {})
    assert [f.severity for f in found] == ["problem", "caution"]
    assert not Diagnosis([], ["overfitting"], {}) and "nothing" in str(Diagnosis([], [], {}))


def test_a_model_must_be_compiled() -> None:
    with pytest.raises(StateError, match=r"compile"):
        ranvier.Sequential([Dense(1)]).diagnose([[1.0]], [1.0])
