"""Durations and moments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kit.durations import format_duration, format_moment, parse_duration, parse_moment
from wherry.kit.errors import Invalid

SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("5s", 5 * SECOND),
        ("1h30m", 5400 * SECOND),
        ("1.5s", SECOND * 3 // 2),
        (".5s", SECOND // 2),
        ("1.s", SECOND),
        ("-2m", -120 * SECOND),
        ("+2m", 120 * SECOND),
        ("3us", 3000),
        ("3µs", 3000),
        ("7ns", 7),
    ],
)
def test_durations(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "5", "s", "1d", "1s x", "1h-2m", "--1s", "."])
def test_no_durations(text: str) -> None:
    with pytest.raises(Invalid, match="time: invalid duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("10m", NOW - 600 * SECOND),
        ("1700000000", NOW),
        ("1700000000.25", NOW + SECOND // 4),
        ("2023-11-14T22:13:20Z", NOW),
        ("2023-11-14T22:13:20.5Z", NOW + SECOND // 2),
        ("2023-11-14T23:13:20+01:00", NOW),
        ("2023-11-14T22:13:20", NOW),
        ("1970-01-02", 86400 * SECOND),
        ("1970-01-02T01", 90000 * SECOND),
    ],
)
def test_moments(text: str, nanoseconds: int) -> None:
    assert parse_moment(text, NOW) == nanoseconds


@pytest.mark.parametrize("text", ["", "yesterday", "2023-13-01", "2023-11-14T25:00", "9" * 30])
def test_no_moments(text: str) -> None:
    with pytest.raises(Invalid):
        parse_moment(text, NOW)


@given(st.integers(0, 4_000_000_000 * SECOND))
def test_a_formatted_moment_is_read_back(nanoseconds: int) -> None:
    assert parse_moment(format_moment(nanoseconds), 0) == nanoseconds


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_moment(text, NOW)
    except Invalid:
        pass


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_100, "1.1µs"),
        (20_000_000, "20ms"),
        (1_500_000_000, "1.5s"),
        (90_000_000_000, "1m30s"),
        (5_400_000_000_000, "1h30m0s"),
        (3_600_000_000_001, "1h0m0.000000001s"),
        (-2_000_000_000, "-2s"),
    ],
)
def test_a_duration_reads_as_in_go(nanoseconds: int, text: str) -> None:
    assert format_duration(nanoseconds) == text


@given(st.integers(-(1 << 62), 1 << 62))
def test_a_duration_comes_back(nanoseconds: int) -> None:
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds
