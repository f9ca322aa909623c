"""An error carries its parts, and each face words them."""

import pickle
import traceback

import pytest

from mnistae_cli.common.errors import (
    DamagedInput,
    RefusedValue,
    UsageError,
    in_python,
    on_command_line,
    setting,
    worded,
)
from mnistae_cli.common.progress import Notice

REFUSED = RefusedValue(
    setting("k"),
    9,
    f"it must be below {setting('latent_dim')}, 9",
    f"Give a smaller one, or {setting('model', 'dense')} {setting('sparsity', 'l1')}.",
)


def test_a_refused_value_has_its_parts() -> None:
    assert (REFUSED.setting, REFUSED.value, REFUSED.settings) == ("k", 9, ["k", "latent_dim"])
    assert worded(REFUSED.rule, in_python) == "it must be below latent_dim, 9"
    assert RefusedValue(setting("k"), 0, "it must be at least 1").remedy == "Give k another value, or leave it out."


def test_the_command_line_has_options_and_python_has_parameters() -> None:
    problem, remedy = REFUSED.worded(on_command_line)
    assert problem == "--k is 9: it must be below --latent-dim, 9."
    assert remedy == "Give a smaller one, or --model dense --sparsity l1."
    assert str(REFUSED) == "k is 9: it must be below latent_dim, 9."
    assert REFUSED.remedy == "Give a smaller one, or model='dense', sparsity='l1'."


@pytest.mark.parametrize(
    ("mention", "option", "parameter"),
    [
        (setting("latent_dim"), "--latent-dim", "latent_dim"),
        (setting("n_clusters", flag="clusters"), "--clusters", "n_clusters"),
        (setting("beta_2"), "--beta-2", "beta_2"),
        (setting("stratify", False), "--no-stratify", "stratify=False"),
        (setting("skip_damaged", True), "--skip-damaged", "skip_damaged=True"),
        (setting("dataset", 'a "b" | c'), '--dataset a "b" | c', "dataset='a \"b\" | c'"),
        (setting("jobs", 2), "--jobs 2", "jobs=2"),
    ],
)
def test_a_setting_is_written_as_one_would_type_it(mention: str, option: str, parameter: str) -> None:
    assert worded(f"Give {mention}.", on_command_line) == f"Give {option}."
    assert worded(f"Give {mention}.", in_python) == f"Give {parameter}."


@pytest.mark.parametrize("error", [REFUSED, UsageError(setting("artifacts"), "b"), DamagedInput("a {b} \\1", "c")])
def test_errors_pass_from_a_process_to_another(error: UsageError) -> None:
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is type(error)
    assert twin.worded(on_command_line) == error.worded(on_command_line)
    assert "\x02" not in repr(twin) + str(twin)


def test_a_traceback_shows_the_remedy_too() -> None:
    shown = "".join(traceback.format_exception(REFUSED))
    assert "k is 9: it must be below latent_dim, 9.\nGive a smaller one" in shown
    assert "\x02" not in shown


def test_a_notice_is_worded_in_the_same_way() -> None:
    notice = Notice(f"give {setting('n_clusters', flag='clusters')}")
    assert (notice.text, notice.worded(on_command_line)) == ("give n_clusters", "give --clusters")
