"""The kinds of fault of `benchmarks.faults`, one module each."""
