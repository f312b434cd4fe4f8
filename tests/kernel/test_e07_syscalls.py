"""E07: inside of a container, every system call ends as the profile says it must, by every way into the kernel.

A refused call answers the profile's errno. An allowed one answers what it answers in a container without a filter.
Which is which says the profile's table, which the unit tests compare with Docker's own.
"""

import errno
import json
import os
import socket
from collections.abc import Sequence
from typing import Any

import pytest

from tests.kernel.attacks import Image, output, probe, with_python
from tests.kernel.rig import Rig
from wherry.linux import seccomp
from wherry.linux.capabilities import DEFAULT
from wherry.linux.seccomp.architectures import tables
from wherry.linux.seccomp.bpf import call_data, evaluate

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="the calls are those of x86-64")

Call = tuple[str, int, list[int]]
ALLOW = 0x7FFF0000
NATIVE, I386, X32 = (tables()[f"SCMP_ARCH_{name}"] for name in ("X86_64", "X86", "X32"))
NEXT_UNUSED = 475
INVALID = [-1] * 6
PAST_EVERY_FILTER = ("uretprobe", "uprobe")  # seccomp_uprobe_exception in kernel/seccomp.c
IMAGES: dict[Rig, str] = {}


@pytest.fixture
def image(shared_instance: Rig) -> str:
    if shared_instance not in IMAGES:
        IMAGES[shared_instance] = with_python(Image()).load(shared_instance)
    return IMAGES[shared_instance]


def outcomes(rig: Rig, image: str, calls: Sequence[Call], **options: Any) -> list[int | str]:
    text = output(rig, image, probe("syscalls", json.dumps(calls)), **options)
    found: list[int | str] = json.loads(text.splitlines()[-1])  # a child that returns twice may complain before
    return found


def verdict(call: Call, capabilities: Sequence[str] = DEFAULT) -> int:
    abi, number, arguments = call
    audit = (I386 if abi == "i386" else NATIVE).audit
    if abi == "i386":
        arguments = [value & 0xFFFFFFFF for value in arguments]
    program = seccomp.compile_filter(seccomp.default_profile(), capabilities)
    return evaluate(program, call_data(number, audit, arguments))[0]


def compare(rig: Rig, image: str, calls: list[Call]) -> None:
    confined = outcomes(rig, image, calls)
    free = outcomes(rig, image, calls, security_opt=["seccomp=unconfined"])
    wrong = []
    for call, found, without in zip(calls, confined, free, strict=True):
        expected = verdict(call)
        refused = expected != ALLOW
        if refused and found != expected & 0xFFFF:
            wrong.append(f"{call}: {found}, must be refused with {expected & 0xFFFF}")
        if not refused and found == errno.EPERM != without:
            wrong.append(f"{call}: refused, must be allowed")
    assert not wrong, "\n".join(wrong)


def test_e07_every_native_call_ends_as_the_profile_says(shared_instance: Rig, image: str) -> None:
    exempt = [NATIVE.numbers[name] for name in PAST_EVERY_FILTER]
    calls: list[Call] = [("native", number, INVALID) for number in range(NEXT_UNUSED) if number not in exempt]
    compare(shared_instance, image, calls)


def test_e07_every_call_of_i386_is_filtered_by_its_own_number(shared_instance: Rig, image: str) -> None:
    calls: list[Call] = [("i386", number, INVALID) for number in range(NEXT_UNUSED)]
    if outcomes(shared_instance, image, calls[20:21]) == ["signal 11"]:
        pytest.skip("this kernel runs no 32-bit programs")
    compare(shared_instance, image, calls)


def test_e07_every_call_of_x32_is_filtered_by_its_own_number(shared_instance: Rig, image: str) -> None:
    numbers = [*range(0x40000000, 0x40000000 + NEXT_UNUSED), *range(0x40000200, 0x40000200 + 40)]
    compare(shared_instance, image, [("native", number, INVALID) for number in numbers])


def test_e07_socket_families_of_the_hypervisor_and_the_crypto_interface_are_closed(
    shared_instance: Rig, image: str
) -> None:
    """EPERM rather than EAFNOSUPPORT, which is what a kernel without them would say; also behind 32 more bits."""
    number = NATIVE.numbers["socket"]
    families = [*range(50), (1 << 32) + 38, (1 << 32) + 40, (1 << 63) + 38]
    calls: list[Call] = [("native", number, [family, socket.SOCK_STREAM, 0]) for family in families]
    compare(shared_instance, image, calls)
    found = outcomes(shared_instance, image, calls)
    closed = [family for family, answer in zip(families, found, strict=True) if answer == errno.EPERM]
    assert {38, 40, (1 << 32) + 38, (1 << 32) + 40, (1 << 63) + 38} <= set(closed)
    assert found[socket.AF_INET] == 0


def test_e07_arguments_decide_where_the_profile_says_so(shared_instance: Rig, image: str) -> None:
    personality, clone = NATIVE.numbers["personality"], NATIVE.numbers["clone"]
    values = [0, 1, 8, 0x20000, 0x20008, 0x40000, 0xFFFFFFFF, 1 << 32]
    flags = [1 << bit for bit in range(17, 32)]
    calls: list[Call] = [("native", personality, [value]) for value in values]
    calls += [("native", clone, [flag | 17, 0, 0, 0, 0]) for flag in flags if flag not in (1 << 22, 1 << 23)]
    compare(shared_instance, image, calls)


def test_e07_clone3_is_not_there_so_that_libc_falls_back(shared_instance: Rig, image: str) -> None:
    calls: list[Call] = [("native", NATIVE.numbers["clone3"], INVALID)]
    assert outcomes(shared_instance, image, calls) == [errno.ENOSYS]
    assert outcomes(shared_instance, image, calls, cap_add=["SYS_ADMIN"]) != [errno.ENOSYS]


@pytest.mark.parametrize(
    ("capability", "name"),
    [
        ("SYS_ADMIN", "mount"),
        ("SYS_PTRACE", "kcmp"),
        ("SYS_TIME", "settimeofday"),
        ("DAC_READ_SEARCH", "open_by_handle_at"),
    ],
)
def test_e07_a_capability_opens_its_calls(shared_instance: Rig, image: str, capability: str, name: str) -> None:
    calls: list[Call] = [("native", NATIVE.numbers[name], INVALID)]
    assert outcomes(shared_instance, image, calls) == [errno.EPERM]
    assert verdict(calls[0], [*DEFAULT, f"CAP_{capability}"]) == ALLOW
    assert outcomes(shared_instance, image, calls, cap_add=[capability]) != [errno.EPERM]


def test_e07_an_exec_is_under_the_same_filter(shared_instance: Rig, image: str) -> None:
    container = shared_instance.docker.containers.run(image, ["sleep", "600"], detach=True, network_mode="none")
    calls: list[Call] = [("native", NATIVE.numbers[name], INVALID) for name in ("mount", "clone3", "keyctl", "getpid")]
    answer = container.exec_run(probe("syscalls", json.dumps(calls)))
    assert json.loads(answer.output) == [errno.EPERM, errno.ENOSYS, errno.EPERM, 0]
    privileged = container.exec_run(probe("syscalls", json.dumps(calls)), privileged=True)
    assert json.loads(privileged.output)[0] == errno.EFAULT
    container.remove(force=True)
