"""`theano.compile.nanguardmode`."""

from neano.compile.nan_guard_mode import NanGuardMode, contains_inf, contains_nan
