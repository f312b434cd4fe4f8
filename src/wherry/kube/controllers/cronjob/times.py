"""When a schedule fires: pure (robfig/cron v3 SpecSchedule.Next, which upstream uses).

Clocks that are put forward skip what was scheduled in the hour that is not; clocks that are put back have it twice.
"""

from datetime import UTC, datetime, timedelta, tzinfo

from wherry.kube.kinds.cronjob.schedule import Schedule

_YEARS = 5
"""After which a schedule is said never to fire (31 February)."""
_MINUTE = timedelta(minutes=1)


def following(schedule: Schedule, after: datetime, zone: tzinfo) -> datetime | None:
    """The first time after that one. None: never."""
    if schedule.every_seconds:
        return after.replace(microsecond=0) + timedelta(seconds=schedule.every_seconds)
    end = after + timedelta(days=366 * _YEARS)
    when = after.astimezone(UTC).replace(second=0, microsecond=0) + _MINUTE
    while when < end:
        local = when.astimezone(zone)
        if not _is_day(schedule, local):
            when = _midnight(local, 1)
        elif local.hour not in schedule.hours:
            when += timedelta(minutes=60 - local.minute)
        elif local.minute not in schedule.minutes:
            when += _MINUTE
        else:
            return when
    return None


def latest(schedule: Schedule, after: datetime, until: datetime, zone: tzinfo) -> datetime | None:
    """The last time after the one and not after the other. None: there is none."""
    if schedule.every_seconds:
        begin = after.replace(microsecond=0)
        times = int((until - begin).total_seconds() // schedule.every_seconds)
        return begin + timedelta(seconds=times * schedule.every_seconds) if times > 0 else None
    when = until.astimezone(UTC).replace(second=0, microsecond=0)
    while when > after:
        local = when.astimezone(zone)
        if not _is_day(schedule, local):
            when = _midnight(local, 0) - _MINUTE
        elif local.hour not in schedule.hours:
            when -= timedelta(minutes=local.minute + 1)
        elif local.minute not in schedule.minutes:
            when -= _MINUTE
        else:
            return when
    return None


def _midnight(local: datetime, days: int) -> datetime:
    """In UTC: the beginning of that day, or of one some days later. Where it is skipped, an instant beside it."""
    day = local.date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=local.tzinfo).astimezone(UTC)


def _is_day(schedule: Schedule, local: datetime) -> bool:
    if local.month not in schedule.months:
        return False
    by_day, by_weekday = local.day in schedule.days, local.isoweekday() % 7 in schedule.weekdays
    return by_day or by_weekday if schedule.either_day else by_day and by_weekday
