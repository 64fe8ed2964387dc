"""The pages: code stands in fences, tables are whole and fit, and docstrings keep their lists.

The Markdown is checked as it is written. The pages that Sphinx builds of it are checked too, where
it is installed (`pip install ".[docs]"`); RANVIER_HTML names a folder of pages built already. Where
Chromium is there, it measures how wide they are.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from paths import ROOT

PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/README.md")
    for page in ROOT.glob(pattern)
    if "_build" not in page.parts
)
LANGUAGES = {"bash", "console", "pycon", "python", "text", "{eval-rst}", "{literalinclude}"}
LANGUAGES |= {"{toctree}"}
PAGE_CHARACTERS = 116  # of body text in one line of a page; a table's longest words must fit
MAX_COLUMNS_OF_CODE = 150  # longer lines of a block are never seen whole

# What is code wherever it stands: a prompt, an assignment of a call, an import, a command.
PROMPT = re.compile(r"^\s*(>>> |\.\.\. |\$ )")
CODE = re.compile(
    r"^\s*(import \w+( as \w+)?$|from [\w.]+ import |def \w+\(|class \w+[(:].*:$"
    r"|\w[\w., ]* = \w[\w.]*\("
    r"|model\.\w+\(|pip install |python \S+\.py|ranvier (train|compare|explain|predict|evaluate) )"
)


# --- the Markdown -------------------------------------------------------------------------------


def faults(text: str) -> list[str]:
    """What is wrong with a page of Markdown, one line for each fault."""
    found: list[str] = []
    fence = ""
    table: list[tuple[int, str]] = []
    before = ""
    for number, line in enumerate([*text.split("\n"), ""], 1):
        opened = re.match(r"^\s*(```+|:::+)\s*(\S*)", line)
        if opened and not fence:
            fence = opened[1]
            if opened[2] not in LANGUAGES:
                found.append(f"line {number}: a fence of the language {opened[2]!r}")
        elif fence:
            if line.strip() == fence:
                fence = ""
            elif len(line) > MAX_COLUMNS_OF_CODE:
                found.append(f"line {number}: {len(line)} columns of code")
        elif PROMPT.match(line):
            found.append(f"line {number}: a prompt outside a fence")
        elif CODE.match(line):
            found.append(f"line {number}: code outside a fence")
        elif line.startswith("    ") and not before.strip():
            found.append(f"line {number}: an indented block; put it into a fence with a language")
        if line.startswith("|") and not fence:
            table.append((number, line))
        elif table:
            found += table_faults(table)
            table = []
        before = line
    if fence:
        found.append("a fence is not closed")
    return found


def table_faults(rows: list[tuple[int, str]]) -> list[str]:
    """What is wrong with the table in these lines, given with their numbers."""
    cells = [re.split(r"(?<!\\)\|", line.strip())[1:-1] for _, line in rows]
    first = rows[0][0]
    if len(rows) < 2 or not all(re.fullmatch(r"\s*:?-+:?\s*", cell) for cell in cells[1]):
        return [f"line {first}: a table without a line of dashes under its head"]
    found = [
        f"line {number}: {len(row)} cells in a table of {len(cells[0])}"
        for (number, _), row in zip(rows, cells, strict=True)
        if len(row) != len(cells[0])
    ]
    width = sum(longest_words(cells)) + 3 * len(cells[0])
    if width > PAGE_CHARACTERS:
        found.append(f"line {first}: a table {width} characters wide at its narrowest")
    return found


def longest_words(rows: list[list[str]]) -> list[int]:
    """The length of the longest piece that is never broken, for each column."""
    columns = zip(*[row for row in rows if len(row) == len(rows[0])], strict=True)
    plain = [[re.sub(r"\]\(.*?\)|[`*\[]", "", cell) for cell in column] for column in columns]
    return [max(len(w) for cell in column for w in re.split(r"[\s/-]", cell)) for column in plain]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_hold_code_in_fences_and_whole_tables(page: Path) -> None:
    assert faults(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("planted", "message"),
    [
        (">>> import ranvier", "a prompt outside"),
        ("... ])", "a prompt outside"),
        ("$ ranvier train digits", "a prompt outside"),
        ("history = model.fit(x, y)", "code outside"),
        ("from ranvier import nn", "code outside"),
        ("ranvier compare flowers.csv --target species", "code outside"),
        ("    ranvier --version", "an indented block"),
        ("```python\n>>> 1\n1\n", "not closed"),
        ("```\n1\n```", "a fence of the language ''"),
        ("```text\n" + "x" * 151 + "\n```", "151 columns"),
        ("| a | b |\n| 1 | 2 |", "without a line of dashes"),
        ("| a | b |\n|---|---|\n| 1 | 2 | 3 |", "3 cells in a table of 2"),
        ("| a | b |\n|---|---|\n| " + "x" * 80 + " | " + "y" * 40 + " |", "126 characters wide"),
    ],
)
def test_a_planted_fault_of_a_page_is_found(planted: str, message: str) -> None:
    sound = "# Page\n\nWords, `x = f(y)` and a table:\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n"
    sound += "```pycon\n>>> 1\n1\n\n```\n\n"
    assert faults(sound) == []
    assert [line for line in faults(f"{sound}{planted}\n") if message in line], planted


# --- the pages as built -------------------------------------------------------------------------


class Page(HTMLParser):
    """What a reader of a built page sees outside code, and its tables."""

    BLOCKS = {"p", "li", "td", "th", "dt", "dd", "h1", "h2", "h3", "tr", "table", "div"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.code = 0
        self.lines = [""]
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("pre", "code", "tt", "script", "style", "svg"):
            self.code += 1
        elif tag in self.BLOCKS:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("pre", "code", "tt", "script", "style", "svg"):
            self.code -= 1
        elif tag in self.BLOCKS:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if not self.code:
            self.lines[-1] += data


# Marks of Markdown or of code that reached the reader as they were written.
RAW = re.compile(
    r">>>|(^|\s)\.\.\. |^\$ |```|`[^`]+`|\*\*\w[^*]*\*\*|\]\(|\|---|^\| |\w = \w[\w.]*\("
)


def built_faults(html: str) -> list[str]:
    """Lines of prose on a built page in which code or marks stand."""
    body = html.partition('<div class="body"')[2].partition('<div class="sphinxsidebar"')[0]
    return [line.strip()[:80] for line in Page(body).lines if RAW.search(line.strip())]


@pytest.fixture(scope="module")
def built_pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The pages, built once for all tests."""
    made = os.environ.get("RANVIER_HTML")
    if not made:
        if not all(importlib.util.find_spec(name) for name in ("sphinx", "myst_parser")):
            pytest.skip('the pages are built with Sphinx: pip install ".[docs]"')
        made = str(tmp_path_factory.mktemp("pages") / "html")
        done = subprocess.run(
            [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "docs", made],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    return sorted(p for p in Path(made).rglob("*.html") if p.stem not in ("search", "genindex"))


def test_built_pages_show_no_raw_code(built_pages: list[Path]) -> None:
    assert len(built_pages) >= len(list((ROOT / "docs").rglob("*.md")))
    found = {page.name: built_faults(page.read_text(encoding="utf-8")) for page in built_pages}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_raw_code_on_a_built_page_is_found() -> None:
    page = '<div class="body"><p>Words.</p><pre>&gt;&gt;&gt; 1</pre><p>{}</p></div>'
    assert built_faults(page.format("Use <code>x = f(y)</code>.")) == []
    for raw in (
        "&gt;&gt;&gt; import numpy",
        "a `name` here",
        "| a | b |",
        "x = f(y) y.g()",
        "**b**",
    ):
        assert built_faults(page.format(raw)), raw


# --- no page is wider than the window -----------------------------------------------------------

STYLE = ROOT / "docs" / "_static" / "page.css"
WIDTHS = (400, 500, 1000)  # pixels: a phone, half a screen, a screen

# What can be wider than a narrow window, and what keeps it inside: one of these declarations.
WIDE = {
    "div.body pre": ["overflow-x: auto"],
    "div.body table.docutils": ["overflow-x: auto", "max-width: 100%", "display: block"],
    "div.body svg": ["max-width: 100%"],
    "div.body": ["overflow-wrap: anywhere", "min-width: 0"],
    "div.body code": ["overflow-wrap: anywhere", "white-space: normal"],
    "div.body span.pre": ["overflow-wrap: anywhere", "white-space: normal"],
    "div.sphinxsidebar li code": ["overflow-wrap: anywhere"],
    "table.indextable td": ["display: block", "width: auto"],
}


def declarations(style: str) -> dict[str, set[str]]:
    """selector: what is declared for it, also inside @media."""
    plain = re.sub(r"/\*.*?\*/|@media[^{]*\{", "", style, flags=re.S)
    found: dict[str, set[str]] = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", plain):
        for selector in selectors.split(","):
            declarations = {" ".join(d.split()) for d in body.split(";") if d.strip()}
            found.setdefault(selector.strip(), set()).update(declarations)
    return found


def test_wide_things_scroll_or_break_inside_the_page() -> None:
    found = declarations(STYLE.read_text(encoding="utf-8"))
    lacking = {s: set(d) - found.get(s, set()) for s, d in WIDE.items()}
    assert {s: d for s, d in lacking.items() if d} == {}


MEASURE = """<html><body><script>
const out = [];
async function measure(page, width) {
  const frame = document.createElement("iframe");
  frame.style = `width: ${width}px; height: 900px; border: 0`;
  frame.src = page;
  await new Promise((done) => { frame.onload = done; document.body.appendChild(frame); });
  out.push([page, width, frame.contentDocument.documentElement.scrollWidth]);
  frame.remove();
}
(async () => {
  for (const page of PAGES) for (const width of WIDTHS) await measure(page, width);
  const shown = document.createElement("pre");
  shown.id = "measured";
  shown.textContent = JSON.stringify(out);
  document.body.appendChild(shown);
})();
</script></body></html>"""


def measured(browser: str, pages: list[Path], folder: Path) -> list[tuple[str, int, int]]:
    """(page, width of the window, width of the page), as a browser lays it out."""
    script = MEASURE.replace("PAGES", json.dumps([p.as_uri() for p in pages]))
    page = folder / "measure.html"
    page.write_text(script.replace("WIDTHS", json.dumps(WIDTHS)), encoding="utf-8")
    done = subprocess.run(
        [browser, "--headless=new", "--no-sandbox", "--disable-gpu",
         "--allow-file-access-from-files", "--virtual-time-budget=600000",
         f"--user-data-dir={folder / 'browser'}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    found = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout, re.S)
    assert found is not None, done.stderr[-2000:]
    return [tuple(row) for row in json.loads(unescape(found[1]))]


def test_no_built_page_is_wider_than_the_window(built_pages: list[Path], tmp_path: Path) -> None:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    if browser is None:
        pytest.skip("widths are measured with Chromium")
    wide = tmp_path / "wide.html"
    wide.write_text("<body><code style='white-space: nowrap'>" + "wide" * 300, encoding="utf-8")
    pages = [*built_pages, wide]
    rows = measured(browser, pages, tmp_path)
    assert len(rows) == len(pages) * len(WIDTHS)
    too_wide = {(Path(page).name, window) for page, window, width in rows if width > window}
    assert too_wide == {("wide.html", window) for window in WIDTHS}  # the planted one, no other


# --- docstrings ---------------------------------------------------------------------------------


def docstring_faults(text: str) -> list[str]:
    """Lists of arguments and section lines in a file of Python that have lost their form."""
    found = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if re.fullmatch(r"\s*# -{4,}", line) and re.match(r"\s*# --+ \w", lines[number - 2]):
            found.append(f"line {number}: a section line in two pieces")
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        doc = (ast.get_docstring(node) or "").split("\n")
        inside = False
        for line in doc:
            if re.fullmatch(r"(Args|Attributes|Returns|Raises):", line):
                inside = True
            elif inside and (not line.startswith("    ")):
                inside = False
            elif inside and re.match(r"    \S", line) and not re.match(r"    [\w*, `]+:", line):
                found.append(f"{line.strip()[:60]!r}: a line of a list that has lost its indent")
    return found


@pytest.mark.parametrize("folder", ["src", "tests", "examples", "benchmarks"])
def test_docstrings_keep_their_lists_and_section_lines(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    found = {str(f.relative_to(ROOT)): docstring_faults(f.read_text("utf-8")) for f in files}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_a_planted_fault_of_a_docstring_is_found() -> None:
    lost = '"""Words.\n\nArgs:\n    x: what\n    goes in.\n"""\n'
    assert docstring_faults(lost.replace("    goes", "        goes")) == []
    assert docstring_faults(lost) and docstring_faults("# -- part\n# -------\n")
