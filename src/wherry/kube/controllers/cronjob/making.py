"""Jobs of a schedule: pure."""

from datetime import datetime, tzinfo

from wherry.kube.controllers.podcontrol.templates import copied
from wherry.kube.machinery.model import Object

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


def job_name(cron: Object, when: datetime) -> str:
    """One a minute."""
    return f"{cron['metadata']['name']}-{int(when.timestamp()) // 60}"


def new_job(cron: Object, when: datetime, zone: tzinfo, reference: Object) -> Object:
    template, meta = cron["spec"]["jobTemplate"], cron["metadata"]
    given = template.get("metadata") or {}
    local = when.astimezone(zone).isoformat(timespec="seconds").replace("+00:00", "Z")
    made: Object = {
        "name": job_name(cron, when), "namespace": meta.get("namespace", ""),
        "annotations": {**(given.get("annotations") or {}), SCHEDULED: local}, "ownerReferences": [reference],
    }  # fmt: skip
    if given.get("labels"):
        made["labels"] = dict(given["labels"])
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": made, "spec": copied(template.get("spec") or {})}


def entry_of(job: Object) -> Object:
    """As the status lists it."""
    meta = job["metadata"]
    entry = {"apiVersion": "batch/v1", "kind": "Job", "name": meta["name"], "namespace": meta.get("namespace", "")}
    return {**entry, "uid": meta["uid"], "resourceVersion": meta.get("resourceVersion", "")}
