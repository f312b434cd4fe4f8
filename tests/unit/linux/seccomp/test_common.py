"""How the tables of system calls are written, and the part that all architectures share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.linux.seccomp.common import COMMON, LAST, parse

names = st.from_regex(r"\A[a-z_][a-z0-9_]{0,12}\Z")


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("", {}),
        ("0 read write", {"read": 0, "write": 1}),
        ("read write", {"read": 0, "write": 1}),
        ("5 a b\n\n  9 c", {"a": 5, "b": 6, "c": 9}),
        ("3 a 3 b", {"a": 3, "b": 3}),
        ("7", {}),
        ("1 openat2 2 dup3", {"openat2": 1, "dup3": 2}),
    ],
)
def test_a_number_is_the_next_names(text: str, table: dict[str, int]) -> None:
    assert parse(text) == table


@given(st.dictionaries(names, st.integers(0, 1000), max_size=10))
def test_any_table_can_be_written(table: dict[str, int]) -> None:
    assert parse(" ".join(f"{number} {name}" for name, number in table.items())) == table


def test_the_shared_calls_have_every_number_from_424_to_the_last() -> None:
    table = parse(COMMON)
    assert sorted(table.values()) == list(range(424, LAST + 1))


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("pidfd_send_signal", 424),
        ("openat2", 437),
        ("landlock_create_ruleset", 444),
        ("fchmodat2", 452),
        ("mseal", 462),
    ],
)
def test_shared_numbers_are_the_kernels(name: str, number: int) -> None:
    assert parse(COMMON)[name] == number
