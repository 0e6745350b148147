"""Graphs of operations, free of tensors, machines and files: nodes, walks, changes, and the rewriting engine."""
