"""The rewriting engine: rules on nodes, passes on graphs, the worklist that drives them, the database to select them.

Nothing here knows of tensors. What patterns mean in the tensor language is told by a `Language` (`pattern.py`), which
`neano.rewrites` provides together with the rules themselves.
"""
