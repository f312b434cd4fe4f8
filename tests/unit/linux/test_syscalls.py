"""System calls by number: the right ones, with errors that say what was being done."""

import errno
import os
import socket

import pytest

from tests.unit.linux.apart import apart
from wherry.linux import syscalls
from wherry.linux.errors import KernelError
from wherry.linux.namespaces import NEWNET, NEWUTS
from wherry.linux.seccomp.architectures import NATIVE, tables
from wherry.linux.syscalls import MACHINE, NUMBERS, call, prctl, setdomainname, sethostname, setns, umount, unshare

PR_GET_NAME, PR_SET_NAME = 16, 15


@pytest.mark.parametrize("machine", sorted(NATIVE))
def test_numbers_are_those_of_the_filters_tables(machine: str) -> None:
    known = tables()[NATIVE[machine]].numbers
    numbers = {**syscalls._OLD[machine], **syscalls._SINCE_424}
    assert numbers == {name: known[name] for name in numbers}


@pytest.mark.skipif(MACHINE not in NATIVE, reason="no system calls are known here")
def test_a_call_returns_what_the_kernel_does() -> None:
    fd = call("pidfd_open", "open process", str(os.getpid()), os.getpid(), 0)
    os.close(fd)
    assert set(NUMBERS) >= {"pidfd_open", "openat2", "mount_setattr", "clone", "bpf"}


def test_a_refused_call_says_what_was_being_done_on_what() -> None:
    with pytest.raises(KernelError, match=r"^open process 0: Invalid argument$") as refusal:
        call("pidfd_open", "open process", "0", 0, 0)
    assert refusal.value.errno == errno.EINVAL


def test_prctl_takes_bytes_and_numbers() -> None:
    name = b"x" * 15
    with open("/proc/thread-self/comm", "rb") as file:
        before = file.read().rstrip(b"\n")
    try:
        assert prctl(PR_SET_NAME, name, step="set process name") == 0
        with open("/proc/thread-self/comm", "rb") as file:
            assert file.read() == name + b"\n"
    finally:
        prctl(PR_SET_NAME, before, step="set process name")
    with pytest.raises(KernelError, match="be somebody else: Invalid argument"):
        prctl(1 << 20, 0, step="be somebody else")


def test_what_is_no_namespace_is_not_entered() -> None:
    with open("/proc/self/stat") as file, pytest.raises(KernelError, match="enter namespace: Invalid argument"):
        setns(file.fileno(), NEWNET)


def test_what_is_not_mounted_is_not_unmounted(tmp_path: object) -> None:
    with pytest.raises(KernelError, match=rf"unmount {tmp_path}: "):
        umount(str(tmp_path), 0)


@apart
def test_names_of_the_host_are_set_in_a_namespace_of_ones_own() -> None:
    sethostname("wherry-test")
    setdomainname("example.org")
    assert socket.gethostname() == "wherry-test"
    with open("/proc/sys/kernel/domainname") as file:
        assert file.read() == "example.org\n"
    with pytest.raises(KernelError, match="set host name xxx"):
        sethostname("x" * 65)


@apart
def test_namespaces_are_left_and_entered() -> None:
    sethostname("one")
    with open("/proc/self/ns/uts") as before:
        unshare(NEWUTS)
        sethostname("other")
        setns(before.fileno(), NEWUTS, "go back")
    assert socket.gethostname() == "one"
