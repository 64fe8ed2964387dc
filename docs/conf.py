"""Sphinx: `sphinx-build -W docs docs/_build`. The pages load nothing from outside."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for api_pages

_BUILD = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")

project = "Ranvier"
author = "The Ranvier authors"
copyright = "the Ranvier authors"
release = version = re.search(r'^version = "(.+)"', _BUILD, re.M)[1]  # type: ignore[index]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "api_pages",
]
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
default_role = "code"  # `name` in a docstring is code
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autosummary_generate = False  # tables only; the entries stand below them
napoleon_use_ivar = True
toc_object_entries = False  # the tables of a page list its names
html_theme = "alabaster"
html_theme_options = {
    "description": "Deep learning whose every number can be seen",
    "fixed_sidebar": True,
    "page_width": "1240px",
    "body_max_width": "auto",
}
html_static_path = ["_static"]
html_css_files = ["page.css"]
html_show_sourcelink = False

# What estimators inherit from scikit-learn refers to its own pages.
suppress_warnings = ["ref.ref", "ref.term"]
