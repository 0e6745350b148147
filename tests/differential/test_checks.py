"""The comparison itself: what is planted is found, what is only rounding is not."""

from __future__ import annotations

import numpy as np
import pytest

import neano.tensor as T
from differential import comparison, noise
from differential.comparison import Band, check, same_bits
from differential.graphs import program_of_seed
from differential.mismatch import Mismatch
from differential.program import Input, Program, Statement
from differential.sweep import failure, minimal
from neano.scalar.rows import ROWS


def program(
    value: str, text: str, *more: Statement, dtype: str = "float64", rank: int = 1, **options: object
) -> Program:
    """Return a program of one input, `x`, whose output is `v`."""
    statements = (Statement(("v",), text), *more)
    return Program((Input("x", dtype, (False,) * rank, value),), statements, **{"outputs": ("v",), **options})


VECTOR = "np.array([0.5, 1.25, -3.0])"


def test_good_program_passes():
    assert check(program(VECTOR, "T.exp(x) + T.dot(x, x)")) == "same"


def test_same_error_passes():
    assert check(program(VECTOR, "x[5]")) == "raises"


def test_cancellation_passes_and_error_beyond_it_does_not():
    x = T.dvector("x")
    value = np.array([1e8, 3.0])
    band = Band([x], [(x[0] + 0.1) - x[0], x[1] * 2], [value], moved=False)
    band.contains("test", [band.centre[0] + 1e-8, band.centre[1]])
    with pytest.raises(Mismatch, match="output 0"):
        band.contains("test", [band.centre[0] + 1e-5, band.centre[1]])
    with pytest.raises(Mismatch, match="output 1"):
        band.contains("test", [band.centre[0], band.centre[1] + 1e-8])


def test_band_is_strict_about_what_is_exact():
    x = T.dvector("x")
    band = Band([x], [x[::-1], T.floor(x), -x], [np.array([1.5, np.nan, 0.0])], moved=False)
    wrong = [array.copy() for array in band.centre]
    wrong[0][0] = -0.0
    with pytest.raises(Mismatch, match=r"output 0 at \(0,\)"):
        band.contains("test", wrong, signs=True)
    wrong = [array.copy() for array in band.centre]
    wrong[1][1] = 1.0
    with pytest.raises(Mismatch, match="output 1"):
        band.contains("test", wrong)


def test_maximum_of_zeros_of_both_signs_has_either_sign():
    x = T.dvector("x")
    band = Band([x], [T.max(x)], [np.array([0.0, -0.0])], moved=False)
    for found in (0.0, -0.0):
        band.contains("test", [np.array(found)], signs=True)
    band = Band([x], [T.max(x)], [np.array([-0.0, -0.0])], moved=False)
    with pytest.raises(Mismatch, match="output 0"):
        band.contains("test", [np.array(0.0)], signs=True)


def test_wrong_interpreter_is_found(monkeypatch):
    interpret = comparison.interpret
    monkeypatch.setattr(comparison, "interpret", lambda *args: [result * (1 + 1e-12) for result in interpret(*args)])
    with pytest.raises(Mismatch, match="lowering"):
        check(program(VECTOR, "T.exp(x)"))


def test_wrong_reference_is_found(monkeypatch):
    monkeypatch.setattr(type(ROWS["sin"]), "array_function", staticmethod(lambda x: np.sin(x) + 1e-9))
    with pytest.raises(Mismatch, match="emission"):
        check(program(VECTOR, "T.sin(x)"))


def test_wrong_derivative_is_found(monkeypatch):
    monkeypatch.setattr(type(ROWS["sin"]), "derivative", staticmethod(lambda xs, z, g: [g * T.cos(xs[0]) * 1.01]))
    more = Statement(("c",), "T.sum(v)"), Statement(("g",), "neano.grad(c, [x])", is_list=True)
    with pytest.raises(Mismatch, match="gradient"):
        check(program(VECTOR, "T.sin(x)", *more, outputs=("c", "g"), derivative=("c", ("x",), ("g",))))


def test_modified_input_is_found():
    class Careless:
        def __init__(self, function):
            self.maker, self.stages, self._function = function.maker, function.stages, function

        def __call__(self, *values):
            values[0][...] += 1
            return self._function(*values)

    careful = comparison.Check(program(VECTOR, "T.exp(x)"))
    careful.native = Careless(careful.native)
    with pytest.raises(Mismatch, match="input modified"):
        careful.run()


def test_failing_program_becomes_small_and_runs_by_itself(monkeypatch, capsys):
    monkeypatch.setattr(type(ROWS["sin"]), "array_function", staticmethod(lambda x: np.sin(x) + 1e-9))
    more = Statement(("w",), "T.exp(x).sum() * v"), Statement(("u",), "T.sqr(x)")
    small = minimal(program(VECTOR, "T.sin(x)", *more, outputs=("w", "u")), "emission")
    assert [str(s) for s in small.statements] == ["v = T.sin(x)"]
    exec(str(small), {})
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_seed_gives_the_same_program_again():
    assert str(program_of_seed(7)) == str(program_of_seed(7))
    assert failure(program_of_seed(7)) is None


def test_errors_of_all_nodes():
    x = T.dvector("x")
    found = noise.errors_of([x], [x[9], x.reshape((5, 5))], [np.zeros(3)])
    assert found == {IndexError, ValueError}


def test_bits():
    assert same_bits(np.array([0.0, np.nan]), np.array([0.0, np.nan]))
    assert not same_bits(np.array([0.0]), np.array([-0.0]))
    assert not same_bits(np.zeros(2), np.zeros(2, "float32"))
