"""What services and their endpoints are now, from informers."""

from collections.abc import Callable, Iterable

from wherry.kube.client.informer import Informer
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.node.proxy.endpoints import addresses
from wherry.node.proxy.model import ServiceKey
from wherry.node.proxy.plan import key_of, service_of

SERVICES = GroupVersionResource("", "v1", "services")
SLICES = GroupVersionResource("discovery.k8s.io", "v1", "endpointslices")
NODES = GroupVersionResource("", "v1", "nodes")
ZONE = "topology.kubernetes.io/zone"
_BY_SERVICE, _BY_ADDRESS = "proxy-service", "proxy-address"


class ServiceFacts:
    """``changed`` is told which services to look at again; ``moved`` that the node's zone may have changed."""

    def __init__(
        self,
        informers: Informers,
        node: str,
        changed: Callable[[Iterable[ServiceKey]], None],
        moved: Callable[[], None],
    ) -> None:
        self._services = informers.of(SERVICES)
        self._slices = informers.of(SLICES)
        self._nodes = informers.of(NODES, fields=f"metadata.name={node}")
        self._node = node
        self._changed = changed
        self._moved = moved
        self._slices.cache.add_index(_BY_SERVICE, lambda each: ["/".join(service_of(each))])
        self._slices.cache.add_index(_BY_ADDRESS, addresses)

    @property
    def informers(self) -> tuple[Informer, ...]:
        return self._services, self._slices, self._nodes

    def watch(self) -> Callable[[], None]:
        """Begin to tell, of what is there already too. Returns what ends it."""
        offs = (
            self._services.add_handler(self._service),
            self._slices.add_handler(self._slice),
            self._nodes.add_handler(lambda old, new: self._moved()),
        )

        def off() -> None:
            for each in offs:
                each()

        return off

    def service(self, key: ServiceKey) -> Object | None:
        return self._services.cache.get(key[1], key[0])

    def slices(self, key: ServiceKey) -> list[Object]:
        """In the order of their names: what is in two of them is taken from the later."""
        found = self._slices.cache.by_index(_BY_SERVICE, "/".join(key))
        return sorted(found, key=lambda each: str(each["metadata"]["name"]))

    def services_at(self, wanted: Iterable[str]) -> set[ServiceKey]:
        """Those with an endpoint at one of these addresses."""
        return {
            service_of(each) for address in wanted for each in self._slices.cache.by_index(_BY_ADDRESS, address)
        }  # fmt: skip

    def every_service(self) -> list[ServiceKey]:
        return [key_of(each) for each in self._services.cache]

    def zone(self) -> str:
        found = self._nodes.cache.get(self._node)
        return str((found["metadata"].get("labels") or {}).get(ZONE, "")) if found else ""

    def _service(self, old: Object | None, new: Object | None) -> None:
        self._changed([key_of(each) for each in (new or old,) if each is not None])

    def _slice(self, old: Object | None, new: Object | None) -> None:
        self._changed({service_of(each) for each in (old, new) if each is not None})
