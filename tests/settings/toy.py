"""A seventh kind of code, as somebody else would add one: a dataclass, and a line that makes it known.

`python -m tests.codes.toy ARGUMENTS` is `mnistae ARGUMENTS` with it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from mnistae_cli.codes import CODES, Code, Corruption, Layers, Training, latent_dim_option, loss_option
from mnistae_cli.fields import option

if TYPE_CHECKING:
    from mnistae_cli.data import Pixels
    from mnistae_cli.nets import Autoencoder


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

    def build(self, pixels: "Pixels", steps: int, seed: int) -> "Autoencoder":
        from mnistae_cli import nets

        settings = self.network_settings(seed) | {"hidden": (self.latent_dim,) * self.depth}
        return nets.build_dense(*pixels.shape[1:], loss=self.loss, sparsity_weight=0.0, code_gain=1.0, **settings)


if __name__ == "__main__":
    CODES.append(Toy)

    from mnistae_cli.__main__ import main

    main()
