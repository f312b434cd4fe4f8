import os

import pytest

from wherry.linux.seccomp import architectures
from wherry.linux.seccomp.architectures import tables

# One well-known number or more of each architecture, from the kernel's own tables.
SAMPLES = {
    "SCMP_ARCH_X86_64": {"read": 0, "execve": 59, "openat": 257, "rseq": 334, "clone3": 435, "file_setattr": 469},
    "SCMP_ARCH_X86": {"read": 3, "socketcall": 102, "ipc": 117, "socket": 359, "clock_gettime64": 403, "clone3": 435},
    "SCMP_ARCH_AARCH64": {"io_setup": 0, "openat": 56, "execve": 221, "seccomp": 277, "mseal": 462},
    "SCMP_ARCH_ARM": {"read": 3, "seccomp": 383, "recvmmsg_time64": 417, "set_tls": 0xF0005},
}


@pytest.mark.parametrize("name", SAMPLES)
def test_numbers_are_the_kernel_s(name: str) -> None:
    assert SAMPLES[name].items() <= tables()[name].numbers.items()


def test_the_newest_calls_have_the_same_number_everywhere() -> None:
    numbers = {table.numbers["setxattrat"] & 0xFFFFFF for table in tables().values()}
    assert numbers == {463}


def test_x32_shares_numbers_but_not_where_pointers_are_inside() -> None:
    wide, x32 = tables()["SCMP_ARCH_X86_64"], tables()["SCMP_ARCH_X32"]
    assert x32.numbers["read"] == wide.numbers["read"] | 0x40000000
    assert x32.numbers["execve"] == 0x40000000 | 520
    assert "uselib" not in x32.numbers
    assert wide.audit == x32.audit


def test_no_two_names_of_a_table_have_one_number() -> None:
    for table in tables().values():
        assert len(set(table.numbers.values())) == len(table.numbers), table.name


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the C library's header is of another machine")
def test_numbers_agree_with_the_c_library_s_headers() -> None:
    """Where they are installed. Headers may be older or newer than the table."""
    files = {"SCMP_ARCH_X86_64": "unistd_64.h", "SCMP_ARCH_X86": "unistd_32.h"}
    for name, file in files.items():
        path = f"/usr/include/x86_64-linux-gnu/asm/{file}"
        if not os.path.exists(path):
            pytest.skip("no kernel headers here")
        with open(path) as header:
            lines = [line.split() for line in header if line.startswith("#define __NR_")]
        told = {words[1].removeprefix("__NR_"): int(words[2]) for words in lines if words[2].isdecimal()}
        known = tables()[name]
        assert {call: number for call, number in told.items() if number <= known.last} == {
            call: number for call, number in known.numbers.items() if call in told
        }


def test_an_unknown_machine_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no seccomp filter can be made for riscv64"):
        architectures.native("riscv64")
