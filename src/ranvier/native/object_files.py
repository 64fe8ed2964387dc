"""Object code from the disk: whether it hangs together, before LLVM's loader gets it.

The loader trusts what it reads: an offset beyond the end ends the process. So every number that it
follows is looked at first: the extent of each section, names, symbols, relocations. This says that
a file is what the compiler writes, not what its instructions do; that is for the checksum and the
private folder.

Layout: "ELF-64 Object File Format", version 1.5; the numbers of relocations are those of the
System V ABI, AMD64 supplement.
"""

from __future__ import annotations

import ctypes
import functools
import os
import struct
import sys
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

_ELF_HEAD = b"\x7fELF\x02\x01\x01"  # 64 bits, little-endian
_OTHER_FORMATS = {  # first bytes of object code elsewhere: Mach-O and COFF
    "darwin": (b"\xcf\xfa\xed\xfe",),
    "win32": (b"\x64\x86", b"\x64\xaa", b"\x00\x00\xff\xff"),
}
_HEADER = struct.Struct("<16xHH20xQ8xHHHH")
_SECTION = struct.Struct("<IIQ8xQQIIQQ")
_SYMBOL = struct.Struct("<IBxHQQ")
_RELOCATION = struct.Struct("<QII8x")

_MACHINES = {"x86_64": 62, "amd64": 62, "aarch64": 183, "arm64": 183}
_X86_MACHINE = 62
_RELOCATABLE = 1
_SYMBOLS, _STRINGS, _RELOCATIONS, _NOBITS, _PLAIN_RELOCATIONS = 2, 3, 4, 8, 9  # kinds of sections
_SECTION_FLAGS = 0x10000077  # write, alloc, execute, merge, strings, info; large
_MAX_ALIGN, _MAX_NOBITS_BYTES = 4096, 1 << 30
_SPECIAL_INDEX, _ABSOLUTE = 0xFF00, 0xFFF1  # from the first on an index means no section
_GLOBAL_BINDING = 1  # how a symbol is bound
_WHOLE_SECTION, _FILE_NAME = 3, 4  # kinds of symbols, the second the largest
_X86_WIDE = frozenset((1, 24, 25, 27))  # relocations of 8 bytes; others have 4
_X86_RELOCATIONS = frozenset((1, 2, 4, 9, 10, 11, 24, 25, 26, 27, 41, 42))


def are_sound(objects: Sequence[bytes], symbols: Collection[str]) -> bool:
    """Whether these can be object code for this machine that holds the functions `symbols`.

    ELF, the form on Linux, is looked at throughout; of others only the first bytes.
    """
    if sys.platform in _OTHER_FORMATS:
        return bool(objects) and all(
            data.startswith(_OTHER_FORMATS[sys.platform]) for data in objects
        )
    has, needs = list[str](), set[str]()
    for data in objects:
        try:
            for name, is_here in _Elf(data).global_names():
                (has.append if is_here else needs.add)(name)
        except UnsoundError:
            return False
    if len(set(has)) < len(has) or not set(symbols) <= set(has):
        return False
    return all(map(_in_process, needs - set(has)))


@functools.cache
def _in_process(name: str) -> bool:
    """Whether the loader finds this name outside of the object code, such as memcpy."""
    return name == "_GLOBAL_OFFSET_TABLE_" or hasattr(ctypes.CDLL(None), name)


class UnsoundError(Exception):
    """A number in object code that leads nowhere."""


def _check(holds: bool) -> None:
    if not holds:
        raise UnsoundError


class _Section(NamedTuple):
    name: int
    kind: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    item: int  # bytes of an entry of a table


class _Symbol(NamedTuple):
    name: int
    info: int
    section: int
    value: int
    size: int

    @property
    def kind(self) -> int:
        return self.info & 15

    @property
    def is_global(self) -> bool:
        return self.info >> 4 == _GLOBAL_BINDING


class _Elf:
    """An ELF file of 64 bits, looked through when it is made; UnsoundError if a number is off."""

    def __init__(self, data: bytes) -> None:
        _check(data.startswith(_ELF_HEAD) and len(data) >= _HEADER.size)
        self.data = data
        kind, machine, start, segments, size, count, names = _HEADER.unpack_from(data)
        _check(kind == _RELOCATABLE and machine == _machine() and segments == 0)
        _check(size == _SECTION.size and start % 8 == 0 and count > 0)
        _check(start + count * size <= len(data))
        table = data[start : start + count * size]
        self.sections = [_Section(*row) for row in _SECTION.iter_unpack(table)]
        for section in self.sections:
            self._check_extent(section)
        text = self._strings(names)
        _check(all(section.name < len(text) for section in self.sections))
        self.symbols = {
            i: self._symbols(section)
            for i, section in enumerate(self.sections)
            if section.kind == _SYMBOLS
        }
        for section in self.sections:
            _check(section.kind != _PLAIN_RELOCATIONS)  # the compiler writes none of these
            if section.kind == _RELOCATIONS:
                self._check_relocations(section)

    def global_names(self) -> Iterator[tuple[str, bool]]:
        """The global symbols, and whether each is here and not to be found elsewhere."""
        for i, symbols in self.symbols.items():
            text = self._strings(self.sections[i].link)
            for symbol in symbols:
                if symbol.is_global:
                    name = text[symbol.name : text.index(0, symbol.name)]
                    yield name.decode("latin-1"), symbol.section != 0

    def _check_extent(self, section: _Section) -> None:
        """A section must lie inside the file."""
        align = section.align
        _check(align & (align - 1) == 0 and align <= _MAX_ALIGN)
        _check(section.flags & ~_SECTION_FLAGS == 0)
        if section.kind == _NOBITS:
            _check(section.size <= _MAX_NOBITS_BYTES)
        else:
            _check(section.offset + section.size <= len(self.data))

    def _symbols(self, section: _Section) -> list[_Symbol]:
        text = self._strings(section.link)
        table = self._table(section, _SYMBOL)
        symbols = [_Symbol(*row) for row in _SYMBOL.iter_unpack(table)]
        _check(0 < len(symbols) and section.info <= len(symbols))
        _check(symbols[0] == (0, 0, 0, 0, 0))
        for symbol in symbols[1:]:
            _check(symbol.name < len(text) and symbol.kind <= _FILE_NAME)
            _check(symbol.name != 0 or symbol.kind == _WHOLE_SECTION)
            if symbol.section >= _SPECIAL_INDEX:
                _check(symbol.section == _ABSOLUTE)
            elif symbol.section == 0:
                _check(symbol.is_global)
            else:
                _check(symbol.section < len(self.sections))
                _check(symbol.value + symbol.size <= self.sections[symbol.section].size)
        return symbols

    def _check_relocations(self, section: _Section) -> None:
        symbols = self.symbols.get(section.link)
        _check(symbols is not None and 0 < section.info < len(self.sections))
        room, is_x86 = self.sections[section.info].size, _machine() == _X86_MACHINE
        for offset, kind, number in _RELOCATION.iter_unpack(self._table(section, _RELOCATION)):
            _check(offset + (8 if kind in _X86_WIDE else 4) <= room)
            _check(not is_x86 or kind in _X86_RELOCATIONS)
            _check(0 < number < len(symbols or ()))
            _check(symbols is not None and symbols[number].kind != _FILE_NAME)

    def _table(self, section: _Section, row: struct.Struct) -> bytes:
        """The bytes of a table with rows of this form."""
        _check(section.item == row.size and section.size % row.size == 0)
        return self.data[section.offset : section.offset + section.size]

    def _strings(self, number: int) -> bytes:
        """The names that a section holds, which must end in a zero."""
        _check(number < len(self.sections) and self.sections[number].kind == _STRINGS)
        section = self.sections[number]
        text = self.data[section.offset : section.offset + section.size]
        _check(text.endswith(b"\0"))
        return text


@functools.cache
def _machine() -> int:
    name = os.uname().machine.lower() if hasattr(os, "uname") else "amd64"
    return _MACHINES.get(name, 0)
