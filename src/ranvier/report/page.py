"""The report as one HTML file: no script, nothing from the network."""

from __future__ import annotations

from pathlib import Path

from ..io.writing import FilePath, check_suffix, write_whole
from ..plots.document import document
from ..plots.drawing import Drawing
from ..plots.markup import Markup, element
from .charts.draw import draw
from .results import Results
from .sections.all_sections import SECTIONS
from .sections.page_parts import Page, cut
from .style import STYLE
from .words.language import Language, language


class Report:
    """Results as a page and as pictures.

    `save("report.html")` writes the page; `charts["roc"]` is a drawing, which a notebook shows and
    `charts["roc"].save("roc.png")` writes (.svg, .png, .pdf). In a notebook the report shows
    itself.
    """

    def __init__(self, results: Results, lang: str | None = None) -> None:
        self.results = results
        self.lang = language(lang).lang

    @property
    def charts(self) -> dict[str, Drawing]:
        """The charts that these results have, by name."""
        return draw(self.results, self.lang)

    def html(self) -> str:
        """The page."""
        return page(self.results, self.lang)

    def save(self, path: FilePath) -> Path:
        """Write the page, whole or not at all."""
        check_suffix(path, ".html")
        write_whole(path, self.html().encode())
        return Path(path)

    def __repr__(self) -> str:
        return f"Report({self.results.source!r}, target={self.results.target!r})"

    def _repr_html_(self) -> str:
        """A frame in a notebook, so that the styles of page and notebook stay apart."""
        return element(
            "iframe",
            srcdoc=self.html(),
            title=repr(self),
            style="width: 100%; height: 800px; border: 0",
        )


def page(results: Results, lang: str | None = None) -> str:
    """The page of these results, a document of HTML."""
    words = language(lang)
    parts = Page(results, words, draw(results, words.lang))
    sections = [(name, section(parts)) for name, section in SECTIONS.items()]
    present = [(name, *content) for name, content in sections if content is not None]
    title = words("title", target=cut(results.target, 60))
    return document(
        title,
        STYLE,
        _header(results, words, title, [(name, head) for name, head, _ in present]),
        element("main", *(_section(*section) for section in present)),
        _footer(results, words),
        lang={"zh": "zh-Hans"}.get(words.lang, words.lang),
    )


def _header(
    results: Results, words: Language, title: str, contents: list[tuple[str, str]]
) -> Markup:
    subtitle = words(
        "subtitle" if results.column_count else "subtitle_task",
        source=cut(results.source, 80),
        task=words(f"task_{results.task}", count=f"{len(results.classes):,}"),
        rows=f"{results.train_rows + results.test_rows:,}",
        features=f"{results.feature_count:,}",
        date=results.made,
    )
    links = [element("a", head, href=f"#{name}") for name, head in contents]
    return element(
        "header",
        element("h1", title),
        element("p", subtitle, class_="muted"),
        element("nav", *links, aria_label=words("contents")),
    )


def _section(name: str, head: str, body: Markup) -> Markup:
    return element("section", element("h2", head), body, id=name)


def _footer(results: Results, words: Language) -> Markup:
    version = results.versions.get("ranvier", "")
    return element("footer", element("p", words("made_by", version=version)))
