"""Which code this process runs: a stamp of the package's source files, taken before any of them is imported.

What is kept on disk for later processes must come from the same sources. A version number does not tell in a checkout that
somebody works on, so the stamp is of each file's name, size and time of change: some 400 looks at the disk, about a
millisecond. It is taken first of all: a file that changes later is one that this process does not run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import blake2b


def files(folder: str) -> Iterator[tuple[str, int, int]]:
    """Yield name, size and time of change of each source file below a folder, in order."""
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    for entry in entries:
        if entry.name.endswith(".py"):
            status = entry.stat()
            yield entry.path, status.st_size, status.st_mtime_ns
        elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
            yield from files(entry.path)


def stamp_of(folder: str) -> str:
    """Return a digest of the source files below a folder, "" where there are none to look at (a package inside an archive)."""
    try:
        found = list(files(folder))
    except OSError:
        return ""
    return blake2b(repr(found).encode(), digest_size=16).hexdigest() if found else ""


STAMP = stamp_of(os.path.dirname(__file__))
"""The stamp of the code of this process."""
