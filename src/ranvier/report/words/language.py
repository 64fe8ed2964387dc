"""Languages: the words of a report by key, with values in them.

`language("zh")("rows")` is a text; without a language RANVIER_LANG decides, then English.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable

from ...base.message import Message
from ...errors import unknown_name
from .chinese import CHINESE
from .chinese_data_findings import DATA_FINDINGS
from .chinese_findings import FINDINGS
from .chinese_messages import MESSAGES
from .english import ENGLISH

WORDS = {"en": ENGLISH, "zh": CHINESE}
# English ones are in the code.
TEMPLATES: dict[str, dict[str, str]] = {"en": {}, "zh": MESSAGES | FINDINGS | DATA_FINDINGS}
_BETWEEN = {"en": "; ", "zh": "；"}
OPEN, CLOSE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_MARKS = {"R", "AL", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"}


class Language:
    """The words of one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._words, self._templates = WORDS[lang], TEMPLATES[lang]

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of a key with the values in it; the key itself where the table has none."""
        if key not in self._words:
            return isolated(key.replace("_", " "))
        return self._words[key].format(
            **{name: isolated(str(value)) for name, value in values.items()}
        )

    def message(self, text: str) -> str:
        """A text of a choice or a column; where this language has no template it stays English."""
        if not isinstance(text, Message) or text.template not in self._templates:
            return self._templates.get(text, str(text))
        values = {
            name: self._value(value) if isinstance(value, str) else self.listed(value)
            for name, value in text.values.items()
        }
        return self._templates[text.template].format(**values)

    def listed(self, texts: Iterable[str]) -> str:
        """Several texts side by side."""
        return _BETWEEN[self.lang].join(map(self._value, texts))

    def _value(self, value: str) -> str:
        # NOTE: a plain text is a user's, though it may read like one of ours.
        return self.message(value) if isinstance(value, Message) else isolated(value)

    def name(self, prefix: str, key: str) -> str:
        """The text of `prefix_key`, or the key itself where the table has none."""
        return self(f"{prefix}_{key}") if f"{prefix}_{key}" in self._words else isolated(key)


def language(lang: str | None = None) -> Language:
    """The language of that name; by default what RANVIER_LANG says ("zh" or "zh_CN.UTF-8")."""
    chosen = (lang or os.environ.get("RANVIER_LANG") or "en").lower()
    short = chosen.replace("-", "_").partition("_")[0].partition(".")[0]
    if short not in WORDS:
        raise unknown_name("language", chosen, tuple(WORDS))
    return Language(short)


def isolated(text: str) -> str:
    """The text, marked off where it would change the direction of what stands beside it."""
    if text.isascii() or not any(unicodedata.bidirectional(c) in _MARKS for c in text):
        return text
    return f"{OPEN}{text}{CLOSE}"
