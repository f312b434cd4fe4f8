"""Workloads to test with."""

from typing import Any

from tests.unit.kube.kinds.objects import pod_spec
from wherry.kube.machinery.model import Object

LABELS = {"app": "web"}


def template(**pod: Any) -> Object:
    return {"metadata": {"labels": dict(LABELS)}, "spec": pod_spec(**pod)}


def workload(**spec: Any) -> Object:
    """A specification that every kind of workload takes."""
    return {"selector": {"matchLabels": dict(LABELS)}, "template": template(), **spec}


def job(**spec: Any) -> Object:
    """Of a job: its selector is made for it."""
    return {"template": {"spec": pod_spec(restartPolicy="Never")}, **spec}
