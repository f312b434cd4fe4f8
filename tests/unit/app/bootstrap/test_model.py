"""What every way to make a base image gives."""

from pathlib import Path

from wherry.app.bootstrap.model import Missing, Root


def test_a_root() -> None:
    root = Root(Path("/x"), "1", 5, ("sh",))
    assert (root.archive, root.version, root.epoch_seconds, root.command) == (Path("/x"), "1", 5, ("sh",))


def test_what_is_missing_is_said() -> None:
    assert str(Missing("apt install x")) == "apt install x"
