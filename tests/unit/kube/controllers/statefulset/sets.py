"""Stateful sets, their pods and claims, as plans see them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tests.unit.kube.controllers.workloads import pod, reference, template, workload
from wherry.kube.controllers.history.revisions import revision_of
from wherry.kube.controllers.statefulset import identity
from wherry.kube.controllers.statefulset.plan import Facts, Plan, Step, plan
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
CLAIM = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}


def stateful(replicas: int = 3, *, rolling: Object | None = None, parallel: bool = False, **spec: Any) -> Object:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1} | (rolling or {})}
    whole = {
        "replicas": replicas, "updateStrategy": strategy, "serviceName": "db", "revisionHistoryLimit": 10,
        "podManagementPolicy": "Parallel" if parallel else "OrderedReady",
    }  # fmt: skip
    made = workload("StatefulSet", "db", **{**whole, **spec})
    made["status"] = {"replicas": 0, "availableReplicas": 0}
    return made


def with_claims(owner: Object, deleted: str = "Retain", scaled: str = "Retain") -> Object:
    policy = {"whenDeleted": deleted, "whenScaled": scaled}
    spec = {**owner["spec"], "volumeClaimTemplates": [CLAIM], "persistentVolumeClaimRetentionPolicy": policy}
    return {**owner, "spec": spec}


OLD = revision_of({**stateful(), "spec": {**stateful()["spec"], "template": template("demo:0")}}, 1, 0, {})
NEW = revision_of(stateful(), 2, 0, {})


def member(owner: Object, ordinal: int, *, old: bool = False, **state: Any) -> Object:
    revision = (OLD if old else NEW)["metadata"]["name"]
    labels = identity.new_pod(owner, template(), revision, ordinal, {})["metadata"]["labels"]
    return pod(f"db-{ordinal}", owner, **{"labels": labels, **state})


def ending(owner: Object, ordinal: int, **state: Any) -> Object:
    return member(owner, ordinal, deletionTimestamp="2026-01-01T00:02:00Z", **state)


def claim(owner: Object, ordinal: int, *references: Object, **meta: Any) -> Object:
    made = identity.new_claim(owner, CLAIM, ordinal)
    made["metadata"] |= {"ownerReferences": list(references), **meta}
    return made


def facts(owner: Object, *pods: Object, claims: Iterable[Object] = (), current: Object = NEW) -> Facts:
    known = {each["metadata"]["name"]: each for each in claims}
    by_ordinal = {int(each["metadata"]["name"].rpartition("-")[2]): each for each in pods}
    return Facts(owner, current, NEW, by_ordinal, known.get, reference(owner), NOW)


def planned(owner: Object, *pods: Object, claims: Iterable[Object] = (), current: Object = NEW) -> Plan:
    return plan(facts(owner, *pods, claims=claims, current=current))


def said(found: Plan) -> list[str]:
    """Steps in short: ``+db-1`` makes, ``-db-1`` deletes, ``~db-1`` changes, ``+data-db-1`` makes a claim,
    ``~data-db-1`` gives it other owners."""
    return [text for step in found.steps for text in _said(step)]


def _said(step: Step) -> list[str]:
    def names(mark: str, *objects: Object | None) -> list[str]:
        return [mark + each["metadata"]["name"] for each in objects if each is not None]

    return [
        *names("+", *step.claims), *names("~", *step.own), *names("+", step.create), *names("~", step.change),
        *names("-", step.delete),
    ]  # fmt: skip
