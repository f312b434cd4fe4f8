"""The last steps before a program runs (the whole, as root: tests/kernel/test_runtime.py and test_e0*.py)."""

import errno
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.unit.linux.apart import apart
from wherry.engine.runtime import process, wire
from wherry.engine.runtime.failure import Failure, to_message
from wherry.engine.runtime.process import Progress, make_directory, open_terminal, take_stdio
from wherry.engine.runtime.users import User
from wherry.linux import mount

ROOT = User(0, 0, [0], "/root")


def devpts() -> int:
    """A devpts of our own, which we need a mount namespace for."""
    return mount.create("devpts", [("newinstance", None), ("ptmxmode", "0666"), ("mode", "0620")])


@apart
def test_a_terminal_has_two_ends_and_a_size() -> None:
    master, peer = open_terminal(devpts(), [24, 80])
    assert os.isatty(peer)
    assert os.get_terminal_size(peer) == (80, 24)
    os.write(peer, b"hello\n")
    assert os.read(master, 100) == b"hello\r\n"
    assert not os.get_inheritable(master)
    assert not os.get_inheritable(peer)


@apart
def test_a_terminal_without_a_size_is_one_too() -> None:
    _master, peer = open_terminal(devpts(), None)
    assert os.get_terminal_size(peer) == (0, 0)


def in_a_child(work: Callable[[], object]) -> None:
    """Do it where standard streams may be changed; a failure there is one here."""
    told, telling = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            work()
        except BaseException as error:
            os.write(telling, repr(error).encode())
        os._exit(0)
    os.close(telling)
    text = b""
    while piece := os.read(told, 4096):
        text += piece
    os.close(told)
    os.waitpid(pid, 0)
    assert not text, text.decode()


def test_streams_become_0_1_and_2_of_a_session_of_its_own() -> None:
    ends = [os.pipe() for _ in range(3)]

    def work() -> None:
        take_stdio([ends[0][0], ends[1][1], ends[2][1]], os.getuid(), False)
        assert os.getsid(0) == os.getpid()
        assert os.read(0, 10) == b"in"
        os.write(1, b"out")
        os.write(2, b"err")

    os.write(ends[0][1], b"in")
    in_a_child(work)
    assert (os.read(ends[1][0], 10), os.read(ends[2][0], 10)) == (b"out", b"err")
    for pair in ends:
        for fd in pair:
            os.close(fd)


def test_streams_may_themselves_be_0_1_and_2_in_another_order() -> None:
    def work() -> None:
        ours, theirs = socket.socketpair()
        names = {}
        for number in (0, 1, 2):
            fd = os.memfd_create(f"stream{number}")
            os.dup2(fd, number)
            names[number] = os.readlink(f"/proc/self/fd/{number}")
        take_stdio([2, 0, 1], os.getuid(), False)
        shown = [os.readlink(f"/proc/self/fd/{number}") for number in (0, 1, 2)]
        assert shown == [names[2], names[0], names[1]], shown
        ours.close()
        theirs.close()

    in_a_child(work)


@apart
def test_a_terminal_is_the_sessions_own() -> None:
    _master, peer = open_terminal(devpts(), None)

    def work() -> None:
        take_stdio([peer] * 3, 0, True)
        assert os.tcgetpgrp(0) == os.getpid()

    in_a_child(work)


@pytest.mark.parametrize(
    ("env", "who", "expected"),
    [
        (["A=b", "C=d=e", "F"], ROOT, {"A": "b", "C": "d=e", "F": "", "HOME": "/root"}),
        (["A=1", "A=2"], ROOT, {"A": "2", "HOME": "/root"}),
        (["HOME=/x"], ROOT, {"HOME": "/x"}),
        (["HOME="], ROOT, {"HOME": "/root"}),
        ([], User(5, 5, [5], ""), {"HOME": "/"}),
        ([], User(0, 0, [0], ""), {"HOME": "/root"}),
        ([], User(5, 5, [5], "/home/bob"), {"HOME": "/home/bob"}),
    ],
)
def test_the_environment_has_a_home(env: list[str], who: User, expected: dict[str, str]) -> None:
    assert process._environment({"env": env}, who) == expected


def test_a_user_may_be_numbers_and_is_in_its_group_once() -> None:
    who = process._resolve({"uid": 5, "gid": 6, "additionalGids": [7, 6, "name"]})
    assert (who.uid, who.gid, who.groups, who.home) == (5, 6, [6, 7], "")
    nobody = process._resolve({})
    assert (nobody.uid, nobody.gid, nobody.groups) == (0, 0, [0])


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Directories ``first`` and ``second`` with programs and others."""
    for name, mode in (("first/plain", 0o644), ("second/plain", 0o755), ("second/only", 0o755), ("first/data", 0o644)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(mode)
    (tmp_path / "first/only").mkdir()
    return tmp_path


def test_a_program_is_the_first_that_can_be_run(programs: Path) -> None:
    path = f"{programs}/first:{programs}/second"
    assert process._find_program("plain", path) == f"{programs}/second/plain"
    assert process._find_program("only", path) == f"{programs}/second/only"
    assert process._find_program("./any/thing", path) == "./any/thing"
    assert process._find_program("/any/thing", "") == "/any/thing"


def test_an_empty_part_of_path_is_the_working_directory(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(programs / "second")
    assert process._find_program("only", "/nowhere:") == "./only"


def test_a_program_that_is_not_there_or_may_not_be_run_is_told_apart(programs: Path) -> None:
    path = f"{programs}/first:/nowhere"
    with pytest.raises(Failure, match=r'exec: "absent": executable file not found in \$PATH') as missing:
        process._find_program("absent", path)
    assert (missing.value.step, missing.value.errno) == ("find program", errno.ENOENT)
    with pytest.raises(Failure, match='exec: "data": permission denied') as denied:
        process._find_program("data", path)
    assert (denied.value.step, denied.value.errno) == ("execute", errno.EACCES)


@pytest.mark.parametrize(
    ("name", "number", "message"),
    [
        ("x", errno.ENOENT, 'exec: "x": no such file or directory'),
        ("/x", errno.ENOENT, 'exec: "/x": stat /x: no such file or directory'),
        ("/tmp", errno.EACCES, 'exec: "/tmp": is a directory: permission denied'),
        ("/x", errno.EISDIR, 'exec: "/x": is a directory'),
        ("/x", errno.EACCES, 'exec: "/x": permission denied'),
        ("/x", errno.ENOEXEC, "exec /x: exec format error"),
        ("/x", errno.E2BIG, 'exec: "/x": argument list too long'),
    ],
)
def test_a_program_that_cannot_be_run_is_told_in_runcs_words(name: str, number: int, message: str) -> None:
    failure = process._exec_failure(name, number)
    assert (failure.message, failure.errno, failure.path) == (message, number, name)


def test_a_working_directory_is_absolute() -> None:
    with pytest.raises(Failure, match="the working directory 'x' is invalid, it needs to be an absolute path"):
        make_directory("x")


def test_a_working_directory_is_made_and_may_be_there(tmp_path: Path) -> None:
    for _ in range(2):
        make_directory(f"{tmp_path}/a/b")
    assert (tmp_path / "a/b").is_dir()


def test_a_working_directory_that_cannot_be_is_told_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Failure, match=f'chdir to cwd \\("{tmp_path}/file/x"\\) set in config.json failed: Not a dir'):
        make_directory(f"{tmp_path}/file/x")


def test_a_working_directory_that_has_no_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()

    def work() -> None:
        os.chdir(tmp_path / "gone")
        process._check_inside("/gone")
        os.rmdir(tmp_path / "gone")
        with pytest.raises(Failure, match="possible container breakout detected"):
            process._check_inside("/gone")

    in_a_child(work)


def run(described: dict[str, Any], **options: Any) -> tuple[wire.Message, str]:
    """What became of running it: the message on the report's socket, and the step that was under way."""
    ours, theirs = wire.pair()
    devnull = os.open("/dev/null", os.O_RDWR)
    pid = os.fork()
    if not pid:
        _run(described, theirs, devnull)
    theirs.close()
    received = wire.receive(ours)
    os.waitpid(pid, 0)
    assert received is not None
    return received.message, received.message["step"]


def _run(described: dict[str, Any], report: socket.socket, devnull: int) -> NoReturn:
    progress = Progress()
    try:
        process.run(described, b"", [devnull] * 3, report, progress)
    except BaseException as error:
        wire.send(report, to_message(error, progress.step))
    os._exit(127)


@pytest.mark.parametrize(
    ("described", "step", "message"),
    [
        ({"user": {"username": "no-such-user"}}, "find user", "unable to find user no-such-user"),
        ({"args": ["no-such-program"], "env": ["PATH=/nowhere"]}, "find program", "executable file not found in $PATH"),
        ({"args": ["true"], "cwd": "/no/such/place"}, "enter working directory", 'chdir to cwd ("/no/such/place")'),
        ({"rlimits": [{"type": "RLIMIT_FUN", "soft": 1, "hard": 1}]}, "", "RLIMIT_FUN"),
        ({"rlimits": [{"type": "RLIMIT_NOFILE", "soft": 2, "hard": 1}]}, "", "RLIMIT_NOFILE"),
        ({}, "find program", "KeyError: 'args'"),
    ],
)
@apart
def test_a_step_that_fails_is_told_by_its_name(described: dict[str, Any], step: str, message: str) -> None:
    told, where = run(described)
    assert message in told["message"]
    assert not step or where == step


def test_signals_that_python_ignores_are_given_back() -> None:
    assert {signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD} <= set(process._OURS)
