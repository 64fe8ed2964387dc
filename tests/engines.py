"""Every executor that the package has, for tests that hold on each."""

from __future__ import annotations

from ranvier.base.config import ENGINES as _REGISTERED

ENGINES = list(_REGISTERED)
