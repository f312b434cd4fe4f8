"""Gives services of type LoadBalancer the addresses of the nodes: each node leads what reaches it to the service.

As K3s's ServiceLB, without a pod: the node's rules (:mod:`wherry.node.proxy`) do it. A port of a node's address is one
service's; who wants it later stays pending, as there, until it is free, and an event says why. A service with a
``loadBalancerClass`` is somebody else's (k8s.io/cloud-provider controllers/service).
"""

from collections.abc import Iterable

from wherry.kube.controllers.frame import Interest, Key, Needs, own
from wherry.kube.machinery.model import GroupVersionResource, Object

SERVICES = GroupVersionResource("", "v1", "services")
NODES = GroupVersionResource("", "v1", "nodes")
SLICES = GroupVersionResource("discovery.k8s.io", "v1", "endpointslices")
EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"
_SERVICE = "kubernetes.io/service-name"
_FAILED = "SyncLoadBalancerFailed"  # k8s.io/cloud-provider controllers/service
_BALANCED = "balanced"
_TYPES = ("ExternalIP", "InternalIP")


class LoadBalancers:
    """A Reconciler by service."""

    name = "service-lb-controller"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._recorder = needs.recorder
        self._told: dict[Key, Key] = {}
        self._services = needs.informers.of(SERVICES)
        self._services.cache.add_index(_BALANCED, lambda each: ("",) if _is_ours(each) else ())
        self._nodes = needs.informers.of(NODES)
        self._slices = needs.informers.of(SLICES)
        self.interests = (
            Interest(self._services, self._alike),
            Interest(self._nodes, self._balanced),
            Interest(self._slices, _service_of),
        )

    async def reconcile(self, key: Key) -> float | None:
        service = self._services.cache.get(key.name, key.namespace)
        if service is None or "deletionTimestamp" in service["metadata"] or service["spec"].get("loadBalancerClass"):
            self._told.pop(key, None)
            return None
        wanted = self._ingress(service) if _is_balanced(service) and not self._waits(service) else []
        if _given(service) != wanted:
            change = {"status": {"loadBalancer": {"ingress": wanted or None}}}
            await self._client.patch(SERVICES, key.name, change, key.namespace, subresource="status")
        return None

    def _waits(self, service: Object) -> bool:
        """Told once, not at every look."""
        key = _key(service)
        holder = waiting(self._services.cache.by_index(_BALANCED, "")).get(key)
        if holder is None:
            self._told.pop(key, None)
        elif self._told.get(key) != holder:
            self._told[key] = holder
            said = f"no address is free: {holder.namespace}/{holder.name} has a port that this one wants, of all nodes"
            self._recorder.event(service, _FAILED, said, type="Warning")
        return holder is not None

    def _alike(self, service: Object) -> Iterable[Key]:
        """It, and those that want what it has."""
        wanted = _ports(service) if _is_balanced(service) else set()
        others = (each for each in self._services.cache.by_index(_BALANCED, "") if wanted & _ports(each))
        return dict.fromkeys((*own(service), *map(_key, others)))

    def _ingress(self, service: Object) -> list[Object]:
        families = service["spec"].get("ipFamilies") or ["IPv4"]
        serving = self._serving(service) if service["spec"].get("externalTrafficPolicy") == "Local" else None
        found = [
            address
            for node in sorted(self._nodes.cache, key=lambda node: str(node["metadata"]["name"]))
            if _is_usable(node) and (serving is None or node["metadata"]["name"] in serving)
            for address in _addresses(node)
        ]
        return [{"ip": each, "ipMode": "VIP"} for each in found if ("IPv6" if ":" in each else "IPv4") in families]

    def _serving(self, service: Object) -> set[str]:
        """Nodes that have a ready endpoint of it."""
        key = own(service)
        slices = (each for each in self._slices.cache if tuple(_service_of(each)) == tuple(key))
        return {
            endpoint["nodeName"]
            for each in slices
            for endpoint in each.get("endpoints") or ()
            if endpoint.get("nodeName") and (endpoint.get("conditions") or {}).get("ready", True)
        }

    def _balanced(self, node: Object) -> Iterable[Key]:
        if EXCLUDED in (node["metadata"].get("labels") or {}):
            return ()
        return [key for service in self._services.cache if _is_balanced(service) for key in own(service)]


def waiting(services: Iterable[Object]) -> dict[Key, Key]:
    """Who has to wait, and for whom. Who has an address keeps it; then, the older comes first. Who waits is in nobody's
    way."""
    holders: dict[tuple[str, int], Key] = {}
    found: dict[Key, Key] = {}
    for each in sorted(services, key=_turn):
        wanted, key = _ports(each), _key(each)
        taken = sorted(wanted & holders.keys())
        if taken:
            found[key] = holders[taken[0]]
        else:
            holders |= dict.fromkeys(wanted, key)
    return found


def _turn(service: Object) -> tuple[bool, str, Key]:
    return not _given(service), str(service["metadata"].get("creationTimestamp", "")), _key(service)


def _given(service: Object) -> list[Object]:
    return ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []


def _ports(service: Object) -> set[tuple[str, int]]:
    return {(each.get("protocol") or "TCP", each["port"]) for each in service["spec"].get("ports") or ()}


def _key(service: Object) -> Key:
    return Key(service["metadata"]["namespace"], service["metadata"]["name"])


def _is_ours(service: Object) -> bool:
    ends = "deletionTimestamp" in service["metadata"]
    return _is_balanced(service) and not ends and not service["spec"].get("loadBalancerClass")


def _is_balanced(service: Object) -> bool:
    return bool(service["spec"].get("type") == "LoadBalancer")


def _service_of(slice_: Object) -> Iterable[Key]:
    meta = slice_["metadata"]
    name = (meta.get("labels") or {}).get(_SERVICE)
    return (Key(meta["namespace"], name),) if name else ()


def _is_usable(node: Object) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    is_ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return is_ready and EXCLUDED not in (node["metadata"].get("labels") or {})


def _addresses(node: Object) -> list[str]:
    """Its external ones, or else its own."""
    found = (node.get("status") or {}).get("addresses") or ()
    by_type = {kind: [each["address"] for each in found if each["type"] == kind] for kind in _TYPES}
    return by_type["ExternalIP"] or by_type["InternalIP"]
