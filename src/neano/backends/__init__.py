"""What runs functions: `reference` (NumPy, op by op) and `native` (machine code)."""

from __future__ import annotations

from neano.backends.native.linker import link as _link_native
from neano.backends.native.runtime import begin_support
from neano.backends.reference.linker import link as _link_reference
from neano.compile.linkers import register_backend

register_backend("reference", _link_reference)
register_backend("native", _link_native, measures=True, prepare=begin_support, remembers=True)
