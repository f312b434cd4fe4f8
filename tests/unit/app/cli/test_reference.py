"""The reference in docs/reference is what the command line says of itself today."""

from pathlib import Path

import click
import pytest
from scripts.reference import DIRECTORY, EXIT_STATUSES, outdated, pages, write

from wherry.app.cli import entry


def test_the_reference_is_up_to_date() -> None:
    assert not outdated(), "run .venv/bin/python scripts/reference.py and commit docs/reference"


def test_writing_brings_any_directory_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("of a command that is no more")
    (tmp_path / "run.md").write_text("of last year")
    assert {"gone.md", "run.md", "ps.md"} <= set(outdated(tmp_path))
    write(tmp_path)
    assert outdated(tmp_path) == []
    assert not (tmp_path / "gone.md").exists()


@pytest.mark.parametrize("name", sorted(entry.COMMANDS))
def test_every_option_of_a_command_is_on_its_page(name: str) -> None:
    command = entry.root.get_command(click.Context(entry.root), name)
    assert command is not None
    page = pages()[f"{name}.md"]
    for option in command.params:
        assert isinstance(option, click.Argument) or all(f"`{spelling}" in page for spelling in option.opts)


def test_links_lead_somewhere() -> None:
    for path in DIRECTORY.glob("*.md"):
        for piece in path.read_text().split("](")[1:]:
            assert (DIRECTORY / piece.partition(")")[0]).exists(), f"{path.name}: {piece[:40]}"


def test_exit_statuses_are_of_commands_that_exist() -> None:
    assert EXIT_STATUSES.keys() <= entry.COMMANDS.keys()
