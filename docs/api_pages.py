"""The API reference, made of the package itself: one page for each public module.

What is public is read from the package (`__all__`; where a module has none, the functions and
classes of its own), groups and their headings from the modules in which names are defined. Nothing
is listed twice; a new public name appears by itself. Sphinx runs `setup`, which writes the pages to
`docs/api/` before they are read.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import ranvier

FOLDER = "api"
ELSEWHERE = {
    "ranvier.compat",  # names of other libraries, told in compat.md
    "ranvier.optim.schedules",  # on the page of ranvier.optim
}


def first_sentence(doc: str) -> str:
    """The first paragraph of a docstring in one line, up to its first full stop."""
    paragraph = " ".join(doc.strip().partition("\n\n")[0].split())
    sentence, stop, _ = paragraph.partition(". ")
    return sentence + stop.strip()


def public_names(module: ModuleType) -> list[str]:
    """The names of `module` that a user may use."""
    if "__all__" in vars(module):
        return sorted(vars(module)["__all__"])
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isroutine(value))
        and f"{value.__module__}.".startswith(f"{module.__name__}.")
    )


def public_modules() -> list[ModuleType]:
    """`ranvier` and every module that a public module offers by name, each once."""
    modules = [ranvier]
    for module in modules:  # grows while it is walked
        for name in public_names(module):
            value = getattr(module, name)
            if isinstance(value, ModuleType) and value not in modules:
                modules.append(value)
    return [module for module in modules if module.__name__ not in ELSEWHERE and entries(module)]


def entries(module: ModuleType) -> dict[str, Any]:
    """Every public name of `module` that is no module itself, and no alias of its version."""
    values = {name: getattr(module, name) for name in public_names(module)}
    return {
        name: value
        for name, value in values.items()
        if not isinstance(value, ModuleType) and not name.startswith("__")
    }


def groups(module: ModuleType) -> dict[str, list[str]]:
    """Names under the module that defines them; plain values and NumPy's under "" at the end."""
    modules: dict[str, list[str]] = {}
    for name, value in entries(module).items():
        home = getattr(value, "__module__", None) or ""
        modules.setdefault(home if home.startswith("ranvier") else "", []).append(name)
    return dict(sorted(modules.items(), key=lambda item: (item[0] == "", item[0])))


def heading(text: str, line: str) -> list[str]:
    return [text, line * len(text), ""]


def inherited(cls: type) -> list[str]:
    """The option that shows what a class has of bases without an entry of their own."""
    public = {value for module in public_modules() for value in entries(module).values()
              if inspect.isclass(value)}  # fmt: skip
    bases = cls.__mro__[1:]
    first = next((i for i, base in enumerate(bases) if base in public or base is object), 0)
    if not any(base.__module__.startswith("ranvier") for base in bases[:first]):
        return []
    stops = [base.__name__ for base in bases if base in public or base is object]
    return [f"   :inherited-members: {', '.join(stops)}"]


def entry(module: ModuleType, name: str, value: Any) -> list[str]:
    """The directive that shows one name whole."""
    full = f"{module.__name__}.{name}"
    if inspect.isclass(value) and value.__module__.startswith("ranvier"):
        return [f".. autoclass:: {full}", "   :members:", *inherited(value), ""]
    if inspect.isclass(value):  # NumPy's: its members are NumPy's to tell
        return [f".. py:class:: {full}", "", f"   `{value.__module__}.{value.__name__}`.", ""]
    if callable(value):
        return [f".. autofunction:: {full}", ""]
    lines = [f".. py:data:: {full}", f"   :type: {type(value).__name__}"]
    if isinstance(value, int | float):
        lines.append(f"   :value: {value!r}")
    return [*lines, ""]


def page(module: ModuleType) -> str:
    """One page of reStructuredText: for each group a table of its names, then the entries."""
    values = entries(module)
    lines = heading(module.__name__, "=")
    lines += [first_sentence(module.__doc__ or ""), "", f".. py:module:: {module.__name__}", ""]
    for home, names in groups(module).items():
        about = importlib.import_module(home).__doc__ if home else "Values, and types of NumPy."
        lines += heading(first_sentence(about or "").rstrip("."), "-")
        documented = [name for name in names if home and callable(values[name])]
        if documented:
            lines += [".. autosummary::", "   :nosignatures:", ""]
            lines += [f"   {name}" for name in documented] + [""]
        for name in names:
            lines += entry(module, name, values[name])
    return "\n".join(lines)


def write_pages(folder: Path) -> list[Path]:
    """Write every page under `folder`; a page that has not changed keeps its time."""
    folder.mkdir(exist_ok=True)
    written = []
    for module in public_modules():
        path = folder / f"{module.__name__}.rst"
        text = page(module)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        written.append(path)
    for path in set(folder.glob("*.rst")) - set(written):
        path.unlink()
    return written


def show_blocks(lines: list[str]) -> None:
    """Formulas that stand indented under a sentence become blocks that keep their lines."""
    for i in reversed(range(1, len(lines))):
        if lines[i].startswith("    ") and not lines[i - 1].strip():
            above = next((line for line in reversed(lines[:i]) if line.strip()), " ")
            if not above.startswith(" ") and not above.endswith("::"):
                lines[i:i] = [".. code-block:: text", ""]


def setup(app: Any) -> dict[str, bool]:
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir) / FOLDER) and None)
    # Before napoleon (500) takes the lists of arguments apart.
    app.connect(
        "autodoc-process-docstring",
        lambda app, what, name, obj, how, lines: show_blocks(lines),
        400,
    )
    return {"parallel_read_safe": True}
