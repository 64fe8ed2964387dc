"""What a diagnosis found: each finding with its numbers and the line to change."""

from __future__ import annotations

from ...plots.markup import Markup, element, join
from .page_parts import Page, cut, table


def diagnosis(page: Page) -> tuple[str, Markup] | None:
    results, words = page.results, page.words
    if not results.checked:
        return None
    parts: list[object] = [element("p", words("diagnosis_about", count=len(results.checked)))]
    if results.findings:
        head = [words(key) for key in ("found", "evidence", "change")]
        rows = [
            [
                join(
                    element("b", words.message(finding.kind)),
                    f" ({words('problem') if finding.severity == 'problem' else words('caution')})",
                    element("br"),
                    cut(words.message(finding.what), 400),
                ),
                cut(finding.evidence, 300),
                element("code", cut(finding.change, 200)),
            ]
            for finding in results.findings
        ]
        parts.append(table(head, rows, words("diagnosis")))
    else:
        parts.append(element("p", words("nothing_found")))
    parts.append(element("p", _kinds(page, results.checked, "looked_for"), class_="muted"))
    reasons: dict[str, list[str]] = {}
    for kind, reason in results.not_checked.items():
        reasons.setdefault(words.message(reason), []).append(kind)
    for reason, kinds in reasons.items():
        line = _kinds(page, kinds, "not_looked_for", reason=reason)
        parts.append(element("p", line, class_="muted"))
    return words("diagnosis"), join(*parts)


def _kinds(page: Page, kinds: object, key: str, **values: str) -> str:
    words = page.words
    assert isinstance(kinds, tuple | list)
    return words(key, kinds=words.listed([words.message(kind) for kind in kinds]), **values)
