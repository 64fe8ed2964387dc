"""Layers of rooms that are imported late are known to files and to whoever looks at all of them."""

import subprocess
import sys

import pytest

import ranvier
from ranvier import nn

_BEGIN = "import ranvier, sys; from ranvier import nn; from ranvier.nn.layer import LAYERS; "


def printed(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", _BEGIN + program], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_rooms_are_imported_when_they_are_asked_for() -> None:
    rare = ("augmentation.mix", "images.pooling", "sequences.attention", "tables.scaling")
    imported = f"[m for m in {rare} if 'ranvier.nn.' + m in sys.modules]"
    assert printed(f"nn.Dense; print({imported})") == "[]"
    assert printed(f"nn.Attention; print({imported})") == "['sequences.attention']"


def test_a_registry_holds_the_layers_of_all_modules() -> None:
    walk = (
        "import importlib, pkgutil; before = set(LAYERS); "
        "found = pkgutil.walk_packages(nn.__path__, 'ranvier.nn.'); "
        "[importlib.import_module(m.name) for m in found]; "
        "print(len(before) > 80, set(LAYERS) - before)"
    )
    assert printed(walk) == "True set()"
    assert printed("print(LAYERS['GRU'].__name__, 'GRU' in LAYERS, 'gru' in LAYERS)") == (
        "GRU True False"
    )
    assert printed("print(len(LAYERS))") == printed("print(len(list(LAYERS.items())))")


def test_a_name_of_a_late_layer_is_taken() -> None:
    with pytest.raises(ranvier.errors.ArgumentError, match="'LSTM' is taken"):

        @nn.register_layer
        class LSTM(nn.Layer):
            pass


def test_a_file_names_late_layers() -> None:
    program = (
        "from ranvier.nn.configuration import restore; "
        "print(type(restore('layer', {'class': 'RandomFlip', 'config': {}}, LAYERS)).__module__)"
    )
    assert printed(program) == "ranvier.nn.augmentation.geometric"
