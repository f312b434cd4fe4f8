"""``Job``: pods that run until enough of them have succeeded."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from wherry.kube.kinds.declared import versions
from wherry.kube.kinds.model import AGE, NAME, Column, Kind, Strategy, metadata_fields
from wherry.kube.kinds.rows import WORKLOAD
from wherry.kube.machinery.model import Object


@cache
def _strategy() -> Strategy:
    from wherry.kube.kinds.job.strategy import JobStrategy

    return JobStrategy()


def _cells(obj: Object, now: datetime) -> Sequence[Any]:
    from wherry.kube.kinds.job.columns import cells

    return cells(obj, now)


def _fields(obj: Object) -> Mapping[str, str]:
    return {**metadata_fields(obj), "status.successful": str(obj.get("status", {}).get("succeeded", 0))}


KIND = Kind(
    "batch",
    "Job",
    "jobs",
    versions("batch", "Job", "v1"),
    "v1",
    _strategy,
    singular="job",
    categories=("all",),
    columns=(
        NAME,
        Column("Status", description="How far it is."),
        Column("Completions", description="Pods that have succeeded, of how many must."),
        Column("Duration", description="How long it has run, or did."),
        AGE,
        *WORKLOAD,
    ),
    cells=_cells,
    selectable=("status.successful",),
    fields=_fields,
    delete_strategy="orphan",  # of batch/v1, for those who knew it before garbage collection did
)
