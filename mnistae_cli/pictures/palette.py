"""The colors of groups, the same in every figure and page."""

# Okabe & Ito (2008): colors that differ for each common kind of color blindness. Their black is gray here, since it
# would vanish on a dark page. Yellow is last, since it is the palest on a white page.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#8A8F98", "#F0E442")
MARKERS = ("o", "s", "^", "D")
"""Matplotlib's names of the shapes. After eight groups, the colors are used again with the next shape."""


def color_and_marker(group: int) -> tuple[str, str]:
    """The color and the marker of a group."""
    return PALETTE[group % len(PALETTE)], MARKERS[group // len(PALETTE) % len(MARKERS)]
