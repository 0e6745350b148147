"""`theano.tests.unittest_tools`: see `neano.debug.testing`."""

from neano.debug.testing import (
    AttemptManyTimes,
    InferShapeTester,
    WrongValue,
    assert_allclose,
    fetch_seed,
    seed_rng,
    str_diagnostic,
    verify_grad,
)
