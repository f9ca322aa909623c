"""How each kind of code is learned: the function that builds its network, and what else is needed.

A new kind of code needs a dataclass in `settings/codes/`, a function here or in a module of its own, and a line in
`BUILDERS`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mnistae_cli.data import Pixels
from mnistae_cli.settings import KL, L1, BatchTopK, Code, Dense, Invariant, TopK, Training
from mnistae_cli.training import regrouping, sparse
from mnistae_cli.training.autoencoder import Autoencoder
from mnistae_cli.training.dense import build_dense
from mnistae_cli.training.invariance import build_invariant


@dataclass(frozen=True)
class Regrouping:
    """A training in several parts. Before each later part, groups of images are found, and the network is rebuilt.

    Args:
        parts_of: (code) → the parts, in order.
        find: finds the groups: see `regrouping.find`.
        adapt: (part, groups) → the part as these groups are learned.
        rebuild: makes the network of the next part: see `regrouping.rebuild`.
    """

    parts_of: Callable[[Any], Sequence[Training]]
    find: Callable[..., regrouping.Groups]
    adapt: Callable[[Training, regrouping.Groups], Training]
    rebuild: Callable[..., Autoencoder]


@dataclass(frozen=True)
class Builder:
    """How a kind of code is learned.

    Args:
        build: (code, training images (N, H, W), steps of the whole training, seed) → its network.
        gains_by_xla: whether XLA makes a step faster, if the images are not changed and there are no convolutions.
        n_pair_neighbors: (code) → the number of nearest images from which the second image of a pair is drawn; None: it
            learns from single images.
        regrouping: for a training in several parts; None: it has one part.
    """

    build: Callable[[Any, Pixels, int, int], Autoencoder]
    gains_by_xla: bool = True
    n_pair_neighbors: Callable[[Any], int] | None = None
    regrouping: Regrouping | None = None


BUILDERS: dict[type[Code], Builder] = {
    Dense: Builder(build_dense),
    # To find the k largest values, XLA sorts whole rows: a step takes 17 ms, but 2 ms with the plain graph.
    TopK: Builder(sparse.build_topk, gains_by_xla=False),
    BatchTopK: Builder(sparse.build_batchtopk, gains_by_xla=False),
    L1: Builder(sparse.build_l1),
    KL: Builder(sparse.build_kl),
    Invariant: Builder(
        build_invariant,
        n_pair_neighbors=lambda code: code.n_neighbors,
        regrouping=Regrouping(regrouping.parts_of, regrouping.find, regrouping.adapt, regrouping.rebuild),
    ),
}
"""Kind of code → how it is learned."""


def builder_of(code: Code) -> Builder:
    """How this code is learned; `TypeError` if `BUILDERS` does not have its kind."""
    if type(code) not in BUILDERS:
        raise TypeError(f"{type(code).__name__} has no network: add a line for it to training.builders.BUILDERS")
    return BUILDERS[type(code)]


def can_use_xla(code: Code) -> bool:
    """Whether XLA makes a step of this code faster. On a CPU, its convolutions and random draws are slow."""
    corruption = code.corruption
    changed = corruption.augment or corruption.occlusion or corruption.noise
    return builder_of(code).gains_by_xla and not (code.layers.channels or changed)
