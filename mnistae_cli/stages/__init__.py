"""The commands, one module each: a config, the artifacts directory and a listener → the result."""
