"""What programs return, as JSON; run by itself with Theano 1.0.5 it writes `expected.json`.

An array or a number is a dict of its dtype, shape and elements; NaN and infinities are texts.
"""

import json
import pathlib
import sys
import types

import numpy as np

HELPERS = ("adam", "data", "error_of")
"""Functions that are no programs."""


def programs():
    """Return the programs by name."""
    import programs_of_arrays
    import programs_of_graphs
    import programs_of_models
    import programs_of_operations

    return {
        name: value
        for module in (programs_of_graphs, programs_of_operations, programs_of_arrays, programs_of_models)
        for name, value in vars(module).items()
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__ and name not in HELPERS
    }


def encoded(result):
    """Return a result in the form that JSON keeps."""
    if isinstance(result, (list, tuple)):
        return [encoded(part) for part in result]
    if isinstance(result, (str, bool)) or result is None:
        return result
    array = np.asarray(result)
    elements = [repr(float(v)) if array.dtype.kind == "f" else int(v) for v in array.ravel()]
    return {"dtype": str(array.dtype), "shape": list(array.shape), "elements": elements}


if __name__ == "__main__":
    results = {}
    for name, program in programs().items():
        try:
            results[name] = encoded(program())
        except Exception as error:
            raise SystemExit(f"{name}: {error!r}") from error
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(result)}" for name, result in results.items())
    pathlib.Path(sys.argv[1]).write_text("{\n" + lines + "\n}\n")
