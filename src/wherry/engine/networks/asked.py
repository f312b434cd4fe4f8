"""What a user asks of a network that is to be made, checked; pure. Refusals are in Docker's words where it has them."""

from collections.abc import Collection, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

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
    if asked.has_ipv6:
        raise Unsupported("IPv6 on networks of one's own is not available in this version of Wherry")
    return options.read(asked.options)


def place(pools: Sequence[Pool], taken: Collection[IPv4Network]) -> Place:
    """The range that is asked for, or the first free one. ``taken`` are those in use on this machine."""
    if len(pools) > 1:
        raise Unsupported("more than one range of addresses for a network is not available in this version of Wherry")
    pool = pools[0] if pools else Pool()
    subnet = _subnet(pool, taken)
    gateway = _inside(pool.gateway, subnet, "gateway") if pool.gateway else None
    within = ""
    if pool.range:
        if not _range(pool.range).subnet_of(subnet):
            raise Invalid(f"invalid network config: no matching subnet for range {pool.range}")
        within = str(_range(pool.range))
    reserved = {name: str(_inside(address, subnet, "aux-address")) for name, address in pool.reserved.items()}
    return Place(plan.addressing(subnet, gateway), within, reserved)


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
        found: IPv4Network | IPv6Network = ip_network(text, strict=False)
    except ValueError as error:
        raise Invalid(f"invalid network config: invalid subnet {text}") from error
    if not isinstance(found, IPv4Network):
        raise Unsupported("IPv6 on networks of one's own is not available in this version of Wherry")
    return found


def _inside(text: str, subnet: IPv4Network, what: str) -> IPv4Address:
    try:
        found: IPv4Address | IPv6Address = ip_address(text)
    except ValueError as error:
        raise Invalid(f"invalid network config: invalid {what} {text}") from error
    if not isinstance(found, IPv4Address) or found not in subnet or found in (subnet[0], subnet[-1]):
        raise Invalid(f"invalid network config: no matching subnet for {what} {text}")
    return found
