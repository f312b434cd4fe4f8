"""A registry alone: its directory, and the process that serves it."""

import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from wherry.app import lone_registry
from wherry.engine.registry.model import Collected
from wherry.kit.errors import Conflict, Invalid
from wherry.registryapi.options import Options


@pytest.fixture
def process(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A registry on a free port."""
    line = lone_registry.command(tmp_path / "root", Options(listen="127.0.0.1:0"))
    running = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def address(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "answers at http://127.0.0.1:" in line
    return line.split()[4]


def test_it_serves_until_it_is_told_to_end(tmp_path: Path, process: "subprocess.Popen[str]") -> None:
    url = address(process)
    with urllib.request.urlopen(f"{url}/v2/", timeout=200) as answer:
        assert answer.status == 200
    assert (tmp_path / "root").stat().st_mode & 0o777 == 0o700
    with pytest.raises(Conflict, match=rf"another registry \(pid {process.pid}\) holds {tmp_path}/root"):
        lone_registry.hold(tmp_path / "root")
    process.send_signal(signal.SIGHUP)
    with urllib.request.urlopen(f"{url}/v2/", timeout=200) as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert not (tmp_path / "root/registry.sock").exists()
    os.close(lone_registry.hold(tmp_path / "root"))


def test_what_cannot_be_served_is_said_in_one_line(tmp_path: Path, process: "subprocess.Popen[str]") -> None:
    listen = address(process).removeprefix("http://")
    line = lone_registry.command(tmp_path / "other", Options(listen=listen))
    done = subprocess.run(line, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        f"wherry: cannot listen on {listen}: another program listens there already; choose another port\n"
    )
    line = lone_registry.command(tmp_path / "root", Options(listen="127.0.0.1:0"))
    done = subprocess.run(line, capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_options_reach_the_process() -> None:
    options = Options("[::1]:1", Path("/c"), Path("/k"), token_realm='"', read_only=True)
    line = lone_registry.command(Path("/root"), options)
    assert lone_registry.options_in(line[-1]) == options
    assert line[-2] == "/root"


def test_garbage_of_a_registry_nobody_serves_is_collected(tmp_path: Path) -> None:
    assert lone_registry.collect(tmp_path / "root", 0, True) == Collected()
    (tmp_path / "file").touch()
    with pytest.raises(Invalid, match=r"cannot use .*/file/root: Not a directory; choose another"):
        lone_registry.hold(tmp_path / "file/root")
