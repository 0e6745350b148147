"""What tests of Ops and models need: seeds from the flags, comparisons that say what differs, checks of `infer_shape`.

They follow `config.unittests.rseed`, so that a test that fails once in a while can be run with the seed that made it.
"""

from __future__ import annotations

import sys
import unittest
import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from neano.autodiff.verify import GradientError
from neano.autodiff.verify import verify_grad as verify_gradient
from neano.compile.function import function
from neano.compile.mode import get_default_mode
from neano.config import config
from neano.graph.variable import Variable

TOLERANCES = {"float16": (1e-3, 5e-3), "float32": (1e-5, 1e-5), "complex64": (1e-5, 1e-5)}
"""Absolute and relative tolerances of `assert_allclose`, by the less exact dtype; (1e-8, 1e-5) for the rest."""


def fetch_seed(pseed: Any = None) -> int | None:
    """Return the seed of tests: `pseed`, or what `config.unittests.rseed` says; None where that is "random".

    Args:
        pseed: a seed that goes before the flag.

    Raises:
        ValueError: it is no number.
    """
    seed = config.unittests.rseed if pseed is None else pseed
    return None if seed in ("random", None) else int(seed)


def seed_rng(pseed: Any = None) -> int | None:
    """Seed NumPy's global generator as `fetch_seed` says, and return the seed."""
    seed = fetch_seed(pseed)
    if pseed is not None and seed != fetch_seed():
        warnings.warn(f"the seed {seed} is used, not that of config.unittests.rseed, {fetch_seed()}", stacklevel=2)
    np.random.seed(seed)
    return seed


def verify_grad(
    op: Callable[..., Any], pt: Sequence[Any], n_tests: int = 2, rng: Any = None, *args: Any, **kw: Any
) -> None:
    """Check a gradient as `neano.verify_grad` does, with a generator seeded as `fetch_seed` says where none is given.

    Raises:
        GradientError: gradient and differences disagree; `verify_grad.E_grad` is this class.
    """
    generator = np.random.RandomState(fetch_seed()) if rng is None else rng
    verify_gradient(op, pt, n_tests, generator, *args, **kw)


verify_grad.E_grad = GradientError  # type: ignore[attr-defined]


class WrongValue(Exception):
    """A value is not what was expected; the text says how they differ.

    Args:
        expected, value: what should have been, what was.
        rtol, atol: the tolerances.
    """

    def __init__(self, expected: Any, value: Any, rtol: float, atol: float) -> None:
        super().__init__(expected, value, rtol, atol)

    def __str__(self) -> str:
        return "WrongValue\n" + str_diagnostic(*self.args)


def _described(array: np.ndarray[Any, Any]) -> str:
    finite = array[np.isfinite(array)]
    extremes = f"{finite.min()} {finite.max()}" if finite.size else "- -"
    return f"{array.shape} {array.dtype} {array.strides} {extremes} {np.isinf(array).sum()} {np.isnan(array).sum()}"


def str_diagnostic(expected: Any, value: Any, rtol: float, atol: float) -> str:
    """Return a text that compares two arrays."""
    expected, value = np.asarray(expected), np.asarray(value)
    lines = [
        "           : shape, dtype, strides, min, max, n_inf, n_nan:",
        f"  Expected : {_described(expected)}",
        f"  Value    : {_described(value)}",
        f"  expected    : {expected}",
        f"  value    : {value}",
    ]
    if expected.shape == value.shape and expected.size:
        with np.errstate(all="ignore"):
            absolute = np.abs(expected - value)
            relative = absolute / np.maximum(np.abs(expected) + np.abs(value), 1e-8)
        for kind, errors in (("Abs", absolute), ("Rel", relative)):
            for name, statistic in (("Max", np.max), ("Mean", np.mean), ("Median", np.median), ("Std", np.std)):
                lines.append(f"  {name} {kind} Diff:  {statistic(errors)}")
    return "\n".join([*lines, "", f"  rtol, atol: {rtol} {atol}", ""])


def assert_allclose(expected: Any, value: Any, rtol: float | None = None, atol: float | None = None) -> None:
    """Check that two arrays have one shape and close values; NaN is close to NaN.

    Args:
        expected, value: what should be, what is.
        rtol, atol: the tolerances; by default as exact as the less exact dtype allows.

    Raises:
        WrongValue: they differ.
    """
    a, b = np.asarray(expected), np.asarray(value)
    loose = [TOLERANCES[array.dtype.name] for array in (a, b) if array.dtype.name in TOLERANCES]
    absolute, relative = max(loose, default=(1e-8, 1e-5))
    atol = absolute if atol is None else atol
    rtol = relative if rtol is None else rtol
    if a.shape != b.shape or not np.allclose(a, b, rtol, atol, equal_nan=True):
        raise WrongValue(a, b, rtol, atol)


class InferShapeTester(unittest.TestCase):
    """Base of test cases that check what Ops say of shapes.

    Attributes:
        mode: how functions are compiled; by default the default mode with "canonicalize".
    """

    mode: Any = None

    def setUp(self) -> None:
        seed_rng()
        self.mode = (self.mode or get_default_mode()).including("canonicalize")

    def _compile_and_check(
        self,
        inputs: Sequence[Variable],
        outputs: Sequence[Any],
        numeric_inputs: Sequence[Any],
        cls: Any,
        excluding: Sequence[str] | None = None,
        warn: bool = True,
        check_topo: bool = True,
    ) -> None:
        """Check that the outputs' shapes are as `infer_shape` says, and are computed without the Op.

        Args:
            inputs, outputs: the graph.
            numeric_inputs: values of the inputs; best of lengths that all differ.
            cls: the class of Op, or several, that must not be needed for the shapes.
            excluding: tags of rewriters to leave out.
            warn: say so where lengths of a value are equal, which can hide an error.
            check_topo: look for `cls` in the graph of the shapes.
        """
        mode = self.mode if excluding is None else self.mode.excluding(*excluding)
        if warn:
            for variable, value in zip(inputs, numeric_inputs, strict=True):
                lengths = np.shape(value)
                if len(set(lengths)) < len(lengths):
                    warnings.warn(
                        f"the value of {variable} has the shape {lengths}: equal lengths can hide an error in "
                        "infer_shape",
                        stacklevel=2,
                    )
                    break
        options: dict[str, Any] = {"mode": mode, "accept_inplace": True, "on_unused_input": "ignore"}
        values_of = function(inputs, outputs, **options)
        shapes_of = function(inputs, [output.shape for output in outputs], **options)
        if check_topo:
            for node in shapes_of.maker.fgraph.toposort():
                assert not isinstance(node.op, cls), f"{node} is computed for shapes alone"
        for value, shape in zip(values_of(*numeric_inputs), shapes_of(*numeric_inputs), strict=True):
            assert np.array_equal(shape, np.shape(value)), f"the shape is {np.shape(value)}, not {shape}"


class AttemptManyTimes:
    """Decorates a test that fails by chance now and then: it passes if enough of several attempts do.

    Args:
        n_attempts: how many attempts there are, each with another seed in `config.unittests.rseed`.
        n_req_successes: how many of them must pass.
    """

    def __init__(self, n_attempts: int, n_req_successes: int = 1) -> None:
        if n_attempts < n_req_successes:
            raise AssertionError(f"{n_req_successes} successes are wanted of {n_attempts} attempts")
        self.n_attempts = n_attempts
        self.n_req_successes = n_req_successes

    def __call__(self, test: Callable[..., Any]) -> Callable[..., None]:
        @wraps(test)
        def attempt(*args: Any, **kwargs: Any) -> None:
            first = fetch_seed()
            seeds = ["random"] * self.n_attempts if first is None else range(first, first + self.n_attempts)
            successes = 0
            for attempts_left, seed in zip(range(self.n_attempts - 1, -1, -1), seeds, strict=True):
                try:
                    with config.change_flags({"unittests.rseed": str(seed)}):
                        test(*args, **kwargs)
                except Exception:
                    if successes + attempts_left < self.n_req_successes:
                        raise
                    print(f"an attempt with the seed {seed} failed: {sys.exc_info()[1]}", file=sys.stderr)
                else:
                    successes += 1
                    if successes == self.n_req_successes:
                        return

        return attempt
