"""The examples run and say what they promise."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import ranvier
from engines import ENGINES
from paths import EXAMPLES
from ranvier.base.config import switches

# What each one prints among other lines.
PRINTED = {
    "one_weight": [
        r"half_squared_error\n(  by_\w+ +gradient  8\.0000   w 4\.2000.*\n){4}",
        r"mean_squared_error\n(  by_\w+ +gradient 16\.0000   w 3\.4000.*\n){4}",
        r"after 50 more steps 3\.0000",
    ],
    "xor": [
        r"perceptron +AND .* 4 of 4 right",
        r"perceptron +OR .* 4 of 4 right",
        r"perceptron +XOR .* [0-3] of 4 right",
        r"2-4-1 +XOR .* 4 of 4 right",
    ],
    "keras_style": [r"classifier: loss 0\.\d+ to 0\.\d+, accuracy 0\.\d+", r"2 parameters"],
    "pytorch_style": [r"epoch  0: loss 12\.5000", r"moved to tensor\(\[2\.9\d+, 3\.9\d+\]\)"],
    "numpy_article": [
        "UnboundLocalError",
        r"gradient_as_printed  \d\.\de-0[12]",
        r"gradient( +\d\.\de-1\d){4}",
        r"gradient_by_ranvier( +\d\.\de-1\d){4}",
    ],
}


# Those that need files or minutes are tested below or in test_results.py.
LARGE = {
    "adult", "california_housing", "electricity", "mnist_cnn", "mnist_mlp", "movie_reviews",
    "pretraining", "shakespeare", "clustering",
}  # fmt: skip


def test_every_example_is_tested() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(PRINTED) | LARGE


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", PRINTED)
def test_example(name: str, engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = ranvier.config()["engine"]
    ranvier.config(engine=engine)
    try:
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    finally:
        ranvier.config(engine=before)
    text = capsys.readouterr().out
    for pattern in PRINTED[name]:
        assert re.search(pattern, text), f"{pattern!r} not in\n{text}"


@pytest.mark.skipif(
    not (Path(switches.data or "none") / "mnist").is_dir(), reason="RANVIER_DATA has no mnist"
)
def test_the_convolutional_network_learns_from_a_few_hundred_digits() -> None:
    example = runpy.run_path(str(EXAMPLES / "mnist_cnn.py"), run_name="example")
    (x, y), (x_test, y_test) = ranvier.data.load_mnist()
    ranvier.seed(0)
    model = example["network"]()
    model.compile(ranvier.optim.Adam(0.002), "sparse_categorical_crossentropy", ["accuracy"])
    model.fit(example["images"](x[:400]), y[:400], epochs=8, batch_size=50, verbose=0)
    _, accuracy = model.evaluate(example["images"](x_test[:500]), y_test[:500], verbose=0)
    assert accuracy > 0.85


def numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, text)
    assert found, text
    return [float(n) for n in found.groups()]


def test_numbers_of_the_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("keras_style", "pytorch_style", "numpy_article"):
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    text = capsys.readouterr().out
    error, floor, flat = numbers(r"error ([\d.]+), of the best line ([\d.]+).* line (\d+)", text)
    assert error == pytest.approx(floor, rel=0.02) and floor < flat / 10
    (apart,) = numbers(r"largest difference ([\d.e-]+);", text)
    assert apart < 1e-4
    before, printed, corrected = numbers(
        r"before training +([\d.]+)\n.*as printed +([\d.]+)\n.*corrected +([\d.]+)", text
    )
    assert corrected < 0.01 < 0.3 < printed and corrected < before


@pytest.mark.skipif(
    not (Path(switches.data or "none") / "mnist").is_dir(), reason="RANVIER_DATA has no mnist"
)
@pytest.mark.slow
def test_pretraining_wakes_a_deep_network_of_sigmoids() -> None:
    example = runpy.run_path(str(EXAMPLES / "pretraining.py"), run_name="example")
    random, pretrained = example["main"](rows=4000, epochs=15)
    assert random < 0.2 < 0.8 < pretrained
