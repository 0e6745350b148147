"""Graphs of operations, free of tensors, machines and files: nodes, walks, changes, and the rewriting engine."""

import neano.graph.pickling  # noqa: F401 - graphs of any depth can be pickled from here on
