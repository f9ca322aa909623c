"""The errors that a user can fix: one class per exit code. Each error names a remedy.

A message mentions a setting by `setting("latent_dim")`. Whoever shows the message writes the setting: the command line
as `--latent-dim`, Python as `latent_dim`, and for a TOML file it is `train.latent_dim`.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mnistae_cli.common.legible import legible

INTERRUPTED = 130  # the exit code of a shell for SIGINT
KEPT = "Finished stages are kept. Run the same command again to continue."

# Inside a message a setting stands between two control characters: \x02 name | flag | word, in JSON \x03.
MENTION = re.compile("\x02([a-z_0-9]+)\\|([a-z0-9-]*)\\|([^\x02\x03]*)\x03")
BETWEEN = "\x03 \x02"  # two settings in a row


@dataclass(frozen=True)
class Mention:
    """A setting in a message.

    Args:
        name: the setting's name, for example `latent_dim`.
        flag: its option on the command line, without `--`.
        word: its value, for example `dense` for `model`; None if no value is mentioned.
    """

    name: str
    flag: str
    word: Any


Face = Callable[[Mention], str]
"""How a setting is written."""


def setting(name: str, word: object = None, *, flag: str = "") -> str:
    """A setting as a part of a message: see `Mention`. Its flag is `name` with dashes if none is given."""
    plain = word if word is None or isinstance(word, str | bool | int | float) else str(word)
    return f"\x02{name}|{flag or name.replace('_', '-')}|{json.dumps(plain)}\x03"


def in_python(mention: Mention) -> str:
    """`latent_dim`, or with a value `model='dense'`."""
    return mention.name if mention.word is None else f"{mention.name}={mention.word!r}"


def on_command_line(mention: Mention) -> str:
    """`--latent-dim`, or with a value `--model dense`, `--no-stratify`."""
    if isinstance(mention.word, bool):
        return f"--{mention.flag}" if mention.word else f"--no-{mention.flag}"
    return f"--{mention.flag}" if mention.word is None else f"--{mention.flag} {mention.word}"


def worded(text: str, face: Face, *, between: str = " ") -> str:
    """A message, `legible`, with its settings written by `face`; `between` separates two settings in a row."""
    found = text.replace(BETWEEN, f"\x03{between}\x02")
    return legible(MENTION.sub(lambda part: face(Mention(part[1], part[2], json.loads(part[3]))), found))


def mentioned(text: str) -> list[str]:
    """The names of the settings in a message, in order."""
    return [found[0] for found in MENTION.findall(text)]


def shown(value: Any) -> str:
    """A value as a message shows it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "empty"
    return repr(value) if isinstance(value, str) else str(value)


class MnistaeError(Exception):
    """An error that the user can fix. `str()` and tracebacks show its settings as Python parameters.

    Args:
        problem: one line: what is wrong, with which value.
        remedy: one line: what to do about it.
    """

    exit_code = 1

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)  # both: pickle needs them
        self.parts = problem, remedy
        self.add_note(self.remedy)  # a traceback, as in a notebook, shows it below the problem

    @property
    def problem(self) -> str:
        """What is wrong, with settings as Python parameters."""
        return worded(self.parts[0], in_python, between=", ")

    @property
    def remedy(self) -> str:
        """What to do, with settings as Python parameters."""
        return worded(self.parts[1], in_python, between=", ")

    def worded(self, face: Face, *, between: str = " ") -> tuple[str, str]:
        """Problem and remedy as text.

        Args:
            face: writes a setting.
            between: separates two settings in a row.
        """
        problem, remedy = (worded(part, face, between=between) for part in self.parts)
        return problem, remedy

    @property
    def settings(self) -> list[str]:
        """The names of the settings that the problem mentions."""
        return mentioned(self.parts[0])

    def __str__(self) -> str:
        return self.problem

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.problem!r}, {self.remedy!r})"


class UsageError(MnistaeError):
    """An option, a configuration value or an output path that cannot be used."""

    exit_code = 2


class RefusedValue(UsageError):
    """A value that a setting does not take.

    Args:
        setting: the setting, from `setting(name)`.
        value: the value that was given.
        rule: what is wrong with it, the end of a sentence, for example "it must be at least 1".
        remedy: what to do; by default "Give … another value, or leave it out."
    """

    def __init__(self, setting: str, value: Any, rule: str, remedy: str = "") -> None:
        super().__init__(
            f"{setting} is {shown(value)}: {rule}.", remedy or f"Give {setting} another value, or leave it out."
        )
        self.args = setting, value, rule, remedy  # for pickle
        self.setting, self.value, self.rule = mentioned(setting)[0], value, rule


class MissingInput(MnistaeError):
    """An input that is missing, or older than the inputs that it was made from."""

    exit_code = 3


class DamagedInput(MnistaeError):
    """An input that exists, but whose content is wrong."""

    exit_code = 4


class GateFailed(MnistaeError):
    """A figure below the limit of `--fail-under`, or strangers with `--fail-on-strangers`."""

    exit_code = 5
