"""Rows that compare: their results are bool, their derivatives zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neano.scalar.dtype_rules import boolean, common_dtype, own_dtypes
from neano.scalar.op import TableOp, scalar_function


def _comparison(name: str, function: np.ufunc, doc: str, commutative: bool = False) -> TableOp:
    return scalar_function(
        name,
        2,
        boolean,
        function,
        None,
        operands=common_dtype,
        doc=doc,
        class_name=name.upper(),
        commutative=commutative,
    )


lt = _comparison("lt", np.less, "Whether the first operand is less than the second.")
gt = _comparison("gt", np.greater, "Whether the first operand is greater than the second.")
le = _comparison("le", np.less_equal, "Whether the first operand is less than or equal to the second.")
ge = _comparison("ge", np.greater_equal, "Whether the first operand is greater than or equal to the second.")
eq = _comparison("eq", np.equal, "Whether the operands are equal; NaN equals nothing.", commutative=True)
neq = _comparison("neq", np.not_equal, "Whether the operands differ; NaN differs from everything.", commutative=True)


def _test(name: str, function: np.ufunc, doc: str, class_name: str) -> TableOp:
    return scalar_function(name, 1, boolean, function, None, operands=own_dtypes, doc=doc, class_name=class_name)


isnan = _test("isnan", np.isnan, "Whether the operand is not a number.", "IsNan")
isinf = _test("isinf", np.isinf, "Whether the operand is infinite, of either sign.", "IsInf")


def _range(name: str, function: Callable[..., Any], doc: str) -> TableOp:
    return scalar_function(name, 3, boolean, function, None, operands=common_dtype, doc=doc, class_name="InRange")


inopenrange = _range("inopenrange", lambda x, low, high: (low < x) & (x < high), "Whether low < x < high.")
inclosedrange = _range("inclosedrange", lambda x, low, high: (low <= x) & (x <= high), "Whether low <= x <= high.")
