"""An optimizer is one class and one line: planted into a copy of the package, it is all there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import ranvier
from paths import ROOT

CLASS = '''
"""AdaBelief: Adam that divides by how far gradients are from their mean."""

from typing import Unpack

from ...ops.elementwise import sqrt
from ...tensors.tensor import Tensor
from ..arguments import Parameters
from ..optimizer import Factors, Optimizer
from ..rates import LearningRate
from ..state import Slots
from ..wrappers.options import Options
from .adam import one_minus_power


class AdaBelief(Optimizer):
    """Zhuang et al. 2020: s <- beta_2 s + (1 - beta_2) (g - m)^2 in place of Adam's v."""

    slot_values = {"m": 0.0, "s": 0.0}

    def __init__(
        self,
        parameters: Parameters | LearningRate = None,
        learning_rate: LearningRate | None = None,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-3,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def factors(self, rate: Tensor, step: Tensor, scalars: Slots) -> Factors:
        return rate / one_minus_power(self.beta_1, step), one_minus_power(self.beta_2, step)

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Factors) -> tuple[Tensor, Slots]:
        a, correction = factors
        m = self.beta_1 * slots["m"] + (1 - self.beta_1) * g
        s = self.beta_2 * slots["s"] + (1 - self.beta_2) * (g - m) ** 2
        return w - a * m / (sqrt(s / correction) + self.epsilon), {"m": m, "s": s}
'''
LINE = "from .adabelief import AdaBelief as AdaBelief\n"

SCRIPT = """
import importlib.util, pathlib, sys
import numpy as np
from click.testing import CliRunner
import ranvier
from ranvier import optim
from ranvier.cli.main import main
from ranvier.nn import Dense

draw = np.random.default_rng(0)
x, y = draw.normal(size=(40, 3)).astype("f4"), draw.normal(size=(40, 2)).astype("f4")

def network(optimizer, engine="compiled"):
    ranvier.seed(3)
    model = ranvier.Sequential([Dense(4, "tanh", input_shape=(3,), name="first"), Dense(2)])
    model.compile(optimizer, "mse", engine=engine)
    return model

def same(a, b, exactly=True):
    for v, w in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_allclose(v, w, rtol=0 if exactly else 1e-5, atol=0 if exactly else 1e-6)

# By name, on both engines, and the loss falls.
models = [network("adabelief", engine) for engine in ("compiled", "reference")]
for model in models:
    losses = model.fit(x, y, 8, 20, shuffle=False, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
same(*models, exactly=False)
assert type(models[0].optimizer) is optim.AdaBelief is optim.OPTIMIZERS["AdaBelief"]

# With groups and every wrapper; saved, loaded, and resumed in the middle.
def everything():
    return optim.AdaBelief(
        optim.ExponentialDecay(0.02, 10), weight_decay=0.1, beta_1=0.8, global_clipnorm=1.0,
        gradient_accumulation_steps=2, use_ema=True, loss_scale_factor=8.0,
        groups=[{"names": ["bias"], "learning_rate": 0.005, "beta_2": 0.5}],
    )
folder = pathlib.Path(sys.argv[1])
model = network(everything())
model.fit(x, y, batch_size=8, epochs=3, verbose=0)
model.save(folder / "model.safetensors")
again = ranvier.load(folder / "model.safetensors")
assert again.optimizer.get_config() == model.optimizer.get_config()
for m in (model, again):
    m.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
same(model, again)
whole = network(everything())
whole.fit(x, y, batch_size=8, epochs=4, verbose=0)
network(everything()).fit(
    x, y, batch_size=8, epochs=2, verbose=0,
    callbacks=[ranvier.callbacks.Checkpoint(folder / "run.ckpt")],
)
resumed = network(everything())
resumed.fit(x, y, batch_size=8, epochs=4, verbose=0, resume=folder / "run.ckpt")
same(whole, resumed)

# A loop as in PyTorch, and float16 scaling.
w = ranvier.tensor([1.0, -2.0], requires_grad=True)
stepper = optim.LossScaleOptimizer(optim.AdaBelief([w], lr=0.5, epsilon=0.0))
stepper.scale_loss((w * w).sum()).backward()
stepper.step()
np.testing.assert_allclose(w.numpy(), [1 - 0.5 / 0.9, -2 + 0.5 / 0.9], rtol=1e-5)

# The command line, errors and the API pages.
assert "adabelief" in CliRunner().invoke(main, ["train", "--help"]).output
wrong = CliRunner().invoke(main, ["train", "digits", "--optimizer", "adabelef"])
assert wrong.exit_code and "did you mean 'adabelief'" in wrong.output, wrong.output
spec = importlib.util.spec_from_file_location("api_pages", sys.argv[2])
pages = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pages)
assert "ranvier.optim.AdaBelief" in pages.page(optim)
"""


def test_a_class_and_a_line_are_an_optimizer(tmp_path: Path) -> None:
    package = tmp_path / "src" / "ranvier"
    source = Path(ranvier.__file__).parent
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "optim/rules/adabelief.py").write_text(CLASS, encoding="utf-8")
    listing = package / "optim/rules/__init__.py"
    text = listing.read_text(encoding="utf-8")
    listing.write_text(text.replace("from .adam ", LINE + "from .adam ", 1), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    environment["RANVIER_CACHE"] = str(tmp_path / "cache")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), str(ROOT / "docs/api_pages.py")],
        capture_output=True, text=True, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
