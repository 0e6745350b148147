"""How each Op is lowered: modules are named as those of `neano.tensor`. Importing this package registers them all."""

from neano.backends.native.lower import (  # noqa: F401 - imported for what they register
    advanced_subtensor,
    creation,
    elemwise,
    identity,
    join,
    mrg,
    products,
    random_state,
    ranges,
    reduce,
    shape,
    subtensor,
)
