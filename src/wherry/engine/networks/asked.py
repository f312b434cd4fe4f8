"""What a user asks of a network that is to be made, checked; pure. Refusals are in Docker's words where it has them."""

from collections.abc import Collection, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

import msgspec

from wherry.engine.networks import options, plan
from wherry.engine.networks.model import Addressing
from wherry.engine.networks.options import Options
from wherry.kit.errors import Forbidden, Invalid, NotFound, Unavailable, Unsupported

_PREDEFINED = ("bridge", "host", "none", "default")
_OTHER_DRIVERS = ("overlay", "macvlan", "ipvlan")


class Pool(msgspec.Struct, frozen=True):
    """One range of addresses, as it is asked for; empty: left to the engine."""

    subnet: str = ""
    range: str = ""
    gateway: str = ""
    reserved: Mapping[str, str] = msgspec.field(default_factory=dict)


class Asked(msgspec.Struct, frozen=True):
    """A network that is to be made."""

    name: str
    driver: str = "bridge"
    pools: Sequence[Pool] = ()
    options: Mapping[str, str] = msgspec.field(default_factory=dict)
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    is_internal: bool = False
    is_attachable: bool = False
    has_ipv6: bool = False


class Place(msgspec.Struct, frozen=True):
    """Addresses, decided."""

    net: Addressing
    range: str
    reserved: dict[str, str]


def check(asked: Asked) -> Options:
    """Everything but the addresses."""
    if not asked.name.strip():
        raise Invalid("invalid network name: name is empty")
    if asked.name in _PREDEFINED:
        raise Forbidden(f"operation is not permitted on predefined {asked.name} network")
    if asked.driver in ("host", "null"):
        raise Forbidden(f'only one instance of "{asked.driver}" network is allowed')
    if asked.driver in _OTHER_DRIVERS:
        raise Unsupported(f"the network driver {asked.driver} is not available in this version of Wherry: use bridge")
    if asked.driver not in ("", "default", "bridge"):
        raise NotFound(f'could not find a network driver "{asked.driver}": plugin "{asked.driver}" not found')
    return options.read(asked.options)


class Taken(NamedTuple):
    """Ranges in use on this machine."""

    four: Collection[IPv4Network]
    six: Collection[IPv6Network] = ()


def place(asked: Asked, taken: Taken, seed: str) -> Place:
    """The ranges that are asked for, or the first free ones; of IPv6, one by chance (see :func:`.plan.choose_subnet6`
    for ``seed``)."""
    fours = [pool for pool in asked.pools if ":" not in pool.subnet + pool.gateway]
    sixes = [pool for pool in asked.pools if pool not in fours]
    if max(len(fours), len(sixes)) > 1:
        raise Unsupported("more than one range of addresses for a network is not available in this version of Wherry")
    if sixes and not asked.has_ipv6:
        raise Invalid("invalid network config: a range of IPv6 is given, and IPv6 is not asked for (--ipv6)")
    pool = fours[0] if fours else Pool()
    subnet = _subnet(pool, taken.four)
    gateway = _inside(pool.gateway, subnet, "gateway") if pool.gateway else None
    within = ""
    if pool.range:
        if not _range(pool.range).subnet_of(subnet):
            raise Invalid(f"invalid network config: no matching subnet for range {pool.range}")
        within = str(_range(pool.range))
    reserved = {name: str(_inside(address, subnet, "aux-address")) for name, address in pool.reserved.items()}
    six = _subnet6(sixes[0] if sixes else Pool(), taken.six, seed) if asked.has_ipv6 else None
    return Place(plan.addressing(subnet, gateway, six), within, reserved)


def _subnet6(pool: Pool, taken: Collection[IPv6Network], seed: str) -> IPv6Network:
    if pool.range or pool.reserved:
        raise Unsupported(
            "a range within a subnet, and reserved addresses, of IPv6 are not available in this version of Wherry"
        )
    if not pool.subnet:
        if pool.gateway:
            raise Invalid("invalid network config: a gateway or range needs a subnet")
        return plan.choose_subnet6(taken, seed)
    subnet = _range6(pool.subnet)
    if plan.overlaps(subnet, taken):
        raise Forbidden(f"invalid pool request: Pool overlaps with other one on this address space: {subnet}")
    if pool.gateway and _address6(pool.gateway) != subnet[1]:
        raise Unsupported(f"a gateway other than {subnet[1]} in {subnet} is not available in this version of Wherry")
    return subnet


def _range6(text: str) -> IPv6Network:
    try:
        found = IPv6Network(text, strict=False)
    except ValueError as error:
        raise Invalid(f"invalid network config: invalid subnet {text}") from error
    if found.is_multicast or found.is_link_local or found.is_loopback or found.num_addresses < 4:
        raise Invalid(f"invalid network config: the subnet {found} is not for hosts")
    return found


def _address6(text: str) -> IPv6Address:
    try:
        return IPv6Address(text)
    except ValueError as error:
        raise Invalid(f"invalid network config: invalid gateway {text}") from error


def _subnet(pool: Pool, taken: Collection[IPv4Network]) -> IPv4Network:
    if not pool.subnet:
        if pool.gateway or pool.range:
            raise Invalid("invalid network config: a gateway or range needs a subnet")
        subnet = plan.choose_subnet(taken, is_default=False)
        if subnet is None:
            raise Unavailable(
                "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the"
                " network"
            )
        return subnet
    subnet = _range(pool.subnet)
    if not 4 <= subnet.num_addresses <= plan.LARGEST:
        raise Invalid(f"invalid network config: the subnet {subnet} must be between /12 and /30")
    if plan.overlaps(subnet, taken):
        raise Forbidden(f"invalid pool request: Pool overlaps with other one on this address space: {subnet}")
    return subnet


def _range(text: str) -> IPv4Network:
    try:
        return IPv4Network(text, strict=False)
    except ValueError as error:
        raise Invalid(f"invalid network config: invalid subnet {text}") from error


def _inside(text: str, subnet: IPv4Network, what: str) -> IPv4Address:
    try:
        found: IPv4Address | IPv6Address = ip_address(text)
    except ValueError as error:
        raise Invalid(f"invalid network config: invalid {what} {text}") from error
    if not isinstance(found, IPv4Address) or found not in subnet or found in (subnet[0], subnet[-1]):
        raise Invalid(f"invalid network config: no matching subnet for {what} {text}")
    return found
