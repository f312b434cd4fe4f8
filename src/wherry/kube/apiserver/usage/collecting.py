"""Every node is asked what it uses, again and again; what it says becomes objects in the server's memory."""

import asyncio
import logging
from collections.abc import Iterable

import msgspec

from wherry.http import exchange
from wherry.kube.apiserver.cache import Cache
from wherry.kube.apiserver.caches import Caches
from wherry.kube.apiserver.connecting.nodes import NODES, Nodes, port_of
from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.kinds import Kinds
from wherry.kube.apiserver.stored import value_of
from wherry.kube.apiserver.usage.kinds import KINDS, NODE_METRICS, POD_METRICS
from wherry.kube.apiserver.usage.rates import PodUsed, Points, Summary, looked, node_metrics, pod_metrics
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.store.model import Event

log = logging.getLogger(__name__)
PODS = GroupResource("", "pods")
ROUND_SECONDS = 15.0  # metrics-server's --metric-resolution
_SOON_SECONDS = 2.0
"""From the first round to the second: only then there are rates."""
_ANSWER_SECONDS = 10.0
_ANSWER_BYTES = 32 << 20
_AT_ONCE = 16
_MOST_MISSED = 20
"""Rounds that are left out, at most, of a node that does not answer."""
_TARGET = "/stats/summary?only_cpu_and_memory=true"
_decode = msgspec.json.Decoder(Summary).decode


def serve(kinds: Kinds) -> None:
    """From now on the group is there, empty at first."""
    for kind in KINDS:
        kinds.add(kind)


class _Known(msgspec.Struct):
    """Of a node. ``missed``: rounds in a row without an answer; ``rest``: rounds that it is not asked in."""

    points: Points = msgspec.field(default_factory=dict)
    pods: frozenset[str] = frozenset()
    missed: int = 0
    rest: int = 0


class Collector:
    """See the module. ``nodes`` leads to them."""

    def __init__(self, nodes: Nodes, caches: Caches) -> None:
        self._nodes = nodes
        self._caches = caches
        self._known: dict[str, _Known] = {}
        self._looked_at: dict[str, tuple[int, bool]] = {}
        """By node: its revision, and whether it had an API then. To decode thousands every round takes as long as
        hundreds of requests."""
        self._asking = asyncio.Semaphore(_AT_ONCE)

    async def run(self) -> None:
        """Until cancelled."""
        pause = _SOON_SECONDS
        while True:
            await self.round()
            await asyncio.sleep(pause)
            pause = ROUND_SECONDS

    async def round(self) -> None:
        """Ask all nodes once."""
        there = self._there()
        for name in [name for name in self._known if name not in there]:
            self._forget(name, self._known.pop(name).pods)
        due = [entry for name, entry in there.items() if self._is_due(self._known.setdefault(name, _Known()))]
        due.sort(key=lambda entry: self._known[entry.name].missed)  # those that answer need not wait for the others
        await asyncio.gather(*(self._ask(entry.object) for entry in due))

    def _there(self) -> dict[str, Entry]:
        """The nodes that can be asked. What was looked at and has not changed is not looked at again."""
        found, before = {}, self._looked_at
        self._looked_at = {}
        for entry in self._caches.of(NODES).entries():
            looked = before.get(entry.name)
            if looked is None or looked[0] != entry.revision:
                looked = entry.revision, _has_api(entry.object)
            self._looked_at[entry.name] = looked
            if looked[1]:
                found[entry.name] = entry
        return found

    @staticmethod
    def _is_due(known: _Known) -> bool:
        known.rest = max(0, known.rest - 1)
        return known.rest == 0

    async def _ask(self, node: Object) -> None:
        name, known = _name(node), self._known[_name(node)]
        try:
            async with self._asking, asyncio.timeout(_ANSWER_SECONDS):
                summary = await self._summary(name)
            look = looked(known.points, summary)
        except (exchange.Failed, StatusError, TimeoutError, ConnectionError, ValueError) as error:
            known.missed += 1
            known.rest = min(2**known.missed, _MOST_MISSED)
            log.debug("node %s does not say what it uses: %s", name, error)
            self._forget(name, known.pods)
            known.pods = frozenset()
            return
        known.missed = 0
        known.points = look.points
        if look.node is not None:
            self._put(self._caches.of(NODE_METRICS.resource), f"/{name}", node_metrics(node, look.node))
        self._put_pods(name, known, look.pods)

    def _put_pods(self, node: str, known: _Known, found: Iterable[PodUsed]) -> None:
        """A node speaks for its own pods only."""
        cache, pods, kept = self._caches.of(POD_METRICS.resource), self._caches.of(PODS), set[str]()
        for used in found:
            pod = pods.get(used.name, used.namespace)
            if pod is not None and pod["metadata"]["uid"] == used.uid and pod["spec"].get("nodeName") == node:
                key = f"{used.namespace}/{used.name}"
                self._put(cache, key, pod_metrics(pod, used))
                kept.add(key)
        self._drop(cache, known.pods - kept)
        known.pods = frozenset(kept)

    async def _summary(self, name: str) -> Summary:
        """Raises Failed, StatusError, ValueError."""
        wire = await self._nodes.connect(name)
        try:
            await exchange.ask(wire, "GET", _TARGET, [("Host", "node"), ("Connection", "close")])
            head = await exchange.head(wire)
            content = await exchange.whole(wire, head, "GET", _ANSWER_BYTES)
            if head.status != 200:
                raise exchange.Failed(f"it answers {head.status}: {content[:200].decode(errors='replace')}")
            return _decode(content)
        except msgspec.MsgspecError as error:
            raise exchange.Failed(f"it answers what is no summary: {error}") from error
        finally:
            wire.close()

    def _forget(self, name: str, pods: Iterable[str]) -> None:
        """What is old misleads: nothing is better."""
        self._drop(self._caches.of(NODE_METRICS.resource), (f"/{name}",))
        self._drop(self._caches.of(POD_METRICS.resource), pods)

    def _put(self, cache: Cache, key: str, obj: Object) -> None:
        revision = max(self._caches.revision, 1)
        cache.apply([(key, Event(key, revision, value_of(obj), revision))])

    def _drop(self, cache: Cache, keys: Iterable[str]) -> None:
        revision = max(self._caches.revision, 1)
        cache.apply([(key, Event(key, revision, None, revision)) for key in keys])


def _name(node: Object) -> str:
    name: str = node["metadata"]["name"]
    return name


def _has_api(node: Object) -> bool:
    """A simulated node has none, and there may be thousands."""
    endpoint = ((node.get("status") or {}).get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}
    if endpoint.get("Port") == 0:
        return False
    try:
        return port_of(node) > 0
    except StatusError:
        return False
