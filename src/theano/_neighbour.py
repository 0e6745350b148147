"""Says which package is in the way where Theano itself is installed beside this one."""

import sys
import warnings
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def check_for_another_theano() -> None:
    """Look for Theano itself among the installed packages.

    Raises:
        ImportError: it is installed in the folder of this package, so that the files of the two are mixed.
    """
    mixed = next(iter(_HERE.glob("gof/cutils.py")), None)
    if mixed is not None:
        raise ImportError(
            f"Theano itself and Neano are both installed in {_HERE.parent}, and their files are mixed ({mixed} is "
            "Theano's). Uninstall both (pip uninstall Theano neano), then install neano again."
        )
    for folder in dict.fromkeys(Path(entry or ".").resolve() for entry in sys.path):
        other = folder / "theano" / "gof" / "cutils.py"
        if folder != _HERE.parent and other.is_file():
            warnings.warn(
                f"`import theano` gave Neano's names, from {_HERE}; Theano itself, in {other.parents[1]}, is hidden by "
                "them. Uninstall it (pip uninstall Theano), or take Neano's folder out of sys.path to use it.",
                stacklevel=3,
            )
