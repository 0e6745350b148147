"""`theano.compat`: what Python 2 called differently."""

from collections import OrderedDict

izip = zip
imap = map
