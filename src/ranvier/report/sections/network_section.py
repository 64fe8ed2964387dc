"""The network: how it was trained, its layers, what it looks at, time and memory, code."""

from __future__ import annotations

from ...base.quantities import bytes_text, duration_text
from ...plots.markup import Markup, element, join
from ..charts.network_chart import layer_table
from .page_parts import Page, charts, cut, numbers_of, table

_LEAST_SECONDS = 1e-4  # a stage that took less was skipped


def training(page: Page) -> tuple[str, Markup] | None:
    pictures = charts(page, "curve-1", "curve-2", "curve-3")
    if not pictures:
        return None
    return page.words("training"), join(element("p", page.words("training_about")), pictures)


def importance(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    if not results.importance:
        return None
    about = words(
        "importance_about",
        metric=words(results.metric),
        rows=f"{results.importance_rows:,}",
        repeats=results.importance_repeats,
    )
    parts: list[object] = [element("p", about)]
    if "importance" in page.charts:
        parts.append(charts(page, "importance", beside=numbers_of(page, "importance")))
    else:
        parts.append(element("p", words("importance_none")))
    if results.importance_left_out:
        left_out = words("importance_left_out", count=f"{results.importance_left_out:,}")
        parts.append(element("p", left_out, class_="muted"))
    return words("importance"), join(*parts)


def network(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    if not results.layers:
        return None
    members = words("members_of", count=results.members) if results.members > 1 else ""
    about = words(
        "network_about",
        parameters=f"{results.parameters:,}",
        layers=len(results.layers),
        members=members,
    )
    head, rows = layer_table(results, words)
    layers = table(head, [[cut(cell, 60) for cell in row] for row in rows], about, (3,))
    return words("network_section"), join(
        element("p", about), charts(page, "network", beside=layers)
    )


def cost(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    rows = [
        [words.name("seconds", name), duration_text(seconds)]
        for name, seconds in results.seconds.items()
        if seconds > _LEAST_SECONDS
    ]
    rows += [[words.name("memory", k), bytes_text(v)] for k, v in results.memory.items()]
    if not rows:
        return None
    return words("cost"), table(["", ""], rows, words("cost"), (1,))


def reproduce(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    parts: list[object] = []
    if results.code:
        parts += [
            element("p", words("reproduce_about")),
            element("pre", element("code", results.code), dir="ltr"),
        ]
    if results.command:
        parts.append(element("p", words("command_line")))
        parts.append(element("pre", element("code", results.command), dir="ltr"))
    if results.versions:
        versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
        parts.append(element("p", f"{words('made_with')}: {versions}", class_="muted"))
    return (words("reproduce"), join(*parts)) if parts else None
