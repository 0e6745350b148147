"""What runs functions: `reference` (NumPy, op by op) and `native` (machine code). Each is imported when first asked for."""

from __future__ import annotations

from typing import Any

from neano.compile.linkers import FunctionSpec, register_backend


def _link_reference(spec: FunctionSpec) -> Any:
    from neano.backends.reference.linker import link

    return link(spec)


def _link_native(spec: FunctionSpec) -> Any:
    from neano.backends.native.linker import link

    return link(spec)


register_backend("reference", _link_reference)
register_backend("native", _link_native, measures=True)
