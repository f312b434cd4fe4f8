"""The amounts of an object (k8s.io/kubernetes pkg/quota/v1/evaluator/core, k8s.io/apiserver pkg/quota/v1/generic)."""

from datetime import datetime, timedelta

from wherry.kube.kinds.quotausage.amounts import Amounts, parsed, with_overhead
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.quantity import Quantity, parse
from wherry.kube.machinery.times import parse as parse_time

PODS = GroupResource("", "pods")
SERVICES = GroupResource("", "services")
CLAIMS = GroupResource("", "persistentvolumeclaims")
DEVICE_CLAIMS = GroupResource("resource.k8s.io", "resourceclaims")
ONE = Quantity(10**9)
_OLD_COUNTS = ("replicationcontrollers", "resourcequotas", "secrets", "configmaps")
"""Core resources that were counted under their own names before ``count/`` was there."""
_STANDARD = ("cpu", "memory", "ephemeral-storage")
_CLASS = ".storageclass.storage.k8s.io/"
_DEVICES = ".deviceclass.resource.k8s.io/devices"
_IGNORED = frozenset({
    GroupResource("", "bindings"), GroupResource("", "componentstatuses"), GroupResource("", "events"),
    GroupResource("events.k8s.io", "events"), GroupResource("authorization.k8s.io", "localsubjectaccessreviews"),
})  # fmt: skip


def is_counted(resource: GroupResource) -> bool:
    """Some are not objects, and events are too many."""
    return resource not in _IGNORED


def count_name(resource: GroupResource) -> str:
    """``count/deployments.apps``."""
    return f"count/{resource}"


def counted_resource(name: str) -> GroupResource | None:
    """The resource that an amount of this name counts objects of; None: of several, or by other things."""
    if name.startswith("count/"):
        plural, _, group = name.removeprefix("count/").partition(".")
        return GroupResource(group, plural)
    return GroupResource("", name) if name in _OLD_COUNTS else None


def usage(resource: GroupResource, obj: Object, now: datetime) -> dict[str, Quantity]:
    """What the object takes. Nothing, when it is a pod that has ended or should have long ago."""
    if resource == PODS:
        return _pod(obj, now)
    found = {count_name(resource): ONE}
    if resource == SERVICES:
        found |= _service(obj)
    elif resource == CLAIMS:
        found |= _claim(obj)
    elif resource == DEVICE_CLAIMS:
        found |= _device_claim(obj)
    elif not resource.group and resource.resource in _OLD_COUNTS:
        found[resource.resource] = ONE
    return found


def is_about(name: str, resource: GroupResource) -> bool:
    """Whether objects of the resource may have an amount of this name."""
    if name == count_name(resource):
        return True
    if resource == PODS:
        return _of_pods(name)
    if resource == SERVICES:
        return name in ("services", "services.loadbalancers", "services.nodeports")
    if resource == CLAIMS:
        return name in ("persistentvolumeclaims", "requests.storage") or _CLASS in name
    if resource == DEVICE_CLAIMS:
        return name.endswith(_DEVICES)
    return not resource.group and name == resource.resource and name in _OLD_COUNTS


def _of_pods(name: str) -> bool:
    if name in ("pods", *_STANDARD):
        return True
    base = name.removeprefix("requests.").removeprefix("limits.")
    if name.startswith("limits."):
        return base in _STANDARD
    if base.startswith("hugepages-"):
        return True
    return name.startswith("requests.") and (base in _STANDARD or is_extended(base))


def is_extended(name: str) -> bool:
    """A resource that nodes advertise: ``example.com/gpu``."""
    return "/" in name and "kubernetes.io/" not in name and not name.startswith("requests.")


def is_over(pod: Object, now: datetime) -> bool:
    """It ended, or its node has not said so although its grace is over."""
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return True
    meta = pod["metadata"]
    if "deletionTimestamp" not in meta or meta.get("deletionGracePeriodSeconds") is None:
        return False
    grace = timedelta(seconds=meta["deletionGracePeriodSeconds"])
    return now > parse_time(meta["deletionTimestamp"]) + grace


def _pod(pod: Object, now: datetime) -> dict[str, Quantity]:
    found = {count_name(PODS): ONE}  # counted while it is there, whatever it does
    if is_over(pod, now):
        return found
    requests, limits = with_overhead(pod, "requests"), with_overhead(pod, "limits")
    return found | {"pods": ONE} | compute_amounts(requests, limits)


def compute_amounts(requests: Amounts, limits: Amounts) -> dict[str, Quantity]:
    """Under all the names that a quota may use."""
    found: dict[str, Quantity] = {}
    for name, quantity in requests.items():
        if name in _STANDARD or name.startswith("hugepages-"):
            found[name] = quantity
            found[f"requests.{name}"] = quantity
        elif is_extended(name):
            found[f"requests.{name}"] = quantity
    for name, quantity in limits.items():
        if name in _STANDARD:
            found[f"limits.{name}"] = quantity
    return found


def _service(service: Object) -> dict[str, Quantity]:
    spec = service.get("spec", {})
    ports = spec.get("ports") or ()
    found = {"services": ONE, "services.loadbalancers": Quantity(0), "services.nodeports": Quantity(0)}
    kind = spec.get("type")
    if kind == "LoadBalancer":
        found["services.loadbalancers"] = ONE
    if kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is not False):
        found["services.nodeports"] = ONE * len(ports)
    elif kind == "LoadBalancer":
        found["services.nodeports"] = ONE * sum(1 for port in ports if port.get("nodePort"))
    return found


def _claim(claim: Object) -> dict[str, Quantity]:
    spec = claim.get("spec", {})
    found = {"persistentvolumeclaims": ONE}
    annotations = claim["metadata"].get("annotations") or {}
    name = annotations.get("volume.beta.kubernetes.io/storage-class") or spec.get("storageClassName")
    if name:
        found[f"{name}{_CLASS}persistentvolumeclaims"] = ONE
    wanted = parsed((spec.get("resources") or {}).get("requests")).get("storage")
    given = parsed((claim.get("status") or {}).get("allocatedResources")).get("storage")
    if wanted is not None:
        # An expansion that was taken back counts until the storage has really shrunk to it.
        wanted = wanted if given is None else max(wanted, given)
        found["requests.storage"] = wanted
        if name:
            found[f"{name}{_CLASS}requests.storage"] = wanted
    return found


def _device_claim(claim: Object) -> dict[str, Quantity]:
    found: dict[str, Quantity] = {}
    for request in ((claim.get("spec") or {}).get("devices") or {}).get("requests") or ():
        choices = request.get("firstAvailable") or [request.get("exactly") or request]
        most: dict[str, int] = {}
        for choice in choices:
            name = choice.get("deviceClassName", "")
            # "All" may be as many as fit into a claim (resource.k8s.io AllocationResultsMaxSize).
            count = 32 if choice.get("allocationMode") == "All" else choice.get("count") or 1
            most[name] = max(most.get(name, 0), count)
        for name, count in most.items():
            key = f"{name}{_DEVICES}"
            found[key] = found.get(key, Quantity(0)) + parse(count)
    return found
