"""Freezing that succeeds, and freezing that cannot."""

from pathlib import Path

import pytest

from tests.unit.linux.cgroup.conftest import MakeFiles
from wherry.linux.cgroup import freezer
from wherry.linux.errors import KernelError


def test_version_2_waits_until_all_are_frozen(control: MakeFiles, tmp_path: Path) -> None:
    freezer.freeze_v2(control("cgroup.freeze", cgroup__events="populated 1\nfrozen 1\n"))
    assert (tmp_path / "cgroup.freeze").read_text() == "1"


def test_what_cannot_be_frozen_is_thawed_again(
    control: MakeFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezer, "_PATIENCE_SECONDS", 0.0)
    with pytest.raises(KernelError, match="freeze every task"):
        freezer.freeze_v2(control("cgroup.freeze", cgroup__events="populated 1\nfrozen 0\n"))
    assert (tmp_path / "cgroup.freeze").read_text() == "0"


def test_version_1_thaws(control: MakeFiles, tmp_path: Path) -> None:
    freezer.thaw_v1(control("freezer.state"))
    assert (tmp_path / "freezer.state").read_text() == "THAWED"
