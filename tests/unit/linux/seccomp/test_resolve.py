from typing import Any

import pytest

from wherry.linux.seccomp.resolve import facts, resolve

X86 = facts([], "x86_64", "6.18.44-generic")


def resolved(rule: dict[str, Any], capabilities: tuple[str, ...] = (), machine: str = "x86_64") -> list[Any]:
    profile = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", **rule}],
    }
    found: list[Any] = resolve(profile, facts(capabilities, machine, "5.10.0"))["syscalls"]
    return found


@pytest.mark.parametrize(
    ("condition", "applies"),
    [
        ({}, True),
        ({"includes": {"caps": ["CAP_BPF"]}}, True),
        ({"includes": {"caps": ["CAP_BPF", "CAP_SYSLOG"]}}, False),
        ({"excludes": {"caps": ["CAP_BPF", "CAP_SYSLOG"]}}, False),
        ({"excludes": {"caps": ["CAP_SYSLOG"]}}, True),
        ({"includes": {"arches": ["arm64", "amd64"]}}, True),
        ({"includes": {"arches": ["arm64"]}}, False),
        ({"excludes": {"arches": ["amd64"]}}, False),
        ({"includes": {"minKernel": "5.10"}}, True),
        ({"includes": {"minKernel": "5.11"}}, False),
        ({"includes": {"minKernel": "4.19"}}, True),
        ({"excludes": {"minKernel": "5.10"}}, False),
        ({"excludes": {"minKernel": "6.0"}}, True),
        ({"includes": {}, "excludes": None}, True),
    ],
)
def test_a_rule_applies_when_all_included_hold_and_nothing_excluded_does(condition: Any, applies: bool) -> None:
    assert bool(resolved(condition, ("CAP_BPF",))) is applies


def test_the_map_of_architectures_gives_the_machine_s_own_and_its_subarchitectures() -> None:
    entry = {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}
    other = {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": None}
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "archMap": [entry, other]}
    assert resolve(profile, X86)["architectures"] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]
    assert resolve(profile, facts([], "aarch64", "6.1"))["architectures"] == ["SCMP_ARCH_AARCH64"]


def test_a_plain_section_passes_unchanged() -> None:
    section = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 38,
        "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [
            {
                "names": ["socket"],
                "action": "SCMP_ACT_ALLOW",
                "args": [{"index": 0, "value": 1, "valueTwo": 0, "op": "SCMP_CMP_EQ"}],
            }
        ],
        "flags": ["SECCOMP_FILTER_FLAG_LOG"],
    }
    assert resolve(section, X86) == section


def test_the_machine_s_own_architecture_is_always_there() -> None:
    section = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"]}
    assert resolve(section, X86)["architectures"] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]


def test_a_single_name_is_a_list_of_one() -> None:
    profile = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"name": "read", "action": "SCMP_ACT_ALLOW"}]}
    assert resolve(profile, X86)["syscalls"] == [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]


def test_a_refusal_says_eperm_unless_told_otherwise() -> None:
    assert resolved({"action": "SCMP_ACT_ERRNO"})[0]["errnoRet"] == 1
    assert resolved({"action": "SCMP_ACT_ERRNO", "errnoRet": 0})[0]["errnoRet"] == 0


def test_a_profile_that_says_nothing_means_no_filter() -> None:
    assert resolve({}, X86) == {}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"action": "SCMP_ACT_MAYBE"}, r"syscalls\[0\].action: unknown action 'SCMP_ACT_MAYBE'"),
        ({"action": None}, r"syscalls\[0\].action: unknown action None"),
        ({"action": "SCMP_ACT_NOTIFY"}, "needs a listening agent"),
        ({"names": []}, r"syscalls\[0\] must have 'names'"),
        ({"name": "write"}, "both 'name' and 'names'"),
        ({"args": [{"index": 6, "op": "SCMP_CMP_EQ"}]}, r"args\[0\].index: a system call has arguments 0 to 5, not 6"),
        ({"args": [{"index": 0, "op": "EQ"}]}, r"args\[0\].op: unknown operator 'EQ'"),
        ({"args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": -1}]}, r"value: must be an unsigned 64-bit number"),
        ({"action": "SCMP_ACT_ERRNO", "errnoRet": 70000}, "errnoRet: must be a number from 0 to 65535"),
        ({"includes": {"minKernel": "new"}}, r"syscalls\[0\].includes.minKernel: 'new' is no kernel version"),
    ],
)
def test_a_fault_is_named_with_its_place(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        resolved(change)


@pytest.mark.parametrize(
    ("profile", "complaint"),
    [
        ({"defaultAction": "x"}, "defaultAction: unknown action 'x'"),
        ({"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}, "defaultAction: unknown action None"),
        ({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["Z80"]}, "unknown architecture 'Z80'"),
        ({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["F"]}, "unknown flag 'F'"),
        (
            {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"], "archMap": [{"architecture": "x"}]},
            "both 'architectures' and 'archMap'",
        ),
    ],
)
def test_a_fault_of_the_whole_is_named(profile: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        resolve(profile, X86)
