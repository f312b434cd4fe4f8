"""What a command's failure looks like to a shell."""

import sys
from pathlib import Path

import pytest

from wherry.app.cli.entry import run


def status(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """Exit status of a command line."""
    monkeypatch.setattr(sys, "argv", ["wherry", *arguments])
    with pytest.raises(SystemExit) as caught:
        run()
    return caught.value.code


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "demo:1"], 125),
        (["container", "run", "demo:1"], 125),
        (["ps"], 1),
        (["status"], 3),
        (["status", "--json"], 3),
        (["psx"], 125),
        (["run"], 125),
        (["ps", "--nothing"], 125),
        (["--version"], 0),
        (["ps", "--help"], 0),
    ],
)
def test_a_shell_learns_how_it_went(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], expected: int
) -> None:
    assert status(monkeypatch, "--root", str(tmp_path), *arguments) == expected


def test_a_daemon_that_is_not_there_is_named_with_its_socket(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status(monkeypatch, "ps", "--root", str(tmp_path))
    expected = f"Cannot connect to the Wherry daemon at unix://{tmp_path}/run/docker.sock"
    assert capsys.readouterr().err.startswith(f"wherry: {expected}")


def test_a_file_that_cannot_be_written_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert status(monkeypatch, "install-docker-plugin", "--dir", str(file)) == 1
    assert capsys.readouterr().err == f"wherry: {file}: file exists\n"


def test_the_nearest_command_is_suggested(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    status(monkeypatch, "histroy")
    assert "'histroy' is not a wherry command. Did you mean 'history'?" in capsys.readouterr().err
