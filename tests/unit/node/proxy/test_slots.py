"""Places of endpoints in the maps."""

import re
from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from wherry.node.proxy import slots
from wherry.node.proxy.model import Target

TARGETS = st.frozensets(st.integers(0, 200).map(lambda number: Target(f"10.0.0.{number}", 80)), max_size=60)


@given(st.lists(TARGETS, max_size=8))
def test_an_order_holds_exactly_the_targets_and_moves_no_more_than_has_to_move(states: list[frozenset[Target]]) -> None:
    order: tuple[Target, ...] = ()
    for now in states:
        new = slots.arranged(order, now)
        assert sorted(new) == sorted(now)
        moved = sum(1 for index, each in enumerate(order) if each in now and new.index(each) != index)
        assert moved <= len(set(order) - now)
        order = new


@given(st.integers(1, slots.MOST))
def test_a_size_holds_its_endpoints_and_draws_reach_all_of_them(count: int) -> None:
    size = slots.size_of(count)
    assert size >= count
    found = [tuple(map(int, re.findall(r"mod (\d+) offset (\d+)", draw)[0])) for draw in slots.draws(size, False)]
    assert found[0] == (size, slots.slot(size, 0, False))
    last, _ = found[-1]
    assert last <= count, "the last draw finds an endpoint in any case"


def test_sizes_and_kinds_never_share_a_slot() -> None:
    sizes = {slots.size_of(count) for count in range(1, slots.MOST + 1)}
    firsts = sorted((slots.slot(size, 0, outside), size) for size in sizes for outside in (False, True))
    for (first, size), (following, _) in pairwise(firsts):
        assert first + size <= following
    assert firsts[-1][0] + firsts[-1][1] <= 1 << 32


@given(TARGETS)
def test_numbers_are_different_and_of_32_bits(targets: frozenset[Target]) -> None:
    found = slots.numbers(targets)
    assert set(found) == targets
    assert len(set(found.values())) == len(targets)
    assert all(0 <= number < 1 << 32 for number in found.values())


def test_a_number_does_not_depend_on_the_others() -> None:
    every = [Target(f"10.0.0.{number}", 80) for number in range(50)]
    together = slots.numbers(every)
    assert all(slots.numbers([each])[each] == together[each] for each in every)


def test_too_many_endpoints_are_cut() -> None:
    many = [Target(f"10.{number >> 8}.{number & 255}.1", 80) for number in range(slots.MOST + 5)]
    assert len(slots.arranged((), many)) == slots.MOST
    assert Counter(slots.arranged((), many)).most_common(1)[0][1] == 1
