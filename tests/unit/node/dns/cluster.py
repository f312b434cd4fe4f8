"""A cluster's facts in memory, for tests of its names."""

from collections.abc import Iterable

from tests.unit.node.proxy.objects import endpoint, service, slice_
from wherry.kube.machinery.model import Object
from wherry.node.dns import objects

WEB_PORTS = [{"name": "http", "protocol": "TCP", "port": 80}, {"name": "dns", "protocol": "UDP", "port": 53}]
DB_PORTS = [{"name": "sql", "protocol": "TCP", "port": 5432}]


class Facts:
    """See :class:`wherry.node.dns.objects.Facts`."""

    def __init__(self, given: Iterable[Object]) -> None:
        self.objects = list(given)

    def _all(self, kind: str) -> list[Object]:
        return [each for each in self.objects if each["kind"] == kind]

    def service(self, namespace: str, name: str) -> Object | None:
        found = (namespace, name)
        for each in self._all("Service"):
            if (each["metadata"]["namespace"], each["metadata"]["name"]) == found:
                return each
        return None

    def slices(self, namespace: str, service: str) -> Iterable[Object]:
        for each in self._all("EndpointSlice"):
            if each["metadata"]["namespace"] == namespace and objects.service_of(each) == service:
                yield each

    def has_namespace(self, name: str) -> bool:
        return name in ("default", "kube-system")

    def services_at(self, address: str) -> Iterable[Object]:
        return [each for each in self._all("Service") if address in objects.cluster_addresses(each)]

    def slices_at(self, address: str) -> Iterable[Object]:
        for each in self._all("EndpointSlice"):
            if address in {objects.canonical(found.address) for found in objects.endpoints(each)}:
                yield each


def facts() -> Facts:
    """``web`` has addresses, ``db`` none of its own, ``out`` is elsewhere, ``near`` an alias of web, ``idle`` has no
    endpoints."""
    headless = {"clusterIP": "None", "clusterIPs": ["None"]}
    ends = [endpoint("10.0.0.5", hostname="db-0"), endpoint("10.0.0.6"), endpoint("10.0.0.7", ready=False)]
    return Facts(
        [
            service("web", "10.96.0.1,fd00:96::1", WEB_PORTS),
            service("db", "None", DB_PORTS, **headless),
            slice_("db", ends, ports=DB_PORTS),
            slice_("db", [endpoint("FD00::5", hostname="db-0")], ports=DB_PORTS, kind="IPv6", name="db-2"),
            service("out", "", (), type="ExternalName", externalName="www.example.org"),
            service("near", "", (), type="ExternalName", externalName="web.default.svc.cluster.local."),
            service("idle", "None", DB_PORTS, **headless),
        ]
    )
