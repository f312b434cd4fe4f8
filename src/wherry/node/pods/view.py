"""What the agent reads of a pod object: pure functions over what the API gives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from wherry.kube.machinery.model import GroupVersionResource, Object

PODS = GroupVersionResource("", "v1", "pods")
SOURCE = "kubernetes.io/config.source"
HASH = "kubernetes.io/config.hash"
MIRROR = "kubernetes.io/config.mirror"
USUAL_GRACE_SECONDS = 30
FINISHED = ("Succeeded", "Failed")
CRITICAL_PRIORITY = 2_000_000_000
"""From here on a pod is critical (scheduling.SystemCriticalPriority)."""


class Role(Enum):
    """In which list of the pod a container is, and for init containers whether it goes on running."""

    INIT = "initContainers"
    SIDECAR = "sidecar"
    REGULAR = "containers"
    EPHEMERAL = "ephemeralContainers"


@dataclass(frozen=True, slots=True)
class Member:
    """A container of a pod, as its spec has it."""

    container: Object
    role: Role

    @property
    def name(self) -> str:
        return str(self.container["name"])

    @property
    def field_path(self) -> str:
        """Where events about it point to."""
        kind = "initContainers" if self.role is Role.SIDECAR else self.role.value
        return f"spec.{kind}{{{self.name}}}"


def members(pod: Object) -> Iterator[Member]:
    """Init containers and sidecars in their order, then the regular ones, then the ephemeral ones."""
    spec = pod["spec"]
    for container in spec.get("initContainers") or ():
        yield Member(container, Role.SIDECAR if container.get("restartPolicy") == "Always" else Role.INIT)
    for container in spec.get("containers") or ():
        yield Member(container, Role.REGULAR)
    for container in spec.get("ephemeralContainers") or ():
        yield Member(container, Role.EPHEMERAL)


def of_role(pod: Object, *roles: Role) -> list[Member]:
    return [each for each in members(pod) if each.role in roles]


def member(pod: Object, name: str) -> Member | None:
    return next((each for each in members(pod) if each.name == name), None)


def uid(pod: Object) -> str:
    """What identifies the pod on this node: of a mirror pod the uid of the static pod that it shows."""
    meta = pod["metadata"]
    annotations: Mapping[str, str] = meta.get("annotations") or {}
    return str(annotations.get(MIRROR) or meta["uid"])


def version(pod: Object) -> str:
    return str(pod["metadata"].get("resourceVersion") or "")


def is_alike(one: Object, other: Object) -> bool:
    """In what the agent reads of their metadata."""
    names = ("labels", "annotations", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
    return all(one["metadata"].get(name) == other["metadata"].get(name) for name in names)


def full_name(pod: Object) -> str:
    """As the kubelet's messages have it (format.Pod): ``web_default(1234-…)``."""
    meta = pod["metadata"]
    return f"{meta['name']}_{meta.get('namespace', '')}({meta.get('uid', '')})"


def is_static(pod: Object) -> bool:
    """It came from this machine, not from the API."""
    annotations: Mapping[str, str] = pod["metadata"].get("annotations") or {}
    return annotations.get(SOURCE, "api") != "api"


def is_mirror(pod: Object) -> bool:
    return MIRROR in (pod["metadata"].get("annotations") or {})


def is_finished(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") in FINISHED


def leads_nowhere(pod: Object, is_here: bool) -> bool:
    """By what the API says of it others may be led to its addresses, though it ends, or nothing of it ``is_here``."""
    status = pod.get("status") or {}
    ends = bool(pod["metadata"].get("deletionTimestamp"))
    return bool(status.get("podIPs")) and not is_finished(pod) and (ends or not is_here)


def is_critical(pod: Object) -> bool:
    """Not to be evicted by pressure."""
    return is_static(pod) or is_mirror(pod) or (pod["spec"].get("priority") or 0) >= CRITICAL_PRIORITY


def grace_seconds(pod: Object) -> int:
    """How long its containers have between being asked to end and being ended."""
    meta = pod["metadata"]
    given = meta.get("deletionGracePeriodSeconds") if meta.get("deletionTimestamp") else None
    usual = pod["spec"].get("terminationGracePeriodSeconds")
    return int(given if given is not None else USUAL_GRACE_SECONDS if usual is None else usual)


def host_network(pod: Object) -> bool:
    return bool(pod["spec"].get("hostNetwork"))


def container_statuses(pod: Object) -> dict[str, Object]:
    """By the container's name."""
    status = pod.get("status") or {}
    kinds = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    # A status may be anybody's who may write it: it need not have what an agent would have written.
    return {each.get("name", ""): each for kind in kinds for each in status.get(kind) or ()}
