"""What the zone is about, from informers: services, endpoints, namespaces."""

from collections.abc import Iterable

from wherry.kube.client.informer import Informer
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.node.dns import objects

SERVICES = GroupVersionResource("", "v1", "services")
SLICES = GroupVersionResource("discovery.k8s.io", "v1", "endpointslices")
NAMESPACES = GroupVersionResource("", "v1", "namespaces")
_BY_SERVICE, _BY_ADDRESS = "dns-service", "dns-address"


class InformedFacts:
    """See :class:`.objects.Facts`."""

    def __init__(self, informers: Informers) -> None:
        self._services = informers.of(SERVICES)
        self._slices = informers.of(SLICES)
        self._namespaces = informers.of(NAMESPACES)
        self._services.cache.add_index(_BY_ADDRESS, _service_addresses)
        self._slices.cache.add_index(_BY_SERVICE, _services_of)
        self._slices.cache.add_index(_BY_ADDRESS, _endpoint_addresses)

    @property
    def informers(self) -> tuple[Informer, ...]:
        return self._services, self._slices, self._namespaces

    def service(self, namespace: str, name: str) -> Object | None:
        return self._services.cache.get(name, namespace)

    def slices(self, namespace: str, service: str) -> Iterable[Object]:
        return self._slices.cache.by_index(_BY_SERVICE, f"{namespace}/{service}")

    def has_namespace(self, name: str) -> bool:
        return self._namespaces.cache.get(name) is not None

    def services_at(self, address: str) -> Iterable[Object]:
        return self._services.cache.by_index(_BY_ADDRESS, address)

    def slices_at(self, address: str) -> Iterable[Object]:
        return self._slices.cache.by_index(_BY_ADDRESS, address)


def _service_addresses(service: Object) -> Iterable[str]:
    return {objects.canonical(each) for each in objects.cluster_addresses(service)}


def _services_of(slice_: Object) -> Iterable[str]:
    return (f"{slice_['metadata']['namespace']}/{objects.service_of(slice_)}",)


def _endpoint_addresses(slice_: Object) -> Iterable[str]:
    return {objects.canonical(endpoint.address) for endpoint in objects.endpoints(slice_)}
