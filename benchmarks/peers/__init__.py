"""The same work in Neano and in its peers, each in an interpreter of its own: `python -m benchmarks peers -h`."""
