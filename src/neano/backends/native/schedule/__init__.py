"""From a graph to a plan: which values are stored, which loops compute them, and which loops are one."""
