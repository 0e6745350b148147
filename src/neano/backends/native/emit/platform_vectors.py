"""The platform's vector functions: which of them computes a function for a number of lanes."""

from __future__ import annotations

from neano.backends.native.emit.target import Target, vector_name
from neano.backends.native.emit.text import bits


def platform_vector(target: Target, libm: str, dtype: str, lanes: int) -> tuple[str, int]:
    """Return the name of a vector function and how many lanes it takes, ("", 0) where there is none."""
    width = lanes * bits(dtype)
    registers = {128: "_ZGVn" if target.vector_prefix == "_ZGVn" else "_ZGVb", 256: "_ZGVd", 512: "_ZGVe"}
    call_width = max(128, min(width, target.vector_bytes * 8))
    if lanes == 1 or not libm or call_width not in registers:
        return "", 0
    call_lanes = call_width // bits(dtype)
    name = vector_name(registers[call_width], libm, dtype, call_lanes)
    return (name, call_lanes) if name in target.vector_functions else ("", 0)
