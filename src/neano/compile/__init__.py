"""From graphs to functions: `function()` and what it takes and gives, modes, shared variables."""
