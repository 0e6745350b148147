"""The covariance of observations: `cov`."""

from __future__ import annotations

from typing import Any

from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable
from neano.tensor.dot import dot
from neano.tensor.join import concatenate
from neano.tensor.rearrange import transpose
from neano.tensor.statistics import sum


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Any:
    """Return the covariance matrix of variables.

    Args:
        m: a matrix of observations, or a vector of those of one variable.
        y: more variables of the same form.
        rowvar: whether rows are variables and columns observations; otherwise the other way round.
        bias: divide by the number of observations instead of one less.
        ddof: divide by the number of observations less this, instead.
        fweights: how often each observation occurred.
        aweights: how much each observation counts.

    Raises:
        ValueError: `ddof` is no integer.
    """
    if ddof is not None and ddof != int(ddof):
        raise ValueError(f"ddof must be an integer, not {ddof!r}")
    x = _variables(m, rowvar)
    if y is not None:
        x = concatenate((x, _variables(y, rowvar)), axis=0)
    delta = (0 if bias else 1) if ddof is None else int(ddof)
    weights = None if fweights is None else as_tensor_variable(fweights)
    if aweights is not None:
        weights = as_tensor_variable(aweights) if weights is None else weights * aweights
    if weights is None:
        average = row("true_div")(sum(x, 1), row("convert_to_float64")(x.shape[1]))
        factor = x.shape[1] - delta
    else:
        total = sum(weights)
        average = row("true_div")(sum(x * weights, 1), total)
        if delta == 0:
            factor = total
        elif aweights is None:
            factor = total - delta
        else:
            factor = total - delta * sum(weights * aweights) / total
    centered = x - average.dimshuffle(0, "x")
    other = centered if weights is None else centered * weights
    product = dot(centered, transpose(other))
    return row("true_div")(product, row("convert_to_float64")(factor))


def _variables(m: Any, rowvar: bool) -> Any:
    """Return observations with variables as rows."""
    m = as_tensor_variable(m)
    if m.ndim > 2:
        raise ValueError(f"observations are a vector or a matrix, not {m} with {m.ndim} dimensions")
    if m.ndim < 2:
        return m.dimshuffle("x", 0) if m.ndim == 1 else m.dimshuffle("x", "x")
    return m if rowvar else transpose(m)
