"""Files of earlier versions: the optimizer's state and arguments are read, training goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ranvier
from optim.checkpoint_runs import run

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
