"""Descriptions that depend on structure alone."""

from __future__ import annotations

import hashlib

import numpy as np

import neano.tensor as T
from neano.debug.describe import hex_digest, min_informative_str, position_independent_str, var_descriptor

x, y = T.dvector("x"), T.dvector("y")
unnamed = T.dmatrix()
named = x + y
named.name = "z"


def test_min_informative_str() -> None:
    expression = (x + y) * T.exp(x + y) + unnamed + 3
    assert min_informative_str(expression) == "\n".join(
        [
            "A. Elemwise{add,no_inplace}",
            " B. Elemwise{add,no_inplace}",
            "  C. InplaceDimShuffle{x,0}",
            "   D. Elemwise{mul,no_inplace}",
            "    E. Elemwise{add,no_inplace}",
            "     F. x",
            "     G. y",
            "    H. Elemwise{exp,no_inplace}",
            "     I. Elemwise{add,no_inplace}",
            "      <F>",
            "      <G>",
            "  J. <TensorType(float64, matrix)>",
            " K. InplaceDimShuffle{x,x}",
            "  L. TensorConstant{3}",
        ]
    )
    assert min_informative_str(T.exp(named), indent_level=3) == "   A. Elemwise{exp,no_inplace}\n    B. z"
    assert min_informative_str(named) == "A. z"


def test_var_descriptor() -> None:
    assert var_descriptor(named * named + y) == (
        "A=Elemwise{add,no_inplace}(B=Elemwise{mul,no_inplace}(C=Elemwise{add,no_inplace}(D=x,E=y),<C>),<E>)"
    )
    assert var_descriptor(x) == "A=x"
    assert var_descriptor(5) == "A=5"


def test_digests() -> None:
    assert position_independent_str(x) == "theano_var{type=TensorType(float64, vector)}"
    zeros = np.zeros(3)
    assert hex_digest(zeros) == f"{hashlib.sha256(bytes(24)).hexdigest()}|strides=[8]|shape=[3]"
