"""`verify_grad` computes through the hook that compiling sets; here an evaluator of references takes its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from neano.autodiff import verify
from tensor.op_checks import evaluate


def interpreted_function(inputs: Any, outputs: Any, **_: Any) -> Callable[..., Any]:
    def call(*values: Any) -> Any:
        given = {x: np.asarray(v, dtype=x.dtype) for x, v in zip(inputs, values, strict=True)}
        results = evaluate(outputs if isinstance(outputs, list) else [outputs], given)
        return results if isinstance(outputs, list) else results[0]

    return call


@pytest.fixture
def _interpreted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(verify, "compile_function", interpreted_function)
    return
