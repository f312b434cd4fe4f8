"""The cluster's names (Kubernetes DNS specification 1.1): pure, on what :class:`.objects.Facts` says.

What the specification leaves open is as CoreDNS has it: endpoints without a host name are called by their address with
dashes, pods' names are answered for every address in a namespace that exists, a service's own name has SRV records too.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from wherry.kube.machinery.model import Object
from wherry.node.dns import objects, records
from wherry.node.dns.message import Answer
from wherry.node.dns.names import REVERSE4, REVERSE6, ROOT, Name, address_of, below, dashed_address, name
from wherry.node.dns.objects import Endpoint, Facts, Port
from wherry.node.dns.records import Code, Record, Type

VERSION = b"1.1.0"
SERVICE_SECONDS, ENDPOINT_SECONDS = 30, 5
"""A service's address stays; endpoints come and go, and so do names that are not there yet."""
_SVC, _POD, _VERSION_NAME, _DNS, _NS = b"svc", b"pod", b"dns-version", b"dns", b"ns"
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The name is another one's, outside the cluster: ``alias`` says so, and its answer belongs behind that."""

    alias: Record
    target: Name


NOBODY = Answer(Code.NXDOMAIN)
_Found = Sequence[Record] | Elsewhere | None
"""None: there is no such name. No records: there is, but it has none of the type."""


class Zone:
    """``addresses``: where the DNS service itself is. ``networks``: whose reverse names are the cluster's own, all of
    them; those of services and endpoints are, wherever they are. ``shuffle``: brings endpoints into another order, each
    time."""

    def __init__(
        self,
        facts: Facts,
        domain: str = "cluster.local",
        addresses: Sequence[str] = (),
        networks: Sequence[Network] = (),
        shuffle: Callable[[list[Record]], None] = lambda found: None,
    ) -> None:
        self.domain = name(domain)
        self._facts = facts
        self._addresses = addresses
        self._networks = networks
        self._shuffle = shuffle
        self._server = (_NS, _DNS, *self.domain)
        self._mailbox = (b"hostmaster", *self.domain)

    def answer(self, asked: Name, type_: int) -> Answer | Elsewhere | None:
        """None: it is no name of the cluster's."""
        inside = below(asked, self.domain)
        if inside is not None:
            return self._answer(self.domain, self._records(inside, asked, type_))
        address = address_of(asked)
        if address is None:
            return None
        found = self._pointers(asked, address)
        if not found and not any(address in network for network in self._networks):
            return None
        zone = REVERSE4 if address.version == 4 else REVERSE6
        return self._answer(zone, (found if type_ in (Type.PTR, Type.ANY) else ()) if found else None)

    def _answer(self, zone: Name, found: _Found) -> Answer | Elsewhere:
        if isinstance(found, Elsewhere):
            return found
        if found:
            return Answer(answers=found, more=tuple(self._more(found)))
        negative = records.authority(zone, self._server, self._mailbox, ENDPOINT_SECONDS)
        return Answer(Code.NXDOMAIN if found is None else Code.NOERROR, authority=(negative,))

    def _more(self, found: Iterable[Record]) -> Iterator[Record]:
        """Addresses of what SRV and NS records name."""
        seen: set[Name] = set()
        for record in found:
            if record.type not in (Type.SRV, Type.NS):
                continue
            target = _target(record)
            inside = below(target, self.domain)
            if target in seen or inside is None:
                continue
            seen.add(target)
            for type_ in (Type.A, Type.AAAA):
                more = self._records(inside, target, type_)
                yield from more if isinstance(more, Sequence) else ()

    def _records(self, inside: Name, asked: Name, type_: int) -> _Found:
        if inside == ROOT:
            return self._apex(type_)
        kind, rest = inside[-1], inside[:-1]
        if kind == _SVC:
            return self._service(rest, asked, type_)
        if kind == _POD:
            return self._pod(rest, asked, type_)
        if inside == (_VERSION_NAME,):
            return [records.text(asked, VERSION, SERVICE_SECONDS)] if type_ == Type.TXT else ()
        if inside in ((_DNS,), (_NS, _DNS)):
            return _addressed(asked, self._addresses if rest else (), type_, SERVICE_SECONDS)
        return None

    def _apex(self, type_: int) -> _Found:
        if type_ == Type.SOA:
            return [records.authority(self.domain, self._server, self._mailbox, ENDPOINT_SECONDS)]
        return [records.server(self.domain, self._server, SERVICE_SECONDS)] if type_ == Type.NS else ()

    def _pod(self, rest: Name, asked: Name, type_: int) -> _Found:
        """Like CoreDNS's "pods insecure", which kubeadm sets: whether a pod has the address is not looked up."""
        if not rest:
            return ()
        namespace = _word(rest[-1])
        if not self._facts.has_namespace(namespace) or len(rest) > 2:
            return None
        if len(rest) == 1:
            return ()
        address = dashed_address(rest[0])
        return None if address is None else _addressed(asked, [str(address)], type_, ENDPOINT_SECONDS)

    def _service(self, rest: Name, asked: Name, type_: int) -> _Found:
        if not rest:
            return ()
        namespace = _word(rest[-1])
        if len(rest) == 1:
            return () if self._facts.has_namespace(namespace) else None
        service = self._facts.service(namespace, _word(rest[-2]))
        if service is None:
            return None
        if objects.is_external(service):
            return self._external(service, asked, type_) if len(rest) == 2 else None
        if objects.is_headless(service):
            return self._headless(service, rest[:-2], asked, type_)
        return self._clustered(service, rest[:-2], asked, type_)

    def _external(self, service: Object, asked: Name, type_: int) -> _Found:
        try:
            target = name(service["spec"].get("externalName") or "")
        except ValueError:
            return None
        record = records.alias(asked, target, SERVICE_SECONDS)
        return [record] if type_ == Type.CNAME or target == ROOT else Elsewhere(record, target)

    def _clustered(self, service: Object, front: Name, asked: Name, type_: int) -> _Found:
        own = asked[len(front) :]
        ports = [port for port in objects.ports(service) if _matches(front, port)]
        if not ports and front:
            return None
        if type_ == Type.SRV and len(front) != 1:
            return [records.service(asked, port.number, own, SERVICE_SECONDS) for port in ports]
        return () if front else _addressed(asked, objects.cluster_addresses(service), type_, SERVICE_SECONDS)

    def _headless(self, service: Object, front: Name, asked: Name, type_: int) -> _Found:
        meta = service["metadata"]
        slices = list(self._facts.slices(meta["namespace"], meta["name"]))
        if len(front) == 1 and not front[0].startswith(b"_"):
            addresses = [each.address for each in _endpoints(slices) if each.label.lower() == _word(front[0])]
            return _addressed(asked, addresses, type_, ENDPOINT_SECONDS) if addresses else None
        own = asked[len(front) :]
        places = [
            (port, endpoint)
            for slice_ in slices
            for port in objects.slice_ports(slice_)
            for endpoint in objects.endpoints(slice_)
            if _matches(front, port)
        ]
        if not places and (front or not any(True for _ in _endpoints(slices))):
            return None
        if type_ == Type.SRV and len(front) != 1:
            return self._shuffled(_services(asked, own, places))
        if front:
            return ()
        return self._shuffled(_addressed(asked, [each.address for each in _endpoints(slices)], type_, ENDPOINT_SECONDS))

    def _shuffled(self, found: Sequence[Record]) -> list[Record]:
        order = list(found)
        self._shuffle(order)
        return order

    def _pointers(self, asked: Name, address: IPv4Address | IPv6Address) -> list[Record]:
        zone = (_SVC, *self.domain)
        written = str(address)
        found = []
        for service in self._facts.services_at(written):
            meta = service["metadata"]
            target = (meta["name"].encode(), meta["namespace"].encode(), *zone)
            found.append(records.pointer(asked, target, SERVICE_SECONDS))
        if found:
            return found
        for slice_ in self._facts.slices_at(written):
            of = (objects.service_of(slice_).encode(), slice_["metadata"]["namespace"].encode())
            for endpoint in objects.endpoints(slice_):
                if of[0] and objects.canonical(endpoint.address) == written:
                    found.append(records.pointer(asked, (endpoint.label.encode(), *of, *zone), ENDPOINT_SECONDS))
        return list(dict.fromkeys(found))


def _addressed(asked: Name, addresses: Iterable[str], type_: int, ttl: int) -> list[Record]:
    found = [records.address(asked, each, ttl) for each in dict.fromkeys(addresses)]
    return [each for each in found if type_ in (each.type, Type.ANY)]


def _services(asked: Name, own: Name, places: Iterable[tuple[Port, Endpoint]]) -> list[Record]:
    found = dict.fromkeys((port.number, (endpoint.label.lower().encode(), *own)) for port, endpoint in places)
    weight = max(100 // len(found), 1) if found else 0
    return [records.service(asked, number, target, ENDPOINT_SECONDS, weight) for number, target in found]


def _endpoints(slices: Iterable[Object]) -> Iterator[Endpoint]:
    for slice_ in slices:
        yield from objects.endpoints(slice_)


def _matches(front: Name, port: Port) -> bool:
    """``front``: nothing, ``_protocol`` or ``_port._protocol``."""
    if not front:
        return True
    if len(front) > 2 or front[-1] != b"_" + port.protocol.encode():
        return False
    return len(front) == 1 or bool(port.name and front[0] == b"_" + port.name.lower().encode())


def _word(label: bytes) -> str:
    """Names of objects are plain: what is not is no object's."""
    return label.decode("ascii", "replace")


def _target(record: Record) -> Name:
    """Of an SRV or NS record that was made here: its name is not compressed."""
    data = record.data[6:] if record.type == Type.SRV else record.data
    labels = []
    while data[0]:
        labels.append(data[1 : 1 + data[0]])
        data = data[1 + data[0] :]
    return tuple(labels)
