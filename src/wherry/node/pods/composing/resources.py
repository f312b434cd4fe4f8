"""Requests and limits as a cgroup takes them (pkg/kubelet/cm/helpers_linux.go, pkg/kubelet/qos/policy.go)."""

from collections.abc import Iterable, Mapping

from wherry.kube.kinds.pod.qos import BEST_EFFORT, GUARANTEED, qos_class
from wherry.kube.kinds.podspec.resources import container_requests
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import ZERO, Quantity, parse
from wherry.node.pods import view
from wherry.node.pods.runtime import Limits

PERIOD_US = 100_000
_MIN_SHARES, _MAX_SHARES = 2, 262144
_MIN_QUOTA_US = 1000
_OOM_GUARANTEED, _OOM_BEST_EFFORT = -997, 1000
_COMPUTE = ("cpu", "memory")


def amount(resources: Object | None, kind: str, name: str) -> Quantity:
    """Of a container's ``resources``; zero when it is not said."""
    given = ((resources or {}).get(kind) or {}).get(name)
    return ZERO if given is None else parse(given)


def cpu_shares(millicpu: int) -> int:
    return min(max(millicpu * 1024 // 1000, _MIN_SHARES), _MAX_SHARES)


def cpu_quota_us(millicpu: int) -> int | None:
    """In each period; None: no limit."""
    return max(millicpu * PERIOD_US // 1000, _MIN_QUOTA_US) if millicpu else None


def container_limits(pod: Object, container: Object, memory_bytes: int) -> Limits:
    """``memory_bytes``: the node's capacity, which the kernel's choice of victims is measured against."""
    own, whole = container.get("resources"), pod["spec"].get("resources")
    limit, memory = amount(own, "limits", "cpu"), amount(own, "limits", "memory")
    limit = limit or amount(whole, "limits", "cpu")
    memory = memory or amount(whole, "limits", "memory")
    request = amount(own, "requests", "cpu") or amount(own, "limits", "cpu")
    return Limits(
        memory_bytes=memory.value or None,
        cpu_shares=cpu_shares(request.milli),
        cpu_quota_us=cpu_quota_us(limit.milli),
        cpu_period_us=PERIOD_US,
        oom_score_adj=oom_score_adj(pod, container, memory_bytes),
    )


def pod_limits(pod: Object) -> Limits:
    """Of all containers together. There is a limit only where every container has one, or the pod itself."""
    spec = pod["spec"]
    requests, limits = container_requests(spec), container_requests(spec, "limits")
    for name in _COMPUTE:
        if not all(amount(each.get("resources"), "limits", name) for each in _lasting(spec)):
            limits.pop(name, None)
    _override(requests, spec, "requests")
    _override(limits, spec, "limits")
    overhead = {name: parse(each) for name, each in (spec.get("overhead") or {}).items()}
    for name, more in overhead.items():
        requests[name] = requests.get(name, ZERO) + more
        if name in limits:
            limits[name] = limits[name] + more
    cpu = requests.get("cpu") or limits.get("cpu") or ZERO
    return Limits(
        memory_bytes=limits.get("memory", ZERO).value or None,
        cpu_shares=cpu_shares(cpu.milli),
        cpu_quota_us=cpu_quota_us(limits.get("cpu", ZERO).milli),
        cpu_period_us=PERIOD_US,
    )


def _lasting(spec: Object) -> Iterable[Object]:
    yield from spec.get("containers") or ()
    yield from spec.get("initContainers") or ()


def _override(amounts: dict[str, Quantity], spec: Object, kind: str) -> None:
    for name in _COMPUTE:
        if whole := amount(spec.get("resources"), kind, name):
            amounts[name] = whole


def pod_requests(pod: Object) -> dict[str, Quantity]:
    """What the pod takes of a node: its containers', or its own, and its overhead."""
    spec = pod["spec"]
    requests = container_requests(spec)
    _override(requests, spec, "requests")
    for name, more in (spec.get("overhead") or {}).items():
        requests[name] = requests.get(name, ZERO) + parse(more)
    return requests


def oom_score_adj(pod: Object, container: Object, memory_bytes: int) -> int:
    """The more of the memory it asks for, the later it is killed; a sidecar not before the containers it serves."""
    if view.is_critical(pod):
        return _OOM_GUARANTEED
    quality = qos_class(pod["spec"])
    if quality == GUARANTEED:
        return _OOM_GUARANTEED
    if quality == BEST_EFFORT:
        return _OOM_BEST_EFFORT
    own = _burstable(container, memory_bytes)
    if container.get("restartPolicy") != "Always" or container in pod["spec"]["containers"]:
        return own
    return min([own, *(_burstable(each, memory_bytes) for each in pod["spec"]["containers"])])


def _burstable(container: Object, memory_bytes: int) -> int:
    request = amount(container.get("resources"), "requests", "memory").value
    score = 1000 - 1000 * request // max(memory_bytes, 1)
    return min(max(score, 1000 + _OOM_GUARANTEED), _OOM_BEST_EFFORT - 1)


def shown(amounts: Mapping[str, Quantity]) -> dict[str, str]:
    """As a status has them."""
    return {name: str(each) for name, each in sorted(amounts.items())}
