"""Processes in namespaces of their own, and who is who there."""

import errno
import os
import signal
from pathlib import Path

import pytest

from tests.unit.linux.apart import apart
from wherry.linux import namespaces
from wherry.linux.errors import KernelError
from wherry.linux.namespaces import (
    CLONE_PARENT,
    NEWNET,
    NEWPID,
    NEWUSER,
    NEWUTS,
    Note,
    clone,
    is_namespace,
    open_namespace,
    open_pinned,
    write_id_maps,
)

KINDS = ("user", "net", "mnt", "pid", "uts", "ipc", "cgroup")


def identity(pid: int | str, kind: str) -> int:
    return Path(f"/proc/{pid}/ns/{kind}").stat().st_ino


@pytest.mark.parametrize("kind", KINDS)
def test_a_descriptor_of_a_namespace_is_of_that_one_and_not_inherited(kind: str) -> None:
    fd = open_namespace(os.getpid(), kind)
    try:
        assert os.fstat(fd).st_ino == identity("self", kind)
        assert not os.get_inheritable(fd)
    finally:
        os.close(fd)


def test_who_is_gone_or_what_is_no_namespace_is_refused() -> None:
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    with pytest.raises(KernelError, match=f"open namespace /proc/{pid}/ns/net: No such file"):
        open_namespace(pid, "net")
    with pytest.raises(KernelError):
        open_namespace(os.getpid(), "nothing")


@apart
def test_a_child_is_in_the_namespaces_it_was_given_and_in_no_others() -> None:
    reader, writer = os.pipe()
    pid = clone(NEWUTS | NEWPID)
    if not pid:
        os.write(writer, b"%d" % os.getpid())
        signal.pause()
    assert os.read(reader, 10) == b"1"
    assert identity(pid, "uts") != identity("self", "uts")
    assert identity(pid, "net") == identity("self", "net")
    os.kill(pid, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


@apart
def test_a_sibling_is_its_grandparents_child() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        sibling = clone(CLONE_PARENT)
        if not sibling:
            os.write(writer, b"%d" % os.getppid())
            os._exit(3)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert int(os.read(reader, 20)) == os.getpid()
    assert os.waitstatus_to_exitcode(os.waitpid(-1, 0)[1]) == 3


@apart
def test_a_childs_pid_is_noted_also_when_who_forked_it_is_killed() -> None:
    note = Note()
    assert note.value == 0
    child = os.fork()
    if not child:
        sibling = clone(CLONE_PARENT, note)
        if not sibling:
            os._exit(3)
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert os.waitstatus_to_exitcode(os.waitpid(note.value, 0)[1]) == 3


@apart
def test_flags_that_cannot_be_together_are_refused() -> None:
    with pytest.raises(KernelError, match="fork into namespaces: Invalid argument"):
        clone(namespaces.FS | namespaces.NEWNS)


@apart
def test_ids_of_a_child_are_mapped_once_and_start_at_0() -> None:
    ready, writer = os.pipe()
    told, telling = os.pipe()
    pid = clone(NEWUSER | NEWNET)
    if not pid:
        os.read(ready, 1)
        os.write(telling, b"%d %d" % (os.getuid(), os.getgid()))
        signal.pause()
    write_id_maps(pid, 0, 1)  # a mapping of one's own id alone needs no right over others
    os.write(writer, b"x")
    assert os.read(told, 20) == b"0 0"
    assert Path(f"/proc/{pid}/uid_map").read_text().split() == ["0", "0", "1"]
    with pytest.raises(KernelError, match=f"map ids /proc/{pid}/uid_map") as refusal:
        write_id_maps(pid, 0, 1)
    assert refusal.value.errno == errno.EPERM
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


@apart
def test_ids_that_are_not_ours_are_not_given_away() -> None:
    pid = clone(NEWUSER)
    if not pid:
        signal.pause()
    with pytest.raises(KernelError, match="map ids"):
        write_id_maps(pid, 100_000, 65536)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_a_file_that_is_a_namespace_is_told_from_others(tmp_path: Path) -> None:
    assert is_namespace("/proc/self/ns/user")
    (tmp_path / "file").touch()
    assert not is_namespace(tmp_path / "file")
    assert not is_namespace(tmp_path / "absent")
    ended = os.fork()
    if not ended:
        os._exit(0)
    os.waitid(os.P_PID, ended, os.WEXITED | os.WNOWAIT)
    assert not is_namespace(f"/proc/{ended}/ns/net")
    os.waitpid(ended, 0)
    assert not is_namespace(f"/proc/{ended}/ns/net")
    with pytest.raises(KernelError) as refusal:
        open_pinned(tmp_path / "file")
    assert refusal.value.errno == errno.ENOENT
    (tmp_path / "link").symlink_to("/proc/self/ns/net")
    with pytest.raises(KernelError):
        open_pinned(tmp_path / "link")
