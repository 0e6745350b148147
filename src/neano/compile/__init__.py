"""From graphs to functions: `function()` and what it takes and gives, modes, shared variables."""

import neano.compile.test_values  # noqa: F401  (sets the hook that `config.compute_test_value` works through)
