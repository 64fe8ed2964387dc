"""Classes of pictures: a folder with one folder for each class in, a small CNN out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np

from .. import random
from ..base.arguments import number
from ..base.extras import optional
from ..base.message import Message
from ..base.missing import spelled
from ..data.conversion import as_array, check_finite
from ..data.streams.file_streams import IMAGE_SUFFIXES, ImageStream, stream_images
from ..errors import ArgumentError, DataError, ShapeError, warn
from ..io.reading import open_plain
from ..io.writing import FilePath
from ..nn import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPooling2D,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
    Rescaling,
)
from ..optim import AdamW
from ..tables.choice import Choice
from ..train.models.model import Model
from ..train.models.sequential import Sequential
from ..typing import Array, ArrayLike
from .class_training import parts_of, train_classes
from .input_columns import silent
from .task_model import TaskModel, unpack_as
from .tested import ClassTest

Pictures: TypeAlias = "FilePath | Sequence[FilePath] | ArrayLike"  # files, or their numbers

_LARGEST = 96  # pixels of a side that are kept
_SMALLEST = 8
_SAMPLE = 64  # images whose size and colours are looked at
_MAX_BYTES = 2 << 30  # of all pictures in memory
_PHOTO_SIDE = 32  # from this size on, colour pictures are taken for photographs


class ImageModel(TaskModel):
    """Says of pictures which class they belong to. Made by `fit_images`.

    Attributes: `classes`, the names in order; `size`, (height, width) of what the network sees;
    `color`, "rgb" or "grayscale".
    """

    kind = "images"

    def __init__(
        self, network: Model, classes: Sequence[str], size: tuple[int, int], color: str,
        choices: Sequence[Choice] = (), score: Mapping[str, float] = {},
    ) -> None:  # fmt: skip
        super().__init__(network, choices, score)
        self.classes, self.size, self.color = list(classes), size, color

    def predict_proba(self, images: Pictures) -> Array:
        """The probability of each class: (n, classes).

        `images` are paths of files, one path, or an array (n, height, width[, channels]) of the
        numbers 0 to 255 in the model's size.
        """
        return np.asarray(self.network.predict(self.pixels(images)))

    def predict(self, images: Pictures) -> list[str]:
        """The most likely class of each picture."""
        return [self.classes[i] for i in self.predict_proba(images).argmax(axis=1)]

    def evaluate(self, folder: FilePath) -> float:
        """The share of the pictures in a folder of class folders that it names rightly."""
        stream: Any = stream_images(folder, self.size, self.color)
        names = [str(stream.classes[i]) for i in stream.labels]
        named = self.predict(stream.files)
        return float(np.mean([a == b for a, b in zip(names, named, strict=True)]))

    def pixels(self, images: object) -> Array:
        """What the network reads: (n, height, width, channels)."""
        if isinstance(images, str | Path):
            images = [images]
        if isinstance(images, Sequence) and images and isinstance(images[0], str | Path):
            files = [Path(image) for image in images]
            return _read(ImageStream(files, None, self.classes, self.size, self.color))
        array = np.asarray(images)
        if array.dtype.kind not in "uif":
            array = as_array(array, "images")
        channels = 1 if self.color == "grayscale" else 3
        if array.ndim == 3 and channels == 1:
            array = array[..., None]
        if array.shape[1:] != (*self.size, channels):
            raise ShapeError(
                f"images: got an array of shape {array.shape}; expected (n, *{self.size}, "
                f"{channels}), or the paths of files, which are brought to that size"
            )
        check_finite(array, "images")
        if array.dtype.kind == "f" and array.size and 0 < array.max() <= 1 and array.min() >= 0:
            warn(
                "images: all numbers lie between 0 and 1, and the model learned from pixels of 0 "
                "to 255; if they were divided by 255, multiply them again"
            )
        return array

    def config(self) -> dict[str, Any]:
        return {"classes": self.classes, "size": list(self.size), "color": self.color}

    @classmethod
    def restored(cls, network: Model, config: Mapping[str, Any]) -> Self:
        height, width = (int(n) for n in config["size"])
        return cls(network, [str(c) for c in config["classes"]], (height, width), config["color"])


def unpack(arrays: Mapping[str, Array], described: Mapping[str, Any], path: FilePath) -> TaskModel:
    """The model of a file; what `ranvier.load` calls."""
    return unpack_as(ImageModel, arrays, described, path)


@spelled
def fit_images(
    folder: FilePath,
    budget: float = 60.0,
    size: int | None = None,
    color: str | None = None,
    seed: int = 0,
    verbose: int = 1,
) -> ImageModel:
    """A network for the pictures of a folder that holds one folder for each class.

        model = ranvier.tasks.fit_images("photos", budget=60)
        model.predict(["new.jpg"])

    A tenth of the pictures of each class is held out to choose the best weights, another tenth to
    test them: `model.score["accuracy"]`. Needs Pillow: `pip install "ranvier[images]"`.

    Args:
        budget: seconds, reading and compiling included.
        size: the longer side of what the network sees, in pixels; by default that of the pictures,
            from 8 to 96.
        color: "rgb" or "grayscale"; by default what the pictures are.
        seed: of the split, the first weights and the changes of the pictures. How far a training
            comes depends on the machine too.
    """
    started = time.monotonic()
    seconds = number("fit_images", "budget", budget, 1)
    say: Callable[[str], None] = print if verbose else silent
    random.seed(seed)
    stream: Any = stream_images(folder, (_SMALLEST, _SMALLEST))
    shape, color, choices = _form(stream.files, size, color)
    names = [str(name) for name in stream.classes]
    labels = np.asarray(stream.labels, np.int64)
    _check_counts(names, labels, shape)
    for choice in choices:
        say(str(choice))
    pixels = _read(ImageStream(stream.files, None, names, shape, color))
    parts = parts_of(labels, seed)
    network, more = cnn(pixels.shape[1:], len(names))
    choices += more
    say(str(more[0]))
    accuracy, ended = train_classes(
        network, pixels, labels, parts,
        seconds=seconds, started=started, rate=0.003, seed=seed, most_epochs=60.0,
        say=say if verbose > 1 else None,
    )  # fmt: skip
    score = {"accuracy": accuracy, "test_images": float(len(parts.test))}
    model = ImageModel(network, names, shape, color, [*choices, ended], score)
    model.tested = ClassTest(
        str(folder), "class", labels[parts.test], labels[parts.train],
        model.predict_proba(pixels[parts.test]), [str(stream.files[i]) for i in parts.test],
        time.monotonic() - started, parts.test, pixels[parts.test],
    )  # fmt: skip
    say(f"accuracy {accuracy:.4f} on {len(parts.test):,} pictures held out")
    return model


def cnn(row: tuple[int, ...], classes: int) -> tuple[Sequential, list[Choice]]:
    """A small convolutional network for pictures of this shape, compiled, and what was chosen."""
    height, width, channels = row
    photo = channels == 3 and min(height, width) >= _PHOTO_SIDE
    stages = max(1, min(4, int(np.log2(max(min(height, width), _SMALLEST) / 4))))
    layers: list[Layer] = [Rescaling(1 / 127.5, -1.0)]
    layers += [RandomTranslation(0.08, 0.08), RandomRotation(0.03), RandomZoom(0.1)]
    layers += [RandomFlip("horizontal")] if photo else []
    for stage in range(stages):
        filters = 24 * 2**stage
        for _ in range(1 if stage == 0 else 2):
            layers += [
                Conv2D(filters, 3, padding="same", use_bias=False),
                BatchNormalization(momentum=0.9),
            ]
            layers.append(Activation("relu"))
        layers.append(MaxPooling2D(2))
    layers += [Flatten(), Dropout(0.3), Dense(classes, "softmax")]
    model = Sequential(layers)
    model.ensure_built(row)
    model.compile(AdamW(0.002, weight_decay=0.01), "sparse_categorical_crossentropy", ["accuracy"])
    if photo:
        flips = Message("shifted, turned and scaled a little, mirrored")
    else:
        flips = Message("shifted, turned and scaled a little, not mirrored")
    reason = Message(
        "{count} halvings of {height} x {width} pixels", count=stages, height=height, width=width
    )
    kind = Message("CNN of {count} numbers", count=f"{model.count_params():,}")
    return model, [
        Choice("network", kind, reason),
        Choice("augmentation", flips, "photographs" if photo else "signs may not be mirrored"),
    ]


def _form(
    files: Sequence[Path], size: int | None, color: str | None
) -> tuple[tuple[int, int], str, list[Choice]]:
    """((height, width), color, choices) of what the network sees, from some of the pictures."""
    chosen = files[:: max(1, len(files) // _SAMPLE)][:_SAMPLE]
    shapes, gray = zip(*[_look(path) for path in chosen], strict=True)
    height, width = (int(n) for n in np.median(np.array(shapes), axis=0))
    longest = max(height, width)
    side = min(max(longest, _SMALLEST), _LARGEST) if size is None else size
    if side < 4:
        raise ArgumentError(f"fit_images: size={size}; expected at least 4 pixels")
    scaled = [max(4, round(n * side / longest)) for n in (height, width)]
    why = Message("the pictures are {height} x {width}", height=height, width=width)
    likely = "grayscale" if all(gray) else "rgb"
    if color is None:
        color = likely
        reason = Message(
            "{gray} of {count} pictures looked at have no colour", gray=sum(gray), count=len(gray)
        )
    else:
        reason = Message("as asked for")
    return (
        (scaled[0], scaled[1]),
        color,
        [
            Choice(
                "size",
                Message("{height} x {width} pixels", height=scaled[0], width=scaled[1]),
                why,
                "--size",
            ),
            Choice("color", color, reason, "--color"),
        ],
    )


def _look(path: Path) -> tuple[tuple[int, int], bool]:
    """((height, width), whether it is gray) of a picture."""
    optional("PIL.Image", "fit_images", "images")
    from PIL import Image

    with open_plain(path) as file, Image.open(file) as image:
        width, height = image.size
        if image.mode in ("1", "L", "LA", "I;16"):
            return (height, width), True
        small = np.asarray(image.convert("RGB").resize((32, 32)), np.int16)
    return (height, width), bool(np.abs(small - small.mean(axis=2, keepdims=True)).max() < 3)


def _read(stream: ImageStream) -> Array:
    return np.concatenate([chunk[0] for chunk in stream.chunks()])


def _check_counts(names: Sequence[str], labels: Array, shape: tuple[int, int]) -> None:
    counts = np.bincount(labels, minlength=len(names))
    if (counts > 0).sum() < 2:
        raise DataError("fit_images: expected pictures of at least two classes, in a folder each")
    few = [name for name, n in zip(names, counts, strict=True) if n < 3]
    if few:
        raise DataError(
            f"fit_images: class {few[0]!r} has {int(counts[names.index(few[0])])} pictures; each "
            f"needs at least three, to train, to choose and to test (files ending in "
            f"{', '.join(IMAGE_SUFFIXES)} count)"
        )
    if len(labels) * shape[0] * shape[1] * 3 > _MAX_BYTES:
        raise DataError(
            f"fit_images: {len(labels):,} pictures of {shape[0]} x {shape[1]} pixels take more "
            "than 2 GiB; give a smaller size="
        )
