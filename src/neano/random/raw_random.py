"""Draws as functions of a generator: each takes a state and gives the new state and the numbers.

They are what `RandomStreams` calls. `size=None` takes the shape to which the parameters broadcast; otherwise `size`
holds integers, integer scalars and -1 (the parameters' length there), or is a vector, of which `ndim` tells the length.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neano.random import distributions
from neano.random.function import RandomFunction
from neano.random.sizes import draw_shape
from neano.scalar.dtypes import upcast
from neano.tensor.convert import as_tensor_variable, constant
from neano.tensor.type import TensorType


def _draw(fn: Any, state: Any, size: Any, ndim: int | None, dtype: Any, *parameters: Any) -> Any:
    variables = [as_tensor_variable(p) for p in parameters]
    vector, known = draw_shape(ndim, size, *variables)
    return RandomFunction(fn, TensorType(dtype, known))(state, vector, *variables)


def _float_dtype(dtype: Any, *parameters: Any) -> str:
    """Return the dtype of a draw of real numbers: the one asked for, else that of floatX and the parameters."""
    if dtype is not None:
        return TensorType(dtype).dtype
    return upcast(TensorType("floatX").dtype, *[as_tensor_variable(p).dtype for p in parameters])


def uniform(
    random_state: Any, size: Any = None, low: Any = 0.0, high: Any = 1.0, ndim: int | None = None, dtype: Any = None
) -> Any:
    """Draw numbers evenly from `low` (included) to `high` (not)."""
    return _draw("uniform", random_state, size, ndim, _float_dtype(dtype, low, high), low, high)


def normal(
    random_state: Any, size: Any = None, avg: Any = 0.0, std: Any = 1.0, ndim: int | None = None, dtype: Any = None
) -> Any:
    """Draw Gaussian numbers of mean `avg` and standard deviation `std`."""
    return _draw("normal", random_state, size, ndim, _float_dtype(dtype, avg, std), avg, std)


def binomial(
    random_state: Any,
    size: Any = None,
    n: Any = 1,
    p: Any = 0.5,
    ndim: int | None = None,
    dtype: Any = "int64",
    prob: Any = None,
) -> Any:
    """Draw numbers of successes in `n` trials of probability `p` (`prob` is its old name)."""
    return _draw("binomial", random_state, size, ndim, dtype, n, p if prob is None else prob)


def random_integers(
    random_state: Any, size: Any = None, low: Any = 0, high: Any = 1, ndim: int | None = None, dtype: Any = "int64"
) -> Any:
    """Draw integers from `low` to `high`, both included."""
    return _draw(distributions.random_integers, random_state, size, ndim, dtype, low, high)


def choice(
    random_state: Any,
    size: Any = None,
    a: Any = 2,
    replace: Any = True,
    p: Any = None,
    ndim: int | None = None,
    dtype: Any = "int64",
) -> Any:
    """Draw from the integers below `a`, or from the entries of the vector `a`.

    Args:
        replace: whether one may be drawn more than once.
        p: the probabilities; equal ones by default.

    Raises:
        TypeError: there is no size.
    """
    vector, known = draw_shape(ndim, size)
    replacement = constant(int(replace), dtype="int8") if isinstance(replace, bool) else as_tensor_variable(replace)
    probabilities = constant(np.zeros(0)) if p is None else as_tensor_variable(p)
    op = RandomFunction(distributions.choice, TensorType(dtype, known))
    return op(random_state, vector, as_tensor_variable(a), replacement, probabilities)


def poisson(random_state: Any, size: Any = None, lam: Any = 1.0, ndim: int | None = None, dtype: Any = "int64") -> Any:
    """Draw numbers of events, of which `lam` are expected.

    Raises:
        TypeError: there is no size, or no `lam`.
    """
    rate = as_tensor_variable(lam)
    vector, known = draw_shape(ndim, size)
    if rate.ndim > len(known):
        raise ValueError(f"a rate of {rate.ndim} dimensions does not fit a draw of {len(known)}")
    return RandomFunction("poisson", TensorType(dtype, known))(random_state, vector, rate)


def permutation(random_state: Any, size: Any = None, n: Any = 1, ndim: int | None = None, dtype: Any = "int64") -> Any:
    """Draw permutations of the integers below `n`, along a new last dimension; one of them where there is no size."""
    if size is None and ndim is None:
        size = ()
    vector, known = draw_shape(ndim, size)
    op = RandomFunction(distributions.permutation, TensorType(dtype, (*known, None)), ndim_added=1)
    return op(random_state, vector, n)


def multinomial(
    random_state: Any,
    size: Any = None,
    n: Any = 1,
    pvals: Any = (0.5, 0.5),
    ndim: int | None = None,
    dtype: Any = "int64",
) -> Any:
    """Draw the counts of `n` experiments with outcomes of probabilities `pvals`, along a new last dimension."""
    experiments = as_tensor_variable(n)
    probabilities = as_tensor_variable(list(pvals) if isinstance(pvals, tuple) else pvals)
    if probabilities.ndim == 0:
        raise TypeError("pvals must have at least one dimension: the outcomes")
    vector, known = draw_shape(ndim, size, experiments, probabilities[..., 0])
    outcomes = probabilities.type.shape[-1]
    op = RandomFunction(distributions.multinomial, TensorType(dtype, (*known, outcomes)), ndim_added=1)
    return op(random_state, vector, experiments, probabilities)
