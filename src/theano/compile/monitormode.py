"""`theano.compile.monitormode`."""

from neano.compile.monitor_mode import MonitorMode, detect_nan
