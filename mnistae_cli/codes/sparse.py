"""What the sparse kinds of code share: their network is one, what keeps its code sparse is each kind's own."""

from typing import Any

from mnistae_cli.codes.shared import Code, Training, WholeOrAuto
from mnistae_cli.errors import UsageError
from mnistae_cli.fields import AUTO, option

LEARNING = Training(learning_rate=2e-3)


def penalty_weight_option(default: float) -> Any:
    """The field `sparsity_weight`."""
    return option(default, "Weight of the penalty beside the loss.", minimum=0)


def warmup_option() -> Any:
    """The field `sparsity_warmup`."""
    return option(0.1, "Share of the training over which the weight grows from 0.", minimum=0, maximum=1)


def k_option() -> Any:
    """The field `k`."""
    help = "Active units of an image, at most (topk) or on average (batchtopk). auto: 25, at most half of the code."
    return option(AUTO, help, minimum=1)


def aux_k_option() -> Any:
    """The field `aux_k`."""
    return option(256, "Units silent for long that learn what the others leave over; 0: none.", minimum=0)


def check_sparse(code: Code) -> None:
    """Refuse another loss than the squared error.

    Raises:
        UsageError: the loss is another.
    """
    if code.loss != "mse":
        raise UsageError(
            f"--loss is '{code.loss}': a sparse code adds up its atoms, which has a squared error only.",
            "Give --loss mse, or leave it out.",
        )


def check_weight(sparsity_weight: float) -> None:
    """Refuse a penalty without weight.

    Raises:
        UsageError: the weight is 0.
    """
    if sparsity_weight == 0:
        raise UsageError(
            f"--sparsity-weight is {sparsity_weight}: without it nothing keeps a sparse code sparse.",
            "Give a weight above 0, or --model dense.",
        )


def fitting_k(k: WholeOrAuto, latent_dim: int) -> int:
    """`k` as a number of units: as given, or the usual 25, at most half of the code.

    Raises:
        UsageError: no unit would be left out.
    """
    number = min(25, max(latent_dim // 2, 1)) if k == AUTO else int(k)
    if number >= latent_dim:
        raise UsageError(
            f"--k is {number}: it must be below --latent-dim, {latent_dim}.",
            "Give a larger --latent-dim, or a smaller --k.",
        )
    return number
