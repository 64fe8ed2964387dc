"""Settings of every test run: they must stand before the first `import ranvier`."""

from __future__ import annotations

import os
import tempfile

# Nothing of a test run may be seen by another one or touch the user's own cache.
_CACHE = tempfile.TemporaryDirectory(prefix="ranvier-tests-")
os.environ["RANVIER_CACHE"] = _CACHE.name
os.environ.setdefault("RANVIER_CHECK", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
