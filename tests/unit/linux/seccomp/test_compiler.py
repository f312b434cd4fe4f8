from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.linux.seccomp.architectures import tables
from wherry.linux.seccomp.bpf import call_data, evaluate
from wherry.linux.seccomp.compiler import compile_rules
from wherry.linux.seccomp.resolve import ACTIONS, facts, resolve

KILL, ALLOW, LOG = 0, 0x7FFF0000, 0x7FFC0000
EPERM, ENOSYS = 0x50001, 0x50026
WIDE, I386, X32 = "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"


class Filter:
    """A compiled profile, asked by name."""

    def __init__(self, rules: list[dict[str, Any]], default: str = "SCMP_ACT_ERRNO", archs: tuple[str, ...] = (WIDE,)):
        profile = {"defaultAction": default, "architectures": list(archs), "syscalls": rules}
        self.program = compile_rules(resolve(profile, facts([], "x86_64", "6.1")))

    def __call__(self, call: str | int, *arguments: int, arch: str = WIDE) -> int:
        table = tables()[arch]
        number = table.numbers[call] if isinstance(call, str) else call
        return evaluate(self.program, call_data(number, table.audit, arguments))[0]


def rule(names: str, action: str = "SCMP_ACT_ALLOW", **more: Any) -> dict[str, Any]:
    return {"names": names.split(), "action": action, **more}


def argument(op: str, value: int, other: int = 0, index: int = 0) -> dict[str, Any]:
    return {"index": index, "op": f"SCMP_CMP_{op}", "value": value, "valueTwo": other}


MEANINGS = {
    "EQ": lambda have, value, other: have == value,
    "NE": lambda have, value, other: have != value,
    "LT": lambda have, value, other: have < value,
    "LE": lambda have, value, other: have <= value,
    "GT": lambda have, value, other: have > value,
    "GE": lambda have, value, other: have >= value,
    "MASKED_EQ": lambda have, value, other: have & value == other & value,
}
EDGES = [0, 1, 38, 0xFFFFFFFF, 1 << 32, (1 << 32) + 38, (1 << 33) + 1, 1 << 63, (1 << 64) - 1]
numbers = st.sampled_from(EDGES) | st.integers(0, (1 << 64) - 1)


@given(st.sampled_from(sorted(MEANINGS)), numbers, numbers, numbers)
def test_comparisons_are_of_unsigned_64_bit_numbers(op: str, value: int, other: int, have: int) -> None:
    filter_ = Filter([rule("read", args=[argument(op, value, other, index=2)])])
    expected = ALLOW if MEANINGS[op](have, value, other) else EPERM
    assert filter_("read", 7, 7, have) == expected


@given(st.sampled_from(sorted(MEANINGS)), numbers, st.integers(0, (1 << 32) - 1))
def test_on_32_bits_the_upper_half_is_zero(op: str, value: int, have: int) -> None:
    filter_ = Filter([rule("read", args=[argument(op, value, 0)])], archs=(WIDE, I386))
    assert filter_("read", have, arch=I386) == (ALLOW if MEANINGS[op](have, value, 0) else EPERM)


def test_conditions_on_different_arguments_hold_together() -> None:
    filter_ = Filter([rule("read", args=[argument("EQ", 1), argument("EQ", 2, index=1)])])
    assert [filter_("read", *pair) for pair in ((1, 2), (1, 3), (2, 2))] == [ALLOW, EPERM, EPERM]


def test_conditions_on_one_argument_are_alternatives() -> None:
    filter_ = Filter([rule("read", args=[argument("EQ", 1), argument("EQ", 2)])])
    assert [filter_("read", value) for value in (1, 2, 3)] == [ALLOW, ALLOW, EPERM]


def test_rules_of_one_call_are_alternatives_and_the_first_counts() -> None:
    rules = [
        rule("read", "SCMP_ACT_LOG", args=[argument("GE", 5)]),
        rule("read", args=[argument("GE", 3)]),
    ]
    assert [Filter(rules)("read", value) for value in (2, 3, 5)] == [EPERM, ALLOW, LOG]


def test_a_rule_without_conditions_beats_those_with() -> None:
    rules = [rule("read", "SCMP_ACT_LOG", args=[argument("EQ", 0)]), rule("read")]
    assert Filter(rules)("read", 0) == ALLOW


def test_a_rule_that_repeats_the_default_says_nothing() -> None:
    rules = [rule("read", args=[argument("EQ", 0)]), rule("read", "SCMP_ACT_ERRNO", errnoRet=1)]
    assert Filter(rules)("read", 0) == ALLOW


@pytest.mark.parametrize("action", [action for action in ACTIONS if action != "SCMP_ACT_ERRNO"])
def test_every_action_has_the_kernel_s_value(action: str) -> None:
    number = 1 if action == "SCMP_ACT_TRACE" else 0  # EPERM for what carries a number
    assert Filter([rule("read", action)])("read") == ACTIONS[action] | number


def test_a_number_of_one_s_own_is_returned() -> None:
    assert Filter([rule("read", "SCMP_ACT_ERRNO", errnoRet=13)])("read") == 0x5000D


def test_an_architecture_that_is_not_listed_kills() -> None:
    filter_ = Filter([rule("read")], "SCMP_ACT_ALLOW")
    assert filter_("read", arch=I386) == KILL
    assert filter_("read", arch=X32) == KILL
    assert filter_("read", arch="SCMP_ARCH_AARCH64") == KILL


def test_the_numbers_of_i386_are_its_own() -> None:
    filter_ = Filter([rule("read")], archs=(WIDE, I386))
    assert filter_("read", arch=I386) == ALLOW
    assert filter_(3) == EPERM  # close
    assert filter_(0, arch=I386) == EPERM  # restart_syscall


def test_x32_is_told_by_its_bit() -> None:
    filter_ = Filter([rule("read execve")], archs=(WIDE, X32))
    assert filter_("read", arch=X32) == filter_("execve", arch=X32) == filter_("execve") == ALLOW
    assert filter_(0x40000000 | 59) == EPERM  # execve of x86-64 with the bit: no number of x32
    assert filter_("write", arch=X32) == EPERM


def test_numbers_after_the_newest_are_unknown_rather_than_forbidden() -> None:
    filter_ = Filter([rule("read")], archs=(WIDE, I386, X32))
    assert filter_("file_setattr") == EPERM
    assert filter_(470) == filter_(470, arch=I386) == filter_(0x40000000 | 548) == ENOSYS
    assert Filter([], "SCMP_ACT_ALLOW")(470) == ALLOW


def test_names_that_nobody_knows_are_passed_over() -> None:
    assert Filter([rule("riscv_hwprobe teleport read")])("read") == ALLOW


def test_sockets_of_i386_are_watched_at_both_doors() -> None:
    refuse = Filter([rule("socket", "SCMP_ACT_ERRNO")], "SCMP_ACT_ALLOW", (WIDE, I386))
    assert refuse("socketcall", 1, arch=I386) == refuse("socket", arch=I386) == EPERM
    assert refuse("socketcall", 2, arch=I386) == ALLOW
    semaphores = Filter([rule("semget")], archs=(WIDE, I386))
    assert semaphores("ipc", 2, arch=I386) == ALLOW
    assert semaphores("ipc", 1, arch=I386) == EPERM


def test_a_family_is_compared_as_the_kernel_reads_it() -> None:
    """Cut to 32 bits: what is 2^32 + 38 to the filter is AF_ALG to socket(2)."""
    filter_ = Filter([rule("socket", args=[argument("GT", 40)]), rule("socket", args=[argument("LT", 38)])])
    assert filter_("socket", (1 << 32) + 38) == EPERM
    assert filter_("socket", (1 << 32) + 2) == filter_("socket", 2) == ALLOW


def test_the_calls_of_32_bit_arm_lie_beyond_the_shared_ones() -> None:
    section = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "architectures": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
        "syscalls": [rule("set_tls openat")],
    }
    program, arm = compile_rules(section), tables()["SCMP_ARCH_ARM"]
    found = [
        evaluate(program, call_data(number, arm.audit))[0] for number in (322, 469, 470, 0xF0004, 0xF0005, 0xF0006)
    ]
    assert found == [ALLOW, EPERM, ENOSYS, ENOSYS, ALLOW, ENOSYS]


def test_a_program_too_long_for_the_kernel_is_refused() -> None:
    rules = [rule("read", args=[argument("EQ", value)]) for value in range(3000)]
    with pytest.raises(ValueError, match=r"too many conditions|instructions, the kernel takes"):
        Filter(rules)
