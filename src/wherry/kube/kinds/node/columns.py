"""How ``kubectl get nodes`` shows a node (pkg/printers/internalversion/printers.go: printNode)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wherry.kube.kinds.rows import NONE, UNKNOWN, age, name
from wherry.kube.machinery.model import Object

_ROLE_PREFIX, _ROLE = "node-role.kubernetes.io/", "kubernetes.io/role"


def cells(node: Object, now: datetime) -> Sequence[Any]:
    """One row."""
    status = node.get("status") or {}
    info = status.get("nodeInfo") or {}
    wide = ("osImage", "kernelVersion", "containerRuntimeVersion")
    return [
        name(node),
        _condition(node),
        ",".join(roles(node)) or NONE,
        age(node, now),
        info.get("kubeletVersion", ""),
        _address(status, "InternalIP"),
        _address(status, "ExternalIP"),
        *(info.get(each) or UNKNOWN for each in wide),
    ]


def _condition(node: Object) -> str:
    conditions = (node.get("status") or {}).get("conditions") or ()
    ready = [each.get("status") == "True" for each in conditions if each.get("type") == "Ready"]
    said = ("Ready" if ready[-1] else "NotReady") if ready else "Unknown"
    return f"{said},SchedulingDisabled" if (node.get("spec") or {}).get("unschedulable") else said


def roles(node: Object) -> list[str]:
    """As its labels say."""
    found: set[str] = set()
    for key, value in (node.get("metadata", {}).get("labels") or {}).items():
        if key.startswith(_ROLE_PREFIX):
            found.add(key.removeprefix(_ROLE_PREFIX))
        elif key == _ROLE:
            found.add(value)
    return sorted(found - {""})


def _address(status: Object, kind: str) -> str:
    addresses = status.get("addresses") or ()
    return next((each.get("address", "") for each in addresses if each.get("type") == kind), NONE)
