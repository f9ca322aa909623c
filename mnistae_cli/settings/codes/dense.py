"""A dense code: many units, most of them active."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from mnistae_cli.settings.codes.shared import Code, Corruption, Layers, Training, latent_dim_option, loss_option
from mnistae_cli.settings.options import option


@dataclass(frozen=True, kw_only=True)
class Dense(Code):
    """The plain autoencoder.

    Hinton & Salakhutdinov 2006, "Reducing the dimensionality of data with neural networks".
    """

    chosen_by: ClassVar = {"model": "dense"}
    in_parts: ClassVar[bool] = True
    summary: ClassVar = "many units, most of them active"
    usual_epochs: ClassVar[int] = 4

    latent_dim: int = latent_dim_option()
    loss: Literal["bce", "mse"] = loss_option()
    sparsity_weight: float = option(0.0, "Weight of an L1 penalty that is added to the loss; 0: none.", minimum=0)
    code_gain: float = option(
        3.0, "Factor on the first weights of the code; above 1, the decoder learns faster.", above=0
    )
    layers: Layers = Layers()
    corruption: Corruption = Corruption()
    training: Training = Training(learning_rate=8e-3, schedule="trapezoid", beta_2=0.9)
