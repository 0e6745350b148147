"""The specification of the loop IR refuses each kind of mistake, and says which."""

from __future__ import annotations

import pytest

from backends.native.programs import NESTS, nest
from neano.backends.native.parsing import parse_program
from neano.backends.native.spec import SpecError, check_program

HEAD = """
inputs x
results z
input x: float64[?]
output z: float64[?]
scratch t: float32[?]
view v: float64[?]
error ValueError 'no' node -1
body
"""

MISTAKES = {
    "z[0] = 1.0:float64": "'z' has no memory yet",
    "alloc z[dim(x, 1)]": "'x' has no axis 1",
    "alloc z[1.0:float64]": "length of dtype float64",
    "alloc z[1, 2]": "2 lengths for 'z'",
    "alloc x[1]": "'x' is of kind input",
    "x[0] = 1.0:float64": "'x' is read only",
    "alloc z[1]\n  z[0, 0] = 1.0:float64": "2 indices for 'z' of 1 axes",
    "alloc z[1]\n  z[0] = 1.0:float32": "float32 stored in float64",
    "alloc z[1]\n  z[1.0:float64] = 1.0:float64": "index of dtype float64",
    "let a = 1\n  let a = 2": "'a' is given twice",
    "let a = add<float99>(1, 2)": "unknown dtype 'float99'",
    "let a = 1.5:int64": "int64",
    "for i < 3:\n    let a = i\n  let b = a": "'a' is not defined here",
    "let a = eq<float64>(1, 2)": "eq gives bool",
    "let a = eq<bool>(1, 2.0:float64)": "operands of eq differ",
    "let a = select<int64>(1, 2, 3)": "condition of a select",
    "let a = select<int64>(true, 2, 3.0:float64)": "branches of a select differ",
    "accumulator a: float64 = 1": "starts with another dtype",
    "let a = 1\n  accumulate a (add) = 1": "'a' is no accumulator",
    "accumulator a: float64 = 1.0:float64\n  accumulate a (add) = 1": "int64 combined into float64",
    "if 1:\n    let a = 1": "condition of an if is not bool",
    "check 1 error 0 []": "condition of a check is not bool",
    "check true error 1 []": "there is no error 1",
    "check true error 0 [0, 0, 0, 0, 0, 0, 0, 0, 0]": "at most 8",
    "view v of x start [] dims [1] axes [0] steps [1]": "starts at one position",
    "view v of x start [0] dims [1] axes [1] steps [1]": "axis that is not there",
    "view v of x start [0] dims [1] axes [0] steps []": "an axis and a step",
    "alloc t[1]\n  view v of t start [0] dims [1] axes [0] steps [1]": "another dtype",
    "alloc t[1]\n  reinterpret v of t dims [1]": "another dtype",
    "invoke copy [z] of [x] scalars [] {}": "'z' has no memory yet",
    "invoke copy [x] of [x] scalars [] {}": "'x' is read only",
    "for i < 3:\n    alloc z[1]\n  z[0] = 1.0:float64": "'z' has no memory yet",
}


@pytest.mark.parametrize("lines", MISTAKES)
def test_a_mistake_is_refused(lines):
    try:
        program = parse_program(HEAD + "  " + lines)
    except ValueError:
        return
    with pytest.raises(SpecError, match=MISTAKES[lines]):
        check_program(program)


def test_few_mistakes_are_found_by_the_parser_already():
    refused = []
    for lines in MISTAKES:
        try:
            parse_program(HEAD + "  " + lines)
        except ValueError:
            refused.append(lines)
    assert len(refused) <= 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("results z", "results t"), "'t' is scratch memory"),
        (("results z", "results q"), "no buffer 'q'"),
        (("inputs x", "inputs z"), "given but no input"),
        (("float32[?]", "float31[?]"), "unknown dtype"),
        (("scratch t", "constant t"), "no constant 't'"),
    ],
)
def test_a_bad_head_is_refused(change, message):
    text = HEAD.replace(*change) + "  alloc t[1]\n  alloc z[1]\n  z[0] = 1.0:float64"
    with pytest.raises(SpecError, match=message):
        check_program(parse_program(text))


@pytest.mark.parametrize("name", sorted(NESTS))
def test_good_programs_pass(name):
    check_program(nest(name, "int32"))
