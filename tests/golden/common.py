"""What the `make_*.py` scripts share: where files go, and how they are written."""

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

FOLDER = Path(__file__).parent


def write_arrays(name: str, arrays: dict) -> None:
    """Write a dictionary of arrays as `name`.npz and say how large it became."""
    import numpy as np

    path = FOLDER / f"{name}.npz"
    np.savez_compressed(path, **{key: np.asarray(value) for key, value in arrays.items()})
    print(f"{path.name}: {len(arrays)} arrays, {path.stat().st_size / 1000:.0f} kB")


def write_json(name: str, content: dict) -> None:
    """Write a dictionary as readable JSON."""
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"{path.name}: {len(content)} entries, {path.stat().st_size / 1000:.0f} kB")


def keras_in_float64():
    """Keras on PyTorch, computing in float64 throughout."""
    import keras

    keras.config.set_floatx("float64")
    return keras
