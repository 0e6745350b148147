"""Rows on bits: of integers bit by bit, of bools the logical operations."""

from __future__ import annotations

import numpy as np

from neano.scalar.dtype_rules import bits
from neano.scalar.op import TableOp, scalar_function


def _binary(name: str, function: np.ufunc, doc: str, class_name: str) -> TableOp:
    return scalar_function(
        name, 2, bits, function, None, doc=doc, class_name=class_name, commutative=True, associative=True
    )


and_ = _binary("and_", np.bitwise_and, "Bits set in both operands.", "AND")
or_ = _binary("or_", np.bitwise_or, "Bits set in either operand.", "OR")
xor = _binary("xor", np.bitwise_xor, "Bits set in exactly one operand.", "XOR")
invert = scalar_function("invert", 1, bits, np.invert, None, doc="Every bit turned; of bool the logical not.")
