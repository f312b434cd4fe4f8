"""Defaults and rules of EndpointSlices (k8s.io/kubernetes pkg/apis/discovery).

An endpoint is where requests are forwarded to, from inside the cluster's own network: the machine's and the link's own
addresses are refused (CVE-2021-25737).
"""

from collections.abc import Sequence

from wherry.kube.kinds import addresses
from wherry.kube.kinds.checking import choice, immutable, optional_choice
from wherry.kube.kinds.model import Context, Strategy
from wherry.kube.kinds.rules import Found, distinct, each, fully_qualified, limited
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, required
from wherry.kube.machinery.model import Object

_MAX_ADDRESSES, _MAX_PORTS, _MAX_ENDPOINTS, _MAX_HINTS = 100, 20_000, 1000, 8
_TYPES, _PROTOCOLS = ("FQDN", "IPv4", "IPv6"), ("SCTP", "TCP", "UDP")
_ENDPOINTS, _PORTS = Path("endpoints"), Path("ports")


class EndpointSliceStrategy(Strategy):
    def default(self, obj: Object) -> None:
        for port in obj.get("ports") or ():
            port.setdefault("name", "")
            port.setdefault("protocol", "TCP")

    def prepare_create(self, obj: Object, context: Context) -> None:
        for endpoint in obj.get("endpoints") or ():
            endpoint.pop("deprecatedTopology", None)  # which only v1beta1 could write

    def prepare_update(self, obj: Object, old: Object, context: Context) -> None:
        self.prepare_create(obj, context)

    def validate(self, obj: Object, context: Context) -> Sequence[FieldError]:
        kind = obj.get("addressType", "")
        found = choice(Path("addressType"), kind, _TYPES)
        endpoints, ports = obj.get("endpoints") or [], obj.get("ports") or []
        found += limited(_ENDPOINTS, endpoints, _MAX_ENDPOINTS) or each(
            _ENDPOINTS, endpoints, lambda endpoint, path: _validate_endpoint(endpoint, path, kind)
        )
        return found + (limited(_PORTS, ports, _MAX_PORTS) or _validate_ports(ports))

    def validate_update(self, obj: Object, old: Object, context: Context) -> Sequence[FieldError]:
        changed = immutable(Path("addressType"), obj.get("addressType"), old.get("addressType"))
        return [*self.validate(obj, context), *changed]

    def warnings(self, obj: Object, old: Object | None) -> Sequence[str]:
        if obj.get("addressType") == "FQDN":
            return ["spec.addressType: FQDN endpoints are deprecated"] if old is None else ()
        return [
            text
            for position, endpoint in enumerate(obj.get("endpoints") or ())
            for place, address in enumerate(endpoint.get("addresses") or ())
            for text in addresses.address_warnings(_ENDPOINTS.index(position).child("addresses").index(place), address)
        ]


def _validate_endpoint(endpoint: Object, path: Path, kind: str) -> Found:
    listed, where = endpoint.get("addresses") or [], path.child("addresses")
    found = limited(where, listed, _MAX_ADDRESSES)
    if not listed:
        found.append(required(where, "must contain at least 1 address"))
    found += each(where, listed, lambda address, at: _validate_address(address, at, kind))
    node, host = endpoint.get("nodeName"), endpoint.get("hostname")
    if node is not None:
        found += names.complain(path.child("nodeName"), node, names.dns1123_subdomain(node))
    if host is not None:
        found += names.complain(path.child("hostname"), host, names.dns1123_label(host))
    return found + _validate_hints(endpoint.get("hints") or {}, path.child("hints"))


def _validate_address(address: str, path: Path, kind: str) -> Found:
    if kind == "IPv4":
        return addresses.ipv4_address(path, address) + addresses.endpoint_address(path, address)
    if kind == "IPv6":
        return addresses.ipv6_address(path, address) + addresses.endpoint_address(path, address)
    return fully_qualified(path, address, 2) if kind == "FQDN" else []


def _validate_ports(ports: Sequence[Object]) -> Found:
    found: Found = []
    for position, port in enumerate(ports):
        where, name, application = _PORTS.index(position), port.get("name", ""), port.get("appProtocol")
        if name:
            found += names.complain(where.child("name"), name, names.dns1123_label(name))
        protocol = port.get("protocol")
        if protocol is None:
            found.append(required(where.child("protocol")))
        found += optional_choice(where.child("protocol"), protocol, _PROTOCOLS)
        if application is not None:
            found += names.complain(where.child("appProtocol"), application, names.qualified_name(application))
    return found + distinct(_PORTS, (port.get("name", "") for port in ports), "name")


def _validate_hints(hints: Object, path: Path) -> Found:
    found: Found = []
    for field, check in (("forZones", names.label_value), ("forNodes", names.dns1123_subdomain)):
        items, where = hints.get(field) or [], path.child(field)
        if too_many := limited(where, items, _MAX_HINTS):
            found += too_many
            continue
        listed = [item.get("name", "") for item in items]
        found += distinct(where, listed, "name")
        for position, name in enumerate(listed):
            found += names.complain(where.index(position).child("name"), name, check(name))
    return found
