"""Whether this node takes a pod that was bound to it (pkg/kubelet/lifecycle, pkg/kubelet/sysctl). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wherry.kube.kinds.pod.qos import BEST_EFFORT, qos_class
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.nodeselectors import node_demand
from wherry.kube.machinery.quantity import ZERO, Quantity
from wherry.kube.machinery.taints import NO_EXECUTE, NO_SCHEDULE, Taint, taint_of, tolerated, tolerations_of
from wherry.node.pods import view
from wherry.node.pods.composing.resources import pod_requests
from wherry.node.pods.composing.sandboxes import host_ports
from wherry.node.pods.composing.security import effective
from wherry.node.pods.runtime import PortMapping

SAFE_SYSCTLS = frozenset((
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
))  # fmt: skip
"""pkg/kubelet/sysctl/safe_sysctls.go"""
_MEMORY_PRESSURE = Taint("node.kubernetes.io/memory-pressure", "", NO_SCHEDULE)
_MILLI = "cpu"
_PODS = "pods"
_AFFINITY, _TAINTS = "NodeAffinity", "TaintToleration"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Becomes the pod's reason and message, and its phase Failed."""

    reason: str
    message: str

    @property
    def status_message(self) -> str:
        return f"Pod was rejected: {self.message}"

    @property
    def is_doubtful(self) -> bool:
        """It is for labels or taints, which others change: the scheduler may know newer ones."""
        return self.reason in (_AFFINITY, _TAINTS)


@dataclass(frozen=True, slots=True)
class House:
    """The node, as a new pod finds it. ``others``: the pods that are here and have not ended. ``pressures``: types of
    conditions."""

    labels: Mapping[str, str]
    taints: Sequence[Object]
    allocatable: Mapping[str, Quantity]
    others: Sequence[Object]
    unsafe_sysctls: Sequence[str] = ()
    pressures: Sequence[str] = ()
    is_shutting_down: bool = False
    name: str = ""


def refuse(pod: Object, house: House) -> Refusal | None:
    """The first reason against it, or None."""
    for check in (_shutdown, _pressure, _sysctls, _system, _apparmor, _resources, _affinity, _ports, _taints):
        found = check(pod, house)
        if found is not None:
            return found
    return None


def _shutdown(pod: Object, house: House) -> Refusal | None:
    if not house.is_shutting_down:
        return None
    return Refusal("NodeShutdown", "Pod was rejected as the node is shutting down.")


def _pressure(pod: Object, house: House) -> Refusal | None:
    """Under pressure of memory alone, pods that ask for some are still taken."""
    if not house.pressures or view.is_critical(pod):
        return None
    if list(house.pressures) == ["MemoryPressure"]:
        tolerations = tolerations_of(pod["spec"].get("tolerations"))
        if qos_class(pod["spec"]) != BEST_EFFORT or tolerated(_MEMORY_PRESSURE, tolerations):
            return None
    return Refusal("Evicted", f"The node had condition: [{' '.join(house.pressures)}]. ")


def _sysctls(pod: Object, house: House) -> Refusal | None:
    spec = pod["spec"]
    for each in (spec.get("securityContext") or {}).get("sysctls") or ():
        name = each.get("name", "").replace("/", ".")
        if spec.get("hostNetwork") and name.startswith("net."):
            return _forbidden(f'"{name}" not allowed with host net enabled')
        if spec.get("hostIPC") and name.startswith(("kernel.sem", "kernel.shm", "kernel.msg", "fs.mqueue.")):
            return _forbidden(f'"{name}" not allowed with host ipc enabled')
        if name not in SAFE_SYSCTLS and not any(_is_like(name, allowed) for allowed in house.unsafe_sysctls):
            return _forbidden(f'"{name}" not allowlisted')
    return None


def _forbidden(what: str) -> Refusal:
    return Refusal("SysctlForbidden", f"forbidden sysctl: {what}")


def _is_like(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _system(pod: Object, house: House) -> Refusal | None:
    wanted = (pod["metadata"].get("labels") or {}).get("kubernetes.io/os")
    if wanted is not None and wanted != "linux":
        said = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"
        return Refusal("PodOSSelectorNodeLabelDoesNotMatch", said)
    if ((pod["spec"].get("os") or {}).get("name") or "linux") != "linux":
        return Refusal("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS")
    return None


def _apparmor(pod: Object, house: House) -> Refusal | None:
    """Wherry loads no profiles: who asks for one would not get it."""
    for member in view.members(pod):
        profile = effective(pod, member.container, "appArmorProfile")
        if profile and profile.get("type") != "Unconfined":
            return Refusal("AppArmor", "Cannot enforce AppArmor: AppArmor is not enabled on the host")
    return None


def _resources(pod: Object, house: House) -> Refusal | None:
    room = house.allocatable.get(_PODS, ZERO).value
    if len(house.others) + 1 > room:
        return _short(_PODS, 1, len(house.others), room)
    used: dict[str, Quantity] = {}
    for other in house.others:
        for name, amount in pod_requests(other).items():
            used[name] = used.get(name, ZERO) + amount
    for name, amount in sorted(pod_requests(pod).items()):
        if name not in house.allocatable and "/" in name:
            continue  # of the cluster, not of the node
        have, taken = house.allocatable.get(name, ZERO), used.get(name, ZERO)
        if amount and taken + amount > have:
            return _short(name, *(each.milli if name == _MILLI else each.value for each in (amount, taken, have)))
    return None


def _short(name: str, requested: int, used: int, capacity: int) -> Refusal:
    said = f"Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {capacity}"
    return Refusal(f"OutOf{name}", said)


def _predicate(name: str, why: str) -> Refusal:
    return Refusal(name, f"Predicate {name} failed: {why}")


def _affinity(pod: Object, house: House) -> Refusal | None:
    if node_demand(pod["spec"]).matches(house.name, house.labels):
        return None
    return _predicate(_AFFINITY, "node(s) didn't match Pod's node affinity/selector")


def _ports(pod: Object, house: House) -> Refusal | None:
    taken = [port for other in house.others for port in host_ports(other)]
    if any(_clash(port, other) for port in host_ports(pod) for other in taken):
        return _predicate("NodePorts", "node(s) didn't have free ports for the requested pod ports")
    return None


def _clash(one: PortMapping, other: PortMapping) -> bool:
    if (one.host_port, one.protocol) != (other.host_port, other.protocol):
        return False
    everywhere = ("", "0.0.0.0")
    return one.host_ip == other.host_ip or one.host_ip in everywhere or other.host_ip in everywhere


def _taints(pod: Object, house: House) -> Refusal | None:
    """Static pods run whatever the taints say."""
    if view.is_static(pod) or view.is_mirror(pod):
        return None
    tolerations = tolerations_of(pod["spec"].get("tolerations"))
    for taint in map(taint_of, house.taints):
        if taint.effect == NO_EXECUTE and not tolerated(taint, tolerations):
            return _predicate(_TAINTS, "node(s) had taints that the pod didn't tolerate")
    return None
