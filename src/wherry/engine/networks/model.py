"""What networks, endpoints and published ports are."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal

import msgspec

Protocol = Literal["tcp", "udp", "sctp"]


class PortBinding(msgspec.Struct, frozen=True):
    """A container's port and where on the host it is asked (or found) to be reachable.

    ``host_address`` empty: every address, IPv4 and IPv6; ``0.0.0.0`` and ``::`` every address of one family.
    ``host_port`` 0: the engine picks one; with ``host_port_end`` the first free one of that range, both inclusive.
    ``keeps_family``: IPv6 is led to the container's own address of it, where it has one, and comes from whom it comes
    from: by the kernel, as IPv4 is.
    """

    container_port: int
    protocol: Protocol = "tcp"
    host_address: str = ""
    host_port: int = 0
    host_port_end: int = 0
    keeps_family: bool = False


class Publication(msgspec.Struct, frozen=True):
    """A port that is published: packets to ``host_address:host_port`` reach ``address:container_port``."""

    protocol: Protocol
    host_address: str
    host_port: int
    address: str
    container_port: int

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.host_address

    @property
    def is_led(self) -> bool:
        """By the kernel: the others are relayed."""
        return not self.is_ipv6 or ":" in self.address

    @property
    def host(self) -> str:
        """Address and port as a URL would have them."""
        return f"[{self.host_address}]:{self.host_port}" if self.is_ipv6 else f"{self.host_address}:{self.host_port}"

    def binding(self) -> PortBinding:
        return PortBinding(self.container_port, self.protocol, self.host_address, self.host_port)


class Endpoint(msgspec.Struct, frozen=True):
    """A network namespace's place on a network; the interface is the one inside. ``address6``, ``gateway6`` empty:
    it has no IPv6."""

    network_id: str
    network_name: str
    endpoint_id: str
    address: str
    prefix: int
    gateway: str
    mac: str
    interface: str = "eth0"
    address6: str = ""
    prefix6: int = 0
    gateway6: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        """IPv4 first."""
        return (self.address, self.address6) if self.address6 else (self.address,)


class Attached(msgspec.Struct, frozen=True):
    """An endpoint that a container uses, as it is remembered. ``aliases``: by what else than its name it is found;
    ``links``: what it calls others, ``container:alias``."""

    endpoint: Endpoint
    container_id: str
    container_name: str
    publications: tuple[Publication, ...] = ()
    aliases: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


class Addressing(msgspec.Struct, frozen=True):
    """The address range of a network and the address of its bridge, which is the containers' gateway.

    ``subnet6`` None: the network has no IPv6. Else whoever has an address has one of IPv6, too, which follows from it
    (:func:`.plan.address6_of`).
    """

    subnet: IPv4Network
    gateway: IPv4Address
    subnet6: IPv6Network | None = None

    @property
    def gateway6(self) -> IPv6Address | None:
        """The first address but the one of all routers (RFC 4291, 2.6.1)."""
        return None if self.subnet6 is None else self.subnet6[1]


class Own(msgspec.Struct, frozen=True):
    """What a network that a user made has besides.

    ``slot`` is short, and no other network of the instance has it: names of kernel objects are made of it. Containers
    get addresses of ``range`` (empty: the whole subnet) but for the ``reserved`` ones, which have a name each.
    The others are :class:`.options.Options`'.
    """

    slot: str
    is_internal: bool = False
    is_attachable: bool = False
    mtu: int = 0
    range: str = ""
    reserved: dict[str, str] = msgspec.field(default_factory=dict)
    is_apart: bool = False
    masquerades: bool = True
    host_address: str = ""
    bridge: str = ""


class Network(msgspec.Struct, frozen=True):
    """``driver`` is Docker's: bridge, host or null. Only a bridge has addresses. ``own`` None: it is predefined."""

    id: str
    name: str
    driver: str
    created_nanoseconds: int
    addressing: Addressing | None = None
    options: dict[str, str] = msgspec.field(default_factory=dict)
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    own: Own | None = None

    @property
    def is_internal(self) -> bool:
        """It leads nowhere else."""
        return self.own is not None and self.own.is_internal
