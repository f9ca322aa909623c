"""Every setting's default and range. What the README and `docs/` measure was measured with these."""

import json
from pathlib import Path
from typing import Any

from mnistae_cli.settings.kinds import settings_of
from mnistae_cli.settings.stages import STAGE_CONFIGS

TABLE = Path(__file__).with_name("settings.json")
RANGE = ("minimum", "above", "maximum", "below")


def current() -> dict[str, Any]:
    """`stage.kind.setting` → its default and its range, as JSON holds them."""
    table = {
        f"{stage}.{each.kind.name() + '.' if each.kind else ''}{each.name}": {"default": each.default}
        | {name: bound for name in RANGE if (bound := getattr(each.rule, name)) is not None}
        for stage, config in STAGE_CONFIGS.items()
        for each in settings_of(config)
    }
    found: dict[str, Any] = json.loads(json.dumps(table))
    return found


def test_no_default_and_no_range_has_changed() -> None:
    """If a change is meant: say so in CHANGELOG.md, and run `python -m tests.settings.test_table`."""
    assert current() == json.loads(TABLE.read_text())


if __name__ == "__main__":
    lines = (f"{json.dumps(name)}: {json.dumps(each)}" for name, each in current().items())
    TABLE.write_text("{\n  " + ",\n  ".join(lines) + "\n}\n")
