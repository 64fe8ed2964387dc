"""Bytes of a file: compression, encoding, and what is no text at all."""

from __future__ import annotations

import bz2
import codecs
import gzip
import importlib
import io
import lzma
import mmap
import os
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...base.message import Message
from ...errors import DataError, FileError
from ...typing import Array
from ..choice import Choice

Buffer = bytes | mmap.mmap

SAMPLE_BYTES = 262_144
_CHUNK_BYTES = 8_388_608

# First bytes of files that are no text, and what they are.
_MAGIC = {
    b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"PAR1": "parquet", b"ARROW1": "arrow",
    b"\xd0\xcf\x11\xe0": "excel", b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image",
    b"%PDF": "a PDF document", b"GIF8": "a GIF image", b"SQLite format 3": "an SQLite database",
    b"\x93NUMPY": "a NumPy array", b"\x89HDF": "an HDF5 file", b"\x7fELF": "a program",
    b"7z\xbc\xaf": "a 7-Zip archive", b"Rar!": "a RAR archive", b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file",
}  # fmt: skip
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class Unpacked(NamedTuple):
    """The bytes of a file without compression.

    `format` is "text", "parquet", "arrow" or "excel"; `name` is the file's name without the
    suffix of the compression, `path` the file itself where nothing had to be unpacked.
    """

    data: Buffer
    format: str
    name: str
    path: Path | None
    choices: tuple[Choice, ...] = ()


def magic(data: Buffer) -> str | None:
    """What the first bytes say that a file is; None for what may be text."""
    head = bytes(data[:16])
    return next((kind for mark, kind in _MAGIC.items() if head.startswith(mark)), None)


def unpack(path: Path) -> Unpacked:
    """The bytes of the file at `path`, decompressed where they are compressed."""
    data = _contents(path)
    name, choices = path.name, []
    kind = magic(data)
    packed = kind in ("gzip", "zstd", "bzip2", "xz", "zip") and not _is_excel(data, kind)
    if packed and kind:
        data, inner = _decompress(data, kind, path)
        name = inner or path.stem
        choices.append(Choice("compression", kind, "by the first bytes of the file"))
        kind = magic(data)
    if kind == "zip":
        kind = "excel"
    if kind == "excel" or kind in ("parquet", "arrow"):
        return Unpacked(data, kind, name, None if packed else path, tuple(choices))
    if kind is not None and not (kind == "an ORC file" and _looks_like_text(data)):
        raise DataError(
            f"{path.name}: this is {kind if ' ' in kind else kind + ' data'}, in spite of its "
            "name; expected a table: CSV, TSV, Parquet, Excel or JSON lines, which may be "
            "compressed with gzip, zstd, bzip2, xz or zip"
        )
    return Unpacked(data, "text", name, None if packed else path, tuple(choices))


def _contents(path: Path) -> Buffer:
    try:
        if path.is_dir():
            raise FileError(f"{path}: expected a file with a table, got a folder")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                return file.read()  # empty, or a pipe
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        others = sorted(p.name for p in path.parent.glob("*") if p.suffix) if path.parent else []
        hint = f"; in that folder are {', '.join(others[:8])}" if others else ""
        raise FileError(f"{path}: no such file{hint}") from None
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path}: cannot be read ({error.strerror or error})") from None


def _is_excel(data: Buffer, kind: str | None) -> bool:
    if kind != "zip":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.startswith(("xl/", "content.xml")) for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _decompress(data: Buffer, kind: str, path: Path) -> tuple[bytes, str | None]:
    """The bytes, and the name of the file in an archive."""
    try:
        if kind == "gzip":
            return gzip.decompress(data), None
        if kind == "bzip2":
            return bz2.decompress(data), None
        if kind == "xz":
            return lzma.decompress(data), None
        if kind == "zstd":
            return _zstd(bytes(data), path), None
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [n for n in archive.namelist() if not n.endswith("/") and "__MACOSX" not in n]
            if len(names) != 1:
                holds = ", ".join(names[:5]) or "none"
                raise DataError(
                    f"{path.name}: expected one file in the archive, it holds {len(names)}: "
                    f"{holds}; unpack it and name the one to read"
                )
            return archive.read(names[0]), Path(names[0]).name
    except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError, RuntimeError) as error:
        if isinstance(error, DataError | FileError):
            raise
        raise DataError(
            f"{path.name}: the {kind} data are damaged or cut off ({error}); copy or download the "
            "file again"
        ) from None
    except zipfile.BadZipFile as error:
        raise DataError(f"{path.name}: the zip archive is damaged ({error})") from None


def _zstd(data: bytes, path: Path) -> bytes:
    """By Python 3.14's own module, or by a package that is there."""
    for module in ("compression.zstd", "zstandard", "pyarrow"):
        try:
            library = importlib.import_module(module)
        except ImportError:
            continue
        if module == "compression.zstd":
            return bytes(library.decompress(data))
        if module == "zstandard":
            return bytes(library.ZstdDecompressor().stream_reader(data).read())
        return bytes(library.CompressedInputStream(library.BufferReader(data), "zstd").read())
    raise DataError(f"{path.name}: zstd data need Python 3.14 or a package: pip install zstandard")


# --- encoding -----------------------------------------------------------------------------------


def decode(data: Buffer, encoding: str | None, name: str) -> tuple[Buffer, list[Choice]]:
    """The bytes as UTF-8 without a byte-order mark, and the choice where there was one to make."""
    if encoding is not None:
        return _decoded(data, encoding, name), []
    mark = next((m for m in _BYTE_ORDER_MARKS if bytes(data[:4]).startswith(m)), None)
    if mark is not None:
        encoding = _BYTE_ORDER_MARKS[mark]
        choice = Choice("encoding", encoding, "a byte-order mark", "--encoding")
        return _decoded(data, encoding, name), [choice]
    sample = np.frombuffer(data, np.uint8, min(len(data), SAMPLE_BYTES))
    zeros = sample == 0
    if zeros.any():
        for encoding, half in (("utf-16-le", zeros[1::2]), ("utf-16-be", zeros[::2])):
            if half.mean() > 0.4 and zeros.sum() == half.sum():
                choice = Choice("encoding", encoding, "every other byte is zero", "--encoding")
                return _decoded(data, encoding, name), [choice]
    if not _looks_like_text(data):
        raise DataError(
            f"{name}: this is no text but a binary file; expected a table: CSV, TSV, Parquet, "
            "Excel or JSON lines. Export it from the program that made it, as CSV for example"
        )
    bad = _first_invalid_utf8(data)
    if bad is None:
        return data, []
    encoding, reason = _guess(data, bad)
    line = int(np.count_nonzero(np.frombuffer(data, np.uint8, bad) == 10)) + 1
    choice = Choice(
        "encoding",
        encoding,
        Message("line {line} is no UTF-8; {reason}", line=line, reason=reason),
        "--encoding",
        warning=True,
    )
    return _decoded(data, encoding, name), [choice]


def forget(data: Buffer, end: int) -> None:
    """Let the system take back the memory of a file that was read so far; it can be read again."""
    if isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        data.madvise(mmap.MADV_DONTNEED, 0, end)


def _looks_like_text(data: Buffer) -> bool:
    sample = np.frombuffer(data, np.uint8, min(len(data), SAMPLE_BYTES))
    control = (sample < 32) & ~np.isin(sample, (9, 10, 12, 13, 27))
    return not (sample == 0).any() and control.sum() <= len(sample) // 50


def _first_invalid_utf8(data: Buffer) -> int | None:
    """The offset of the first byte that is no UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), _CHUNK_BYTES):
        chunk = data[start : start + _CHUNK_BYTES]
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=start + _CHUNK_BYTES >= len(data))
        except UnicodeDecodeError as error:
            return start - held + error.start
        forget(data, start + len(chunk))
    return None


def _guess(data: Buffer, bad: int) -> tuple[str, str]:
    """An encoding for text that is no UTF-8, by the runs of bytes above 127, and the reason."""
    start = max(0, bad - SAMPLE_BYTES // 2)
    window = bytes(data[start : start + SAMPLE_BYTES])
    sample = np.frombuffer(window, np.uint8)
    begins, lengths = _runs_above_127(sample)
    pairs = (lengths % 2 == 0).mean()
    if pairs > 0.95 and _common_in_chinese(sample, begins, lengths) and _decodes(window, "gb18030"):
        return "gb18030", Message("its bytes above 127 stand in pairs, as in Chinese text")
    high = sample[sample > 127]
    if (high < 0xA0).mean() > 0.2 and _decodes(window, "shift_jis"):
        return "shift_jis", Message("bytes as in Japanese text")
    small = ((high >= 0xC0) & (high < 0xE0)).mean()
    if (lengths >= 3).mean() > 0.5 and small > 0.6 and _decodes(window, "koi8-r"):
        return "koi8-r", Message(
            "long runs of bytes above 127, as in Cyrillic text with small letters low"
        )
    if (lengths >= 3).mean() > 0.5 and _decodes(window, "cp1251"):
        return "cp1251", Message("long runs of bytes above 127, as in Cyrillic text")
    if _decodes(bytes(data), "cp1252"):
        return "cp1252", Message("single bytes above 127, as in western text")
    return "latin-1", Message("single bytes above 127 that cp1252 does not have")


def _runs_above_127(sample: Array) -> tuple[Array, Array]:
    """Where the runs of bytes above 127 begin, and their lengths."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (sample > 127).view(np.int8), [0]))))
    return edges[::2], edges[1::2] - edges[::2]


def _common_in_chinese(sample: Array, begins: Array, lengths: Array) -> bool:
    """Whether most pairs are of the 3,755 common characters of GB 2312, or punctuation."""
    first = np.concatenate([np.arange(b, b + n, 2) for b, n in zip(begins, lengths, strict=True)])
    lead = sample[first]
    common = ((lead >= 0xB0) & (lead <= 0xD7)) | ((lead >= 0xA1) & (lead <= 0xA3))
    return bool(common.mean() > 0.8)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(data: Buffer, encoding: str, name: str) -> Buffer:
    try:
        codec = codecs.lookup(encoding).name
    except LookupError:
        raise DataError(
            f"{name}: unknown encoding {encoding!r}; expected one that Python knows, such as "
            "utf-8, utf-16, cp1252, latin-1 or gb18030"
        ) from None
    if codec == "utf-8" and _first_invalid_utf8(data) is None:
        return data
    try:
        return bytes(data).decode(encoding).encode()
    except UnicodeDecodeError as error:
        line = bytes(data[: error.start]).count(b"\n") + 1
        raise DataError(
            f"{name}, line {line}: byte 0x{data[error.start]:02x} is not {encoding}; leave the "
            "encoding out to have it found, or give another one"
        ) from None
    except UnicodeEncodeError:
        raise DataError(f"{name}: the text is not {encoding}; give another encoding") from None
