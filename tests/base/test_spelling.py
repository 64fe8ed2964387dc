"""Misspelt names: every public module, class and verb says which name was meant, or none."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

import ranvier
from ranvier import nn
from ranvier.base.missing import constructor_arguments, no_attribute
from ranvier.base.spelling import FOREIGN, edits, nearest
from ranvier.errors import KeywordError, MissingNameError, unknown_name

MODULES = [
    "ranvier", "ranvier.nn", "ranvier.nn.activations", "ranvier.nn.initializers",
    "ranvier.nn.regularizers", "ranvier.optim", "ranvier.optim.schedules", "ranvier.losses",
    "ranvier.metrics", "ranvier.callbacks", "ranvier.data", "ranvier.data.datasets",
    "ranvier.models", "ranvier.random", "ranvier.dtypes", "ranvier.compat.torch",
    "ranvier.compat.torch.nn", "ranvier.compat.torch.nn.functional", "ranvier.compat.torch.optim",
    "ranvier.compat.tensorflow", "ranvier.compat.tensorflow.keras",
    "ranvier.compat.tensorflow.keras.layers", "ranvier.compat.tensorflow.keras.losses",
    "ranvier.compat.tensorflow.keras.optimizers", "ranvier.compat.tensorflow.keras.callbacks",
]  # fmt: skip
INNER = {"annotations", "module_getattr", "missing"}
# Classes whose constructor takes what it is given, is not ours, or is never called.
UNCHECKED = {"LambdaCallback", "Identity", "SupportsDLPack", "Tensor", "Variable"}


def public(module: ModuleType) -> list[str]:
    names = getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]
    return [name for name in names if name[0] != "_" and name not in INNER]


def offered(where: str, thing: object) -> bool:
    """Whether it is no module that a module of a compatibility layer works with."""
    return not isinstance(thing, ModuleType) or ("compat" in thing.__name__) >= ("compat" in where)


def slips(name: str) -> list[str]:
    """A letter dropped, two exchanged, one doubled."""
    i = len(name) // 2
    made = [name[:i] + name[i + 1 :], name[:i] + name[i] + name[i:]]
    made.append(name[: i - 1] + name[i] + name[i - 1] + name[i + 1 :])
    return [one for one in made if one != name]


def check(text: str, misspelt: str, name: str) -> None:
    """The suggestion is the name, or one that is as near."""
    assert "did you mean " in text, (misspelt, text)
    meant = text.partition("did you mean ")[2].partition("?")[0].strip("'")
    assert edits(misspelt.lower(), meant.lower()) <= edits(misspelt.lower(), name.lower()), text


# --- modules ------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", MODULES)
def test_a_misspelt_name_of_a_module(where: str) -> None:
    module = importlib.import_module(where)
    names = [n for n in public(module) if len(n) > 3 and offered(where, getattr(module, n))]
    assert names
    for i, name in enumerate(names):
        misspelt = slips(name)[i % len(slips(name))]
        longest = edits(misspelt.lower(), name.lower())  # those further off are no rivals
        near = [
            edits(misspelt.lower(), n.lower())
            for n in names
            if abs(len(n) - len(misspelt)) <= longest
        ]
        if hasattr(module, misspelt) or near.count(min(near)) > 1:
            continue  # it is a name itself, or several are as near: Conv1D and Conv2D of ConvD
        with pytest.raises(MissingNameError) as caught:
            getattr(module, misspelt)
        if misspelt.lower() not in FOREIGN:
            check(str(caught.value), misspelt, name)
    with pytest.raises(MissingNameError) as caught:
        module.qwzxv  # noqa: B018
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("from ranvier.nn import Dens", "Dense"),
        ("from ranvier.nn import Linear", "Dense"),
        ("from ranvier.callbacks import EarlyStoping", "EarlyStopping"),
        ("from ranvier import concatenate", "concat"),
        ("from ranvier.data import load_mnst", "load_mnist"),
        ("from ranvier.losses import CrossEntropyLoss", "SparseCategoricalCrossentropy"),
    ],
)
def test_an_import_of_a_misspelt_name(line: str, meant: str) -> None:
    with pytest.raises(ImportError, match=f"did you mean '{meant}'"):
        exec(line)


def test_modules_known_by_two_names_are_one() -> None:
    code = "import ranvier.datasets as d, ranvier; assert d is ranvier.data.datasets"
    code += "; from ranvier.datasets import load_iris"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


ROOMS = "attribution callbacks compat data estimators inspection models plots report tables tasks"


@pytest.mark.parametrize("room", ROOMS.split())
def test_rooms_are_reached_without_an_import_of_their_own(room: str) -> None:
    asked = ranvier.__getattr__(room)
    assert asked is importlib.import_module(f"ranvier.{room}")


# --- constructors and verbs ---------------------------------------------------------------------


def public_classes() -> dict[str, type]:
    found = {}
    for where in MODULES:
        module = importlib.import_module(where)
        for name in public(module):
            thing = getattr(module, name)
            ours = inspect.isclass(thing) and thing.__module__.startswith("ranvier")
            if ours and not issubclass(thing, BaseException):
                found[f"{where}.{name}"] = thing
    return found


CLASSES = public_classes()


def test_every_public_class_is_looked_at() -> None:
    assert {c.__name__ for c in CLASSES.values() if constructor_arguments(c) is None} <= UNCHECKED
    assert len(CLASSES) > 250


@pytest.mark.parametrize("where", sorted(CLASSES))
def test_a_misspelt_keyword_of_a_constructor(where: str) -> None:
    cls: Any = CLASSES[where]
    known = constructor_arguments(cls)
    if known is None or cls.__name__ in UNCHECKED:
        return
    for name in known:
        if len(name) < 4:
            continue
        misspelt = next(s for s in slips(name) if s not in known)
        with pytest.raises(KeywordError) as caught:
            cls(**{misspelt: 1})
        assert str(caught.value).startswith(f"{cls.__name__} has no argument {misspelt!r}")
        check(str(caught.value), misspelt, name)


VERBS = {
    "compile": ["optimiser", "optimzer", "los", "metric", "loss_weight", "engin", "augmnt"],
    "fit": [
        "epoch", "batchsize", "batch_sise", "verbos", "callback", "validation_slit", "val_data",
        "shuffel", "class_weights", "sample_weights", "initial_epochs", "n_epochs",
    ],
    "evaluate": ["batchsize", "verbos", "sample_weights"],
    "train_on_batch": ["sample_weights", "return_dicts"],
    "save": ["paht"],
    "verify": ["sample"],
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_a_misspelt_keyword_of_a_verb(verb: str) -> None:
    model = ranvier.Sequential([nn.Dense(1)])
    for misspelt in VERBS[verb]:
        with pytest.raises(KeywordError, match=f"{verb} has no argument .*did you mean"):
            getattr(model, verb)(**{misspelt: 1})


def test_a_misspelt_keyword_of_a_function() -> None:
    for module in (ranvier.data, ranvier.models):
        for name in public(module):
            function = getattr(module, name)
            if not inspect.isfunction(function):
                continue
            parameters = inspect.signature(function).parameters
            for argument in [a for a in parameters if len(a) > 3 and a != "options"]:
                misspelt = argument[:-2] + argument[-1] + argument[-2] + "x"[len(argument) > 4 :]
                if misspelt in parameters or any(
                    p.kind is p.VAR_KEYWORD for p in parameters.values()
                ):
                    continue
                with pytest.raises(KeywordError, match=f"{name} has no argument {misspelt!r}"):
                    function(**{misspelt: 1})


def test_errors_inside_a_call_are_left_alone() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'units'"):
        nn.Dense()  # type: ignore[call-arg]

    class Mine(nn.Layer):
        def __init__(self, **anything: Any) -> None:
            super().__init__()
            self.anything = anything

    assert Mine(unit=3).anything == {"unit": 3}
    assert pickle.loads(pickle.dumps(ranvier.losses.Huber(2.0))).delta == 2.0
    assert copy.deepcopy(nn.Dense(3, name="a")).units == 3


# --- attributes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("thing", "name", "message"),
    [
        (nn.Dense(3), "kernle", "did you mean 'kernel'"),
        (nn.Dense(3), "unit", "did you mean 'units'"),
        (ranvier.Sequential([]), "fitt", "did you mean 'fit'"),
        (ranvier.Sequential([]), "cuda", "Ranvier computes on the CPU"),
        (ranvier.Sequential([]), "history", "fit returns it"),
        (ranvier.Sequential([]), "predict_proba", "predict gives probabilities"),
        (ranvier.tensor([1.0]), "cuda", "Ranvier computes on the CPU"),
    ],
)
def test_a_misspelt_attribute(thing: Any, name: str, message: str) -> None:
    assert not hasattr(thing, name)
    with pytest.raises(AttributeError, match=message):
        getattr(thing, name)


def test_python_itself_names_the_nearest_attribute_of_a_tensor() -> None:
    code = "import ranvier; ranvier.tensor([1.0]).detatch()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Did you mean: 'detach'?" in done.stderr


def test_words_are_looked_for_only_when_read(monkeypatch: pytest.MonkeyPatch) -> None:
    error = no_attribute(nn.Dense(3), "kernle")
    monkeypatch.setattr("ranvier.base.missing.nearest", lambda name, known: "what was asked late")
    assert "what was asked late" in str(error)


# --- the rule -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("log_loss", ["log_cosh", "hinge"], None),
        ("cuda", ["cpu", "float32"], None),
        ("mse", ["adam", "sgd"], None),
        ("accuracy", ["hinge", "poisson"], None),
        ("qwertz", ["dense"], None),
        ("", ["dense"], None),
        ("error", ["mean_squared_error", "mean_absolute_error"], None),
        ("he", ["he_normal", "he_uniform"], None),
        ("validation", ["validation_split", "validation_data"], None),
        ("rleu", ["relu", "elu"], "relu"),
        ("inputshape", ["input_shape", "input_dim"], "input_shape"),
        ("BATCHSIZE", ["batch_size"], "batch_size"),
        ("val_acc", ["val_accuracy", "val_loss"], "val_accuracy"),
        ("save_best", ["save_best_only", "save_freq"], "save_best_only"),
        ("mean_square_error", ["mean_squared_error", "mean_absolute_error"], "mean_squared_error"),
        ("BatchNorm", ["BatchNormalization", "LayerNormalization"], "BatchNormalization"),
        ("lr", ["learning_rate", "rho"], "learning_rate"),
        ("log_loss", ["log_cosh", "binary_crossentropy"], "binary_crossentropy"),
    ],
)
def test_a_name_is_suggested_only_when_it_is_surely_meant(
    name: str, known: list[str], meant: str | None
) -> None:
    assert nearest(name, known) == meant
    assert ("did you mean" in str(unknown_name("thing", name, known))) == (meant is not None)


def test_the_nearest_name_is_looked_for_when_an_error_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`from package import module` asks the package for the name before it imports the module."""
    asked: list[str] = []

    def note(name: str, known: Any) -> str | None:
        asked.append(name)
        return "zeros"

    monkeypatch.setattr("ranvier.base.missing.nearest", note)
    with pytest.raises(AttributeError) as caught:
        importlib.import_module("ranvier").zerso  # noqa: B018
    assert asked == []
    assert "has no attribute 'zerso'; did you mean 'zeros'?" in str(caught.value)
    assert asked == ["zerso"]
