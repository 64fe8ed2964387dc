"""The files of the data sets as published, with their hashes and where they can be fetched."""

from __future__ import annotations

from ..fetch import DataFile


def _github(repository: str, commit: str, path: str) -> tuple[str, ...]:
    """Where one version of a file of a GitHub repository lies."""
    return (
        f"https://raw.githubusercontent.com/{repository}/{commit}/{path}",
        f"https://github.com/{repository}/raw/{commit}/{path}",
    )


_MNIST = "the mirror https://ossci-datasets.s3.amazonaws.com/mnist/"


def _mnist(name: str, size: int, sha256: str) -> DataFile:
    mirrors = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    )
    return DataFile(f"mnist/{name}", size, sha256, _MNIST, tuple(m + name for m in mirrors))


MNIST_FILES = (
    _mnist(
        "train-images-idx3-ubyte.gz",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    _mnist(
        "train-labels-idx1-ubyte.gz",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    _mnist(
        "t10k-images-idx3-ubyte.gz",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    _mnist(
        "t10k-labels-idx1-ubyte.gz",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
)

_ADULT = "https://github.com/jbrownlee/Datasets (UCI Adult, https://doi.org/10.24432/C5XW20)"
_BROWNLEE = "jbrownlee/Datasets", "d20fcb6402ae34e653d4513b00f39257bb37ed7f"
ADULT_FILES = (
    DataFile(
        "adult/adult-train.csv",
        3_974_305,
        "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
        _ADULT,
        _github(*_BROWNLEE, "adult-train.csv"),
    ),
    DataFile(
        "adult/adult-test.csv",
        2_003_132,
        "72567b94f5c1a6f8501377dd80f93892c3848ff071cf91ba47e00b0785a28074",
        _ADULT,
        _github(*_BROWNLEE, "adult-test.csv"),
    ),
)

CALIFORNIA_FILE = DataFile(
    "california_housing/housing.csv",
    1_423_529,
    "8a3727f4cf54ac1a327f69b1d5b4db54c5834ea81c6e4efc0d163300022a685e",
    "https://github.com/ageron/handson-ml2 (datasets/housing)",
    _github(
        "ageron/handson-ml2",
        "1e2115277b50f6c584cd668fa30e3af309a5b136",
        "datasets/housing/housing.csv",
    ),
)

SHAKESPEARE_FILE = DataFile(
    "tiny_shakespeare/input.txt",
    1_115_394,
    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    "https://github.com/karpathy/char-rnn (data/tinyshakespeare)",
    _github(
        "karpathy/char-rnn",
        "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e",
        "data/tinyshakespeare/input.txt",
    ),
)

_POLARITY = "https://github.com/dennybritz/cnn-text-classification-tf (data/rt-polaritydata)"
_BRITZ = "dennybritz/cnn-text-classification-tf", "18762b459e21d9c70e5c242f8d43fc4e6db37a0d"
POLARITY_FILES = (
    DataFile(
        "rt_polarity/rt-polarity.neg",
        612_506,
        "2d11cfbc790f1cd96d78339f41ce53ced1efa83cd22d37d6788fa3fe3d17e2fd",
        _POLARITY,
        _github(*_BRITZ, "data/rt-polaritydata/rt-polarity.neg"),
    ),
    DataFile(
        "rt_polarity/rt-polarity.pos",
        626_395,
        "4134882974a28d0c7b5151256f0e33a6169984ee7372c279e673f1114f475d58",
        _POLARITY,
        _github(*_BRITZ, "data/rt-polaritydata/rt-polarity.pos"),
    ),
)

ETTH1_FILE = DataFile(
    "etth1/ETTh1.csv",
    2_589_657,
    "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066",
    "https://github.com/zhouhaoyi/ETDataset (ETT-small)",
    _github(
        "zhouhaoyi/ETDataset", "1d16c8f4f943005d613b5bc962e9eeb06058cf07", "ETT-small/ETTh1.csv"
    ),
)

AIRLINE_FILE = DataFile(
    "airline_passengers/airline-passengers.csv",
    2_180,
    "8cb51be753a718d9be5d76d7e238cc224792754676adc21faa59e954b0201621",
    "https://github.com/jbrownlee/Datasets",
    _github(*_BROWNLEE, "airline-passengers.csv"),
)
