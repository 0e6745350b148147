"""How each Op is lowered: modules are named as those of `neano.tensor`. Importing this package registers them all."""

from neano.backends.native.lower import (  # noqa: F401 - imported for what they register
    advanced_subtensor,
    counting,
    creation,
    cumulative,
    elemwise,
    flat_index,
    from_uniform,
    identity,
    join,
    mrg,
    nonzero,
    products,
    random_state,
    ranges,
    reduce,
    repetition,
    selection,
    shape,
    sort,
    subtensor,
)
