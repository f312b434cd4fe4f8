"""Which addresses, names and ranges to use: pure decisions from what is there."""

import re
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from itertools import chain, count

from wherry.engine.instance import Instance
from wherry.engine.networks.model import Addressing, Endpoint, Network
from wherry.kit.errors import Unavailable

Range = IPv4Network | IPv6Network
_UNIQUE_LOCAL_BITS = 64
# Docker's default pools (libnetwork ipamutils: predefined local scope networks), in Docker's order: the first range is
# the machine's default instance's own, as it is docker0's.
_DEFAULT = IPv4Network("172.17.0.0/16")
_POOLS = (
    *(IPv4Network(f"172.{second}.0.0/16") for second in range(18, 32)),
    *IPv4Network("192.168.0.0/16").subnets(new_prefix=20),
)


def choose_subnet(taken: Collection[IPv4Network], is_default: bool) -> IPv4Network | None:
    """The first range that overlaps nothing taken; None when all do.

    ``taken`` are the destinations of routes and the machine's own networks; a default route is not one of them.
    """
    candidates = (_DEFAULT, *_POOLS) if is_default else _POOLS
    return next((pool for pool in candidates if not overlaps(pool, taken)), None)


def choose_subnet6(taken: Collection[IPv6Network], seed: str) -> IPv6Network:
    """A range of unique local addresses (RFC 4193: ``fd``, 40 bits by chance, 16 bits for the subnet) that overlaps
    nothing taken. The chance is in ``seed``: who has the same gets the same again."""
    for turn in count():
        number = sha256(f"{seed} {turn}".encode()).digest()
        found = IPv6Network((b"\xfd" + number[:5] + bytes(10), _UNIQUE_LOCAL_BITS))
        if not overlaps(found, taken):
            return found
    raise AssertionError("there is always another one")


def overlaps(subnet: Range, taken: Iterable[Range]) -> bool:
    """Whether it shares an address with one of them. A default route (prefix 0) shares with everything: left out."""
    return any(subnet.overlaps(other) for other in taken if other.prefixlen)


def is_usable(subnet: IPv4Network, wanted: IPv4Network | None, taken: Collection[IPv4Network]) -> bool:
    """Whether a range chosen earlier can be kept, when nothing uses it yet."""
    return wanted in (None, subnet) and not overlaps(subnet, taken)


def addressing(
    subnet: IPv4Network, gateway: IPv4Address | None = None, subnet6: IPv6Network | None = None
) -> Addressing:
    """The gateway is the first address of the range, as Docker's, when none is given. Raises Unavailable when there
    are fewer addresses of IPv6 than of IPv4."""
    if subnet6 is not None and subnet6.num_addresses < subnet.num_addresses:
        raise Unavailable(
            f"{subnet6} has fewer addresses than {subnet}, and each container has one of both: give a range of"
            f" /{128 - subnet.max_prefixlen + subnet.prefixlen} or more"
        )
    return Addressing(subnet, gateway or subnet.network_address + 1, subnet6)


def address6_of(net: Addressing, address: IPv4Address) -> IPv6Address | None:
    """The one that belongs to it: as far into its range as this one is into its own; None: the network has no IPv6."""
    if net.subnet6 is None:
        return None
    return net.subnet6[int(address) - int(net.subnet.network_address)]


def free_address6(net: Addressing, first: IPv6Address, used: Collection[IPv6Address]) -> IPv6Address:
    """This one, or where somebody has asked for it, the next that nobody has, around the end. Unavailable."""
    assert net.subnet6 is not None
    start, size = int(first) - int(net.subnet6.network_address), net.subnet6.num_addresses
    for step in range(len(used) + 3):  # whatever is in use, and the two that nobody gets
        place = (start + step) % size
        if place > 1 and net.subnet6[place] not in used:
            return net.subnet6[place]
    raise Unavailable("no available IPv6 addresses on this network's address pools")


def address_of(net: Addressing, address6: IPv6Address) -> IPv4Address | None:
    """The other way round; None when it is nobody's here."""
    if net.subnet6 is None or address6 not in net.subnet6:
        return None
    place = int(address6) - int(net.subnet6.network_address)
    return net.subnet[place] if place < net.subnet.num_addresses else None


def free_address(
    net: Addressing, used: Collection[IPv4Address], after: IPv4Address | None, within: IPv4Network | None = None
) -> IPv4Address | None:
    """The next free address behind ``after``, around the end, of ``within`` if that is given; None: there is none.

    Going round keeps an address that was just given up out of use as long as possible, so that packets still under way
    to a container that ended do not reach the next one.
    """
    free = (
        address for address in _around(within or net.subnet, after) if address != net.gateway and address not in used
    )
    return next(free, None)


def _around(subnet: IPv4Network, after: IPv4Address | None) -> Iterator[IPv4Address]:
    first, last = int(subnet.network_address) + 1, int(subnet.broadcast_address) - 1
    start = first if after is None or after not in subnet else int(after) + 1
    for number in chain(range(start, last + 1), range(first, min(start, last + 1))):
        yield IPv4Address(number)


def mac_of(address: IPv4Address) -> str:
    """A locally administered MAC made of the address, as Docker's: a neighbour's cache is right for its next owner."""
    return bytes((0x02, 0x42, *address.packed)).hex(":")


def interface_of(net: Addressing, address: IPv4Address) -> IPv4Interface:
    return IPv4Interface((address, net.subnet.prefixlen))


def interface6_of(net: Addressing, address: IPv6Address | None) -> IPv6Interface | None:
    return None if address is None or net.subnet6 is None else IPv6Interface((address, net.subnet6.prefixlen))


def endpoint_of(
    network: Network, endpoint_id: str, address: IPv4Address, mac: str = "", interface: str = "eth0"
) -> Endpoint:
    """Of a network that has addresses: the endpoint that has this one, and the MAC made of it when none is given."""
    net = network.addressing
    assert net is not None
    six = address6_of(net, address)
    return Endpoint(
        network.id, network.name, endpoint_id, str(address), net.subnet.prefixlen, str(net.gateway),
        mac or mac_of(address), interface,
        *((str(six), net.subnet6.prefixlen, str(net.gateway6)) if six and net.subnet6 else ()),
    )  # fmt: skip


def host_link(instance: Instance, net: Addressing, address: IPv4Address, slot: str = "") -> str:
    """Name of the host's end of the veth pair: unique as the address is, and the network's slot."""
    place = int(address) - int(net.subnet.network_address)
    return instance.veth(slot + _in_base_36(place) if slot else f"{place:x}")


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LARGEST = 1 << 20
"""So many addresses a network of a user's may have: the last one's name still has room beside the slot."""


def _in_base_36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def free_slot(used: Collection[str]) -> str:
    """Two characters that no other network has, and that no number in base 16 begins with. Unavailable after 720."""
    slots = (first + second for first in _DIGITS[16:] for second in _DIGITS)
    found = next((slot for slot in slots if slot not in used), None)
    if found is None:
        raise Unavailable("there are too many networks: remove some")
    return found


def slot_of(instance: Instance, link: str) -> str | None:
    """Whose bridge it is, of the networks that users made; None: it is no such bridge of this instance."""
    slot = link.removeprefix(instance.veth(""))
    is_one = len(slot) == 2 and slot[0] in _DIGITS[16:] and link == instance.veth(slot)
    return slot if is_one else None


def is_bridge(link: str) -> bool:
    """Whether an instance has it, by its name (:attr:`.Instance.bridge`)."""
    return re.fullmatch(r"wherry0|wh[0-9a-f]{8}", link) is not None


def unowned(ports: Iterable[str], owned: Collection[str]) -> list[str]:
    """The bridge's ports that no endpoint owns: left by a crash, or by sandboxes that ended with their node."""
    return sorted(name for name in ports if name not in owned)
