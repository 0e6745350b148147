"""Where functions and data of other modules are: found out once, at the entry of a long function.

Code generation without optimising takes an instruction in one step unless it names something that may be anywhere in memory; it
then falls back to the long way for that instruction, and calls are most of a long body. So each name is turned into a pointer
first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAME = re.compile(r'@(?!llvm\.)(?:"[^"]*"|[\w.]+)')


def found_at_entry(entry: Sequence[str], lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return a function's entry and its other lines, in which pointers stand for names."""
    pointers: dict[str, str] = {}

    def pointer(name: re.Match[str]) -> str:
        return pointers.setdefault(name[0], f"%at.{len(pointers)}")

    rest = [_NAME.sub(pointer, line) if "@" in line else line for line in lines]
    return [*entry, *(f"  {at} = getelementptr i8, ptr {name}, i64 0" for name, at in pointers.items())], rest
