"""Schedules of CronJobs, as upstream's library has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.kinds.cronjob.schedule import DESCRIPTORS, Schedule, parse

ALL_HOURS, ALL_DAYS = frozenset(range(24)), frozenset(range(1, 32))
ALL_MONTHS, ALL_WEEKDAYS = frozenset(range(1, 13)), frozenset(range(7))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * *", Schedule(frozenset(range(60)), ALL_HOURS, ALL_DAYS, ALL_MONTHS, ALL_WEEKDAYS)),
        ("*/15 0 1 jan sun", Schedule(frozenset({0, 15, 30, 45}), frozenset({0}), frozenset({1}), frozenset({1}),
                                      frozenset({0}), either_day=True)),
        ("5,10-12 */6 ? * Mon-Fri", Schedule(frozenset({5, 10, 11, 12}), frozenset({0, 6, 12, 18}), ALL_DAYS,
                                             ALL_MONTHS, frozenset(range(1, 6)))),
        ("50/5 0 * * *", Schedule(frozenset({50, 55}), frozenset({0}), ALL_DAYS, ALL_MONTHS, ALL_WEEKDAYS)),
        ("TZ=UTC 0 0 * * *", Schedule(frozenset({0}), frozenset({0}), ALL_DAYS, ALL_MONTHS, ALL_WEEKDAYS)),
        ("@every 1h30m", Schedule(every_seconds=5400)),
        ("@every 10ms", Schedule(every_seconds=1)),
    ],
)  # fmt: skip
def test_what_a_schedule_says(text: str, expected: Schedule) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_names_of_schedules(name: str) -> None:
    assert parse(name) == parse(DESCRIPTORS[name])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty spec string"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("* * * * 7", "end of range (7) above maximum (6): 7"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("*/5/5 * * * *", "too many slashes: */5/5"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("a * * * *", 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'),
        ("* * L * *", 'failed to parse int from L: strconv.Atoi: parsing "L": invalid syntax'),
        ("@now", "unrecognized descriptor: @now"),
        ("@every x", 'failed to parse duration @every x: time: invalid duration "x"'),
        ("@every 99999999999h",
         'failed to parse duration @every 99999999999h: time: invalid duration "99999999999h"'),
    ],
)  # fmt: skip
def test_what_is_no_schedule(text: str, why: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(text)
    assert str(caught.value) == why


def some(low: int, high: int) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(low, high), min_size=1)


@given(st.tuples(some(0, 59), some(0, 23), some(1, 31), some(1, 12), some(0, 6)))
def test_lists_are_read_as_they_are_written(fields: tuple[frozenset[int], ...]) -> None:
    text = " ".join(",".join(map(str, sorted(field))) for field in fields)
    minutes, hours, days, months, weekdays = fields
    assert parse(text) == Schedule(minutes, hours, days, months, weekdays, either_day=True)


@given(st.text(alphabet="0123456789*/-,? @everyhmsn.", max_size=30))
def test_anything_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except ValueError as error:
        assert str(error)
