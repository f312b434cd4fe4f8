"""``CronJob``: a job that is made again and again, by a schedule."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy
from wherry.kube.kinds.rows import NONE, UNSET, WORKLOAD, age, containers, name, selector
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import since


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.cronjob.strategy import CronJobStrategy

    return CronJobStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    job = spec.get("jobTemplate", {}).get("spec", {})
    last = status.get("lastScheduleTime")
    return (
        name(obj),
        spec.get("schedule", ""),
        spec.get("timeZone", NONE),
        str(spec["suspend"]) if "suspend" in spec else UNSET,
        len(status.get("active") or ()),
        since(last, now) if last else NONE,
        age(obj, now),
        *containers(job.get("template", {})),
        selector(job.get("selector")),
    )


KIND = Kind(
    "batch",
    "CronJob",
    "cronjobs",
    versions("batch", "CronJob", "v1"),
    "v1",
    _strategy,
    singular="cronjob",
    short_names=("cj",),
    categories=("all",),
    columns=(
        NAME,
        Column("Schedule", description="When, as cron has it."),
        Column("Timezone", description="Where the schedule's hours are."),
        Column("Suspend", "boolean", description="Whether it makes no jobs at present."),
        Column("Active", "integer", description="How many of its jobs run."),
        Column("Last Schedule", description="When it last made one."),
        AGE,
        *WORKLOAD,
    ),
    cells=_cells,
)
