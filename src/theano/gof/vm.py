"""`theano.gof.vm`."""

from typing import Any

from neano.compile.mode import Linker, predefined_linkers


def VM_Linker(allow_gc: bool | None = None, use_cloop: bool = False, **options: Any) -> Linker:
    """Return the linker of the default mode; only `allow_gc` has a meaning here."""
    return predefined_linkers["cvm" if use_cloop else "vm"].clone(allow_gc=allow_gc)
