"""Chromium opens the page from a file: nothing on its console, nothing wider than the window."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ranvier.report.page import Report
from report.cases import CASES, both_languages, every_case

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
MEASURE = (
    "<script>const r = [...document.querySelectorAll('section, figure, figure svg, .card')];"
    "document.title = 'WIDTH ' + document.documentElement.scrollWidth + ' ' + "
    "Math.max(...r.map(e => Math.round(e.getBoundingClientRect().right)));</script>"
)


def opened(browser: str, page: Path, width: int, folder: Path) -> tuple[str, str]:
    """The document after loading, and what the browser had to say."""
    done = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu",
            "--disable-background-networking", "--enable-logging=stderr", "--v=0",
            f"--user-data-dir={folder / f'profile-{width}'}", f"--window-size={width},900",
            "--dump-dom", page.as_uri(),
        ],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return done.stdout, done.stderr


@pytest.fixture
def browser() -> str:
    """The path of Chromium."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("the page is opened with Chromium")
    return found


def without_policy(text: str) -> str:
    """The page with a script that measures it, which its policy would not allow."""
    policy = re.search(r'<meta http-equiv="Content-Security-Policy"[^>]*>', text)
    assert policy is not None
    return text.replace(policy[0], "").replace("</body>", MEASURE + "</body>")


def check_that_it_fits(browser: str, text: str, width: int, folder: Path) -> None:
    page = folder / "page.html"
    page.write_text(without_policy(text), encoding="utf-8")
    document, told = opened(browser, page, width, folder)
    assert "CONSOLE" not in told
    widths = re.search(r"<title>WIDTH (\d+) (\d+)</title>", document)
    assert widths is not None and int(widths[1]) <= width and int(widths[2]) <= width


def test_a_page_fits_the_window_and_says_nothing(
    tmp_path: Path, no_boosting: None, browser: str
) -> None:
    text = Report(CASES["evil_names"]()).html()
    page = tmp_path / "page.html"
    page.write_text(text.replace("</body>", MEASURE + "</body>"), encoding="utf-8")
    document, told = opened(browser, page, 500, tmp_path)
    assert "<title>WIDTH" not in document and "Content Security Policy" in told  # the policy holds
    check_that_it_fits(browser, text, 500, tmp_path)


@pytest.mark.slow
@both_languages
@every_case
def test_every_case_fits(
    case: str, lang: str, tmp_path: Path, no_boosting: None, browser: str
) -> None:
    for width in (500, 1280):
        check_that_it_fits(browser, Report(CASES[case](), lang).html(), width, tmp_path)
