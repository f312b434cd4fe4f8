"""The default bridge of an instance in the kernel: its ground (bridge, rules, forwarding), and the wires on it."""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network
from typing import TypeVar

from msgspec.structs import replace

from wherry.engine.instance import Instance
from wherry.engine.networks import plan, rules
from wherry.engine.networks.apply import Plumbing, Wire
from wherry.engine.networks.leaving import Leaving
from wherry.engine.networks.model import Addressing, Endpoint, Publication
from wherry.engine.networks.rows import Rows
from wherry.kit.errors import Unavailable

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Bridge:
    """One bridge with its address range. Endpoints take addresses from it and give them back.

    What takes the kernel milliseconds runs in one thread beside the event loop; the rest is done at once.
    """

    def __init__(self, instance: Instance, net: Addressing, plumbing: Plumbing) -> None:
        self.net = net
        self._instance = instance
        self._plumbing = plumbing
        self._used: set[IPv4Address] = set()
        self._last: IPv4Address | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="networks")
        self._leaving = Leaving(self, _report)

    # Ground

    def lay_ground(self, rows: Rows, endpoints: Sequence[Endpoint], publications: Sequence[Publication]) -> None:
        """Make bridge, rules and forwarding; keep links of these endpoints and wired ones, remove others. Idempotent.

        Rules first: no packet is forwarded before they say how.
        """
        plumbing, name, net = self._plumbing, self._instance.bridge, self.net
        self._used |= {IPv4Address(endpoint.address) for endpoint in endpoints}
        self._last = self._last or max(self._used, default=None)
        ground = rules.Ground(self._instance.nft_table, name, net, rows.fence() or ())
        plumbing.set_rules(ground, publications)
        plumbing.ensure_bridge(name, plan.mac_of(net.gateway), plan.interface_of(net, net.gateway))
        owned = {plan.host_link(self._instance, net, address) for address in self._used}
        for link in plan.unowned(plumbing.bridge_ports(name), owned):
            plumbing.remove_link(link)
        if not plumbing.is_forwarding():
            self._turn_forwarding_on(rows, ground, publications)

    def lay_rules(self, rows: Rows, publications: Sequence[Publication]) -> None:
        """Make the rules anew. Idempotent."""
        ground = rules.Ground(self._instance.nft_table, self._instance.bridge, self.net, rows.fence() or ())
        self._plumbing.set_rules(ground, publications)

    def _turn_forwarding_on(self, rows: Rows, ground: rules.Ground, publications: Sequence[Publication]) -> None:
        """The links that are there go on not forwarding to each other: the fence, in place before."""
        fence = tuple(link for link in self._plumbing.links() if link not in ("lo", ground.bridge))
        rows.put_fence(fence)
        self._plumbing.set_rules(replace(ground, fence=fence), publications)
        self._plumbing.set_forwarding(True)
        _log.info("turned IPv4 forwarding on (net.ipv4.ip_forward)")

    def destroy(self, rows: Rows) -> None:
        """Remove bridge and rules; forwarding too when we turned it on and nobody can rely on it. Idempotent."""
        plumbing, name = self._plumbing, self._instance.bridge
        for link in plumbing.bridge_ports(name):
            plumbing.remove_link(link)
        plumbing.remove_link(name)
        plumbing.remove_rules(self._instance.nft_table)
        fence = rows.fence()
        if fence is not None and set(plumbing.links()) <= {"lo", *fence}:
            plumbing.set_forwarding(False)
        rows.put_fence(None)

    async def close(self) -> None:
        await self._leaving.close()
        self._thread.shutdown()

    # Wires

    async def wire(self, netns_fd: int, endpoint: Callable[[IPv4Address], Endpoint]) -> Endpoint:
        """Lay a veth pair into a namespace, with the next free address. Nothing stays when it fails or is cancelled.

        Unavailable when the range is used up.
        """
        address = plan.free_address(self.net, self._used, self._last)
        if address is None:
            raise Unavailable("no available IPv4 addresses on this network's address pools")
        self._used.add(address)
        self._last = address
        made = endpoint(address)
        duplicate = os.dup(netns_fd)  # the thread may outlive the caller's interest
        laying = self._in_thread(lambda: self._lay(duplicate, made))
        try:
            await asyncio.shield(laying)
        except asyncio.CancelledError:
            laying.add_done_callback(lambda _: self.unwire(made))
            raise
        except BaseException:
            self._used.discard(address)
            raise
        return made

    def unwire(self, endpoint: Endpoint) -> None:
        """Its link goes with its namespace (or after a while without); only then may another have the address."""
        address = IPv4Address(endpoint.address)
        self._leaving.add(self._link(endpoint), lambda: self._used.discard(address))

    def publish(self, publications: Sequence[Publication]) -> None:
        self._plumbing.publish(self._instance.nft_table, publications)

    def unpublish(self, publications: Sequence[Publication]) -> None:
        """Idempotent."""
        self._plumbing.unpublish(self._instance.nft_table, publications)

    async def bridge_ports(self) -> list[str]:
        return await self._in_thread(lambda: self._plumbing.bridge_ports(self._instance.bridge))

    async def remove_link(self, name: str) -> None:
        await self._in_thread(lambda: self._plumbing.remove_link(name))

    def _lay(self, netns_fd: int, endpoint: Endpoint) -> None:
        address = plan.interface_of(self.net, IPv4Address(endpoint.address))
        wire = Wire(self._link(endpoint), endpoint.interface, endpoint.mac, address, self.net.gateway)
        try:
            self._plumbing.lay(netns_fd, self._instance.bridge, wire)
        finally:
            os.close(netns_fd)

    def _link(self, endpoint: Endpoint) -> str:
        return plan.host_link(self._instance, self.net, IPv4Address(endpoint.address))

    def _in_thread(self, work: Callable[[], _T]) -> "asyncio.Future[_T]":
        return asyncio.get_running_loop().run_in_executor(self._thread, work)


def choose_addressing(
    instance: Instance, plumbing: Plumbing, known: Addressing | None, wanted: IPv4Network | None, in_use: bool
) -> Addressing:
    """The range to use: the one of before while containers have addresses of it, else while it is (still) usable.

    ``wanted`` is the configured one. Raises Unavailable when none is free.
    """
    if known is not None and in_use:
        return known
    taken = plumbing.taken(instance.bridge)
    if known is not None and plan.is_usable(known.subnet, wanted, taken):
        return known
    subnet = wanted or plan.choose_subnet(taken, instance.name == "default")
    if subnet is None:
        raise Unavailable(
            "no address range is free for the default bridge: 172.17.0.0/16 to 172.31.0.0/16 and 192.168.0.0/16 all"
            " have routes; give one in the settings"
        )
    return plan.addressing(subnet)


def _report(link: str, error: Exception) -> None:
    _log.warning("link %s stays for now: %s", link, error)
