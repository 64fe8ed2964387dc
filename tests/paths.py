"""Where files stand, whatever the room of the test that reads them."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
SRC = ROOT / "src" / "ranvier"
EXAMPLES = ROOT / "examples"
GOLDEN = TESTS / "golden"  # numbers of peers, and the scripts that make them
