"""What policies are about."""

from collections.abc import Mapping
from dataclasses import dataclass

from wherry.kube.machinery.model import Object
from wherry.node.proxy.model import NamedPort

_OVER = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class PolicyPod:
    """A pod as policies see it. ``labels`` are sorted pairs, ``ports`` those of its containers that have
    names. ``is_local``: it is on this node."""

    namespace: str
    name: str
    uid: str
    labels: tuple[tuple[str, str], ...]
    addresses: tuple[str, ...]
    ports: tuple[NamedPort, ...] = ()
    is_local: bool = False


def policy_pod(pod: Object, node: str, addresses: tuple[str, ...] = ()) -> PolicyPod | None:
    """``addresses`` are what is known here already; else the API's. None when it has none of its own (any more)."""
    spec, status, meta = pod["spec"], pod.get("status") or {}, pod["metadata"]
    found = addresses or tuple(each["ip"] for each in status.get("podIPs") or () if each.get("ip"))
    if not found and status.get("podIP"):
        found = (status["podIP"],)
    if spec.get("hostNetwork") or status.get("phase") in _OVER or not found:
        return None
    return PolicyPod(
        meta.get("namespace", ""),
        meta["name"],
        meta.get("uid", ""),
        labels_of(meta.get("labels")),
        found,
        _ports(spec),
        spec.get("nodeName") == node,
    )


def labels_of(labels: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((labels or {}).items()))


def _ports(spec: Object) -> tuple[NamedPort, ...]:
    """Of what runs as long as the pod does: containers, and init containers that are restarted."""
    running = [*(spec.get("containers") or ())]
    running += [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    return tuple(
        NamedPort(port["name"], port.get("protocol") or "TCP", port["containerPort"])
        for each in running
        for port in each.get("ports") or ()
        if port.get("name")
    )
