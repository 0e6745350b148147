"""The version of Theano whose names these are."""

version = "1.0.5"
