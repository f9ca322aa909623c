"""Progress as bars, and as lines where there are none."""

import sys
from types import ModuleType

import pytest

from mnistae_cli.common.bars import Bars
from mnistae_cli.common.progress import Advance, Notice


def told(bars: Bars) -> None:
    with bars:
        bars(Notice("loading [x]"))
        for done in (1, 2):
            bars(Advance("train", done, 2, "epochs", {"loss": 0.5}))


def test_bars_and_lines(capsys: pytest.CaptureFixture[str]) -> None:
    told(Bars(visible=False))
    assert capsys.readouterr() == ("", "")
    told(Bars())
    shown = capsys.readouterr().out
    assert "… loading [x]" in shown
    assert "2/2 epochs" in shown
    assert "loss 0.5000" in shown


def test_a_notebook_without_widgets_gets_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    monkeypatch.setattr("mnistae_cli.common.bars.find_spec", lambda name: None)
    told(Bars())
    assert capsys.readouterr().out.splitlines() == ["… loading [x]", "train 2/2 epochs  loss 0.5000"]
