from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import assume, given
from hypothesis import strategies as st

from wherry.kube.controllers.cronjob.times import following, latest
from wherry.kube.kinds.cronjob.schedule import parse

BERLIN, NEW_YORK, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def times(schedule: str, after: str, zone: ZoneInfo, count: int) -> list[str]:
    found, when = [], at(after)
    for _ in range(count):
        following_one = following(parse(schedule), when, zone)
        assert following_one is not None
        when = following_one
        found.append(when.astimezone(zone).isoformat(timespec="minutes"))
    return found


@pytest.mark.parametrize(
    ("schedule", "after", "zone", "expected"),
    [
        # robfig/cron's own: forward, 2:30 is not; back, 1:30 comes twice.
        ("30 2 * * *", "2012-03-11T00:00:00-05:00", NEW_YORK, ["2012-03-12T02:30-04:00"]),
        ("30 1 * * *", "2012-11-04T00:00:00-04:00", NEW_YORK, ["2012-11-04T01:30-04:00", "2012-11-04T01:30-05:00"]),
        ("0 * * * *", "2012-03-11T01:30:00-05:00", NEW_YORK, ["2012-03-11T03:00-04:00"]),
        ("0 * * * *", "2012-11-04T00:30:00-04:00", NEW_YORK,
         ["2012-11-04T01:00-04:00", "2012-11-04T01:00-05:00", "2012-11-04T02:00-05:00"]),
        ("0 0 * * *", "2026-03-28T12:00:00+01:00", BERLIN, ["2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"]),
        ("15 2 * * *", "2026-10-03T00:00:00+10:30", LORD_HOWE, ["2026-10-03T02:15+10:30", "2026-10-05T02:15+11:00"]),
        ("0 0 29 2 *", "2026-01-01T00:00:00+00:00", BERLIN, ["2028-02-29T00:00+01:00"]),
        ("0 12 1 * 1", "2026-01-01T13:00:00+01:00", BERLIN, ["2026-01-05T12:00+01:00", "2026-01-12T12:00+01:00"]),
    ],
)  # fmt: skip
def test_when_it_comes_next(schedule: str, after: str, zone: ZoneInfo, expected: list[str]) -> None:
    assert times(schedule, after, zone, len(expected)) == expected


def test_what_never_comes() -> None:
    never = parse("0 0 31 2 *")
    assert following(never, at("2026-01-01T00:00:00+00:00"), UTC) is None
    assert latest(never, at("2020-01-01T00:00:00+00:00"), at("2026-01-01T00:00:00+00:00"), UTC) is None


def test_every_so_often_counts_from_the_last_time() -> None:
    every, begin = parse("@every 90s"), at("2026-01-01T00:00:10+00:00")
    assert following(every, begin, UTC) == begin + timedelta(seconds=90)
    assert latest(every, begin, begin + timedelta(seconds=300), UTC) == begin + timedelta(seconds=270)
    assert latest(every, begin, begin + timedelta(seconds=89), UTC) is None


FIELDS = st.tuples(
    st.sampled_from(["*", "*/7", "0", "5,35", "59"]), st.sampled_from(["*", "*/5", "0", "2", "1-3,23"]),
    st.sampled_from(["*", "1", "31", "*/10"]), st.sampled_from(["*", "2", "1,6-8"]), st.sampled_from(["*", "0", "1-5"]),
).map(" ".join)  # fmt: skip
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)).map(lambda when: when.replace(tzinfo=UTC))
ZONES = st.sampled_from([UTC, BERLIN, NEW_YORK, LORD_HOWE, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Asia/Beirut")])


@given(FIELDS, MOMENTS)
def test_without_changes_of_clocks_it_comes_when_other_crons_come(schedule: str, after: datetime) -> None:
    day, weekday = schedule.split()[2], schedule.split()[4]
    assume("*/" not in day or weekday == "*")  # others hold a stepped star for a star
    try:
        expected = next(CronSim(schedule, after))
    except (StopIteration, CronSimError):
        return  # it says of some that they are wrong, of which upstream says that they never come
    found = following(parse(schedule), after, UTC)
    assert found == expected or expected > after + timedelta(days=5 * 365)


@given(FIELDS, MOMENTS, ZONES)
def test_forwards_and_backwards_are_the_same_times(schedule: str, after: datetime, zone: ZoneInfo) -> None:
    parsed = parse(schedule)
    when = following(parsed, after, zone)
    assume(when is not None)
    assert when is not None and when > after
    local = when.astimezone(zone)
    assert local.minute in parsed.minutes and local.hour in parsed.hours and local.month in parsed.months
    assert latest(parsed, after, when, zone) == when
    assert latest(parsed, after, when - timedelta(seconds=1), zone) is None
    second = following(parsed, when, zone)
    if second is not None:
        assert latest(parsed, after, second - timedelta(minutes=1), zone) == when
