"""The file of a study: a line of JSON for each thing that happened, in Optuna's journal format.

A killed search leaves all lines that were written; half a line at the end is cut off. One process
writes at a time; another one is noticed before anything is lost.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import FileError, StateError
from ..io.reading import open_plain
from ..io.writing import FilePath, check_output, open_log


class Journal:
    """What `optuna.storages.JournalStorage` reads and writes: `read_logs` and `append_logs`."""

    def __init__(self, path: FilePath) -> None:
        self.path = path
        check_output(path)
        there = Path(path).exists() and Path(path).stat().st_size > 0
        whole = b""
        if there:
            with open_plain(path) as file:
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._lines = _lines(path, whole or data)
        else:
            self._lines = []
        self._log = open_log(path, append=True)
        self._log.cut(len(whole))
        self._size = len(whole)

    def read_logs(self, log_number_from: int) -> Sequence[dict[str, Any]]:
        """The lines from this number on."""
        return self._lines[log_number_from:]

    def append_logs(self, logs: Sequence[dict[str, Any]]) -> None:
        """Add lines."""
        if self._log.size() != self._size:
            raise StateError(
                f"{self.path}: another process has written to this study; wait until it is done, "
                "or name another file for this one (storage=, --storage)"
            )
        lines = [json.dumps(log, separators=(",", ":")) for log in logs]
        self._log.write("".join(f"{line}\n" for line in lines))
        self._size = self._log.size()
        self._lines += [json.loads(line) for line in lines]

    def close(self) -> None:
        """Close the file."""
        self._log.close()


def _lines(path: FilePath, data: bytes) -> list[dict[str, Any]]:
    """The lines of a journal; FileError for another file."""
    try:
        lines = [json.loads(line) for line in data.splitlines()]
    except (json.JSONDecodeError, UnicodeDecodeError):
        lines = [None]
    if not all(isinstance(line, dict) and "op_code" in line for line in lines):
        raise FileError(
            f"{path} is not the file of a study; name another one (storage=, --storage), or remove "
            "it"
        )
    return lines
