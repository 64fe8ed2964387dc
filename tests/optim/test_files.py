"""Files of earlier versions: the optimizer's state and arguments are read, training goes on."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest

import ranvier
from optim.checkpoint_runs import run
from ranvier.optim.schedules import SCHEDULES, restore_schedule

GOLDEN = Path(__file__).parent.parent / "golden"
DATA = np.load(GOLDEN / "optimizer_files.npz")


@pytest.mark.parametrize("name", sorted({key.partition("/")[0] for key in DATA}))
def test_training_goes_on_as_it_would_have(name: str, tmp_path: Path) -> None:
    path, again = tmp_path / "old.safetensors", tmp_path / "again.safetensors"
    draw = np.random.default_rng(4)
    x, y = draw.normal(size=(40, 3)).astype(np.float32), draw.normal(size=(40, 2)).astype("f4")
    path.write_bytes(DATA[f"{name}/file"].tobytes())
    ranvier.load(path).save(again)
    for file in (path, again):
        model = ranvier.load(file)
        assert model.optimizer.iterations.item() == 10
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        for i, w in enumerate(model.get_weights()):
            # Other processors add in another order.
            np.testing.assert_allclose(w, DATA[f"{name}/{i}"], rtol=1e-4, atol=1e-5)


CHECKPOINTS = np.load(GOLDEN / "checkpoints.npz")


@pytest.mark.parametrize("name", sorted({key.partition("/")[0] for key in CHECKPOINTS}))
def test_a_checkpoint_of_an_earlier_version_is_resumed(name: str, tmp_path: Path) -> None:
    path = tmp_path / "run.ckpt"
    path.write_bytes(CHECKPOINTS[f"{name}/file"].tobytes())
    for i, w in enumerate(run(name, path, epochs=4).get_weights()):
        # Other processors add in another order.
        np.testing.assert_allclose(w, CHECKPOINTS[f"{name}/{i}"], rtol=1e-4, atol=1e-5)


# Of earlier versions, which took fractions and computed with them.
FRACTIONS = {
    "OneCycle": {"max_learning_rate": 0.1, "total_steps": 312.5},
    "StepDecay": {"initial_learning_rate": 0.1, "every": 2.5},
    "InverseSquareRoot": {"peak_learning_rate": 0.1, "warmup_steps": 3.5},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 7.5},
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 7.5},
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 7.5},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 2.5},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 2.5},
    "CosLog4": {"learning_rate": 0.1, "total_steps": 312.5},
    "FlatCos": {"initial_value": 0.1, "total_steps": 312.5},
    "Cyclic": {"base_learning_rate": 0.1, "max_learning_rate": 0.2, "step_size_up": 2.5},
}


@pytest.mark.parametrize("name", FRACTIONS)
def test_a_schedule_of_a_file_may_have_fractions_of_steps(name: str) -> None:
    schedule = restore_schedule({"class": name, "config": FRACTIONS[name]})
    assert {**schedule.get_config(), **FRACTIONS[name]} == schedule.get_config()
    whole = {k: round(v) if v > 1 else v for k, v in FRACTIONS[name].items()}
    near = restore_schedule({"class": name, "config": whole})
    assert abs(float(schedule(3).numpy()) - float(near(3).numpy())) < 0.1


def test_every_schedule_with_a_number_of_steps_is_tried() -> None:
    counted = {
        name
        for name, cls in SCHEDULES.items()
        if any("step" in p or p == "every" for p in inspect.signature(cls).parameters)
    }
    assert counted == set(FRACTIONS)
