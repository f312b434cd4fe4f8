"""ServiceCIDRs are ready once they are looked at, and stay as long as a service has an address of theirs alone.

(k8s.io/kubernetes pkg/controller/servicecidrs)
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network

from wherry.kube.controllers.frame import Interest, Key, Needs, without_finalizer
from wherry.kube.kinds.servicecidr.facts import READY
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.times import parse, rfc3339

NETWORKS = GroupVersionResource("networking.k8s.io", "v1", "servicecidrs")
ADDRESSES = GroupVersionResource("networking.k8s.io", "v1", "ipaddresses")
FINALIZER = "networking.k8s.io/service-cidr-finalizer"
_USED = "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR"
_GRACE_SECONDS = 10.0
"""Before one that is being deleted goes: who gives addresses may not know yet (deletionGracePeriod)."""


class ServiceCidrs:
    """A Reconciler; keys are ServiceCIDRs."""

    name = "service-cidr-controller"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._clock = needs.clock
        self._networks = needs.informers.of(NETWORKS)
        self._addresses = needs.informers.of(ADDRESSES)
        self.interests = (Interest(self._networks, self._all), Interest(self._addresses, self._going))

    def _all(self, network: Object) -> Iterable[Key]:
        """Whether one may go depends on the others."""
        return {Key("", network["metadata"]["name"]), *self._going(network)}

    def _going(self, _: Object) -> Iterable[Key]:
        return [Key("", each["metadata"]["name"]) for each in self._networks.cache if _is_going(each)]

    async def reconcile(self, key: Key) -> float | None:
        network = self._networks.cache.get(key.name)
        if network is None:
            return None
        meta = network["metadata"]
        has_finalizer = FINALIZER in (meta.get("finalizers") or ())
        if not _is_going(network):
            if not has_finalizer:
                finalizers = [*(meta.get("finalizers") or ()), FINALIZER]
                network = await self._client.update(
                    NETWORKS, {**network, "metadata": {**meta, "finalizers": finalizers}}
                )
            await self._say(network, True, "", "Kubernetes Service CIDR is ready")
            return None
        if not has_finalizer:
            return None
        if self._is_needed(network):
            await self._say(network, False, "Terminating", _USED)
            return None
        said = await self._say(network, False, "Terminating", "The ServiceCIDR is being deleted")
        left = _GRACE_SECONDS - (self._clock.now() - _turned(said)).total_seconds()
        if left > 0:
            return left
        await self._client.update(NETWORKS, without_finalizer(said, FINALIZER))
        return None

    def _is_needed(self, network: Object) -> bool:
        others = [each for each in self._networks.cache if not _is_going(each)]
        wide = [ip_network(cidr) for each in others for cidr in each["spec"]["cidrs"]]
        mine = [ip_network(cidr) for cidr in network["spec"]["cidrs"]]
        held = (ip_address(each["metadata"]["name"]) for each in self._addresses.cache)
        return any(any(ip in each for each in mine) and not any(ip in each for each in wide) for ip in held)

    async def _say(self, network: Object, is_ready: bool, reason: str, message: str) -> Object:
        conditions: Sequence[Object] = (network.get("status") or {}).get("conditions") or ()
        known = next((each for each in conditions if each.get("type") == READY), {})
        status = str(is_ready)
        if known.get("status") == status and (is_ready or known.get("message") == message):
            return network
        ready = {
            "type": READY, "status": status, "reason": reason, "message": message,
            "lastTransitionTime": rfc3339(self._clock.now()),
        }  # fmt: skip
        others = [each for each in conditions if each.get("type") != READY]
        return await self._client.update(
            NETWORKS, {**network, "status": {"conditions": [*others, ready]}}, subresource="status"
        )


def _is_going(network: Object) -> bool:
    return "deletionTimestamp" in network["metadata"]


def _turned(network: Object) -> datetime:
    """When it was last said to be ready, or no more."""
    conditions = (network.get("status") or {}).get("conditions") or ()
    return parse(next(each["lastTransitionTime"] for each in conditions if each.get("type") == READY))
