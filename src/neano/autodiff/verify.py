"""`verify_grad`: a gradient checked against finite differences, for Ops and functions under test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neano.autodiff.gradient import grad
from neano.scalar.dtypes import is_float
from neano.tensor.convert import as_tensor_variable
from neano.tensor.type import TensorType

compile_function: Callable[..., Callable[..., Any]] | None = None
"""`function(inputs, outputs, mode=...)`, set by `neano.compile`: what checks a gradient must compute it, and compiling
lies above derivatives."""

STEPS = {"float64": 1e-7, "float32": 3e-4, "float16": 1e-1}
"""The step of the finite differences for each dtype."""

TOLERANCES = {"float64": 1e-4, "float32": 1e-2, "float16": 5e-2}
"""The absolute and relative error that is forgiven."""


class GradientError(Exception):
    """A gradient and finite differences disagree.

    Args:
        arg: the position of the argument.
        err_pos: the position of the entry in the flattened argument.
        shape: the argument's shape.
        val1, val2: the entry of the derivative by finite differences, and as the gradient has it.
        abs_err, rel_err: how much they differ.
        abs_tol, rel_tol: what would have been forgiven.
    """

    def __init__(
        self,
        arg: int,
        err_pos: int,
        shape: Any,
        val1: Any,
        val2: Any,
        abs_err: Any,
        rel_err: Any,
        abs_tol: float,
        rel_tol: float,
    ) -> None:
        super().__init__(arg, err_pos, shape, val1, val2, abs_err, rel_err, abs_tol, rel_tol)
        self.arg, self.err_pos, self.shape = arg, err_pos, shape
        self.val1, self.val2 = val1, val2
        self.abs_err, self.rel_err, self.abs_tol, self.rel_tol = abs_err, rel_err, abs_tol, rel_tol

    def __str__(self) -> str:
        context = "".join(f"\n{extra}" for extra in self.args[9:])
        return (
            "GradientError: numeric gradient and analytic gradient exceed tolerance:\n"
            f"        At position {self.err_pos} of argument {self.arg} with shape {self.shape},\n"
            f"            val1 = {self.val1:f}      ,  val2 = {self.val2:f}\n"
            f"            abs. error = {self.abs_err:f},  abs. tolerance = {self.abs_tol:f}\n"
            f"            rel. error = {self.rel_err:f},  rel. tolerance = {self.rel_tol:f}{context}"
        )


class numeric_grad:
    """The gradient of a function by forward differences.

    Args:
        f: takes arrays, gives a number.
        pt: an array, or a list or tuple of them: where.
        eps: the step; by default that of the narrowest dtype among the arrays and `out_type`.
        out_type: the dtype of f's result, where it is narrower than its arguments'.

    Attributes:
        gf: the derivative in each entry: an array of the shape of `pt`, or a list of them.
    """

    type_eps = STEPS

    def __init__(self, f: Callable[..., Any], pt: Any, eps: float | None = None, out_type: str | None = None) -> None:
        packed = not isinstance(pt, (list, tuple))
        points = [np.array(p) for p in ([pt] if packed else pt)]
        dtypes = [p.dtype.name for p in points] + ([] if out_type is None else [str(out_type)])
        step = max(STEPS[d] for d in dtypes) if eps is None else eps
        base = np.asarray(f(*[p.copy() for p in points]))
        gradients = []
        for point in points:
            gradient = np.zeros(point.shape, point.dtype)
            entries, slopes = point.reshape(-1), gradient.reshape(-1)
            for i in range(entries.size):
                kept = entries[i]
                entries[i] = kept + step
                slopes[i] = (np.asarray(f(*[p.copy() for p in points])) - base) / step
                entries[i] = kept
            gradients.append(gradient)
        self.gf: Any = gradients[0] if packed else gradients

    @staticmethod
    def abs_rel_err(a: Any, b: Any) -> tuple[Any, Any]:
        """Return the absolute difference of two arrays, and its ratio to the sum of their absolute values."""
        absolute = abs(a - b)
        return absolute, absolute / np.maximum(abs(a) + abs(b), [1e-8])

    def abs_rel_errors(self, g_pt: Any) -> list[tuple[Any, Any]]:
        """Return the errors of a gradient, argument by argument.

        Raises:
            ValueError: the number of arrays, or the shape of one, is not that of the arguments.
        """
        given = list(g_pt) if isinstance(g_pt, (list, tuple)) else [g_pt]
        expected = self.gf if isinstance(self.gf, list) else [self.gf]
        if len(given) != len(expected):
            raise ValueError(f"argument has wrong number of elements: {len(given)}, not {len(expected)}")
        errors = []
        for i, (a, b) in enumerate(zip(given, expected, strict=True)):
            if np.shape(a) != b.shape:
                raise ValueError(f"argument element {i} has wrong shape {np.shape(a)}, not {b.shape}")
            errors.append(numeric_grad.abs_rel_err(a, b))
        return errors

    def max_err(self, g_pt: Any, abs_tol: float, rel_tol: float) -> tuple[int, int, Any, Any]:
        """Return where a gradient is worst: argument, entry, absolute and relative error there.

        An entry is as bad as the lesser of its two errors, each in terms of its tolerance; NaN is worst.
        """
        worst: list[tuple[float, int, Any, Any]] = []
        for absolute, relative in self.abs_rel_errors(g_pt):
            absolute, relative = np.ravel(absolute), np.ravel(relative)
            if not absolute.size:
                worst.append((0.0, 0, 0.0, 0.0))
                continue
            badness = np.minimum(absolute / abs_tol, relative / rel_tol)
            if not np.all(np.isfinite(badness)):
                badness = np.where(np.isfinite(badness), badness, np.inf)
            where = int(np.argmax(badness))
            worst.append((float(badness[where]), where, absolute[where], relative[where]))
        argument = max(range(len(worst)), key=lambda i: worst[i][0])
        return argument, *worst[argument][1:]


def verify_grad(
    fun: Callable[..., Any],
    pt: Sequence[Any],
    n_tests: int = 2,
    rng: Any = None,
    eps: float | None = None,
    out_type: str | None = None,
    abs_tol: float | None = None,
    rel_tol: float | None = None,
    mode: Any = None,
    cast_to_output_type: bool = False,
    no_debug_ref: bool = True,
) -> None:
    """Check the gradient of a function against finite differences, at a point, along random projections of its result.

    Args:
        fun: an Op, or a function from variables to one variable.
        pt: the arguments, arrays of floating-point dtypes; dimensions of length 1 broadcast.
        n_tests: how many projections are tried.
        rng: a `numpy.random.RandomState` that draws them.
        eps: the step of the differences.
        out_type: the result's dtype, where it is narrower than the arguments'.
        abs_tol, rel_tol: errors that are forgiven; the check fails where both are exceeded.
        mode: how the functions are compiled.
        cast_to_output_type: draw projections in the result's dtype.
        no_debug_ref: accepted for old programs; finite differences are computed in the given mode.

    Raises:
        GradientError: gradient and differences disagree.
        TypeError: an argument is not floating-point, or `rng` is missing.
        NotImplementedError: the function gives several variables.
    """
    if compile_function is None:
        raise RuntimeError("verify_grad computes values: import neano.compile first, which gives it `function`")
    if not isinstance(pt, (list, tuple)):
        raise AssertionError("pt is a list or tuple of arrays, one for each argument")
    points = [np.array(p) for p in pt]
    for i, point in enumerate(points):
        if not is_float(point.dtype.name):
            raise TypeError(
                f'verify_grad can work only with floating point inputs, but input {i} has dtype "{point.dtype}".'
            )
    if rng is None:
        raise TypeError("rng should be a valid instance of numpy.random.RandomState, which draws the projections")
    dtypes = [p.dtype.name for p in points] + ([] if out_type is None else [str(out_type)])
    tolerance = max(TOLERANCES[d] for d in dtypes)
    abs_tol = tolerance if abs_tol is None else abs_tol
    rel_tol = tolerance if rel_tol is None else rel_tol

    inputs = [TensorType(p.dtype.name, [n == 1 for n in p.shape])(f"input {i}") for i, p in enumerate(points)]
    output = fun(*inputs)
    if isinstance(output, list):
        raise NotImplementedError("verify_grad takes functions of one output; wrap it to give the one to be checked")
    output = as_tensor_variable(output)
    shape = compile_function(inputs, output, mode=mode, on_unused_input="ignore")(*[p.copy() for p in points]).shape

    def project() -> np.ndarray[Any, Any]:
        drawn = np.asarray(rng.rand(*shape) + 0.5)
        return drawn.astype(output.dtype if cast_to_output_type else drawn.dtype)

    projection = TensorType(project().dtype.name, output.broadcastable)("random_projection")
    cost = (projection * output).sum()
    gradients = grad(cost, inputs, disconnected_inputs="ignore")
    cost_of = compile_function([projection, *inputs], cost, mode=mode, on_unused_input="ignore")
    gradient_of = compile_function([projection, *inputs], gradients, mode=mode, on_unused_input="ignore")
    for test in range(n_tests):
        drawn = project()
        numeric = numeric_grad(lambda *values, drawn=drawn: cost_of(drawn, *values), points, eps, out_type)
        analytic = gradient_of(drawn, *[p.copy() for p in points])
        arg, position, abs_err, rel_err = numeric.max_err(analytic, abs_tol, rel_tol)
        if not (abs_err <= abs_tol or rel_err <= rel_tol):
            error = GradientError(
                arg,
                position,
                points[arg].shape,
                numeric.gf[arg].reshape(-1)[position],
                np.asarray(analytic[arg]).reshape(-1)[position],
                abs_err,
                rel_err,
                abs_tol,
                rel_tol,
            )
            error.args += (f"in test {test} of {n_tests}",)
            raise error
