"""Names of classes and clusters in figures: short, with letters that a font has, and never read as a formula."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import matplotlib
from matplotlib.font_manager import FontEntry, FontProperties, findfont, fontManager
from matplotlib.ft2font import FT2Font

from mnistae_cli.common import legible

LONGEST = 24  # characters of a name in a figure; of a longer one, the middle is left out
NOT_FOR_TEXT = ("Last Resort", "cm")  # beginnings of families: boxes for all letters, and fonts without Unicode
PLAIN_WEIGHTS = (400, "normal", "regular")  # Matplotlib warns where it uses another one instead
LEFT_TO_RIGHT = "\u200e"
# Fonts with many scripts, tried before the others that are installed.
USUAL = ("Noto Sans", "Arial Unicode MS", "Segoe UI", "Nirmala UI", "Microsoft YaHei", "PingFang")


@dataclass(frozen=True)
class Names:
    """Names as figures show them.

    Args:
        texts: a text per name.
        family: the families of fonts that have their letters, for `fontfamily`.
        lacking: whether there are letters that no font has: these names are shown as their number, `#3`.
    """

    texts: list[str]
    family: list[str]
    lacking: bool = False

    @classmethod
    def of_numbers(cls, n: int) -> Self:
        """The numbers from 0 to n - 1."""
        return cls([str(number) for number in range(n)], list(matplotlib.rcParams["font.family"]))


def names_for(names: Sequence[str]) -> Names:
    """The names of all classes, by number, for a figure."""
    visible = [legible(name) for name in names]
    family, drawn = _fonts({*"".join(visible), *"#…"})
    texts = [_drawable(name, number, drawn) for number, name in enumerate(visible)]
    short = [_shortened(text) for text in texts]
    shared = Counter(short)
    short = [f"#{number} {text}" if shared[text] > 1 else text for number, text in enumerate(short)]
    escaped = [text.replace("$", r"\$") for text in short]  # Matplotlib reads text between two as a formula
    return Names(escaped, family, texts != visible)


def _drawable(name: str, number: int, drawn: frozenset[str]) -> str:
    """The name, or the number and what can be drawn of the name."""
    left = "".join(each for each in name if each in drawn)
    return name if left == name else f"#{number} {left.strip()}".strip()


def _shortened(text: str) -> str:
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]}…{text[half - LONGEST + 1 :]}"


def in_one_font(name: str) -> tuple[str, str, int]:
    """The name for a picture by Pillow, which draws with one font: the text, the font's file, its number in the file.

    A letter that it lacks is written as `U+0915`.
    """
    text = legible(name)
    family, _ = _fonts(text)
    paths = [findfont(FontProperties(family=[each])) for each in family]
    has = [_letters_in(path, getattr(path, "face_index", 0), text) for path in paths]
    best = max(range(len(paths)), key=lambda number: len(has[number]))
    spelled = "".join(each if each in has[best] else f" U+{ord(each):04X} " for each in text)
    return in_order(" ".join(spelled.split())), str(paths[best]), getattr(paths[best], "face_index", 0)


def in_order(text: str) -> str:
    """A text of several names, to be read from the left even if the first one is Arabic or Hebrew."""
    turned = any(unicodedata.bidirectional(each) in ("R", "AL") for each in text)
    return LEFT_TO_RIGHT + text if turned else text


def _fonts(letters: Iterable[str]) -> tuple[list[str], frozenset[str]]:
    """Families of fonts, beginning with the usual one, and the letters that they have."""
    return _fonts_for("".join(sorted(letters)), tuple(matplotlib.rcParams["font.family"]))


@lru_cache
def _fonts_for(letters: str, usual: tuple[str, ...]) -> tuple[list[str], frozenset[str]]:
    family, lacking = list(usual), set(letters)
    for each in usual:
        lacking -= _letters_of(each, lacking)
    installed = {each.name for each in fontManager.ttflist if _has_one_of(each, lacking)}
    for name in sorted(installed, key=lambda name: (not name.startswith(USUAL), name)):
        found = _letters_of(name, lacking)
        family += [name] if found else []
        lacking -= found
    return family, frozenset(letters) - lacking


def _has_one_of(font: FontEntry, letters: Iterable[str]) -> bool:
    plain = font.style == "normal" and font.weight in PLAIN_WEIGHTS and not font.name.startswith(NOT_FOR_TEXT)
    return plain and bool(_letters_in(font.fname, getattr(font, "index", 0), letters))


def _letters_of(family: str, letters: Iterable[str]) -> set[str]:
    """Those of the letters that a family has, in the plain and in the bold font."""
    found = set(letters)
    for weight in ("normal", "bold"):
        path = findfont(FontProperties(family=[family], weight=weight))
        found = _letters_in(path, getattr(path, "face_index", 0), found)
    return found


def _letters_in(path: str, index: int, letters: Iterable[str]) -> set[str]:
    """Those of the letters that a font has; `index`: its number in the file (0 before Matplotlib 3.11)."""
    try:
        font = FT2Font(path, face_index=index) if index else FT2Font(path)
    except (OSError, RuntimeError):  # gone or damaged since Matplotlib made its list
        return set()
    return {each for each in letters if font.get_char_index(ord(each))}
