"""What a program or a notebook imports: estimators, data sets as arrays, an artifacts directory as an object.

`mnistae_cli` is its face, and loads a module when a name of it is first used.
"""
