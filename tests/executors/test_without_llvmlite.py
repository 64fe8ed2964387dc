"""Without llvmlite all runs on the reference, and the compiled engine says what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest


def run(code: str, **environment: str) -> str:
    """The output of `code` in a process where llvmlite cannot be imported."""
    head = f"import sys\nsys.path[:0] = {sys.path!r}\nsys.modules['llvmlite'] = None\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", head + code],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


STEP = """
import numpy as np, ranvier
w = ranvier.tensor([5.0], requires_grad=True)
def step(x, y):
    loss = ranvier.sum(0.5 * (w * x - y) ** 2)
    loss.backward()
    with ranvier.no_grad():
        w.assign(w - 0.1 * w.grad)
    w.grad = None
    return loss
"""


def test_eager_and_reference_run() -> None:
    out = run(
        STEP
        + """
step = ranvier.compile(step, engine="reference")
x, y = ranvier.tensor([2.0]), ranvier.tensor([6.0])
print([round(float(step(x, y).numpy()), 4) for _ in range(3)], round(float(w.numpy()[0]), 4))
"""
    )
    assert out == "[8.0, 2.88, 1.0368] 3.432\n"


def test_the_environment_can_choose_the_reference() -> None:
    out = run(STEP + "step = ranvier.compile(step)\n"
              "step(ranvier.tensor([2.0]), ranvier.tensor([6.0])); print(w.tolist())",
              RANVIER_ENGINE="reference")  # fmt: skip
    assert out.strip() == "[4.199999809265137]"


def test_a_model_trains_on_the_reference() -> None:
    out = run("""
import numpy as np, ranvier
ranvier.seed(0)
model = ranvier.Sequential([ranvier.nn.Dense(4, activation="tanh"), ranvier.nn.Dense(1)])
model.compile(optimizer="sgd", loss="mean_squared_error", engine="reference")
x = np.linspace(-1, 1, 40, dtype="float32").reshape(-1, 1)
history = model.fit(x, x, epochs=5, batch_size=8, verbose=0)
print(len(history.history["loss"]), model.predict(x).shape)
""")
    assert out == "5 (40, 1)\n"


@pytest.mark.parametrize("how", ["compile", "config", "default"])
def test_the_compiled_engine_says_what_is_missing(how: str) -> None:
    asked: dict[str, Any] = {
        "compile": 'step = ranvier.compile(step, engine="compiled")',
        "config": 'ranvier.config(engine="compiled"); step = ranvier.compile(step)',
        "default": "step = ranvier.compile(step)",
    }
    out = run(
        STEP
        + asked[how]
        + """
for attempt in range(2):
    try:
        step(ranvier.tensor([2.0]), ranvier.tensor([6.0]))
    except ranvier.errors.StateError as error:
        print(type(error).__name__, error)
print(w.tolist())
"""
    )
    first, second, weight = out.splitlines()
    assert first == second
    assert "needs the package llvmlite" in first and "install it" in first
    assert 'engine="reference"' in first.replace("'", '"')
    assert weight == "[5.0]"
