"""Classes of texts: a column of texts and one of labels in, a convolution over words out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from .. import random
from ..base.arguments import number
from ..base.message import Message
from ..base.missing import spelled
from ..data.sequence_padding import pad_sequences
from ..data.text import Vocabulary
from ..errors import DataError
from ..io.writing import FilePath
from ..models.sequences.text_cnn import text_cnn
from ..tables.choice import Choice
from ..train.models.model import Model
from ..typing import Array, DataLike
from .class_training import parts_of, train_classes
from .input_columns import column as column_of
from .input_columns import column_or_values, silent
from .task_model import TaskModel, unpack_as
from .tested import ClassTest

_MOST_WORDS = 30_000
_LONGEST = 256  # words of a text that are read


class TextModel(TaskModel):
    """Says of texts which class they belong to. Made by `fit_texts`.

    Attributes: `classes`, the labels in order; `words`, those that the network knows; `length`, how
    many words of a text it reads; `column`, the name of the column of texts.
    """

    kind = "texts"

    def __init__(
        self, network: Model, classes: Sequence[str], words: Sequence[str], length: int,
        choices: Sequence[Choice] = (), score: Mapping[str, float] = {}, column: str = "",
    ) -> None:  # fmt: skip
        super().__init__(network, choices, score)
        self.column = column
        self.classes, self.words, self.length = list(classes), list(words), length
        self._vocabulary = Vocabulary(self.words)

    def predict_proba(self, texts: DataLike) -> Array:
        """The probability of each class: (n, classes)."""
        return self.of_ids(self.ids(texts))

    def of_ids(self, ids: Array) -> Array:
        """The probability of each class for what `ids` gives: (n, classes)."""
        out = np.asarray(self.network.predict(ids))
        return np.concatenate([1 - out, out], axis=1) if out.shape[1] == 1 else out

    def predict(self, texts: DataLike) -> list[str]:
        """The most likely class of each text."""
        return [self.classes[i] for i in self.predict_proba(texts).argmax(axis=1)]

    def ids(self, texts: DataLike) -> Array:
        """What the network reads: (n, length). Of a table the column that it learned from."""
        values = column_or_values(texts, self.column, "predict")
        listed = [values] if isinstance(values, str) else list(values)
        rows = [self._vocabulary.encode(text) for text in _texts(listed, self.column)]
        return np.asarray(pad_sequences(rows, maxlen=self.length, truncating="post"))

    def config(self) -> dict[str, Any]:
        names = ("classes", "words", "length", "column")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def restored(cls, network: Model, config: Mapping[str, Any]) -> Self:
        classes, words = ([str(c) for c in config[name]] for name in ("classes", "words"))
        return cls(network, classes, words, int(config["length"]), column=str(config["column"]))


def unpack(arrays: Mapping[str, Array], described: Mapping[str, Any], path: FilePath) -> TaskModel:
    """The model of a file; what `ranvier.load` calls."""
    return unpack_as(TextModel, arrays, described, path)


@spelled
def fit_texts(
    frame: DataLike,
    column: str,
    target: str,
    budget: float = 60.0,
    seed: int = 0,
    verbose: int = 1,
) -> TextModel:
    """A network that says the class, in the column `target`, of the texts in a column of a table.

        model = ranvier.tasks.fit_texts(frame, "review", target="opinion")
        model.predict(["what a film"])

    A tenth of the rows is held out to choose the best weights, another tenth to test them:
    `model.score["accuracy"]`. Missing texts count as empty; rows without a label are left out.

    Args:
        budget: seconds, reading and compiling included.
        seed: of the split, the first weights and the order of the rows.
    """
    started = time.monotonic()
    seconds = number("fit_texts", "budget", budget, 1)
    say: Callable[[str], None] = print if verbose else silent
    random.seed(seed)
    texts, labels = _columns(frame, column, target)
    classes, codes = np.unique(labels, return_inverse=True)
    counts = np.bincount(codes)
    if len(classes) < 2 or counts.min() < 3:
        raise DataError(
            f"{target}: {len(classes)} classes, the rarest in {int(counts.min())} rows; expected "
            "two or more, each in at least three rows"
        )
    parts = parts_of(codes, seed)
    vocabulary = Vocabulary.from_texts(
        (texts[i] for i in parts.train), max_tokens=_MOST_WORDS, min_count=2
    )
    lengths = [len(vocabulary.encode(texts[i])) for i in parts.train[:2000]]
    length = int(np.clip(np.percentile(lengths, 98), 5, _LONGEST))
    network = text_cnn(
        len(vocabulary), len(classes), length, width=64, filters=48, word_dropout=0.3
    )
    choices = [
        Choice("words", f"{len(vocabulary):,}", "those that stand twice in the rows to train on"),
        Choice("length", Message("{count} words", count=length), "98 of 100 texts are no longer"),
        Choice(
            "network",
            Message("TextCNN of {count} numbers", count=f"{network.count_params():,}"),
            "Kim 2014",
        ),
    ]
    for choice in choices:
        say(str(choice))
    names = [str(c) for c in classes]
    model = TextModel(network, names, vocabulary.tokens[2:], length, column=column)
    accuracy, ended = train_classes(
        network, model.ids(texts), codes, parts,
        seconds=seconds, started=started, rate=0.002, seed=seed, most_epochs=8.0,
        say=say if verbose > 1 else None,
    )  # fmt: skip
    model.choices = (*choices, ended)
    model.score = {"accuracy": accuracy, "test_rows": float(len(parts.test))}
    tested = [texts[i] for i in parts.test]
    model.tested = ClassTest(
        column, target, codes[parts.test], codes[parts.train], model.predict_proba(tested), tested,
        time.monotonic() - started, parts.test, ask=model.predict_proba,
    )  # fmt: skip
    say(f"accuracy {accuracy:.4f} on {len(parts.test):,} rows held out")
    return model


def _texts(values: Sequence[object], column: str) -> list[str]:
    """Texts as they are, numbers as they are written, and what is missing as an empty text."""
    texts = []
    for row, value in enumerate(values):
        if isinstance(value, bytes) or np.ndim(value):  # type: ignore[arg-type]
            raise DataError(
                f"{column or 'texts'}: row {row} is a {type(value).__name__}, {value!r}; expected "
                "one text for each row"
            )
        is_missing = value is None or value != value or str(value) in ("<NA>", "NaT")
        texts.append("" if is_missing else str(value))
    return texts


def _columns(frame: DataLike, column: str, target: str) -> tuple[list[str], Array]:
    """(texts, labels) of the rows that have a label."""
    texts, labels = (column_of(frame, name, "fit_texts").tolist() for name in (column, target))
    has = [i for i, label in enumerate(labels) if label is not None and label == label]
    listed = _texts([texts[i] for i in has], column)
    if not any(text.strip() for text in listed):
        raise DataError(f"{column}: no row with a label holds a text; is it another column?")
    return listed, np.array([str(labels[i]) for i in has])
