"""The commands of the registry."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from wherry.app import lone_registry
from wherry.app.cli import registry
from wherry.app.cli.entry import root as command_line
from wherry.kit.errors import Invalid, NotFound


def test_defaults_are_those_of_the_process() -> None:
    assert registry.DEFAULT_ROOT == lone_registry.DEFAULT_ROOT


def test_serving_replaces_the_command_by_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executed: list[list[str]] = []
    monkeypatch.setattr("os.execve", lambda path, line, environment: executed.append(line))
    (tmp_path / "users").touch()
    line = ["registry", "serve", "--root", str(tmp_path), "--listen", "localhost:1", "--allow-delete"]
    CliRunner().invoke(command_line, [*line, "--htpasswd", str(tmp_path / "users")], catch_exceptions=False)
    options = lone_registry.options_in(executed[0][-1])
    assert executed[0][:-2] == [sys.executable, "-m", "wherry.app.lone_registry"]
    assert (options.listen, options.allow_delete, options.htpasswd) == ("localhost:1", True, tmp_path / "users")


def test_what_makes_no_sense_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    line = ["registry", "serve", "--root", str(tmp_path / "r"), "--listen", ":5000"]
    with pytest.raises(Invalid, match="can be reached from other machines"):
        CliRunner().invoke(command_line, line, catch_exceptions=False)
    assert not (tmp_path / "r").exists()
    result = CliRunner().invoke(command_line, [*line, "--tls-cert", str(tmp_path / "none")])
    assert "does not exist" in result.output


def test_garbage_is_collected_where_nobody_serves(tmp_path: Path) -> None:
    lone_registry.collect(tmp_path, 0, False)
    result = CliRunner().invoke(command_line, ["registry", "gc", "--root", str(tmp_path)], catch_exceptions=False)
    assert result.output == "Removed 0 blobs, 0 manifests and 0 uploads.\n"
    with pytest.raises(NotFound, match="no registry is in"):
        CliRunner().invoke(command_line, ["registry", "gc", "--root", str(tmp_path / "x")], catch_exceptions=False)


def test_the_command_line_loads_no_server() -> None:
    program = "import sys, wherry.app.cli.registry\nprint('aiohttp' in sys.modules, 'apsw' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200, check=True)
    assert done.stdout == "False False\n"
