"""The limit: the same work written by hand in C, as an expert would write an extension of CPython for it."""
