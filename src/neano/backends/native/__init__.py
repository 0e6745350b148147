"""The native backend: schedule, loop IR, LLVM IR, object, entry."""
