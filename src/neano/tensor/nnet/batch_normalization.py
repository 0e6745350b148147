"""Batch normalisation: activations brought to mean 0 and variance 1 over a batch, then scaled and shifted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neano.scalar.rows import row
from neano.tensor.convert import as_tensor_variable
from neano.tensor.rebroadcast import patternbroadcast

MINIMAL_EPSILON = 1e-5
"""What is added to a variance is at least this, as in the libraries whose results programs compare with."""


def _axes_of(axes: Any, rank: int) -> tuple[int, ...]:
    """Return the dimensions over which statistics are taken.

    Args:
        axes: "per-activation" for the first, "spatial" for all but the second, or the dimensions themselves.
        rank: of the activations.

    Raises:
        ValueError: there is no such dimension, or another word.
    """
    if isinstance(axes, str):
        if axes not in ("per-activation", "spatial"):
            raise ValueError(f"axes must be 'per-activation', 'spatial' or a tuple of integers, not {axes!r}")
        return (0,) if axes == "per-activation" else (0, *range(2, rank))
    given: Sequence[Any] = axes if isinstance(axes, (list, tuple)) else [axes]
    if not all(isinstance(axis, int) and 0 <= axis < rank for axis in given):
        raise ValueError(f"invalid axes {axes!r} for {rank} dimensions")
    return tuple(sorted(given))


def _checked(inputs: Any, axes: Any, epsilon: Any, parameters: Sequence[Any]) -> tuple[Any, tuple[int, ...], list[Any]]:
    """Return activations, axes and parameters, the last in the activations' rank and with broadcasting axes.

    A parameter has the activations' rank, or only the dimensions that are not axes.

    Raises:
        ValueError: a rank does not fit, or epsilon is too small.
    """
    x = as_tensor_variable(inputs)
    dimensions = _axes_of(axes, x.ndim)
    if isinstance(epsilon, (int, float)) and epsilon < MINIMAL_EPSILON:
        raise ValueError(f"epsilon must be at least {MINIMAL_EPSILON}, got {epsilon}")
    return x, dimensions, [_parameter(p, x.ndim, dimensions) for p in parameters]


def _parameter(parameter: Any, rank: int, axes: tuple[int, ...]) -> Any:
    p = as_tensor_variable(parameter)
    kept = [axis for axis in range(rank) if axis not in axes]
    if p.ndim == len(kept) != rank:
        p = p.dimshuffle(*["x" if axis in axes else kept.index(axis) for axis in range(rank)])
    if p.ndim != rank:
        raise ValueError(f"a parameter must have {rank} dimensions (or {len(kept)}, without the axes), not {p.ndim}")
    return patternbroadcast(p, [axis in axes or p.broadcastable[axis] for axis in range(rank)])


def batch_normalization_train(
    inputs: Any,
    gamma: Any,
    beta: Any,
    axes: Any = "per-activation",
    epsilon: Any = 1e-4,
    running_average_factor: Any = 0.1,
    running_mean: Any = None,
    running_var: Any = None,
) -> tuple[Any, ...]:
    """Normalise activations by the statistics of this batch.

    Args:
        inputs: activations.
        gamma, beta: scale and shift, with the shape of the activations but length 1 along the axes.
        axes: "per-activation" (0,), "spatial" (0, 2, 3, ...), or a tuple.
        epsilon: added to the variance; at least 1e-5.
        running_average_factor: the weight of this batch in running averages.
        running_mean, running_var: running averages, for use after training; the variance is the unbiased one.

    Returns:
        The result, the mean, 1 / sqrt(variance + epsilon), and the new running mean and variance where they were given.

    Raises:
        ValueError: see the arguments; or one running average is given without the other's rank.
    """
    running = [average for average in (running_mean, running_var) if average is not None]
    x, dimensions, (scale, shift, *averages) = _checked(inputs, axes, epsilon, [gamma, beta, *running])
    mean = x.mean(axis=dimensions, keepdims=True)
    variance = x.var(axis=dimensions, keepdims=True)
    inverse = row("inv")(row("sqrt")(variance + epsilon))
    results = [(x - mean) * (scale * inverse) + shift, mean, inverse]
    if running_mean is not None:
        old = averages.pop(0)
        results.append(old * (1 - running_average_factor) + mean * running_average_factor)
    if running_var is not None:
        old = averages.pop(0)
        count = (x.size / mean.size).astype(x.dtype)
        unbiased = count / (count - 1) * variance
        results.append(old * (1 - running_average_factor) + unbiased * running_average_factor)
    return tuple(results)


def batch_normalization_test(
    inputs: Any,
    gamma: Any,
    beta: Any,
    mean: Any,
    var: Any,
    axes: Any = "per-activation",
    epsilon: Any = 1e-4,
) -> Any:
    """Return activations normalised by given statistics: (x - mean) * gamma / sqrt(var + epsilon) + beta.

    Raises:
        ValueError: see `batch_normalization_train`.
    """
    x, _, (scale, shift, centre, variance) = _checked(inputs, axes, epsilon, [gamma, beta, mean, var])
    return (x - centre) * (scale / row("sqrt")(variance + epsilon)) + shift


def batch_normalization(inputs: Any, gamma: Any, beta: Any, mean: Any, std: Any, mode: str = "low_mem") -> Any:
    """Return (inputs - mean) * gamma / std + beta; the oldest form, which takes the standard deviation.

    Args:
        mode: "low_mem" or "high_mem", which mean the same here.

    Raises:
        ValueError: another mode.
    """
    if mode not in ("low_mem", "high_mem"):
        raise ValueError(f"mode must be either 'low_mem' or 'high_mem', got {mode!r}")
    return (as_tensor_variable(inputs) - mean) * (as_tensor_variable(gamma) / std) + beta
