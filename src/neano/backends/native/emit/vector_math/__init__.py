"""Vector kernels of the engine's own: transcendental functions as polynomials, without tables, the same bits in any lane.

A kernel is written once for vectors of any width (`number.Number`), and becomes a helper function of the module that uses it.
`own_kernel` is the provider that `emit/providers.py` names. Errors are in `docs/accuracy.md`.
"""

from neano.backends.native.emit.vector_math.kernels import own_kernel

__all__ = ["own_kernel"]
