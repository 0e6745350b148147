"""Whole programs run on both backends of the CPU, under Theano's own names."""

import pytest

from neano.config import config


@pytest.fixture(params=["reference", "native"], autouse=True)
def backend(request):
    """The backend that functions of the test get."""
    with config.change_flags(backend=request.param):
        yield request.param
