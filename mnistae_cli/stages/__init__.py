"""The commands, one file each: a config, the artifacts directory and a listener → the result."""
