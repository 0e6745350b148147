"""The systems that are compared, each as the functions that rows are written over; a module a family.

A module is imported only in the interpreter of its system.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

FAMILIES = {
    "neano": "symbolic",
    "pytensor-c": "symbolic",
    "pytensor-numba": "symbolic",
    "jax": "traced",
    "torch": "tensors",
    "torch-compile": "tensors",
    "numpy": "arrays",
    "numexpr": "arrays",
    "blas": "library",
}
"""Every system -> the module that knows it."""

TITLES = {
    "neano": "Neano",
    "numpy": "NumPy",
    "numexpr": "numexpr",
    "jax": "JAX",
    "torch": "PyTorch",
    "torch-compile": "torch.compile",
    "pytensor-c": "PyTensor C",
    "pytensor-numba": "PyTensor Numba",
    "blas": "BLAS alone",
}
"""Every system -> its name in tables, in the order of the columns."""


def system(name: str) -> Any:
    """Return a system by name; in its own interpreter."""
    return import_module(f"benchmarks.peers.systems.{FAMILIES[name]}").make(name)
