"""The table of facts against Docker's own profile, which lies beside the checkout where it is at hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from wherry.linux import seccomp
from wherry.linux.capabilities import ALL, DEFAULT
from wherry.linux.seccomp.architectures import tables
from wherry.linux.seccomp.bpf import call_data, evaluate
from wherry.linux.seccomp.compiler import compile_rules

ORACLE = Path(__file__).parents[5] / "shared/data/seccomp-moby-2026.json"
ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x50001, 0x50026
CONDITIONAL = {"clone", "clone3", "personality", "socket"}
VALUES = [
    *(0, 1, 8, 9, 37, 38, 39, 40, 41, 0x20000, 0x20008, 0x1FFFF, 0xFFFFFFFF, 0x10000000, 0x7E020000, 0x01000011),
    *(1 << shift for shift in range(24, 64)),
    *((1 << 32) + value for value in (0, 8, 39, 0x7E020000)),
    (1 << 64) - 1,
]
SETS = {"default": DEFAULT, "none": (), "all": tuple(ALL), **{name: (*DEFAULT, name) for name in ALL}}


def answer(program: bytes, number: int, audit: int, value: int) -> int:
    return evaluate(program, call_data(number, audit, [value, 0]))[0]


def verdicts(program: bytes, machine: str) -> dict[tuple[str, str, int], int]:
    """For every name of the machine's architectures, and every interesting argument, what the filter says."""
    names = {"x86_64": ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"), "aarch64": ("SCMP_ARCH_AARCH64",)}
    return {
        (architecture, name, value): answer(program, number, tables()[architecture].audit, value)
        for architecture in names[machine]
        for name, number in tables()[architecture].numbers.items()
        for value in (VALUES if name in CONDITIONAL else (0,))
        if tables()[architecture].wide or value < 1 << 32
    }


def expected(profile: dict[str, Any], capabilities: tuple[str, ...], go_name: str, name: str, value: int) -> int:
    """The profile read once more, slowly and independently: any rule that allows, allows."""
    for entry in profile["syscalls"]:
        includes, excludes = entry.get("includes") or {}, entry.get("excludes") or {}
        if name not in entry["names"] or (includes.get("arches") and go_name not in includes["arches"]):
            continue
        if not set(includes.get("caps", ())) <= set(capabilities) or set(excludes.get("caps", ())) & set(capabilities):
            continue
        if go_name in excludes.get("arches", ()):
            continue
        if all(_holds(argument, value) for argument in entry.get("args") or ()):
            return ALLOW if entry["action"] == "SCMP_ACT_ALLOW" else 0x50000 | entry.get("errnoRet", 1)
    return EPERM


def _holds(argument: dict[str, Any], value: int) -> bool:
    have = value if argument["index"] == 0 else 0
    wanted = argument["value"]
    return {
        "SCMP_CMP_EQ": have == wanted,
        "SCMP_CMP_LT": have < wanted,
        "SCMP_CMP_GT": have > wanted,
        "SCMP_CMP_MASKED_EQ": have & wanted == argument.get("valueTwo", 0),
    }[str(argument["op"])]


@pytest.mark.skipif(not ORACLE.exists(), reason="Docker's profile is not at hand")
@pytest.mark.parametrize("case", SETS)
def test_the_table_means_what_docker_s_profile_means(case: str) -> None:
    """With no capability, each on its own, and all: the same program, so the same answer to every number.

    A program is drawn from decisions in the order of numbers, so equal profiles give equal programs.
    """
    oracle = json.loads(ORACLE.read_text())
    for machine in ("x86_64", "aarch64"):
        theirs = compile_rules(seccomp.oci_seccomp(oracle, SETS[case], machine))
        assert seccomp.compile_filter(seccomp.default_profile(), SETS[case], machine) == theirs


@pytest.mark.skipif(not ORACLE.exists(), reason="Docker's profile is not at hand")
@pytest.mark.parametrize("case", ["default", "all", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"])
@pytest.mark.parametrize(("machine", "go_name"), [("x86_64", "amd64"), ("aarch64", "arm64")])
def test_the_filter_does_what_docker_s_profile_says(case: str, machine: str, go_name: str) -> None:
    """One difference, and on purpose: a family above 32 bits is what socket(2) makes of it."""
    oracle = json.loads(ORACLE.read_text())
    found = verdicts(seccomp.compile_filter(seccomp.default_profile(), SETS[case], machine), machine)
    for (architecture, name, value), verdict in found.items():
        value = value & 0xFFFFFFFF if name == "socket" else value
        assert verdict == expected(oracle, SETS[case], go_name, name, value), (architecture, name, hex(value))


@pytest.fixture(scope="module")
def filter_() -> bytes:
    return seccomp.compile_filter(seccomp.default_profile(), DEFAULT, "x86_64")


def native(program: bytes, name: str, value: int = 0) -> int:
    return answer(program, tables()["SCMP_ARCH_X86_64"].numbers[name], 0xC000003E, value)


ESCAPES = ("mount", "umount2", "unshare", "setns", "bpf", "keyctl", "add_key", "userfaultfd", "io_uring_setup")


@pytest.mark.parametrize("name", ESCAPES)
def test_what_has_let_containers_out_is_refused(filter_: bytes, name: str) -> None:
    assert native(filter_, name) == EPERM


def test_threads_yes_namespaces_no(filter_: bytes) -> None:
    assert native(filter_, "clone", 0x3D0F00) == ALLOW
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert native(filter_, "clone", flag) == EPERM
    assert native(filter_, "clone3") == ENOSYS


def test_two_socket_families_are_closed(filter_: bytes) -> None:
    closed = [family for family in range(64) if native(filter_, "socket", family) != ALLOW]
    assert closed == [38, 40]


def test_a_capability_opens_what_it_stands_for() -> None:
    administrator = seccomp.compile_filter(seccomp.default_profile(), [*DEFAULT, "CAP_SYS_ADMIN"], "x86_64")
    assert native(administrator, "mount") == native(administrator, "clone3") == ALLOW
    assert native(administrator, "clone", 0x20000000) == ALLOW
    assert native(administrator, "chroot") == ALLOW
    assert native(seccomp.compile_filter(seccomp.default_profile(), [], "x86_64"), "chroot") == EPERM


def test_a_number_is_decided_in_a_dozen_instructions(filter_: bytes) -> None:
    numbers = tables()["SCMP_ARCH_X86_64"].numbers.values()
    steps = [evaluate(filter_, call_data(number, 0xC000003E))[1] for number in numbers]
    assert sum(steps) / len(steps) < 13
    assert max(steps) < 32
    assert len(filter_) // 8 < 400
