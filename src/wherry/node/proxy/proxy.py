"""Watches, decides when to look, and applies: the proxy of one node."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

from wherry.kube.client.clock import Clock
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import Object
from wherry.node.proxy import flows
from wherry.node.proxy.apply import Rules
from wherry.node.proxy.difference import difference, together, united
from wherry.node.proxy.facts import ServiceFacts
from wherry.node.proxy.guard import Guard, Restore
from wherry.node.proxy.health import HealthServers
from wherry.node.proxy.model import (
    NOTHING,
    PORT_SOURCES,
    PORT_SOURCES6,
    PORTS,
    Change,
    Elements,
    Frontend,
    Node,
    Port,
    Ruleset,
    ServiceKey,
    ServicePlan,
)
from wherry.node.proxy.plan import plan
from wherry.node.proxy.policing import Policing
from wherry.node.proxy.state import Services
from wherry.node.proxy.withdrawals import Withdrawals

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_AT_ONCE = 200
"""Services planned before others get their turn on the loop."""
_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 0.1, 5.0
_PRUNE_SECONDS = 60.0
DRAIN_SECONDS = 2.0
FIRST_SECONDS = 10.0
"""For the first rules: the API has to be there for them, and it may have been killed, too."""
LAST_SECONDS = 0.05
"""What comes between the change of the rules and the word that a pod may end. Connections that were led there just
before are made, but the pod has not accepted them yet: were it to stop listening now, they would be reset (measured
with a server that stops at once, under load: in 7 of 12 rolling updates, one; with the pause, none)."""


@dataclass(frozen=True, slots=True)
class Options:
    """``port_of``: by a pod's address, its port of the bridge (None: it has none there). ``others``: tables of other
    parts, and how they are made anew when somebody removes them. ``guarded`` False: nobody looks after the tables."""

    port_of: Callable[[str], Port | None] = lambda address: None
    others: Mapping[str, Restore] = field(default_factory=dict)
    guarded: bool = True
    health_host: str = ""


class Proxy:
    """Somebody runs it (:meth:`run`) in a task; the agent asks it before a pod starts and before it ends.

    ``rules`` are used by one thread, and stay the caller's to close.
    """

    def __init__(
        self, informers: Informers, clock: Clock, node: Node, rules: Rules, options: Options = Options()
    ) -> None:
        self._clock = clock
        self._node = node
        self._rules = rules
        self._options = options
        self._services = Services(node)
        self._facts = ServiceFacts(informers, node.name, self._look_at, self._look_at_zone)
        self._policing = Policing(informers, node, clock, self._look)
        self._withdrawals = Withdrawals()
        self._health = HealthServers(self._services.plans, options.health_host)
        self._more = Ruleset()
        self._dirty: set[ServiceKey] = set()
        self._wake = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._is_whole = False
        self._has_run = False
        self._thread: ThreadPoolExecutor | None = None
        self._preparing: asyncio.Task[None] | None = None
        self.started = asyncio.Event()
        """Set when the rules are there for the first time."""

    # What the agent asks

    async def withdraw(self, addresses: Iterable[str], uid: str = "") -> None:
        """Returns when no new connection is led to these addresses of a pod that ends (unless nobody else serves what
        it serves); what is under way goes on. ``uid`` is the pod's; empty: whoever has the addresses. Idempotent."""
        wanted = list(addresses)
        self._withdrawals.add(wanted, uid, self._clock.monotonic())
        affected = self._facts.services_at(wanted)
        if affected and self._has_run:
            self._look_at(affected)
            await self._settled()
            await self._clock.sleep(LAST_SECONDS)

    async def drain(self, pod: Object) -> None:
        """:meth:`withdraw`, of a pod as the API has it; for no longer than :data:`DRAIN_SECONDS`, as the pod has to
        end though the kernel refuses new rules. Before the first rules are there, those of who ran before us may lead
        to the pod: they are waited for, too (:data:`FIRST_SECONDS`)."""
        status, uid = pod.get("status") or {}, pod["metadata"].get("uid", "")
        addresses = [each["ip"] for each in status.get("podIPs") or () if each.get("ip")]
        self._withdrawals.add(addresses, uid, self._clock.monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_SECONDS):
                await self.started.wait()
            async with asyncio.timeout(DRAIN_SECONDS):
                await self.withdraw(addresses, uid)

    async def ready_for(self, pod: Object, addresses: Sequence[str]) -> None:
        """Returns when the rules hold for a pod that has these addresses now, whatever the API says yet: before its
        first packet. Ask again after a restart. Idempotent."""
        self._withdrawals.forget(addresses)
        self._policing.settle(pod, addresses)
        self._look_at(self._facts.services_at(addresses))
        await self.started.wait()
        await self._policing.prepare()
        await self._settled()

    def forget(self, pod: Object) -> None:
        """Nothing is left of the pod here. Idempotent."""
        self._policing.forget(pod)

    # Running

    async def run(self) -> None:
        """Until cancelled. The first thing it does to the kernel is to make everything as it should be."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="proxy")
        offs = (self._facts.watch(), self._policing.watch())
        pruning = asyncio.get_running_loop().create_task(self._prune())
        try:
            for each in (*self._facts.informers, self._policing.informer):
                await each.synced.wait()
            await self._policing.prepare()
            self._look_at(self._facts.every_service())
            self._is_whole = True
            with self._guard() as guard:
                await self._rounds(guard)
        finally:
            self._has_run = False
            pruning.cancel()
            for off in offs:
                off()
            self._thread.shutdown(wait=True)
            await self._health.close()

    async def _rounds(self, guard: Guard | None) -> None:
        failures = 0
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._round(guard)
                failures = 0
            except OSError as error:
                _log.error("rules of services: %s; making all of them anew", error)
                self._is_whole = True
                await self._clock.sleep(min(_RETRY_SECONDS * 2**failures, _LONGEST_RETRY_SECONDS))
                failures += 1
                self._wake.set()

    async def _round(self, guard: Guard | None) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            change = await self._changes()
            moved = None if self._is_whole else self._services.moved
            if self._is_whole or change:
                await self._apply(guard, change)
            if moved is None or moved:
                await self._forget_flows(moved)
        except BaseException:
            self._waiting += waiting
            raise
        self._has_run = True
        self.started.set()
        for each in waiting:
            if not each.done():
                each.set_result(None)
        await self._health.update()

    async def _changes(self) -> Change:
        """From what the kernel has to what it should have."""
        dirty, self._dirty = sorted(self._dirty), set()
        parts: list[Change] = []
        for start in range(0, len(dirty), _AT_ONCE):
            part = self._services.update({key: self._plan(key) for key in dirty[start : start + _AT_ONCE]})
            parts.append(part)
            if len(dirty) > _AT_ONCE:
                self._is_whole = True  # several steps are no single change
                await asyncio.sleep(0)
        if not self._policing.is_ready:
            self._prepare()
        elif self._policing.is_dirty:
            more = united(self._policing.ruleset(), self._ports())
            parts.append(difference(self._more, more))
            self._more = more
        return together(*parts)

    async def _apply(self, guard: Guard | None, change: Change) -> None:
        is_whole = self._is_whole
        if guard is not None:
            guard.pause()
        own = range(0)
        try:
            if is_whole:
                everything = united(self._services.ruleset(), self._more)
                own = await self._in_thread(lambda: self._rules.replace(everything))
                self._is_whole = False
            else:
                own = await self._in_thread(lambda: self._rules.change(change))
        finally:
            if guard is not None:
                guard.resume(own, is_whole=is_whole)

    async def _forget_flows(self, moved: frozenset[Frontend] | None) -> None:
        is_stale = flows.stale(self._services.entry, moved)
        try:
            await self._in_thread(lambda: self._rules.forget_flows(is_stale))
        except OSError as error:  # the rules are right; what is under way comes to its end by time
            _log.warning("UDP connections to endpoints that are gone: %s", error)

    def _plan(self, key: ServiceKey) -> ServicePlan:
        try:
            return plan(self._facts.service(key), self._facts.slices(key), self._node, self._withdrawals.view)
        except (ValueError, KeyError, TypeError) as error:  # an object that the API should not have let in
            _log.error("service %s/%s is not served: %r", *key, error)
            return NOTHING

    def _ports(self) -> Ruleset:
        ports = [port for address in self._policing.addresses if (port := self._options.port_of(address)) is not None]
        found: Elements = {}
        for each in ports:
            found.setdefault(PORTS, {})[f'"{each.link}"'] = ""
            sources = PORT_SOURCES6 if ":" in each.address else PORT_SOURCES
            found.setdefault(sources, {})[f'"{each.link}" . {each.mac} . {each.address}'] = ""
        return Ruleset({}, {}, found)

    # Signals

    def _look(self) -> None:
        self._wake.set()

    def _look_at(self, keys: Iterable[ServiceKey]) -> None:
        self._dirty.update(key for key in keys if key[1])
        self._wake.set()

    def _look_at_zone(self) -> None:
        zone = self._facts.zone()
        if zone != self._node.zone:
            self._node = replace(self._node, zone=zone)
            self._look_at(self._facts.every_service())

    def _lose(self) -> None:
        self._is_whole = True
        self._wake.set()

    async def _settled(self) -> None:
        """Until all that is known now is in the kernel."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self._wake.set()
        await done

    def _prepare(self) -> None:
        """The first policy: its facts are fetched, and what is wanted meanwhile does not wait for them."""
        if self._preparing is None or self._preparing.done():
            self._preparing = asyncio.get_running_loop().create_task(self._policing.prepare())

    def _guard(self) -> AbstractContextManager[Guard | None]:
        if not self._options.guarded:
            return nullcontext()
        return Guard(self._node.table, self._lose, self._options.others)

    async def _prune(self) -> None:
        while True:
            await self._clock.sleep(_PRUNE_SECONDS)
            self._withdrawals.prune(lambda address: bool(self._facts.services_at([address])), self._clock.monotonic())

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        assert self._thread is not None
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, work))
