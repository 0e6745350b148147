"""Matrix products of many shapes and dtypes, on Neano, on NumPy, on PyTorch, and the call of the BLAS alone."""
