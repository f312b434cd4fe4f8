"""Ranges of host ids."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.containers.idranges import IdRanges
from wherry.engine.containers.rules import DEFAULT_FIRST
from wherry.engine.runtime.model import ID_RANGE_SIZE
from wherry.kit.errors import Unavailable


@given(st.lists(st.one_of(st.none(), st.integers(0, 20)), max_size=60))
def test_no_two_containers_have_an_id_in_common(steps: list[int | None]) -> None:
    """None takes one; a number releases one of those taken."""
    ranges, taken = IdRanges(), list[int]()
    for step in steps:
        if step is None:
            taken.append(ranges.take().first)
        elif taken:
            ranges.release(taken.pop(step % len(taken)))
        places = sorted(taken)
        assert all(after - one >= ID_RANGE_SIZE for one, after in pairwise(places))
        assert all(one >= DEFAULT_FIRST for one in taken)


def test_the_lowest_free_range_comes_first() -> None:
    ranges = IdRanges(100_000)
    first, second = ranges.take(), ranges.take()
    assert (first.first, second.first, first.count) == (100_000, 165_536, 65_536)
    ranges.release(first.first)
    assert ranges.take() == first


def test_a_claimed_range_is_not_given_out() -> None:
    ranges = IdRanges(100_000)
    ranges.claim(100_000)
    ranges.claim(100_000)
    assert ranges.take().first == 165_536


@given(st.integers(0, 3 * ID_RANGE_SIZE))
def test_a_range_of_earlier_settings_is_not_overlapped(offset: int) -> None:
    ranges = IdRanges(100_000)
    claimed = 100_000 + offset
    ranges.claim(claimed)
    for _ in range(6):
        assert abs(ranges.take().first - claimed) >= ID_RANGE_SIZE


def test_a_release_twice_is_one() -> None:
    ranges = IdRanges()
    first = ranges.take().first
    ranges.release(first)
    ranges.release(first)
    assert ranges.take().first == first
    assert ranges.take().first != first


def test_there_is_an_end() -> None:
    ranges = IdRanges(0xFFFE0000 - ID_RANGE_SIZE)
    ranges.take()
    with pytest.raises(Unavailable, match="no range of user ids is left"):
        ranges.take()


def test_the_ids_configured_are_all_there_are() -> None:
    ranges = IdRanges(200_000, 2 * ID_RANGE_SIZE + 1)
    assert [ranges.take().first, ranges.take().first] == [200_000, 265_536]
    with pytest.raises(Unavailable, match=r"raise containers\.id_count"):
        ranges.take()
