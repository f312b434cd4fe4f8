"""System calls of x86: three ways into one kernel (their kinship with the other tables: test_architectures)."""

import pytest

from wherry.linux.seccomp.common import COMMON, parse
from wherry.linux.seccomp.x86 import I386, I386_DOORS, X32_LACKS, X32_OWN, X86_64

OLD_X86_64 = {"read": 0, "clone": 56, "ptrace": 101, "pivot_root": 155, "bpf": 321, "pkey_free": 331, "uprobe": 336}
OLD_I386 = {"restart_syscall": 0, "mount": 21, "clone": 120, "chown32": 212, "openat": 295, "bpf": 357, "statx": 383}


@pytest.mark.parametrize(("text", "numbers"), [(X86_64, OLD_X86_64), (I386, OLD_I386)], ids=["x86-64", "i386"])
def test_numbers_are_the_kernels(text: str, numbers: dict[str, int]) -> None:
    assert numbers.items() <= parse(text).items()


@pytest.mark.parametrize("text", [X86_64, I386, X32_OWN], ids=["x86-64", "i386", "x32"])
def test_no_name_and_no_number_is_there_twice(text: str) -> None:
    words = [word for word in text.split() if not word.isdecimal()]
    table = parse(text)
    assert len(words) == len(table) == len(set(table.values()))


def test_what_x32_has_not_is_there_in_x86_64_or_shared_by_all() -> None:
    assert set(X32_LACKS.split()) <= {**parse(X86_64), **parse(COMMON)}.keys()


def test_x32_has_numbers_of_its_own_from_512_on_for_calls_of_x86_64() -> None:
    own = parse(X32_OWN)
    assert min(own.values()) == 512
    assert own.keys() <= parse(X86_64).keys()


def test_a_door_is_a_call_and_so_is_what_goes_through_it() -> None:
    table = parse(I386)
    for door, calls in I386_DOORS.items():
        assert door in table
        # Four of the oldest never got a number of their own: their newer forms did.
        assert parse(calls).keys() - table.keys() <= {"accept", "send", "recv", "semop", "semtimedop"}


def test_doors_are_numbered_as_in_their_headers() -> None:
    assert parse(I386_DOORS["socketcall"])["sendmmsg"] == 20  # include/uapi/linux/net.h
    ipc = parse(I386_DOORS["ipc"])  # include/uapi/linux/ipc.h
    assert (ipc["semtimedop"], ipc["msgctl"], ipc["shmat"], ipc["shmctl"]) == (4, 14, 21, 24)
