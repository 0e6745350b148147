"""The reference backend: op by op with NumPy. Importing it registers it."""

from neano.backends.reference.linker import Program, link

__all__ = ["Program", "link"]
