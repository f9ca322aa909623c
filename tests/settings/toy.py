"""A seventh kind of code, as somebody else would add one: its settings, its network, and a line for each.

`python -m tests.settings.toy ARGUMENTS` is `mnistae ARGUMENTS` with it. Several commands, each after a `+`, run one
after the other in the one process; what each ended with is a line of JSON.
"""

import contextlib
import io
import json
import sys
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from mnistae_cli.data import Pixels
from mnistae_cli.settings import CODES, Code, Corruption, Dense, Layers, Training, latent_dim_option, loss_option
from mnistae_cli.settings.options import option
from mnistae_cli.training.autoencoder import Autoencoder
from mnistae_cli.training.builders import BUILDERS, Builder
from mnistae_cli.training.dense import build_dense


@dataclass(frozen=True, kw_only=True)
class Toy(Code):
    chosen_by: ClassVar = {"model": "toy"}
    summary: ClassVar = "a toy"

    latent_dim: int = latent_dim_option(8)
    loss: Literal["bce", "mse"] = loss_option("mse")
    depth: int = option(1, "Layers before the code.", minimum=1, maximum=9)
    layers: Layers = Layers()
    corruption: Corruption = Corruption()
    training: Training = Training(batch_size=16)


def build_toy(code: Toy, pixels: Pixels, steps: int, seed: int) -> Autoencoder:
    dense = Dense(latent_dim=code.latent_dim, loss=code.loss, code_gain=1.0)
    return build_dense(
        replace(dense, layers=Layers(hidden=(code.latent_dim,) * code.depth)), pixels, steps=steps, seed=seed
    )


def main() -> None:
    """Run the commands of `sys.argv`."""
    CODES.append(Toy)
    BUILDERS[Toy] = Builder(build_toy)
    from tests.conftest import exit_code  # it imports the command line, which asks for all kinds of code

    commands: list[list[str]] = []
    for word in sys.argv[1:]:
        if word == "+":
            commands.append(["mnistae"])
        else:
            commands[-1].append(word)
    for command in commands:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = exit_code(command)
        print(json.dumps([code, out.getvalue(), err.getvalue()]))


if __name__ == "__main__":
    main()
