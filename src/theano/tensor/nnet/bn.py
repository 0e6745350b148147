"""`theano.tensor.nnet.bn`: batch normalisation."""

from neano.tensor.nnet.batch_normalization import (
    batch_normalization,
    batch_normalization_test,
    batch_normalization_train,
)
