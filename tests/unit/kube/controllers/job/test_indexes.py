import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.controllers.job.indexes import Indexes

SETS = st.sets(st.integers(0, 30))


def members(found: Indexes) -> set[int]:
    return {each for each in range(100) if each in found}


@pytest.mark.parametrize(
    ("indexes", "text"),
    [([], ""), ([3], "3"), ([3, 4], "3,4"), ([3, 4, 5], "3-5"), ([0, 1, 2, 7, 9, 10, 12, 13, 14], "0-2,7,9,10,12-14")],
)
def test_three_or_more_in_a_row_are_a_run(indexes: list[int], text: str) -> None:
    assert str(Indexes.of(indexes)) == text and Indexes.parse(text, 100) == Indexes.of(indexes)


def test_what_cannot_be_read_or_is_too_high_is_passed_over() -> None:
    assert str(Indexes.parse("0,x,2-y,4-9,20", 7)) == "0,4-6"


@given(SETS, SETS)
def test_they_are_sets(one: set[int], other: set[int]) -> None:
    left, right = Indexes.of(one), Indexes.of(other)
    assert members(left) == one and left.total == len(one)
    assert members(left | right) == one | other and members(left & right) == one & other
    assert Indexes.parse(str(left), 100) == left


@given(SETS, st.integers(0, 40), st.integers(0, 35))
def test_the_lowest_that_are_missing(here: set[int], count: int, completions: int) -> None:
    expected = [each for each in range(completions) if each not in here][:count]
    assert Indexes.of(here).missing(count, completions) == expected
