"""Text that a terminal, a figure and a page can show: the names of files and classes may hold anything."""

import re
import unicodedata

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # categories: control, format, surrogate, line and paragraph ends
JOINERS = "\u200c\u200d"  # format characters inside Indic words and emoji
UNDECODED = re.compile("[\udc80-\udcff]+")  # how Python holds bytes of a file name that are not text


def legible(text: str) -> str:
    r"""The text with escapes such as `\n`, `\x1b` or `\u202e` for what cannot be seen; a byte that is not text: `\xe9`.

    A second call changes nothing.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, UNDECODED.sub(_decoded, text)))


def _decoded(found: re.Match[str]) -> str:
    """The bytes as text: in the C locale Python decodes no name, and most are UTF-8 all the same."""
    return found[0].encode("ascii", "surrogateescape").decode("utf-8", "backslashreplace")


def _visible(character: str) -> str:
    if character in JOINERS or unicodedata.category(character) not in HIDDEN:
        return character
    return repr(character)[1:-1]
