"""The architectures a filter may have to tell apart, and how each numbers its system calls."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from wherry.linux.seccomp import arm, common, x86

_X32_BIT = 0x40000000  # __X32_SYSCALL_BIT, arch/x86/include/uapi/asm/unistd.h


@dataclass(frozen=True, slots=True)
class Architecture:
    """``name`` as profiles write it. ``audit`` is what seccomp_data.arch holds (include/uapi/linux/audit.h).

    ``numbers``: name → number as seccomp_data.nr holds it, x32's bit included. ``first`` and ``last`` bound the numbers
    in use when this was written. ``wide``: arguments have 64 bits. ``doors``: multiplexing call → what goes through it.
    """

    name: str
    audit: int
    numbers: Mapping[str, int]
    first: int
    last: int
    wide: bool = True
    doors: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


# Every name that a profile may list; those not below have no table here, since no kernel we run on ever calls them.
_NAMES = """
X86 X86_64 X32 ARM AARCH64 LOONGARCH64 M68K MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE
S390 S390X PARISC PARISC64 RISCV64 SH SHEB
"""
KNOWN_NAMES = frozenset(f"SCMP_ARCH_{name}" for name in _NAMES.split())

NATIVE = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}  # uname -m → name
# What Docker's profiles call the machine in includes and excludes (Go's GOARCH).
GO_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}


def native(machine: str) -> str:
    """The name of ``uname -m``; ValueError where there is no table of system calls for it."""
    if machine not in NATIVE:
        raise ValueError(f"no seccomp filter can be made for {machine}: only for {', '.join(NATIVE)}")
    return NATIVE[machine]


@functools.cache
def tables() -> dict[str, Architecture]:
    """By name. Read once, when the first filter is compiled."""
    shared = common.parse(common.COMMON)
    wide = common.parse(x86.X86_64) | shared
    doors = {door: common.parse(calls) for door, calls in x86.I386_DOORS.items()}
    found = (
        Architecture("SCMP_ARCH_X86_64", 0xC000003E, wide, 0, common.LAST),
        Architecture("SCMP_ARCH_X86", 0x40000003, common.parse(x86.I386) | shared, 0, common.LAST, False, doors),
        _x32(wide),
        Architecture("SCMP_ARCH_AARCH64", 0xC00000B7, common.parse(arm.AARCH64) | shared, 0, common.LAST),
        Architecture("SCMP_ARCH_ARM", 0x40000028, common.parse(arm.ARM) | shared, 0, common.LAST, False),
    )
    return {architecture.name: architecture for architecture in found}


def _x32(wide: Mapping[str, int]) -> Architecture:
    own = common.parse(x86.X32_OWN)
    lacks = set(x86.X32_LACKS.split())
    numbers = {name: number for name, number in wide.items() if name not in lacks} | own
    return Architecture(
        "SCMP_ARCH_X32",
        0xC000003E,  # the kernel shows x32 as x86-64; the bit in the number tells
        {name: number | _X32_BIT for name, number in numbers.items()},
        _X32_BIT,
        max(own.values()) | _X32_BIT,
        wide=False,  # as libseccomp sees it: longs have 32 bits there
    )
