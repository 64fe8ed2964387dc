"""The words of the field: those of a private dialect stay out of the package, its pages and tests.

`docs/glossary.md` says which word stands for what. Names, messages, comments and docstrings hold
none of `DIALECT`.
"""

from __future__ import annotations

import builtins
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

PACKAGE = ROOT / "src/ranvier"
ROOMS = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())

# What must not be part of a name, and the word of the field for it.
DIALECT = {
    "turn": "iteration",
    "turns": "iterations",
    "turned": "rotated or transposed",
    "fold": "reduction",
    "folds": "reductions",
    "folded": "reduced",
    "place": "index, position, offset or axis",
    "places": "indices, positions or offsets",
    "placed": "what was put where",
    "dear": "expensive",
    "near": "in cache",
    "far": "out of cache",
    "anew": "again, or reset",
    "said": "what it holds",
    "given": "what it holds",
    "found": "what it holds",
    "squares": "tiles or blocks",
    "several": "what they are",
}

# What must not stand in a message, a comment or a docstring.
PHRASES = {
    r"whole numbers?": "integer",
    r"\w*(?:ptim|egular|nitial|ormal|tandard|ector|rgan|uant|oken)is(?:e|a|i)\w*": (
        "the same with z, as PyTorch, Keras and scikit-learn spell it"
    ),
    r"dear": "expensive",
    r"anew": "again, or reset",
    r"(?<!constant )(?<!-)folds?|(?<!constants )folded": "reduction",
    r"(?<!in )turns?(?! (?:out|off|on|into|-0\.0))": "iteration",
    r"(?<!in )(?<![iI]n-)(?<!in its )(?<!in the )(?<!in their )(?<!last\s)(?<!takes )places?": (
        "index, position, offset or axis"
    ),
}

# Part of a path, the word and why it stands there.
EXCEPTIONS: list[tuple[str, str, str]] = [
    ("cli/compare.py", "fold", "a part of the rows in cross-validation"),
    ("cli/compare.py", "folds", "parts of the rows in cross-validation"),
    ("benchmarks/", "fold", "a part of the rows in cross-validation"),
    ("benchmarks/", "folds", "parts of the rows in cross-validation"),
    ("docs/results.md", "fold", "a part of the rows in cross-validation"),
    ("docs/results.md", "folds", "parts of the rows in cross-validation"),
    ("examples/movie_reviews.py", "fold", "a part of the rows in cross-validation"),
    ("examples/movie_reviews.py", "folds", "parts of the rows in cross-validation"),
    ("docs/glossary.md", "", "it names the words that are gone"),
    ("CHANGELOG.md", "place", "it names the words that are gone"),
    ("CHANGELOG.md", "turn", "it names the words that are gone"),
    ("CHANGELOG.md", "whole number", "it names the words that are gone"),
    ("tensors/from_numpy.py", "place", "a function of NumPy"),
]


def words(name: str) -> list[str]:
    """The words of a name.

    >>> words("_WriteFolds2")
    ['write', 'folds']
    """
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    split = re.sub(r"(?i)(?<![a-z])in_place(?![a-z])", "in", split)  # the field's word too
    return [w.lower() for w in re.split(r"[^A-Za-z]+", split) if w]


def dialect(source: str) -> Iterator[tuple[int, str, str]]:
    """(line, word, the field's word) for everything in a source that is dialect."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = token.start[0]
        if token.type == tokenize.NAME and hasattr(builtins, token.string):
            continue  # FileNotFoundError
        if token.type == tokenize.NAME:
            yield from ((line, w, DIALECT[w]) for w in words(token.string) if w in DIALECT)
            continue
        if token.type == tokenize.STRING or token.type == tokenize.COMMENT:
            yield from _in_text(token.string, line)
            if "{" in token.string and token.string[0] in "fF":
                for part in re.findall(r"\{([^{}:!]*)", token.string):
                    names = [w for name in re.findall(r"\w+", part) for w in words(name)]
                    yield from ((line, w, DIALECT[w]) for w in names if w in DIALECT)
        elif token.type == getattr(tokenize, "FSTRING_MIDDLE", None):
            yield from _in_text(token.string, line)


def _in_text(text: str, line: int) -> Iterator[tuple[int, str, str]]:
    for phrase, better in PHRASES.items():
        for match in re.finditer(rf"(?<![\w`.%])(?:{phrase})(?![\w`])", text):
            yield line + text.count("\n", 0, match.start()), match[0], better


def problems(paths: Iterable[Path]) -> list[str]:
    """Everything in Python sources and Markdown pages that is dialect, but the exceptions."""
    lines = []
    for path in paths:
        name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        allowed = {word for part, word, _ in EXCEPTIONS if part in name}
        hits = dialect(text) if path.suffix == ".py" else _in_text(text, 1)
        for line, word, better in hits:
            if word not in allowed and "" not in allowed:
                lines.append(f"{name}:{line}: {word!r}; say {better}")
    return lines


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_speaks_the_words_of_the_field(room: str) -> None:
    files = sorted((PACKAGE / room).rglob("*.py"))
    assert files
    assert not problems(files)


def test_files_in_no_room_speak_the_words_of_the_field() -> None:
    assert not problems(sorted(PACKAGE.glob("*.py")))


# Words that tests may use, as any text does: names of what was given and found.
PLAIN = {"given", "found", "several", "near", "far", "turned", "squares"}


def test_tests_speak_the_words_of_the_field() -> None:
    """But for `tests/golden`, where the names of stored values stay as they are."""
    words_left = [
        f"{path.relative_to(ROOT).as_posix()}:{line}: {word!r}; say {better}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path.parent.name != "golden" and path != Path(__file__)
        for line, word, better in dialect(path.read_text(encoding="utf-8"))
        if word not in PLAIN and not _is_stored(path, word)
    ]
    assert not words_left, "\n".join(words_left)


def _is_stored(path: Path, word: str) -> bool:
    """Whether a word is a key of stored values, a name in an example or a mistake on purpose."""
    return (path.name, word) in {
        ("test_attention.py", "places"),
        ("test_mistakes.py", "optimiser"),
        ("test_spelling.py", "optimiser"),
        ("test_sequences.py", "places"),
        ("test_results.py", "fold"),
        ("test_results.py", "folds"),
    }


@pytest.mark.parametrize("folder", ["docs", "examples", "benchmarks", "."])
def test_pages_and_programs_speak_the_words_of_the_field(folder: str) -> None:
    files = (ROOT / folder).glob("*" if folder == "." else "**/*")
    written = [f for f in sorted(files) if f.suffix in (".md", ".py") and "_build" not in f.parts]
    assert written
    assert not problems(written)


def test_exceptions_are_needed() -> None:
    folders = ["docs", "examples", "benchmarks", "src/ranvier"]
    paths = [p for f in folders for p in (ROOT / f).rglob("*") if p.suffix in (".md", ".py")]
    paths += ROOT.glob("*.md")
    for part, word, reason in EXCEPTIONS:
        assert reason
        if not word:
            continue
        sources = [p for p in paths if part in p.as_posix()]
        words = [
            w
            for p in sources
            for text in [p.read_text(encoding="utf-8")]
            for _, w, _ in (dialect(text) if p.suffix == ".py" else _in_text(text, 1))
        ]
        assert word in words, (part, word)


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("turns = 3", "turns"),
        ("class LongFold: ...", "fold"),
        ('"""Kernels that run once at each turn."""', "turn"),
        ("x = 1  # dear to compute", "dear"),
        ('raise ValueError("expected a whole number")', "whole number"),
        ('f"{said} is wrong"', "said"),
    ],
)
def test_dialect_is_seen(source: str, word: str) -> None:
    assert word in [w for _, w, _ in dialect(source)]


@pytest.mark.parametrize(
    "source",
    [
        "written_in_line = 1",
        "def add_in_place(): ...",
        '"""Updated in place; an index may turn out outside."""',
        "# units in the last place",
    ],
)
def test_the_language_is_left_alone(source: str) -> None:
    assert not list(dialect(source))


def test_the_glossary_names_every_word_of_the_dialect() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    for word in ("turn", "fold", "place", "dear", "whole number", "near", "far", "anew"):
        assert f"*{word}*" in glossary, word
