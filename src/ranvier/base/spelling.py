"""The name that was meant: of the names there are, the one that a misspelt or foreign name means.

A suggestion sends a user somewhere, so it is made only when it is sure: a slip of the keyboard (a
letter or two), an abbreviation of the same words (`val_acc`, `BatchNorm`), the whole of a shortened
name (`save_best` of `save_best_only`) when only one fits, or another library's name for the same
thing. `log_loss` is one word away from `log_cosh` and means something else: a word of four letters
may differ in one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# What other libraries call things, without capitals and underscores: the first name that is known
# where the question comes up is meant.
FOREIGN: dict[str, tuple[str, ...]] = {
    # functions and modules
    "array": ("asarray",),
    "cat": ("concat",),
    "concatenate": ("concat",),
    "dot": ("matmul",),
    "mm": ("matmul",),
    "bmm": ("matmul",),
    "transpose": ("permute_dims",),
    "permute": ("permute_dims",),
    "rand": ("random",),
    "randn": ("random",),
    "setseed": ("seed",),
    "manualseed": ("seed",),
    "layers": ("nn",),
    "keras": ("compat",),
    "torch": ("compat",),
    "optimizers": ("optim",),
    "optimizer": ("optim",),
    "preprocessing": ("data",),
    "jit": ("compile",),
    "loadmodel": ("load",),
    "amax": ("max",),
    "cumsum": ("cumulative_sum",),
    "arctan2": ("atan2",),
    "arctan": ("atan",),
    "arcsin": ("asin",),
    "arccos": ("acos",),
    "mod": ("remainder",),
    "mul": ("multiply",),
    "div": ("divide",),
    "sub": ("subtract",),
    "neg": ("negative",),
    # layers
    "linear": ("Dense",),
    "fullyconnected": ("Dense",),
    "avgpool1d": ("AveragePooling1D",),
    "avgpool2d": ("AveragePooling2D",),
    "maxpool1d": ("MaxPooling1D",),
    "maxpool2d": ("MaxPooling2D",),
    "batchnorm1d": ("BatchNormalization",),
    "batchnorm2d": ("BatchNormalization",),
    "convtranspose2d": ("Conv2DTranspose",),
    "convtranspose1d": ("Conv1DTranspose",),
    "upsample": ("UpSampling2D",),
    "rnncell": ("SimpleRNNCell",),
    "earlystop": ("EarlyStopping",),
    "checkpoint": ("ModelCheckpoint",),
    # activations, initializers and regularizers
    "identity": ("linear",),
    "logistic": ("sigmoid",),
    "gaussian": ("random_normal", "RandomNormal"),
    "glorot": ("glorot_uniform", "GlorotUniform"),
    "xavier": ("glorot_uniform", "GlorotUniform"),
    "xavieruniform": ("glorot_uniform", "GlorotUniform"),
    "xaviernormal": ("glorot_normal", "GlorotNormal"),
    "kaiminguniform": ("he_uniform", "HeUniform"),
    "kaimingnormal": ("he_normal", "HeNormal"),
    "ridge": ("l2", "L2"),
    "lasso": ("l1", "L1"),
    # losses and metrics
    "logloss": ("binary_crossentropy", "BinaryCrossentropy"),
    "bceloss": ("binary_crossentropy", "BinaryCrossentropy"),
    "bcewithlogitsloss": ("binary_crossentropy", "BinaryCrossentropy"),
    "crossentropy": ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
    "crossentropyloss": ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
    "nllloss": ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
    "softmaxcrossentropy": ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
    "mseloss": ("mean_squared_error", "MeanSquaredError"),
    "l2loss": ("mean_squared_error", "MeanSquaredError"),
    "l1loss": ("mean_absolute_error", "MeanAbsoluteError"),
    "mse": ("mean_squared_error", "MeanSquaredError"),
    "mae": ("mean_absolute_error", "MeanAbsoluteError"),
    "rmse": ("root_mean_squared_error", "RootMeanSquaredError", "mean_squared_error"),
    "kldivloss": ("kl_divergence", "KLDivergence"),
    "smoothl1loss": ("huber", "Huber"),
    "rocaucscore": ("roc_auc",),
    "rocauc": ("auc", "AUC"),
    "nll": ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
    "ce": ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
    "bcewithlogits": ("binary_crossentropy", "BinaryCrossentropy"),
    "l1": ("mean_absolute_error", "MeanAbsoluteError"),
    "l2": ("mean_squared_error", "MeanSquaredError"),
    "smoothl1": ("huber", "Huber"),
    "huberloss": ("huber", "Huber"),
    "accuracyscore": ("accuracy", "Accuracy"),
    # methods
    "predictproba": ("predict",),
    "score": ("evaluate",),
    "stepbatch": ("train_on_batch",),
    # arguments
    "lr": ("learning_rate",),
    "learningrate": ("lr",),
    "rate": ("learning_rate",),
    "eta": ("learning_rate",),
    "eps": ("epsilon",),
    "betas": ("beta_1",),
    "dim": ("axis",),
    "dims": ("axes", "axis"),
    "keepdim": ("keepdims",),
    "input": ("x",),
    "requiresgrad": ("trainable",),
    "neurons": ("units",),
    "nodes": ("units",),
    "hiddensize": ("units",),
    "outfeatures": ("units",),
    "outchannels": ("filters",),
    "nepochs": ("epochs",),
    "numepochs": ("epochs",),
    "niter": ("epochs",),
    "maxiter": ("epochs",),
    "randomstate": ("seed",),
    "testsize": ("test_share", "test"),
}
_WORDS = re.compile(r"[A-Z]+(?![a-z])\d*[A-Z]?|[A-Z]?[a-z]+|\d+[A-Za-z]?")
_MIN_ABBREVIATION = 3  # letters that a shortened word must keep


def nearest(name: object, names: Iterable[str]) -> str | None:
    """The one of `names` that is meant by `name`; None when nothing is surely meant.

    >>> nearest("rleu", ["ReLU", "Tanh"]), nearest("BatchNorm", ["BatchNormalization", "Dense"])
    ('ReLU', 'BatchNormalization')
    >>> nearest("log_loss", ["log_cosh", "hinge"])
    >>> nearest("log_loss", ["log_cosh", "binary_crossentropy"])
    'binary_crossentropy'
    """
    text, known = str(name), list(names)
    plain = _plain(text)
    if not plain:
        return None
    same = [n for n in known if _plain(n) == plain]
    if same:
        return min(same, key=lambda n: edits(text, n))
    # A class for what is written like a class.
    foreign = [n for n in FOREIGN.get(plain, ()) if n in known]
    if foreign:
        return min(foreign, key=lambda n: n[0].isupper() != text[0].isupper())
    slips = [(d, edits(text, n), n) for n in known if (d := _slips(text, n)) is not None]
    if slips:
        return min(slips, key=lambda slip: slip[:2])[2]
    for fits in (_abbreviates, _begins):
        matches = [n for n in known if fits(_words(text), _words(n))]
        if len(matches) == 1:
            return matches[0]
    return None


def slip_of(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` of which `name` is a slip of the keyboard, or another library's name.

    For names that a user may well have made up, so neither abbreviations nor another number or a
    letter at the end, as in `fc2` or `kernels`, count as slips.

    >>> slip_of("trainble", ["trainable"]), slip_of("requires_grad", ["trainable"])
    ('trainable', 'trainable')
    >>> slip_of("kernels", ["kernel"]), slip_of("fc2", ["fc1"]), slip_of("unit_test", ["units"])
    (None, None, None)
    """
    known = [n for n in names if not n.startswith("_")]
    if name in known or name[0] == "_" or name[-1] == "_":
        return None
    foreign = [n for n in FOREIGN.get(_plain(name), ()) if n in known]
    if foreign:
        return foreign[0]
    slips = [
        (d, n)
        for n in known
        if (d := _slips(name, n)) is not None and d <= 2 and not _made_up(name, n)
    ]
    return min(slips)[1] if slips else None


def _made_up(name: str, known: str) -> bool:
    """Whether the names differ in numbers, at their end, or a short one in more than a swap."""
    if _plain(name) == _plain(known):
        return False
    if re.sub(r"\d", "", name) == re.sub(r"\d", "", known):
        return True
    if name == known[:-1] and known[-1] != "s" and len(known) > 6:
        return False  # the last letter was lost
    shorter, longer = sorted((name, known), key=len)
    short = len(_plain(name)) < 6 and sorted(_plain(name)) != sorted(_plain(known))
    return short or longer.startswith(shorter) or len(_words(name)) != len(_words(known))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def _slips(name: str, known: str) -> int | None:
    """How many slips of the keyboard lie between the two; None for more than their length allows.

    >>> _slips("unit", "units"), _slips("log_loss", "log_cosh"), _slips("cuda", "cpu")
    (1, None, None)
    """
    a, b = _plain(name), _plain(known)
    if abs(len(a) - len(b)) > _allowed(a):
        return None
    distance = edits(a, b)
    if distance > _allowed(a):
        return None
    pairs = list(zip(_words(name), _words(known), strict=False))
    if len(_words(name)) == len(_words(known)) > 1 and any(
        edits(x, y) > max(1, _allowed(x)) and not _short(x, y) for x, y in pairs
    ):
        return None
    return distance


def _allowed(word: str) -> int:
    """Slips that a word of this length may hold and still be recognized."""
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2 if len(word) < 14 else 3


def _short(word: str, whole: str) -> bool:
    return len(word) >= _MIN_ABBREVIATION and whole.startswith(word)


def _abbreviates(words: Sequence[str], known: Sequence[str]) -> bool:
    """Whether each word is the word of `known` at the same index, or the beginning of it."""
    return len(words) == len(known) and all(
        x == y or _short(x, y) for x, y in zip(words, known, strict=True)
    )


def _begins(words: Sequence[str], known: Sequence[str]) -> bool:
    """Whether `known` consists of these words, in this order, and others."""
    rest = iter(known)
    return bool(words) and all(any(x == y or _short(x, y) for y in rest) for x in words)


def edits(a: str, b: str) -> int:
    """Letters to insert, drop, change, or exchange with their neighbour to make b of a.

    The optimal string alignment distance (Damerau 1964, Levenshtein 1966).

    >>> edits("rleu", "relu"), edits("epoch", "epochs"), edits("", "ab")
    (1, 1, 2)
    """
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        earlier, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
