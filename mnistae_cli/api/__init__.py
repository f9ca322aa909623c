"""For programs and notebooks: estimators, data sets as arrays, an artifacts directory as an object.

Import these names from `mnistae_cli`, which loads a module when a name of it is first used.
"""
