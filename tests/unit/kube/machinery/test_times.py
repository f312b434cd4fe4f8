from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery import times

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)


def test_times_are_written_in_utc() -> None:
    assert times.rfc3339(NOW) == "2026-01-02T03:04:05Z"
    assert times.rfc3339_micro(NOW) == "2026-01-02T03:04:05.678901Z"
    assert times.rfc3339(NOW.astimezone(timezone(timedelta(hours=-7)))) == "2026-01-02T03:04:05Z"
    assert times.rfc3339(NOW.replace(microsecond=0)) == "2026-01-02T03:04:05Z"
    assert times.rfc3339(datetime(1, 2, 3, tzinfo=UTC)) == "0001-02-03T00:00:00Z"
    assert times.rfc3339_micro(NOW.replace(microsecond=0)) == "2026-01-02T03:04:05.000000Z"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-01-02T03:04:05Z", NOW.replace(microsecond=0)),
        ("2026-01-02T03:04:05.678901Z", NOW),
        ("2026-01-02t03:04:05.6789019z", NOW),
        ("2026-01-02T05:34:05.678901+02:30", NOW),
        ("2026-01-01T20:04:05.678901-07:00", NOW),
    ],
)
def test_times_are_read(text: str, found: datetime) -> None:
    assert times.parse(text) == found
    assert times.parse(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-13-02T03:04:05Z",
        "2026-01-02T24:00:00Z",
        "0001-01-01T00:00:00+23:00",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="parsing time"):
        times.parse(text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-2, "<invalid>"),
        (-1.5, "0s"),
        (0, "0s"),
        (119.9, "119s"),
        (120, "2m"),
        (187, "3m7s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (4 * 3600 + 12 * 60, "4h12m"),
        (8 * 3600, "8h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (51 * 3600, "2d3h"),
        (8 * 86400, "8d"),
        (729 * 86400, "729d"),
        (730 * 86400, "2y"),
        (800 * 86400, "2y70d"),
        (3000 * 86400, "8y"),
    ],
)
def test_durations_are_short(seconds: float, shown: str) -> None:
    assert times.human_duration(seconds) == shown


def test_how_long_ago_a_time_was() -> None:
    assert times.since("2026-01-02T03:00:05Z", NOW) == "4m"
    assert times.since(None, NOW) == "<unknown>"
    assert times.since("", NOW) == "<unknown>"
    assert times.since("yesterday", NOW) == "<unknown>"


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_can_be_read(when: datetime) -> None:
    assert times.parse(times.rfc3339_micro(when)) == when
    assert times.parse(times.rfc3339_micro(when).replace("Z", "+00:00")) == when
    assert times.parse(times.rfc3339(when)) == when.replace(microsecond=0)
