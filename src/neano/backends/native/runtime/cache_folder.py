"""Whether a folder may be trusted with machine code.

Code from the folder is run, so that nobody but its owner may be able to write there.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


class UnsafeFolder(OSError):
    """The cache folder is not the user's alone."""


def check_folder(folder: Path) -> None:
    """Raise unless the folder and the one around it belong to this user and only the user can write to them.

    Raises:
        UnsafeFolder: somebody else owns it or can write to it.
        OSError: it does not exist or cannot be looked at.
    """
    for each in (folder, folder.parent):
        status = each.stat()
        if not stat.S_ISDIR(status.st_mode):
            raise UnsafeFolder(f"{each} is not a folder")
        if os.name != "posix":
            continue  # Windows: the user's profile is protected by its access list
        if status.st_uid != os.geteuid():
            raise UnsafeFolder(f"{each} belongs to another user")
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise UnsafeFolder(f"others can write to {each} (chmod go-w it, or set NEANO_CACHE_DIR)")


def make_folder(folder: Path) -> None:
    """Create the folder, for its owner alone (0700), and check it as `check_folder` does."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    check_folder(folder)
