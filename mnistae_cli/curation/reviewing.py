"""Make the rows of a review from what was found in the images."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistae_cli.curation.duplicates import Duplicates
from mnistae_cli.curation.label_errors import LabelErrors
from mnistae_cli.curation.novelty import Novelty
from mnistae_cli.curation.suspicions import DUPLICATE, LABEL, NEAR_DUPLICATE, STRANGER, Suspicion

LEAK = ", in the other split"


@dataclass(frozen=True)
class Split:
    """A split of the images that are reviewed.

    Args:
        name: `train` or `test`.
        images: (N,), their names.
        labels: (N,), or None.
        similar: (N, k), the numbers of similar training images.
    """

    name: str
    images: Sequence[str]
    labels: NDArray[np.uint8] | None
    similar: NDArray[np.int32]


@dataclass(frozen=True)
class Review:
    """Makes the rows of a review.

    Args:
        splits: `train`, then `test`.
        class_names: the names of the labels.
        fewest: smallest number of rows about labels, and about strangers, for each split.
    """

    splits: tuple[Split, Split]
    class_names: Sequence[str]
    fewest: int

    def strangers(self, split: Split, unusual: Novelty) -> Iterator[Suspicion]:
        """The strangers, and other images that are most unusual."""
        order = np.argsort(-unusual.novelty, kind="stable")
        n = max(int(unusual.strange.sum()), min(self.fewest, len(order)))
        for i in order[:n].tolist():
            how = "it is badly reconstructed" if unusual.by_error[i] else "no training image is near"
            why = f"more unusual than {_share(float(unusual.novelty[i]))} of the training images: {how}"
            yield self._row(split, i, STRANGER, float(unusual.novelty[i]), why)

    def wrong_labels(self, judged: Sequence[Split], errors: LabelErrors) -> Iterator[Suspicion]:
        """The suspected labels, and other ones of the lowest quality. `errors` are for the images of `judged`."""
        first = 0
        for split in judged:
            part = slice(first, first + len(split.images))
            first = part.stop
            quality, suggested = errors.quality[part], errors.suggested[part]
            others = suggested != split.labels
            order = np.lexsort((quality, ~errors.suspected[part], ~others))
            n = max(int(errors.suspected[part].sum()), min(self.fewest, int(others.sum())))
            for i in order[:n].tolist():
                name = self.class_names[suggested[i]]
                why = f"by the other images it is {name} with probability {errors.confidence[part][i]:.3f}"
                yield self._row(split, i, LABEL, 1 - float(quality[i]), why, name)

    def duplicates(self, found: Duplicates) -> Iterator[Suspicion]:
        """All images of each group of duplicates except one."""
        columns = (found.images, found.originals, found.errors, found.exact)
        for image, original, error, exact in zip(*(each.tolist() for each in columns), strict=True):
            (split, i), (other, j) = self._at(image), self._at(original)
            leak = LEAK if split is not other else ""
            what = "the same pixels as" if exact else f"a slightly warped copy (error {error:.3f}) of"
            kind = DUPLICATE if exact else NEAR_DUPLICATE
            yield self._row(split, i, kind, 1 - error, f"{what} {other.name}:{j}{leak}", first=(f"{other.name}:{j}",))

    def _row(
        self, split: Split, i: int, kind: str, score: float, why: str, suggested: str = "", first: tuple[str, ...] = ()
    ) -> Suspicion:
        number = len(self.class_names) if split.labels is None else int(split.labels[i])
        label = self.class_names[number] if number < len(self.class_names) else ""
        similar = (*first, *(f"train:{j}" for j in split.similar[i].tolist()))
        return Suspicion(
            split.name, i, split.images[i], kind, score, why, label, suggested, tuple(dict.fromkeys(similar))
        )

    def _at(self, image: int) -> tuple[Split, int]:
        train, test = self.splits
        n = len(train.images)
        return (train, image) if image < n else (test, image - n)


def _share(novelty: float) -> str:
    return f"{min(novelty, 0.9999):.2%}"
