"""The kinds of value that a setting can hold."""

from typing import Any, Literal

import pytest

from mnistae_cli.settings import STAGE_CONFIGS, as_typed, settings_of, value_kind

WORDS = Literal["bce", "mse"]


@pytest.mark.parametrize(
    ("hint", "text", "value"),
    [
        (int, "7", 7),
        (int | None, "7", 7),
        (float, "0.5", 0.5),
        (float | None, "1", 1.0),
        (str | None, "7", "7"),
        (WORDS, "bce", "bce"),
        (int | Literal["auto"], "auto", "auto"),
        (int | Literal["auto"], "7", 7),
        (float | int | None, "0.1", 0.1),
        (float | int | None, "600", 600),
        (tuple[int, ...], "500, 20", (500, 20)),
        (tuple[int, ...], "", ()),
        (tuple[str, ...], "7, x", ("7", "x")),
    ],
)
def test_text_is_read_as_the_value_that_it_is(hint: Any, text: str, value: Any) -> None:
    kind = value_kind(hint)
    assert kind.parse(text) == value
    assert type(kind.parse(text)) is type(value)
    assert kind.holds(kind.parse(text))


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (int, True), (int, 7.0), (int, "7"), (float, 1), (float, float("nan")), (float, float("inf")), (bool, 1),
        (str, 7), (WORDS, "hinge"), (WORDS, None), (int | Literal["auto"], "car"), (float | int | None, True),
        (tuple[int, ...], (1, 2.0)), (tuple[int, ...], [1]), (tuple[str, ...], ("a", 1)),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_does_not_hold(hint: Any, value: Any) -> None:
    assert not value_kind(hint).holds(value)


@pytest.mark.parametrize(("hint", "text"), [(int, "7.5"), (float, "x"), (tuple[int, ...], "1,,2"), (int, "")])
def test_other_text_is_no_value(hint: Any, text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        value_kind(hint).parse(text)


def test_toml_has_lists_and_whole_numbers() -> None:
    assert value_kind(tuple[int, ...]).coerce([1, 2]) == (1, 2)
    assert value_kind(float).coerce(1) == 1.0
    assert value_kind(int).coerce(1.0) == 1.0, "it is refused, not rounded"


def test_every_setting_has_a_kind_and_its_default_holds() -> None:
    for stage, config in STAGE_CONFIGS.items():
        for each in settings_of(config):
            kind = value_kind(each.hint)
            assert each.default is None or kind.holds(kind.coerce(each.default)), f"{stage}.{each.name}"


def test_a_type_that_no_kind_has_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="complex"):
        value_kind(complex)


@pytest.mark.parametrize(
    ("value", "typed"),
    [((1, 2), "1,2"), ((), "none"), (True, "on"), (False, "off"), (None, ""), (0.25, "0.25"), (7, "7")],
)
def test_a_default_is_shown_as_one_would_type_it(value: Any, typed: str) -> None:
    assert as_typed(value) == typed
