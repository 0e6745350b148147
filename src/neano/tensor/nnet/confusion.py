"""How often each label was predicted as each other one."""

from __future__ import annotations

from typing import Any

from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable
from neano.tensor.counting import Unique
from neano.tensor.join import join


def confusion_matrix(actual: Any, pred: Any) -> list[Any]:
    """Return the confusion matrix, and the labels in the order of its rows and columns.

    Args:
        actual: a vector of true labels.
        pred: a vector of predicted labels, as long.

    Returns:
        An int64 matrix whose entry i, j counts the examples of label i predicted as j; the sorted labels.

    Raises:
        ValueError: one is not a vector.
    """
    actual, pred = as_tensor_variable(actual), as_tensor_variable(pred)
    for name, labels in (("actual", actual), ("pred", pred)):
        if labels.ndim != 1:
            raise ValueError(f"{name} must be 1-d tensor variable, not {labels.type}")
    order = Unique()(join(0, actual, pred))
    shown = order.dimshuffle("x", 0)
    is_actual, is_predicted = (row("eq")(v.dimshuffle(0, "x"), shown).astype("int64") for v in (actual, pred))
    return [is_actual.T.dot(is_predicted), order]
