"""Calls of the language over dtypes and ranks, with what they give; run by itself with Theano 1.0.5 it writes `calls.tsv`.

A call is a template of `calls_listed.txt`. `@` stands for the letter of a dtype, which the names of variables begin with,
`$` for that of a second one: `T.exp(@m)` means `T.exp(dm)`, the exponential of a matrix of float64, and the same for
every other dtype of its group.

A line of the table is the call, the types of what it gives, and the values; or the class of the error and when it came.
"""

import itertools
import pathlib
import sys
import warnings

import numpy as np

import theano
import theano.tensor as T

LETTERS = {
    "q": "bool",
    "b": "int8",
    "w": "int16",
    "i": "int32",
    "l": "int64",
    "B": "uint8",
    "H": "uint16",
    "I": "uint32",
    "L": "uint64",
    "e": "float16",
    "f": "float32",
    "d": "float64",
    "F": "complex64",
    "D": "complex128",
}

SHAPES = {
    "0": ((), ()),
    "1": ((3,), (False,)),
    "r": ((1, 3), (True, False)),
    "c": ((2, 1), (False, True)),
    "m": ((2, 3), (False, False)),
    "s": ((3, 3), (False, False)),
    "t": ((2, 3, 2), (False, False, False)),
    "p": ((1, 2, 1), (True, False, True)),
}
"""Shape and pattern by the second letter of a name."""

NUMBERS = [0.5, -1.25, 2.0, 0.75, 0.25, -0.5, 1.5, 3.0, -2.0]


def value_of(dtype, shape):
    """Return the value of the variable of a dtype and shape: small numbers, halves and quarters where they exist."""
    count = int(np.prod(shape))
    numbers = np.array([NUMBERS[(3 * i + i // 3) % len(NUMBERS)] if i else NUMBERS[0] for i in range(count)])
    kind = np.dtype(dtype).kind
    if kind == "b":
        numbers = numbers > 0.6
    elif kind == "u":
        numbers = np.floor(np.abs(numbers) * 2)
    elif kind == "i":
        numbers = np.floor(numbers * 2)
    elif kind == "c":
        numbers = numbers + 1j * numbers[::-1]
    return numbers.astype(dtype).reshape(shape)


def variables():
    """Return the variables by name, and their values."""
    named, values = {}, {}
    for letter, dtype in LETTERS.items():
        for suffix, (shape, pattern) in SHAPES.items():
            name = letter + suffix
            named[name] = T.TensorType(dtype, pattern)(name)
            values[name] = value_of(dtype, shape)
    return named, values


def text_of_number(number, dtype):
    """Return a number with as many digits as its dtype can be trusted with."""
    kind = np.dtype(dtype).kind
    if kind == "c":
        part = "float32" if dtype == "complex64" else "float64"
        return text_of_number(number.real, part) + "j" + text_of_number(number.imag, part)
    if kind == "f":
        return {"float16": "%.2g", "float32": "%.5g", "float64": "%.9g"}[dtype] % (number if number else 0.0)
    return str(int(number))


def text_of_value(value):
    """Return dtype, shape and elements."""
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        return repr(value)
    elements = " ".join(text_of_number(each, str(array.dtype)) for each in array.ravel())
    return f"{array.dtype}{tuple(int(n) for n in array.shape)}: {elements}"


def text_of_type(variable):
    """Return dtype and pattern of broadcasting."""
    if not hasattr(variable.type, "broadcastable"):
        return type(variable.type).__name__
    pattern = "".join("FT"[bool(b)] for b in variable.type.broadcastable)
    return f"{variable.type.dtype}({pattern})"


def inputs_of(outputs):
    """Return the roots of a graph that are no constants, by name."""
    found, seen, waiting = {}, set(), list(outputs)
    while waiting:
        variable = waiting.pop()
        if id(variable) in seen:
            continue
        seen.add(id(variable))
        if variable.owner is not None:
            waiting.extend(variable.owner.inputs)
        elif variable.name and not hasattr(variable, "data") and not hasattr(variable, "get_value"):
            found[variable.name] = variable
    return [found[name] for name in sorted(found)]


def built(call, named):
    """Return the variables that a call makes; or, as text, what else it gives."""
    space = dict(named, T=T, np=np, theano=theano, S=theano.shared)
    try:
        made = eval(call, space)
    except Exception as error:
        return f"building: {type(error).__name__}"
    outputs = list(made) if isinstance(made, (list, tuple)) else [made]
    if all(isinstance(each, theano.gof.Variable) for each in outputs):
        return outputs
    return "plain: " + " ".join(text_of_value(each) for each in outputs)


def text_of_types(outputs):
    """Return the types of variables."""
    return " ".join(text_of_type(each) for each in outputs)


def outcome(call, named, values, mode=None):
    """Return what a call gives, as text."""
    outputs = built(call, named)
    if isinstance(outputs, str):
        return outputs
    types = text_of_types(outputs)
    try:
        inputs = inputs_of(outputs)
        function = theano.function(inputs, outputs, mode=mode, on_unused_input="ignore")
        results = function(*[values[each.name] for each in inputs])
    except Exception as error:
        return f"{types} | running: {type(error).__name__}"
    return types + " | " + "; ".join(text_of_value(each) for each in results)


def calls():
    """Return every call, once."""
    found, letters = [], ""
    for line in (pathlib.Path(__file__).parent / "calls_listed.txt").read_text().splitlines():
        if line.startswith("["):
            letters = line[1:-1]
        elif line and not line.startswith("#"):
            others = letters if "$" in line else "-"
            pairs = itertools.product(letters if "@" in line else "-", others)
            found.extend(line.replace("@", one).replace("$", other) for one, other in pairs)
    return list(dict.fromkeys(found))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    named, values = variables()
    mode = sys.argv[2] if len(sys.argv) > 2 else None
    with open(sys.argv[1], "w") as file:
        for call in calls():
            file.write(f"{call}\t{outcome(call, named, values, mode)}\n")
