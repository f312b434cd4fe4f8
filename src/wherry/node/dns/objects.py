"""What the zone reads of API objects."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import NamedTuple, Protocol

from wherry.kube.machinery.model import Object

SERVICE_NAME = "kubernetes.io/service-name"


class Facts(Protocol):
    """What the cluster has."""

    def service(self, namespace: str, name: str) -> Object | None: ...
    def slices(self, namespace: str, service: str) -> Iterable[Object]: ...
    def has_namespace(self, name: str) -> bool: ...
    def services_at(self, address: str) -> Iterable[Object]: ...
    def slices_at(self, address: str) -> Iterable[Object]: ...


class Port(NamedTuple):
    """``name`` empty: it has none. ``protocol`` in lower case, as in ``_tcp``."""

    name: str
    protocol: str
    number: int


class Endpoint(NamedTuple):
    """``label`` is what it is called below its service."""

    label: str
    address: str


def is_external(service: Object) -> bool:
    return bool(service["spec"].get("type") == "ExternalName")


def is_headless(service: Object) -> bool:
    return service["spec"].get("clusterIP") in (None, "", "None")


def cluster_addresses(service: Object) -> list[str]:
    spec = service["spec"]
    return [each for each in spec.get("clusterIPs") or [spec.get("clusterIP")] if each and each != "None"]


def ports(service: Object) -> Iterator[Port]:
    for each in service["spec"].get("ports") or ():
        yield Port(each.get("name") or "", (each.get("protocol") or "TCP").lower(), each["port"])


def slice_ports(slice_: Object) -> Iterator[Port]:
    for each in slice_.get("ports") or ():
        if each.get("port"):
            yield Port(each.get("name") or "", (each.get("protocol") or "TCP").lower(), each["port"])


def endpoints(slice_: Object) -> Iterator[Endpoint]:
    """Ready ones. Of a service that publishes others too, slices say that all are ready."""
    if slice_.get("addressType") == "FQDN":
        return
    for each in slice_.get("endpoints") or ():
        if (each.get("conditions") or {}).get("ready") is False:
            continue
        for address in (each.get("addresses") or ())[:1]:
            yield Endpoint(each.get("hostname") or address.replace(".", "-").replace(":", "-"), address)


def service_of(slice_: Object) -> str:
    return str((slice_["metadata"].get("labels") or {}).get(SERVICE_NAME, ""))


def canonical(address: str) -> str:
    """One spelling for each address."""
    try:
        return str(ip_address(address))
    except ValueError:
        return address
