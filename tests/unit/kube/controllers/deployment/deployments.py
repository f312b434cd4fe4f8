"""Deployments and their sets, as plans see them."""

from typing import Any

from tests.unit.kube.controllers.workloads import reference, template, workload
from wherry.kube.controllers.deployment import view
from wherry.kube.controllers.podcontrol.templates import template_hash
from wherry.kube.machinery.model import Object


def deployment(replicas: int = 4, *, surge: int | str = 1, unavailable: int | str = 1, **spec: Any) -> Object:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    whole = {"strategy": strategy, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600, **spec}
    made = workload("Deployment", replicas=replicas, **whole)
    made["status"] = {}
    return made


def recreating(replicas: int = 4, **spec: Any) -> Object:
    return deployment(replicas, **{"strategy": {"type": "Recreate"}, **spec})


def replica_set(
    owner: Object, image: str, size: int, available: int | None = None, *, told: int | None = None,
    most: int | None = None, revision: int = 1, age: int = 0, **status: object,
) -> Object:  # fmt: skip
    """``told`` and ``most``: the deployment's size and its most pods, as the set was last told."""
    wanted = view.replicas_of(owner) if told is None else told
    annotations = {
        view.REVISION: str(revision), view.DESIRED_REPLICAS: str(wanted),
        view.MAX_REPLICAS: str(most if most is not None else wanted + view.max_surge(owner)),
    }  # fmt: skip
    labeled = template(image, **{"pod-template-hash": template_hash(template(image))})
    name = f"web-{image.replace(':', '-')}"
    made = workload("ReplicaSet", name, replicas=size, template=labeled)
    made["metadata"] |= {
        "annotations": annotations, "ownerReferences": [reference(owner)],
        "creationTimestamp": f"2026-01-01T00:{age:02}:00Z",
    }  # fmt: skip
    ready = size if available is None else available
    figures = {"replicas": size, "readyReplicas": ready, "availableReplicas": ready, "observedGeneration": 1}
    made["status"] = {**{name: value for name, value in figures.items() if value}, "terminatingReplicas": 0, **status}
    return made


def without(figures: Object, *names: str) -> Object:
    return {name: value for name, value in figures.items() if name not in names}
