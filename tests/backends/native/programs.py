"""Programs of the loop IR, as text, for each class of nest: `NESTS[name](dtype)`; inputs for them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neano.backends.native.ir import Program
from neano.backends.native.parsing import parse_program
from neano.backends.native.spec import check_program

FLOATS = ("float16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
COMPLEX = ("complex64", "complex128")
NUMBERS = (*INTEGERS, *FLOATS, *COMPLEX)
DTYPES = ("bool", *NUMBERS)


def program(text: str, **others: object) -> Program:
    """Return a program that has been checked against the specification."""
    made = parse_program(text, **others)  # type: ignore[arg-type]
    check_program(made)
    return made


VECTOR = """
inputs x, y
results z
input x: D[?]
input y: D[?]
output z: D[?]
body
  alloc z[dim(x, 0)]
"""

MATRIX = """
inputs x, y
results z
input x: D[?, ?]
input y: D[?]
output z: D[?, ?]
body
  alloc z[dim(x, 0), dim(x, 1)]
"""

ROWS = """
inputs x, y
results z
input x: D[?, ?]
input y: D[?]
output z: D[?]
body
  alloc z[dim(x, 0)]
"""

ALL = """
inputs x, y
results z
input x: D[?, ?]
input y: D[?]
output z: D[]
body
  alloc z[]
"""

COLUMNS = """
inputs x, y
results z
input x: D[?, ?]
input y: D[?]
output z: D[?]
body
  alloc z[dim(x, 1)]
"""

PLAIN = {
    "elementwise": VECTOR
    + """
  parallel for i < dim(x, 0):
    z[i] = maximum<D>(add<D>(x[i], y[i]), x[i])
""",
    "two axes": MATRIX
    + """
  parallel for i < dim(x, 0):
    parallel for j < dim(x, 1):
      z[i, j] = add<D>(x[i, j], x[i, j])
""",
    "broadcast row": MATRIX
    + """
  parallel for i < dim(x, 0):
    parallel for j < dim(x, 1):
      z[i, j] = add<D>(mul<D>(x[i, j], y[j]), y[0])
""",
    "transposed": MATRIX.replace("[dim(x, 0), dim(x, 1)]", "[dim(x, 1), dim(x, 0)]")
    + """
  parallel for i < dim(x, 1):
    parallel for j < dim(x, 0):
      z[i, j] = mul<D>(x[j, i], x[j, i])
""",
    "values of a row": MATRIX
    + """
  parallel for i < dim(x, 0):
    let s = add<D>(y[0], y[i])
    parallel for j < dim(x, 1):
      let t = mul<D>(x[i, j], s)
      z[i, j] = add<D>(t, t)
""",
    "reversed": VECTOR
    + """
  parallel for i < dim(x, 0):
    z[i] = add<D>(x[sub<int64>(sub<int64>(dim(x, 0), 1), i)], y[i])
""",
    "window": VECTOR.replace("output z", "view v: D[?]\nview w: D[?]\noutput z")
    + """
  view v of x start [sub<int64>(dim(x, 0), 1)] dims [dim(x, 0)] axes [0] steps [-1]
  view w of y start [0] dims [dim(x, 0)] axes [none] steps [0]
  parallel for i < dim(x, 0):
    z[i] = add<D>(v[i], w[i])
""",
    "even elements": VECTOR.replace("[dim(x, 0)]", "[int_div<int64>(add<int64>(dim(x, 0), 1), 2)]")
    + """
  parallel for i < dim(z, 0):
    z[i] = add<D>(x[mul<int64>(i, 2)], y[i])
""",
    "stored twice": VECTOR.replace("output z", "scratch t: D[?]\noutput z")
    + """
  alloc t[dim(x, 0)]
  parallel for i < dim(x, 0):
    let s = add<D>(x[i], y[i])
    t[i] = s
    z[i] = mul<D>(s, s)
  parallel for j < dim(x, 0):
    z[j] = add<D>(z[j], t[j])
""",
    "joined": VECTOR.replace("[dim(x, 0)]", "[add<int64>(dim(x, 0), dim(y, 0))]")
    + """
  parallel for i < dim(z, 0):
    z[i] = select<D>(lt<bool>(i, dim(x, 0)), x[i], mul<D>(y[sub<int64>(i, dim(x, 0))], y[0]))
""",
    "padded": VECTOR.replace("[dim(x, 0)]", "[add<int64>(dim(x, 0), 4)]")
    + """
  parallel for i < dim(z, 0):
    let k = sub<int64>(i, 2)
    z[i] = select<D>(and_<bool>(ge<bool>(k, 0), lt<bool>(k, dim(x, 0))), x[k], y[0])
""",
    "chosen row": MATRIX
    + """
  parallel for i < dim(x, 0):
    parallel for j < dim(x, 1):
      z[i, j] = select<D>(lt<bool>(i, 1), y[j], x[sub<int64>(i, 1), j])
""",
    "conditional": VECTOR
    + """
  parallel for i < dim(x, 0):
    if lt<bool>(i, 3):
      z[i] = x[i]
    else:
      z[i] = y[i]
""",
    "three axes": """
inputs x, y
results z
input x: D[?, ?, ?]
input y: D[?]
output z: D[?, ?, ?]
body
  alloc z[dim(x, 0), dim(x, 1), dim(x, 2)]
  parallel for i < dim(x, 0):
    parallel for j < dim(x, 1):
      parallel for k < dim(x, 2):
        z[i, j, k] = add<D>(mul<D>(x[i, j, k], x[i, j, k]), y[i])
""",
    "sum": ALL
    + """
  accumulator a: D = y[0]
  for i < dim(x, 0):
    for j < dim(x, 1):
      accumulate a (add) = x[i, j]
  z[] = a
""",
    "row sums": ROWS
    + """
  parallel for i < dim(x, 0):
    accumulator a: D = y[0]
    for j < dim(x, 1):
      accumulate a (add) = mul<D>(x[i, j], y[j])
    z[i] = a
""",
    "row products": ROWS
    + """
  parallel for i < dim(x, 0):
    accumulator a: D = y[0]
    for j < dim(x, 1):
      accumulate a (mul) = x[i, j]
    z[i] = a
""",
    "column sums": COLUMNS
    + """
  parallel for i < dim(x, 1):
    z[i] = y[i]
  for j < dim(x, 0):
    parallel for k < dim(x, 1):
      z[k] (add, unique) = x[j, k]
""",
    "scaled rows": MATRIX.replace("output z", "scratch t: D[?]\noutput z")
    + """
  parallel for i < dim(x, 0):
    alloc t[dim(x, 1)]
    accumulator a: D = y[0]
    for j < dim(x, 1):
      let s = mul<D>(x[i, j], x[i, j])
      t[j] = s
      accumulate a (add) = s
    parallel for k < dim(x, 1):
      z[i, k] = add<D>(t[k], a)
""",
    "gathered rows": """
inputs x, y, n
results z
input x: D[?, ?]
input y: D[?]
input n: int64[?]
output z: D[?, ?]
body
  alloc z[dim(n, 0), dim(x, 1)]
  parallel for i < dim(n, 0):
    parallel for j < dim(x, 1):
      z[i, j] = add<D>(x[n[i], j], y[j])
""",
    "gathered elements": """
inputs x, y, n
results z
input x: D[?, ?]
input y: D[?]
input n: int64[?]
output z: D[?]
body
  alloc z[dim(n, 0)]
  parallel for i < dim(n, 0):
    z[i] = add<D>(x[n[i], 0], x[0, 0])
""",
    "scattered": """
inputs x, y, n
results z
input x: D[?, ?]
input y: D[?]
input n: int64[?]
output z: D[?]
body
  alloc z[dim(x, 0)]
  parallel for i < dim(x, 0):
    z[i] = y[0]
  for j < dim(n, 0):
    z[n[j]] (add) = mul<D>(x[n[j], 0], y[0])
""",
}
"""Nests for every number; `D` stands for the dtype."""

ORDERED = {
    "extremes": ROWS
    + """
  parallel for i < dim(x, 0):
    accumulator a: D = y[0]
    accumulator b: D = y[0]
    for j < dim(x, 1):
      accumulate a (maximum) = x[i, j]
      accumulate b (minimum) = x[i, j]
    z[i] = sub<D>(a, b)
""",
    "positions": """
inputs x, y
results z, p, q
input x: D[?, ?]
input y: D[?]
output z: D[?]
output p: int64[?]
output q: int64[?]
body
  alloc z[dim(x, 0)]
  alloc p[dim(x, 0)]
  alloc q[dim(x, 0)]
  parallel for i < dim(x, 0):
    accumulator a: D = x[i, 0]
    accumulator n: int64 = 0
    accumulator b: D = x[i, 0]
    accumulator m: int64 = 0
    for j < dim(x, 1):
      accumulate a, n (maximum) = [x[i, j], j]
      accumulate b, m (minimum) = [x[i, j], j]
    z[i] = sub<D>(a, b)
    p[i] = n
    q[i] = m
""",
}
"""Nests for integers and floats."""

INDICES = {
    "range": """
inputs x, y
results z
input x: D[?]
input y: D[?]
output z: D[?]
body
  alloc z[dim(x, 0)]
  parallel for i < dim(x, 0):
    z[i] = add<D>(cast<D>(mul<int64>(i, 3)), y[0])
""",
    "diagonal": """
inputs x, y
results z
input x: D[?, ?]
input y: D[?]
output z: D[?, ?]
body
  alloc z[dim(x, 0), dim(x, 1)]
  parallel for i < dim(x, 0):
    parallel for j < dim(x, 1):
      z[i, j] = switch<D>(eq<bool>(i, j), y[0], x[i, j])
""",
}

WIDE = {
    "products without zeros": ROWS
    + """
  parallel for i < dim(x, 0):
    accumulator a: D = y[0]
    for j < dim(x, 1):
      accumulate a (mul_without_zeros) = x[i, j]
    z[i] = a
""",
}
"""Nests whose result depends on the order of operations where products wrap to 0."""

NESTS: dict[str, str] = {**PLAIN, **ORDERED, **INDICES, **WIDE}


def nest(name: str, dtype: str) -> Program:
    """Return a program of a class of nests for a dtype."""
    text = NESTS[name].replace("D[", f"{dtype}[").replace("<D>", f"<{dtype}>").replace(": D =", f": {dtype} =")
    return program(text)


def numbers(shape: tuple[int, ...], dtype: str, rng: np.random.Generator, small: bool = False) -> np.ndarray:
    """Return random numbers; small integers, which floats hold exactly, where `small` is true."""
    kind = np.dtype(dtype).kind
    if kind == "b":
        return rng.random(shape) < 0.5
    whole = rng.integers(0 if kind == "u" else -4, 5, shape)
    if kind in "iu" or small:
        return whole.astype(dtype)
    real = rng.normal(size=shape)
    return (real + 1j * rng.normal(size=shape) if kind == "c" else real).astype(dtype)


Layout = Callable[[np.ndarray], np.ndarray]


def _spread(step: int) -> Layout:
    def layout(array: np.ndarray) -> np.ndarray:
        wide = np.zeros(tuple(abs(step) * n for n in array.shape), array.dtype)
        picked = wide[tuple(slice(None, None, step) for _ in array.shape)]
        picked[...] = array
        return picked

    return layout


def _repeated(array: np.ndarray) -> np.ndarray:
    """The first element everywhere, by strides of 0."""
    return np.broadcast_to(array.reshape(-1)[:1].reshape(()), array.shape) if array.size else array


LAYOUTS: dict[str, Layout] = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "reversed": _spread(-1),
    "spread": _spread(3),
    "spread backward": _spread(-2),
    "repeated": _repeated,
}


def inputs_of(made: Program, rows: int, columns: int, rng: np.random.Generator, layout: str) -> list[np.ndarray]:
    """Return inputs for a nest: `n` holds rows of x, y is as long as a row of x or as x itself."""
    values = []
    for name in made.inputs:
        buffer = made.buffers[name]
        if name == "n":
            array = rng.integers(0, max(rows, 1), columns if rows else 0)
        elif buffer.ndim == 3:
            array = numbers((rows, 2, columns), buffer.dtype, rng)
        elif buffer.ndim == 2:
            array = numbers((rows, columns), buffer.dtype, rng)
        else:
            array = numbers((max(columns, rows, 1) if name == "y" else columns,), buffer.dtype, rng)
        values.append(LAYOUTS[layout](array) if name != "y" or layout != "repeated" else array)
    return values
