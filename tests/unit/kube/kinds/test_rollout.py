"""Numbers that may be percentages, and counts of a status."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds import rollout
from wherry.kube.machinery.fielderrors import Path

AT = Path("at")


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        (0, []),
        ("25%", []),
        (-1, ["at: Invalid value: -1: must be greater than or equal to 0"]),
        ("25", ['at: Invalid value: "25": a valid percent string must be a numeric string followed by an ending \'%\' '
                "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"]),
    ],
)  # fmt: skip
def test_positive_or_percent(value: int | str, errors: list[str]) -> None:
    assert said(rollout.positive_or_percent(AT, value)) == errors


def test_at_most_all() -> None:
    assert said(rollout.at_most_all(AT, "100%")) == []
    assert said(rollout.at_most_all(AT, 1000)) == []
    assert said(rollout.at_most_all(AT, "101%")) == ['at: Invalid value: "101%": must not be greater than 100%']


@given(st.integers(0, 10**6))
def test_the_amount_of_a_number_and_of_a_percentage(number: int) -> None:
    assert rollout.amount(number) == rollout.amount(f"{number}%") == number


@given(st.text() | st.text(alphabet="0123456789+-%"))
def test_the_amount_of_anything_is_a_number(text: str) -> None:
    assert isinstance(rollout.amount(text), int)


def test_more_than_go_can_hold_is_as_much_as_it_can() -> None:
    assert rollout.amount("9" * 5000) == rollout.amount("9" * 20 + "%") == 2**63 - 1
    assert len(rollout.at_most_all(AT, "9" * 5000 + "%")) == 1


def test_parts_are_not_more_than_the_whole() -> None:
    assert said(rollout.parts(AT, {"all": 2, "a": 3, "b": 2}, "all", "a", "b")) == [
        "at.a: Invalid value: 3: cannot be greater than status.all"
    ]
    assert said(rollout.parts(AT, {"a": 1}, "all", "a", said="all")) == [
        "at.a: Invalid value: 1: cannot be greater than all"
    ]


def test_collisions_are_counted_upwards() -> None:
    assert said(rollout.collisions(AT, {"collisionCount": 2}, {"collisionCount": 1})) == []
    assert said(rollout.collisions(AT, {}, {"collisionCount": 1})) == [
        "at.collisionCount: Invalid value: 0: cannot be decremented"
    ]
