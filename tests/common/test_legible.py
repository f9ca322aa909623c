"""Names that no terminal could show are shown all the same, and differ from each other."""

import pytest

from mnistae_cli.common import DamagedInput, Notice, legible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [bold] $x$ \\n", "plain [bold] $x$ \\n"),
        ("été कख عربي 中文 😀", "été कख عربي 中文 😀"),
        ("caf\udce9", "caf\\xe9"),  # Latin-1 in a file name
        ("caf\udcc3\udca9", "café"),  # UTF-8 in a file name, in the C locale
        ("a\nb\tc\rd\x1be\x7ff\x85g", "a\\nb\\tc\\rd\\x1be\\x7ff\\x85g"),
        ("a\u202eb\u2066c\u2028d\ufeffe", "a\\u202eb\\u2066c\\u2028d\\ufeffe"),
        ("\ud800", "\\ud800"),
        ("क्\u200dष 👩\u200d🔬", "क्\u200dष 👩\u200d🔬"),  # joiners are a part of the letters
    ],
)
def test_what_cannot_be_seen_is_escaped(text: str, shown: str) -> None:
    assert legible(text) == shown
    assert legible(shown) == shown
    shown.encode()


def test_messages_are_one_line_whatever_they_name() -> None:
    error = DamagedInput("a\nb\x1b[31m\udce9 is damaged.", "Repair a\nb.")
    assert (str(error), error.remedy) == ("a\\nb\\x1b[31m\\xe9 is damaged.", "Repair a\\nb.")
    assert Notice("left out: a\r\u202eb").text == "left out: a\\r\\u202eb"
