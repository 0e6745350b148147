"""Every test of this folder runs on both backends of the CPU."""

import pytest

import neano.backends.native.linker
import neano.backends.reference
import neano.tensor  # noqa: F401
from neano.config import config


@pytest.fixture(params=["reference", "native"], autouse=True)
def backend(request):
    """The backend that functions of the test get."""
    with config.change_flags(backend=request.param):
        yield request.param
