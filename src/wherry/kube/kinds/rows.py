"""What the rows of ``kubectl get`` have in common (k8s.io/kubernetes pkg/printers/internalversion)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from wherry.kube.kinds.model import Column
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import of_object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import since

NONE, UNSET, UNKNOWN = "<none>", "<unset>", "<unknown>"
CONTAINERS = Column("Containers", priority=1, description="The names of the containers.")
IMAGES = Column("Images", priority=1, description="The images of the containers.")
SELECTOR = Column("Selector", priority=1, description="Which pods belong to it.")
WORKLOAD = (CONTAINERS, IMAGES, SELECTOR)
"""The wide columns of what has a pod template."""


def name(obj: Object) -> str:
    return str(obj.get("metadata", {}).get("name", ""))


def age(obj: Object, now: datetime) -> str:
    return since(obj.get("metadata", {}).get("creationTimestamp"), now)


def labels(found: Mapping[str, str] | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((found or {}).items())) or NONE


def selector(found: Object | None) -> str:
    """As upstream's FormatLabelSelector."""
    try:
        return str(of_object(found)) or NONE
    except StatusError:
        return "<error>"


def containers(template: Object) -> tuple[str, str]:
    """The names and the images of a pod template's containers."""
    found = template.get("spec", {}).get("containers") or ()
    return ",".join(each.get("name", "") for each in found), ",".join(each.get("image", "") for each in found)


def some(items: Sequence[str], total: int, shown: int = 3) -> str:
    """The first of many, and how many there are besides."""
    text = ",".join(items[:shown])
    return f"{text} + {total - shown} more..." if total > shown else text
