"""Running the text of a tutorial under Ranvier: only its import lines change."""

from __future__ import annotations

import re
import textwrap
from typing import Any

_IMPORT = re.compile(r"^(\s*)(import|from) (torch|tensorflow|keras)\b([.\w]*)(.*)$", re.MULTILINE)
_HOME = {"keras": "tensorflow.keras"}


def translated(text: str) -> str:
    """The text with its imports of torch, tensorflow and keras turned to Ranvier's.

    >>> print(translated("import torch\\nimport torch.nn as nn\\nfrom keras.layers import Dense"))
    import ranvier.compat.torch as torch
    import ranvier.compat.torch.nn as nn
    from ranvier.compat.tensorflow.keras.layers import Dense
    """

    def rewritten(found: re.Match[str]) -> str:
        space, verb, name, rest, tail = found.groups()
        named = f" as {name}" if verb == "import" and not rest and " as " not in tail else ""
        return f"{space}{verb} ranvier.compat.{_HOME.get(name, name)}{rest}{named}{tail}"

    return _IMPORT.sub(rewritten, textwrap.dedent(text))


def run(text: str, **names: Any) -> dict[str, Any]:
    """Run the text and return its names; `names` are there from the start."""
    space: dict[str, Any] = {"__name__": "tutorial", **names}
    exec(compile(translated(text), "tutorial", "exec"), space)
    return space
