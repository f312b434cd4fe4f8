"""System calls of ARM, 64 and 32 bit (their kinship with the other tables: test_architectures)."""

import pytest

from wherry.linux.seccomp.arm import AARCH64, ARM
from wherry.linux.seccomp.common import parse

ARM_PRIVATE = 0xF0000  # __ARM_NR_BASE, arch/arm/include/uapi/asm/unistd.h


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("io_setup", 0),
        ("getcwd", 17),
        ("unshare", 97),
        ("kill", 129),
        ("clone", 220),
        ("execve", 221),
        ("prlimit64", 261),
        ("bpf", 280),
        ("io_pgetevents", 292),
        ("rseq", 293),
    ],
)
def test_numbers_of_64_bit_are_the_kernels(name: str, number: int) -> None:
    assert parse(AARCH64)[name] == number


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("exit", 1),
        ("clone", 120),
        ("chown32", 212),
        ("openat", 322),
        ("bpf", 386),
        ("io_pgetevents", 399),
        ("clock_gettime64", 403),
        ("breakpoint", ARM_PRIVATE + 1),
        ("get_tls", ARM_PRIVATE + 6),
    ],
)
def test_numbers_of_32_bit_are_the_kernels(name: str, number: int) -> None:
    assert parse(ARM)[name] == number


@pytest.mark.parametrize("text", [AARCH64, ARM])
def test_no_name_and_no_number_is_there_twice_and_none_is_of_the_shared_range(text: str) -> None:
    words = [word for word in text.split() if not word.isdecimal()]
    table = parse(text)
    assert len(words) == len(table) == len(set(table.values()))
    assert not [number for number in table.values() if 424 <= number < ARM_PRIVATE]


def test_64_bit_has_no_calls_that_newer_ones_replaced() -> None:
    assert not {"open", "fork", "vfork", "mkdir", "poll", "select", "stat", "dup2", "pipe"} & parse(AARCH64).keys()
