"""Measurements: what calls, starting and building cost, and the same work in other systems. See `python -m benchmarks -h`."""
