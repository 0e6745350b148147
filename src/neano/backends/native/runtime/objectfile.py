"""The symbols that an object file defines and needs: read from ELF, Mach-O and COFF symbol tables.

LLVM itself may call functions that the IR does not name (memcpy, fmod, conversions of float16), so only the object
tells all that is needed; and the linker (MCJIT) takes a missing symbol silently, to crash when it is called.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectSymbols:
    """Names, as the C language would write them (without Mach-O's underscore), sorted."""

    defined: tuple[str, ...]
    needed: tuple[str, ...]


class ObjectFormatError(ValueError):
    """The bytes are not an object file of a known 64-bit format, or are damaged."""


def object_symbols(data: bytes) -> ObjectSymbols:
    """Return the global symbols of an object file.

    Raises:
        ObjectFormatError: not ELF64, Mach-O 64 or COFF of this byte order, or truncated.
    """
    try:
        if data[:4] == b"\x7fELF":
            symbols = _elf(data)
        elif data[:4] == b"\xcf\xfa\xed\xfe":
            symbols = _mach_o(data)
        elif data[:2] in (b"\x64\x86", b"\x64\xaa"):  # x86-64, ARM64
            symbols = _coff(data)
        else:
            raise ObjectFormatError("unknown object file format")
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ObjectFormatError("damaged object file") from error
    defined = tuple(sorted(name for name, is_defined in symbols if is_defined))
    needed = tuple(sorted({name for name, is_defined in symbols if not is_defined}.difference(defined)))
    return ObjectSymbols(defined, needed)


def _text(data: bytes, start: int) -> str:
    end = data.index(b"\0", start) if start < len(data) and b"\0" in data[start:] else -1
    if end < 0:
        raise ObjectFormatError("a name goes past the end of the file")
    return data[start:end].decode()


def _elf(data: bytes) -> list[tuple[str, bool]]:
    """System V ABI, chapter 4: section headers, .symtab (type 2) and the string table that it links to."""
    if data[4:6] != b"\x02\x01":
        raise ObjectFormatError("not a 64-bit little-endian ELF file")
    offset, entry_size, count = (
        struct.unpack_from(form, data, at)[0] for form, at in (("<Q", 40), ("<H", 58), ("<H", 60))
    )
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + k * entry_size) for k in range(count)]
    found = []
    for _, kind, _, _, start, size, link, _, _, _ in sections:
        if kind != 2:
            continue
        names = sections[link][4]
        for at in range(start, start + size, 24):
            name, info, _, section = struct.unpack_from("<IBBH", data, at)
            if name and info >> 4:  # global or weak
                found.append((_text(data, names + name), section != 0))
    return found


def _mach_o(data: bytes) -> list[tuple[str, bool]]:
    """Apple's mach-o/loader.h and nlist.h: the LC_SYMTAB command (2), entries of 16 bytes."""
    found = []
    at = 32
    for _ in range(struct.unpack_from("<I", data, 16)[0]):
        command, size = struct.unpack_from("<II", data, at)
        if command == 2:
            start, count, names, _ = struct.unpack_from("<IIII", data, at + 8)
            for entry in range(start, start + 16 * count, 16):
                name, kind = struct.unpack_from("<IB", data, entry)
                if kind & 1 and not kind & 0xE0:  # external, no debugging entry
                    found.append((_text(data, names + name).removeprefix("_"), kind & 0x0E != 0))
        at += size
    return found


def _coff(data: bytes) -> list[tuple[str, bool]]:
    """Microsoft's PE format: entries of 18 bytes, then the string table."""
    start, count = struct.unpack_from("<II", data, 8)
    names = start + 18 * count
    found = []
    k = 0
    while k < count:
        entry = start + 18 * k
        zero, offset = struct.unpack_from("<II", data, entry)
        _, section, _, storage, auxiliary = struct.unpack_from("<IhHBB", data, entry + 8)
        if storage in (2, 105):  # external, weak external
            text = data[entry : entry + 8].rstrip(b"\0").decode() if zero else _text(data, names + offset)
            found.append((text, section != 0))
        k += 1 + auxiliary
    return found
