"""What `benchmarks.mutants` is made of: the mutants, and a plugin for pytest."""
