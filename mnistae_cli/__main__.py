"""`python -m mnistae_cli` is `mnistae`."""

from mnistae_cli.cli import main

if __name__ == "__main__":
    main()
