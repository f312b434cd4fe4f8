"""The device program, run by an interpreter of the few instructions it uses, against a plain reading of the rules."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.linux.bpf_devices import compile_rules
from wherry.linux.devicerules import Rule, resolve

ACCESS = {"m": 1, "r": 2, "w": 4}
DENY_ALL = {"allow": False, "access": "rwm"}
NULL = {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"}


def ask(program: bytes, kind: str, major: int, minor: int, access: str) -> bool:
    """What the program answers; AssertionError on what the kernel's verifier would refuse."""
    asked = sum(ACCESS[letter] for letter in access)
    context = {0: asked << 16 | {"b": 1, "c": 2}[kind], 4: major, 8: minor}
    code = list(struct.iter_unpack("=BBhi", program))
    registers: dict[int, int] = {}
    at = 0
    while True:
        assert at < len(code), "ran off the end"
        name, both, offset, number = code[at]
        to, source = both & 15, both >> 4
        at += 1
        if name == 0x61:
            registers[to] = context[offset]
        elif name == 0xBF:
            registers[to] = registers[source]
        elif name == 0xB7:
            registers[to] = number
        elif name == 0x77:
            registers[to] >>= number
        elif name == 0x57:
            registers[to] &= number
        elif name == 0x95:
            return bool(registers[0])
        else:
            assert offset >= 0, "no loops"
            taken = {0x05: True, 0x55: registers.get(to) != number, 0x45: bool(registers.get(to, 0) & number)}[name]
            at += offset if taken else 0


def allowed(rules: list[Rule], kind: str, major: int, minor: int, access: str) -> bool:
    """security/device_cgroup.c: match_exception and match_exception_partial."""
    allow, exceptions = resolve(rules)
    hits = [
        found
        for (of, its_major, its_minor), found in exceptions.items()
        if of == kind and its_major in ("*", str(major)) and its_minor in ("*", str(minor))
    ]
    if allow:
        return not any(found & set(access) for found in hits)
    return any(found >= set(access) for found in hits)


def rules() -> st.SearchStrategy[list[dict[str, Any]]]:
    number = st.one_of(st.none(), st.integers(0, 2))
    rule = st.fixed_dictionaries(
        {
            "allow": st.booleans(),
            "type": st.sampled_from(["a", "b", "c", "u"]),
            "major": number,
            "minor": number,
            "access": st.sampled_from(["r", "w", "m", "rw", "rm", "rwm"]),
        }
    )
    return st.lists(rule, max_size=8)


@given(rules(), st.sampled_from("bc"), st.integers(0, 2), st.integers(0, 2), st.sampled_from(["r", "w", "m", "rw"]))
def test_the_program_allows_what_the_rules_allow(
    given_rules: list[Rule], kind: str, major: int, minor: int, access: str
) -> None:
    program = compile_rules(given_rules)
    assert ask(program, kind, major, minor, access) == allowed(given_rules, kind, major, minor, access)


@pytest.mark.parametrize(
    "asked, answer",
    [(("c", 1, 3, "rw"), True), (("c", 1, 3, "m"), True), (("b", 1, 3, "r"), False), (("c", 1, 5, "r"), False)],
)
def test_only_the_null_device(asked: tuple[str, int, int, str], answer: bool) -> None:
    assert ask(compile_rules([DENY_ALL, NULL]), *asked) is answer


def test_no_rules_allow_all() -> None:
    assert ask(compile_rules([]), "b", 8, 0, "rwm")


def test_reading_may_be_allowed_without_writing() -> None:
    program = compile_rules([DENY_ALL, {"allow": True, "type": "b", "major": 8, "access": "r"}])
    assert ask(program, "b", 8, 7, "r")
    assert not ask(program, "b", 8, 7, "rw")


def test_writing_may_be_denied_alone() -> None:
    program = compile_rules([{"allow": False, "type": "b", "major": 8, "minor": 0, "access": "w"}])
    assert ask(program, "b", 8, 0, "r")
    assert not ask(program, "b", 8, 0, "rw")
    assert ask(program, "b", 8, 1, "rw")
