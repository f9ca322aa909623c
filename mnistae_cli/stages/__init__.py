"""The verbs, one file each: a config, the artifacts directory and a listener → what was made."""
