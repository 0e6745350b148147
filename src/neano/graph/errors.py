"""The exceptions of graph building and compilation, with Theano's names and base classes."""

from __future__ import annotations


class ConversionError(TypeError):
    """An object cannot be made into a variable."""


class MissingInputError(Exception):
    """A graph depends on a root variable that has no value: neither an input, a constant nor shared."""


class UnusedInputError(Exception):
    """A function declares an input that no output or update depends on."""


class InconsistencyError(Exception):
    """A graph breaks one of its own invariants, such as a value that is read after it was overwritten."""


class MethodNotDefined(Exception):
    """An Op lacks an optional method (`grad`, `R_op`, `infer_shape` ...)."""


class NullTypeGradError(TypeError):
    """A gradient that is wanted passes through an Op whose derivative is undefined or was never written."""


class DisconnectedInputError(ValueError):
    """A gradient is wanted with respect to a variable that the cost does not depend on."""


class ShapeError(Exception):
    """`infer_shape` could not work out the shape of a result."""
