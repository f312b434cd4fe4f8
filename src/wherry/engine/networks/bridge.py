"""A bridge of an instance in the kernel: its ground (bridge, rules, forwarding), and the wires on it."""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from wherry.engine.instance import Instance
from wherry.engine.networks import plan, rules
from wherry.engine.networks.apply import Plumbing, Wire
from wherry.engine.networks.flows import of_udp
from wherry.engine.networks.leaving import Leaving
from wherry.engine.networks.model import Addressing, Endpoint, Network, Own, Publication
from wherry.engine.networks.rows import Rows
from wherry.kit.errors import Forbidden, Invalid, Unavailable

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Ranges(msgspec.Struct, frozen=True):
    """What is asked for: ``four`` None: a free range of IPv4, chosen at the first start. ``six``: whether there is
    IPv6, too, and of which range (None: one is chosen)."""

    four: IPv4Network | None = None
    is_dual: bool = False
    six: IPv6Network | None = None


ANY = Ranges()


class Bridge:
    """One bridge with its address range. Endpoints take addresses from it and give them back.

    What takes the kernel milliseconds runs in one thread beside the event loop; the rest is done at once.
    """

    def __init__(self, instance: Instance, net: Addressing, plumbing: Plumbing, own: Own | None = None) -> None:
        """``own`` None: it is the default bridge."""
        self.net = net
        self.name = (own.bridge or instance.veth(own.slot)) if own else instance.bridge
        self._table = f"{instance.nft_table}-{own.slot}" if own else instance.nft_table
        self._own = own
        self._instance = instance
        self._plumbing = plumbing
        self._used: set[IPv4Address] = {IPv4Address(each) for each in own.reserved.values()} if own else set()
        self._sixes: dict[IPv4Address, IPv6Address] = {}
        self._departing: dict[IPv4Address, asyncio.Event] = {}
        self._last: IPv4Address | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="networks")
        self._leaving = Leaving(self, _report)

    # Ground

    def lay_ground(
        self, rows: Rows, endpoints: Sequence[Endpoint], publications: Sequence[Publication], others_ipv6: bool = False
    ) -> None:
        """Make bridge, rules and forwarding; keep links of these endpoints and wired ones, remove others. Idempotent.

        Rules first: no packet is forwarded before they say how. ``others_ipv6``: of the default bridge, that users have
        made networks with IPv6: forwarding is its business.
        """
        plumbing, name, net = self._plumbing, self.name, self.net
        given = {IPv4Address(endpoint.address) for endpoint in endpoints}
        self._used |= given
        self._sixes |= {IPv4Address(one.address): IPv6Address(one.address6) for one in endpoints if one.address6}
        self._last = self._last or max(given, default=None)
        versions = () if self._own else (4, 6) if net.subnet6 is not None or others_ipv6 else (4,)
        for version in versions:
            self._learn_fence(rows, version)
        plumbing.set_rules(self._ground(rows), publications)
        own, own6 = plan.interface_of(net, net.gateway), plan.interface6_of(net, net.gateway6)
        plumbing.ensure_bridge(name, plan.mac_of(net.gateway), own, own6)
        owned = {self._link(address) for address in self._used}
        for link in plan.unowned(plumbing.bridge_ports(name), owned):
            plumbing.remove_link(link)
        if net.subnet6 is not None:
            known = {six: plan.mac_of(four) for four, six in self._sixes.items()}
            known |= {IPv6Address(one.address6): one.mac for one in endpoints if one.address6}
            plumbing.set_neighbours(name, known)
        for version in versions:
            self.forward(rows, publications, version)

    def forward(self, rows: Rows, publications: Sequence[Publication], version: int) -> None:
        """Have the kernel forward, if it does not; of the default bridge. Idempotent."""
        self._learn_fence(rows, version)
        if not self._plumbing.is_forwarding(version):
            self._turn_forwarding_on(rows, publications, version)

    def lay_rules(self, rows: Rows, publications: Sequence[Publication]) -> None:
        """Make the rules anew. Idempotent."""
        self._plumbing.set_rules(self._ground(rows), publications)

    def _ground(self, rows: Rows) -> rules.Ground:
        if self._own:
            facts = {name: getattr(self._own, name) for name in ("is_internal", "is_apart", "masquerades")}
            return rules.Ground(self._table, self.name, self.net, **facts)
        return rules.Ground(self._table, self.name, self.net, rows.fence() or (), rows.fence(6) or ())

    def _learn_fence(self, rows: Rows, version: int) -> None:
        """Another instance has turned forwarding on: who ends last turns it off, and until then its fence is ours."""
        if rows.fence(version) is not None or not self._plumbing.is_forwarding(version):
            return
        fence = self._plumbing.fence(version)
        if fence is not None:
            rows.put_fence(fence, version)

    def _turn_forwarding_on(self, rows: Rows, publications: Sequence[Publication], version: int) -> None:
        """The links that are there go on not forwarding to each other: the fence, in place before."""
        fence = tuple(link for link in self._plumbing.links() if link not in ("lo", self.name))
        rows.put_fence(fence, version)
        self._plumbing.set_fence(fence, version)
        self._plumbing.set_rules(self._ground(rows), publications)
        self._plumbing.set_forwarding(True, version)
        name = "net.ipv4.ip_forward" if version == 4 else "net.ipv6.conf.all.forwarding"
        _log.info("turned IPv%d forwarding on (%s)", version, name)

    def destroy(self, rows: Rows) -> None:
        """Remove bridge and rules; forwarding too when instances turned it on and nobody can rely on it. Idempotent."""
        self.remove()
        plumbing = self._plumbing
        for version in (4, 6):
            fence = rows.fence(version)
            if fence is not None:
                if set(plumbing.links(version)) <= {"lo", *fence}:
                    plumbing.set_forwarding(False, version)
                if not any(plan.is_bridge(link) for link in plumbing.links(version)):
                    plumbing.set_fence(None, version)
            rows.put_fence(None, version)

    def remove(self) -> None:
        """Bridge and rules alone. Idempotent. The bridge goes last: by it, a start finds what a crash has left."""
        for link in self._plumbing.bridge_ports(self.name):
            self._plumbing.remove_link(link)
        self._plumbing.remove_rules(self._table)
        self._plumbing.remove_link(self.name)

    def dismiss(self) -> None:
        """Remove it, when nobody is on it, by the thread that may be looking at its links just now; and let go."""
        self._leaving.end()
        self._thread.submit(self.remove).result()
        self._thread.shutdown()

    async def close(self) -> None:
        await self._leaving.close()
        self._thread.shutdown()

    # Wires

    async def wire(
        self,
        netns_fd: int,
        endpoint: Callable[[IPv4Address], Endpoint],
        wanted: IPv4Address | None = None,
        is_way: bool = True,
        wanted6: IPv6Address | None = None,
    ) -> Endpoint:
        """Lay a veth pair into a namespace, with the next free address, or the ``wanted`` ones. Nothing stays when it
        fails or is cancelled. ``is_way``: it is the way to everywhere else.

        Unavailable when the range is used up, Forbidden and Invalid for an address that cannot be had.
        """
        if wanted6 is not None:
            await self._check6(wanted6)
        address = await self._take(wanted)
        made = self._with_six(endpoint(address), wanted6)
        duplicate = os.dup(netns_fd)  # the thread may outlive the caller's interest
        laying = self._in_thread(lambda: self._lay(duplicate, made, is_way))
        try:
            await asyncio.shield(laying)
        except asyncio.CancelledError:
            laying.add_done_callback(lambda _: self.unwire(made))
            raise
        except BaseException:
            self._is_free(address)
            raise
        return made

    async def _check6(self, wanted: IPv6Address) -> None:
        net = self.net
        if net.subnet6 is None or wanted not in net.subnet6 or wanted == net.subnet6[0]:
            raise Invalid(f"no configured subnet contains IP address {wanted}")
        for four in [four for four, six in self._sixes.items() if six == wanted and four in self._departing]:
            await self._departing[four].wait()
        if wanted in self._sixes.values() or wanted == net.gateway6:
            raise Forbidden("Address already in use")

    def _with_six(self, made: Endpoint, wanted: IPv6Address | None) -> Endpoint:
        """Without a wish, the address that belongs to the one of IPv4 (:func:`.plan.address6_of`), if it is free."""
        if not made.address6:
            return made
        six = wanted or plan.free_address6(self.net, IPv6Address(made.address6), set(self._sixes.values()))
        self._sixes[IPv4Address(made.address)] = six
        return replace(made, address6=str(six))

    async def _take(self, wanted: IPv4Address | None) -> IPv4Address:
        if wanted is not None:
            if wanted not in self.net.subnet or wanted in (self.net.subnet[0], self.net.subnet[-1]):
                raise Invalid(f"no configured subnet contains IP address {wanted}")
            if wanted in self._departing:  # of the same container's last run, most likely
                await self._departing[wanted].wait()
            if wanted in self._used or wanted == self.net.gateway:
                raise Forbidden("Address already in use")
            self._used.add(wanted)
            return wanted
        within = IPv4Network(self._own.range) if self._own and self._own.range else None
        address = plan.free_address(self.net, self._used, self._last, within)
        if address is None:
            raise Unavailable("no available IPv4 addresses on this network's address pools")
        self._used.add(address)
        self._last = address
        return address

    async def lead(self, netns_fd: int, endpoint: Endpoint) -> None:
        """Make its link the way from its namespace to elsewhere, in place of another. Idempotent."""
        await self._in_thread(lambda: self._plumbing.lead(netns_fd, self._wire(endpoint, is_way=True)))

    async def tune(self, netns_fd: int, settings: Sequence[tuple[str, str]]) -> None:
        """Settings of a link inside, by their paths below ``net``. Invalid for what the kernel does not take."""
        try:
            await self._in_thread(lambda: self._plumbing.tune(netns_fd, settings))
        except OSError as error:
            raise Invalid(f"a setting of a network interface: {error}") from error

    async def cut(self, endpoint: Endpoint) -> None:
        """Take its link away from a namespace that goes on. Idempotent."""
        await self.remove_link(self._link_of(endpoint))
        self._free(endpoint)

    def unwire(self, endpoint: Endpoint) -> None:
        """Its link goes with its namespace (or after a while without); only then may another have the address."""
        self._departing.setdefault(IPv4Address(endpoint.address), asyncio.Event())
        self._leaving.add(self._link_of(endpoint), lambda: self._free(endpoint))

    def _free(self, endpoint: Endpoint) -> None:
        address = IPv4Address(endpoint.address)
        if not endpoint.address6:
            self._is_free(address)
            return
        six = IPv6Address(endpoint.address6)
        forgetting = self._in_thread(lambda: self._plumbing.forget(self.name, six))
        forgetting.add_done_callback(lambda _: self._is_free(address))

    def _is_free(self, address: IPv4Address) -> None:
        self._used.discard(address)
        self._sixes.pop(address, None)
        departed = self._departing.pop(address, None)
        if departed is not None:
            departed.set()

    def publish(self, publications: Sequence[Publication]) -> None:
        self._plumbing.publish(self._table, publications)
        self._forget_flows(publications)

    def unpublish(self, publications: Sequence[Publication]) -> None:
        """Idempotent."""
        self._plumbing.unpublish(self._table, publications)
        self._forget_flows(publications)

    def _forget_flows(self, publications: Sequence[Publication]) -> None:
        """Soon, and nobody waits: there may be many connections to look through."""
        if of_udp(publications):
            self._thread.submit(self._plumbing.forget_flows, publications)

    async def bridge_ports(self) -> list[str]:
        return await self._in_thread(lambda: self._plumbing.bridge_ports(self.name))

    async def remove_link(self, name: str) -> None:
        await self._in_thread(lambda: self._plumbing.remove_link(name))

    def _lay(self, netns_fd: int, endpoint: Endpoint, is_way: bool) -> None:
        try:
            self._plumbing.lay(netns_fd, self.name, self._wire(endpoint, is_way))
        finally:
            os.close(netns_fd)

    def _wire(self, endpoint: Endpoint, is_way: bool) -> Wire:
        net, four = self.net, IPv4Address(endpoint.address)
        return Wire(
            self._link(four),
            endpoint.interface,
            endpoint.mac,
            plan.interface_of(net, four),
            net.gateway,
            plan.interface6_of(net, IPv6Address(endpoint.address6) if endpoint.address6 else None),
            net.gateway6,
            mtu=self._own.mtu if self._own else 0,
            is_way=is_way,
            is_apart=self._own.is_apart if self._own else False,
        )

    def _link(self, address: IPv4Address) -> str:
        return plan.host_link(self._instance, self.net, address, self._own.slot if self._own else "")

    def _link_of(self, endpoint: Endpoint) -> str:
        return self._link(IPv4Address(endpoint.address))

    def _in_thread(self, work: Callable[[], _T]) -> "asyncio.Future[_T]":
        return asyncio.get_running_loop().run_in_executor(self._thread, work)


def choose_addressing(
    instance: Instance, plumbing: Plumbing, network: Network, wanted: Ranges, *, in_use: bool
) -> Addressing:
    """The ranges to use: those of before while containers have addresses of them, else while they are (still) usable.

    Raises Unavailable when none is free, and when IPv6 is wanted of a kernel that has none.
    """
    known = network.addressing
    if known is not None and in_use:
        if wanted.is_dual is not (known.subnet6 is not None):
            how = "with" if known.subnet6 else "without"
            _log.warning("the bridge stays %s IPv6 until it is started while no container uses it", how)
        return known
    four = _choose4(instance, plumbing, known, wanted)
    if not wanted.is_dual:
        return plan.addressing(four)
    if not plumbing.has_ipv6():
        raise Unavailable(
            "dual stack is asked for, and this kernel has no IPv6 (there is no /proc/sys/net/ipv6): leave it out, or"
            " start the kernel without ipv6.disable=1"
        )
    return plan.addressing(four, subnet6=_choose6(instance, plumbing, network, wanted))


def _choose4(instance: Instance, plumbing: Plumbing, known: Addressing | None, wanted: Ranges) -> IPv4Network:
    taken = plumbing.taken(instance.bridge)
    if known is not None and plan.is_usable(known.subnet, wanted.four, taken):
        return known.subnet
    if wanted.four is not None and plan.overlaps(wanted.four, taken):
        raise Unavailable(f"the range {wanted.four} for containers is in use on this machine: give another one")
    subnet = wanted.four or plan.choose_subnet(taken, instance.name == "default")
    if subnet is None:
        raise Unavailable(
            "no address range is free for the default bridge: 172.17.0.0/16 to 172.31.0.0/16 and 192.168.0.0/16 all"
            " have routes; give one in the settings"
        )
    return subnet


def _choose6(instance: Instance, plumbing: Plumbing, network: Network, wanted: Ranges) -> IPv6Network:
    known, taken = network.addressing, plumbing.taken6(instance.bridge)
    if wanted.six is None and known is not None and known.subnet6 and not plan.overlaps(known.subnet6, taken):
        return known.subnet6
    if wanted.six is None:
        return plan.choose_subnet6(taken, network.id)
    if plan.overlaps(wanted.six, taken):
        raise Unavailable(f"the range {wanted.six} for containers is in use on this machine: give another one")
    return wanted.six


def _report(link: str, error: Exception) -> None:
    _log.warning("link %s stays for now: %s", link, error)
