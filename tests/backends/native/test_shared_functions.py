"""Functions that kernels call have modules of their own: written and generated once, whoever calls them."""

from __future__ import annotations

import numpy as np

import neano
import neano.tensor as T
from neano.backends.native.emit.text import Module


def test_a_shared_function_is_written_once() -> None:
    libraries: dict[str, str] = {}
    written = []

    def inner(module: Module) -> str:
        written.append("inner")
        return "define double @inner(double %x) { ret double %x }"

    def outer(module: Module) -> str:
        written.append("outer")
        module.declare("pow", "double", "double", "double")
        name = module.share("inner", "double", ["double"], inner)
        return f"define double @outer(double %x) {{ %y = call double {name}(double %x)\n ret double %y }}"

    first, second = Module(libraries), Module(libraries)
    assert first.share("outer", "double", ["double"], outer) == "@outer"
    assert second.share("outer", "double", ["double"], outer) == "@outer"
    assert written == ["outer", "inner"]
    assert set(libraries) == {"outer", "inner"}
    assert first.symbols == {"pow"}
    for module in (first, second):
        assert module.text("").count("declare double @outer(double)") == 1
    assert "declare double @inner(double)" in libraries["outer"]


def test_kernels_of_a_function_share_what_they_call() -> None:
    x, y = T.dmatrix("x"), T.dvector("y")
    compiled = neano.function([x, y], [T.tanh(x[:, ::2] + 1), T.tanh(y[::-1]).sum(), x[::-1].T * 2])
    names = [name for name, _ in compiled.stages.emitted.modules]
    assert len(set(names)) == len(names)
    kernels = [text for name, text in compiled.stages.emitted.modules if name.startswith("neano_k_")]
    assert sum("@strided.copy.8(" in text for text in kernels) >= 2
    assert names.count("strided.copy.8") == 1
    assert not any("define" in text.replace("define void @neano_k_", "") for text in kernels)
    a, b = np.arange(12.0).reshape(3, 4) / 10, np.arange(5.0)
    for found, expected in zip(compiled(a, b), [np.tanh(a[:, ::2] + 1), np.tanh(b).sum(), a[::-1].T * 2], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-15)
