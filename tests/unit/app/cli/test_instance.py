"""``up``, ``down``, ``env``, ``status`` (with a daemon, as root: tests/conformance)."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.app.cli.conftest import Wherry
from wherry.app import lock
from wherry.app.cli import instance as commands
from wherry.app.cli.instance import daemon_environment
from wherry.app.status import Process, Report
from wherry.engine.instance import Instance
from wherry.kit.errors import Unavailable


def test_a_shell_is_told_the_socket_of_an_instance(wherry: Wherry, tmp_path: Path) -> None:
    assert wherry("--root", str(tmp_path), "env").out == f"export DOCKER_HOST=unix://{tmp_path}/run/docker.sock\n"
    assert wherry("env", "--root", str(tmp_path)).out == f"export DOCKER_HOST=unix://{tmp_path}/run/docker.sock\n"


def test_a_shell_is_told_that_nothing_runs_there(wherry: Wherry, tmp_path: Path) -> None:
    root = tmp_path / "with a space"
    result = wherry("--root", str(root), "env")
    assert (result.code, result.out) == (0, f"export DOCKER_HOST='unix://{root}/run/docker.sock'\n")
    assert result.err.startswith(f"wherry: nothing runs in {root}: start it with `wherry up --root ")
    root.mkdir()
    (root / "kubeconfig").touch()
    held = lock.take(Instance(root, root / "run", "12345678"))
    result = wherry("--root", str(root), "env")
    os.close(held)
    assert result.out.endswith(f"export KUBECONFIG='{root}/kubeconfig'\n") and not result.err


def test_what_a_daemon_says_of_its_end_is_its_own(tmp_path: Path) -> None:
    log = tmp_path / "wherry.log"
    assert commands.Told(str(log)).last == ""
    log.write_text("wherry: of yesterday\n")
    told = commands.Told(str(log))
    with log.open("a") as file:
        file.write("INFO a\n" * 9 + "INFO b\n")
        file.flush()
        assert told.last == "INFO a\n" * 7 + "INFO b"
        file.write("wherry: the port is taken\nINFO leaving\n")
    assert told.last == "the port is taken"


def test_settings_that_are_wrong_are_told_with_their_file(wherry: Wherry, tmp_path: Path) -> None:
    (tmp_path / "wherry.toml").write_text("nonsense = 1\n")
    result = wherry("--root", str(tmp_path), "env")
    assert result.code == 1
    assert "nonsense" in result.err


def test_what_is_not_up_has_a_status_of_its_own(wherry: Wherry, tmp_path: Path) -> None:
    result = wherry("--root", str(tmp_path), "status")
    assert (result.code, result.out) == (3, f"Wherry in {tmp_path} is not up.\n")
    as_json = wherry("--root", str(tmp_path), "status", "--json")
    assert as_json.code == 3
    assert json.loads(as_json.out)["up"] is False


def test_a_status_shows_processes_and_what_they_take() -> None:
    processes = (Process("node", 7, 50_000_000, "now"), Process("shim", 8, 1_500_000, "then", "c" * 64))
    report = Report("/x", "/x/run/docker.sock", True, processes)
    text = commands._shown(report)
    assert text.startswith("Wherry in /x is up; socket /x/run/docker.sock\n")
    assert "50.0 MB" in text
    assert "c" * 12 in text
    assert text.endswith("Memory in all: 51.5 MB")


def test_nothing_is_taken_down_where_nothing_is(wherry: Wherry, tmp_path: Path) -> None:
    root = tmp_path / "absent"
    assert wherry("--root", str(root), "down").out == f"No instance in {root}.\n"
    assert not root.exists()


def test_an_instance_whose_daemon_does_not_run_is_down_already(wherry: Wherry, tmp_path: Path) -> None:
    result = wherry("--root", str(tmp_path), "down", "--keep-containers")
    assert result.out == f"Wherry in {tmp_path} is down; containers go on.\n"


def test_a_daemon_that_has_just_ended_is_down(wherry: Wherry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = child(0)
    os.waitpid(ended, 0)
    holders = iter([ended])
    monkeypatch.setattr(commands.lock, "holder", lambda instance: next(holders, None))
    result = wherry("--root", str(tmp_path), "down", "--keep-containers")
    assert result.out == f"Wherry in {tmp_path} is down; containers go on.\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may")
def test_only_root_may_start_one(wherry: Wherry, tmp_path: Path) -> None:
    assert "wherry up needs root" in wherry("--root", str(tmp_path), "up").err


def test_the_environment_is_the_callers_with_little_memory() -> None:
    made = daemon_environment({"A": "b", "MALLOC_ARENA_MAX": "9"})
    assert made["A"] == "b"
    assert made["MALLOC_ARENA_MAX"] == "1"
    assert made["PYTHONNOUSERSITE"] == "1"


def test_directories_are_for_root_and_let_containers_pass(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "a/root", tmp_path / "a/run", "12345678")
    for _ in range(2):
        commands._make_directories(instance)
    assert instance.root.stat().st_mode & 0o777 == 0o710
    assert instance.run.is_dir()


def test_the_supervisor_has_the_standard_library_alone() -> None:
    command = commands._supervisor(5, "-", ["--root=/x"], None)
    assert command[:3] == [sys.executable, "-I", "-S"]
    assert Path(command[3]).name == "supervisor.py"
    assert command[4:] == ["5", "-", sys.executable, "-m", "wherry.app.node", "--root=/x"]


def child(code: int) -> int:
    pid = os.fork()
    if not pid:
        os._exit(code)
    return pid


def test_a_daemon_that_ends_while_it_is_waited_for_is_quoted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    told = commands.Told(str(log))
    log.write_text("".join(f"line {number}\n" for number in range(20)))
    instance = Instance(tmp_path, tmp_path / "run", "12345678")
    with pytest.raises(Unavailable, match="the daemon ended with status 78") as failure:
        commands._wait_ready(instance, child(78), told, with_cluster=False)
    assert failure.value.message.splitlines()[1:] == [f"line {number}" for number in range(12, 20)]


def test_a_daemon_that_never_answers_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "READY_SECONDS", 0.01)
    pid = os.fork()
    if not pid:
        os.read(os.pipe()[0], 1)
    instance = Instance(tmp_path, tmp_path / "run", "12345678")
    with pytest.raises(Unavailable, match="does not answer after"):
        commands._wait_ready(instance, pid, commands.Told(str(tmp_path / "absent")), with_cluster=False)
    with pytest.raises(ChildProcessError):  # nor does it go on trying
        os.waitpid(pid, 0)


@pytest.fixture
def supervisor() -> Iterator[int]:
    """A process that waits."""
    pid = os.fork()
    if not pid:
        os.read(os.pipe()[0], 1)
    yield pid
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_a_node_that_does_not_come_is_told_of_and_left_to_try(
    tmp_path: Path, supervisor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "READY_SECONDS", 0.01)
    instance = Instance(tmp_path, tmp_path / "run", "12345678")
    log = tmp_path / "log"
    told = commands.Told(str(log))
    log.write_text("WARNING node n1: no\n")
    with pytest.raises(Unavailable, match="up and answers, but its node is not Ready") as failure:
        commands._wait_standing(instance, supervisor, told)
    assert failure.value.message.endswith("WARNING node n1: no")
    assert os.waitpid(supervisor, os.WNOHANG) == (0, 0)  # it runs
    instance.run.mkdir()
    instance.node_standing.touch()
    commands._wait_standing(instance, supervisor, told)


def test_a_daemon_that_ends_before_its_node_is_there_is_quoted(tmp_path: Path) -> None:
    instance = Instance(tmp_path, tmp_path / "run", "12345678")
    with pytest.raises(Unavailable, match="the daemon ended with status 78"):
        commands._wait_standing(instance, child(78), commands.Told(str(tmp_path / "log")))
