"""The row of ``kubectl get deployments``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wherry.kube.kinds.rows import age, containers, name
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import of_object
from wherry.kube.machinery.status import StatusError


def cells(obj: Object, now: datetime) -> Sequence[Any]:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    return (
        name(obj),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age(obj, now),
        *containers(spec.get("template", {})),
        _selector(spec),
    )


def _selector(spec: Object) -> str:
    try:
        return str(of_object(spec.get("selector")))
    except StatusError:
        return "<invalid>"
