"""Addresses and node ports for services: decided here, held in the store by the server.

Rules and refusals: pkg/registry/core/service/{storage/alloc.go,ipallocator,portallocator}. A service is given what it
lacks, out of what nobody has; what it asks for by number it gets or is refused. Pure but for ``choose``, so that the
same facts and choices give the same answer.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

import msgspec

from wherry.kube.kinds.addresses import read
from wherry.kube.kinds.service.clusterips import FAMILIES, family_of
from wherry.kube.kinds.service.facts import (
    NO_ADDRESS,
    addresses,
    needs_health_check,
    needs_node_ports,
    node_ports,
    wants_node_ports,
)
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid
from wherry.kube.machinery.model import GroupKind, Object
from wherry.kube.machinery.status import StatusError, internal_error
from wherry.kube.machinery.status import invalid as refused

Network = IPv4Network | IPv6Network
Choose = Callable[[int], int]
"""A number from 0 up to, not with, its argument."""
_SPEC = Path("spec")
_STATIC_MOST, _STATIC_LEAST, _STATIC_SHARE = 256, 16, 16


class Ranges(msgspec.Struct, frozen=True):
    """Out of what is given: a network a family, the default one first, and ``more`` when that is full; ports, both
    ends included."""

    networks: tuple[Network, ...] = (ip_network("10.96.0.0/12"),)
    first_port: int = 30000
    last_port: int = 32767
    more: tuple[Network, ...] = ()

    @property
    def families(self) -> tuple[str, ...]:
        return tuple("IPv6" if each.version == 6 else "IPv4" for each in self.networks)

    def network(self, family: str) -> Network:
        """Raises KeyError."""
        return dict(zip(self.families, self.networks, strict=True))[family]

    def of(self, family: str) -> tuple[Network, ...]:
        """All of them, the usual one first. Raises KeyError."""
        usual = self.network(family)
        return usual, *(each for each in self.more if each.version == usual.version and each != usual)


class Change(msgspec.Struct, frozen=True):
    """What the service holds now and did not before, and the other way round."""

    taken_ips: tuple[str, ...] = ()
    released_ips: tuple[str, ...] = ()
    taken_ports: tuple[int, ...] = ()
    released_ports: tuple[int, ...] = ()


def changes(service: Object | None, old: Object | None) -> Change:
    """Between two states of a service; None: there is none, or none any more."""
    spec, before = (service or {}).get("spec") or {}, (old or {}).get("spec") or {}
    ips, old_ips = addresses(spec), addresses(before)
    ports, old_ports = node_ports(spec), node_ports(before)
    return Change(
        tuple(each for each in ips if each not in old_ips),
        tuple(each for each in old_ips if each not in ips),
        tuple(sorted(ports - old_ports)),
        tuple(sorted(old_ports - ports)),
    )


def allocate(
    service: Object,
    old: Object | None,
    used_ips: Container[object],
    used_ports: Container[object],
    choose: Choose,
    ranges: Ranges = Ranges(),  # frozen
) -> Change:
    """Give ``service`` (prepared, not yet validated; it is changed) its families, addresses and node ports.

    ``used_*`` may contain what ``old`` holds. What the other services hold must be in them, and must still be free
    when the result is stored. Raises StatusError: 422 in upstream's words, 500 when a range is full.
    """
    spec = service["spec"]
    before = (old or {}).get("spec") or {}
    if spec == before:
        return Change()  # a status, or metadata: nothing is asked for, whatever the cluster's networks are by now
    if spec.get("type") != "ExternalName":
        _settle_families(service, spec, before if old else None, ranges)
        _give_addresses(service, _Pool(used_ips, frozenset(addresses(before)), choose, ranges))
    if needs_node_ports(spec):
        _give_ports(service, _Ports(used_ports, node_ports(before), choose, ranges))
    return changes(service, old)


# Families.


def _refuse(service: Object, errors: Iterable[FieldError]) -> StatusError:
    return refused(GroupKind("", "Service"), service["metadata"].get("name", ""), errors)


def _settle_families(service: Object, spec: Object, before: Object | None, ranges: Ranges) -> None:
    if before is not None and _stays_as_it_is(spec, before):
        return
    headless = spec.get("clusterIP") == NO_ADDRESS
    alone = headless and not spec.get("selector")
    if not spec.get("ipFamilyPolicy"):
        kept = (before or {}).get("ipFamilyPolicy")
        spec["ipFamilyPolicy"] = kept or ("RequireDualStack" if alone else "SingleStack")
    if before is not None and spec["ipFamilyPolicy"] == "SingleStack":
        for name in ("clusterIPs", "ipFamilies"):
            if len(spec.get(name) or ()) > 1 and spec[name] == before.get(name):
                spec[name] = spec[name][:1]
    errors = _check_policy(spec)
    errors += _infer_families(spec, ranges)
    if errors:
        raise _refuse(service, errors)
    families = spec.setdefault("ipFamilies", [])
    if not alone:
        errors = _check_families(spec, families, ranges)
        if errors:
            raise _refuse(service, errors)
    if not families:
        families.append(ranges.families[0])
    may_be_dual = alone or len(ranges.networks) == 2
    if spec["ipFamilyPolicy"] != "SingleStack" and len(families) == 1 and may_be_dual:
        families.append(FAMILIES[families[0] == FAMILIES[0]])


def _stays_as_it_is(spec: Object, before: Object) -> bool:
    """A second address comes and goes when it is asked for, not because the cluster has got another network."""
    fields = ("ipFamilyPolicy", "clusterIPs", "ipFamilies")
    return spec.get("ipFamilyPolicy") == "PreferDualStack" and all(
        spec.get(each) == before.get(each) for each in fields
    )


def _check_policy(spec: Object) -> list[FieldError]:
    if spec["ipFamilyPolicy"] != "SingleStack":
        return []
    must = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
    at = _SPEC.child("ipFamilyPolicy")
    nouns = (("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families"))
    return [
        invalid(at, "SingleStack", f"{must} {noun} are specified")
        for name, noun in nouns
        if len(spec.get(name) or ()) == 2
    ]


def _infer_families(spec: Object, ranges: Ranges) -> list[FieldError]:
    """From addresses that were asked for."""
    errors: list[FieldError] = []
    families = spec.setdefault("ipFamilies", [])
    ips = spec.get("clusterIPs") or []
    for position, ip in enumerate(ips):
        if ip == NO_ADDRESS or read(ip) is None:
            break
        if position >= len(families):
            family = family_of(ip)
            if family in ranges.families:
                families.append(family)
            else:
                why = f"{family} is not configured on this cluster"
                errors.append(invalid(_SPEC.child("clusterIPs").index(position), ips, why))
    return errors


def _check_families(spec: Object, families: Sequence[str], ranges: Ranges) -> list[FieldError]:
    errors: list[FieldError] = []
    if spec["ipFamilyPolicy"] == "RequireDualStack" and len(ranges.networks) < 2:
        why = "this cluster is not configured for dual-stack services"
        errors.append(invalid(_SPEC.child("ipFamilyPolicy"), "RequireDualStack", why))
    at = _SPEC.child("ipFamilies")
    return errors + [
        invalid(at.index(position), family, "not configured on this cluster")
        for position, family in enumerate(families)
        if family not in ranges.families
    ]


# Addresses.


class _Pool(msgspec.Struct, frozen=True):
    used: Container[object]
    own: frozenset[str]
    choose: Choose
    ranges: Ranges

    def is_free(self, ip: str) -> bool:
        return ip not in self.used or ip in self.own

    def next(self, family: str) -> str:
        """A free one. The lower part of a network is left to those who ask by number, while there is any other
        (ipallocator: calculateRangeOffset)."""
        for network in self.ranges.of(family):
            found = self._of(network)
            if found:
                return found
        raise internal_error("failed to allocate a serviceIP: range is full")

    def _of(self, network: Network) -> str:
        size = min(network.num_addresses, 2**16 + 2) if network.version == 6 else network.num_addresses
        last = size - 2 if network.version == 4 else size - 1  # the broadcast address is nobody's
        static = 0 if size <= 2 * _STATIC_LEAST else min(max(size // _STATIC_SHARE, _STATIC_LEAST), _STATIC_MOST)
        for low, high in ((static + 1, last), (1, min(static, last))):
            found = self._between(network, low, high)
            if found:
                return found
        return ""

    def _between(self, network: Network, low: int, high: int) -> str:
        count = high - low + 1
        if count <= 0:
            return ""
        start = self.choose(count)
        for step in range(count):
            ip = str(network[low + (start + step) % count])
            if ip not in self.used:
                return ip
        return ""


def _give_addresses(service: Object, pool: _Pool) -> None:
    spec = service["spec"]
    ips = list(spec.get("clusterIPs") or ())
    if ips[:1] == [NO_ADDRESS]:
        return
    for position, family in enumerate(spec["ipFamilies"]):
        if position >= len(ips):
            ips.append(pool.next(family))
        elif ips[position] in pool.own:
            continue  # though the cluster may have another network by now, or none of this family
        elif ips[position]:
            _check_address(service, ips, position, family, pool)
        else:
            ips[position] = pool.next(family)
    spec["clusterIPs"] = ips
    spec["clusterIP"] = ips[0]


def _check_address(service: Object, ips: list[str], position: int, family: str, pool: _Pool) -> None:
    ip, network = ips[position], pool.ranges.network(family)
    found = read(ip)
    if found is None:
        return  # validation says so
    if all(found.version != each.version or found not in each for each in pool.ranges.of(family)):
        why = f"the provided IP ({ip}) is not in the valid range. The range of valid IPs is {network}"
    elif not pool.is_free(str(found)):
        why = "provided IP is already allocated"
    else:
        ips[position] = str(found)
        return
    error = invalid(_SPEC.child("clusterIPs"), ips, f"failed to allocate IP {ip}: {why}")
    raise _refuse(service, [error])


# Ports.


class _Ports(msgspec.Struct):
    used: Container[object]
    own: set[int]
    choose: Choose
    ranges: Ranges

    def complaint(self, number: int) -> str:
        """Why a port cannot be had; empty: it can, and is."""
        if number in self.own:
            return ""
        first, last = self.ranges.first_port, self.ranges.last_port
        if not first <= number <= last:
            return f"provided port is not in the valid range. The range of valid ports is {first}-{last}"
        if number in self.used:
            return "provided port is already allocated"
        self.own.add(number)
        return ""

    def next(self) -> int:
        first = self.ranges.first_port
        count = self.ranges.last_port - first + 1
        start = self.choose(count)
        for step in range(count):
            number = first + (start + step) % count
            if number not in self.used and number not in self.own:
                self.own.add(number)
                return number
        raise internal_error("failed to allocate a nodePort: range is full")


def _give_ports(service: Object, ports: _Ports) -> None:
    """The same port of two protocols gets one number: a load balancer may know no other way."""
    spec = service["spec"]
    wanted = spec.get("ports") or ()
    given: dict[int, int] = {}
    for position, port in enumerate(wanted):
        if number := port.get("nodePort"):
            why = ports.complaint(number)
            if why:
                at = _SPEC.child("ports").index(position).child("nodePort")
                raise _refuse(service, [invalid(at, number, why)])
            given.setdefault(port.get("port", 0), number)
    held = {(each.get("nodePort", 0), each.get("protocol", "")) for each in wanted}
    for port in wanted:
        if port.get("nodePort") or not wants_node_ports(spec):
            continue
        number = given.get(port.get("port", 0), 0)
        if not number or (number, port.get("protocol", "")) in held:
            number = ports.next()
        port["nodePort"] = number
        given.setdefault(port.get("port", 0), number)
        held.add((number, port.get("protocol", "")))
    _give_health_check(service, spec, ports)


def _give_health_check(service: Object, spec: Object, ports: _Ports) -> None:
    if not needs_health_check(spec):
        return
    number = spec.get("healthCheckNodePort")
    if not number:
        spec["healthCheckNodePort"] = ports.next()
    elif why := ports.complaint(number):
        raise internal_error(f"failed to allocate requested HealthCheck NodePort {number}: {why}")
