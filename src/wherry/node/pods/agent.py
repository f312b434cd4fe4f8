"""The agent of a node: hears of pods, gives each a worker, and tells the API about the node."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial

from wherry.kit.errors import WherryError
from wherry.kube.client.clock import Clock, Timer
from wherry.kube.client.events import Recorder, Source
from wherry.kube.client.informer import Informer
from wherry.kube.client.informers import Informers
from wherry.kube.client.model import Client
from wherry.kube.client.reflector import Retry
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.quantity import Quantity
from wherry.node.pods import admission, orphans, resolving, room, shutdown, statics, view
from wherry.node.pods.doubts import Doubts
from wherry.node.pods.images import collecting
from wherry.node.pods.images.pulling import Pulls
from wherry.node.pods.lookup import PodPlace
from wherry.node.pods.machine.evicting import Evictor
from wherry.node.pods.machine.evicting import Needs as EvictorNeeds
from wherry.node.pods.machine.facts import ThisMachine
from wherry.node.pods.machine.keeping import Needs as KeeperNeeds
from wherry.node.pods.machine.keeping import NodeKeeper
from wherry.node.pods.machine.nodes import Standing
from wherry.node.pods.manifests import Manifests
from wherry.node.pods.options import Options
from wherry.node.pods.parts import Parts
from wherry.node.pods.probes.asking import NetworkProber
from wherry.node.pods.probes.watching import Probes
from wherry.node.pods.references import References
from wherry.node.pods.room import Household
from wherry.node.pods.runtime import ImageStatus, PodRuntime, Sandbox
from wherry.node.pods.sources import PodSource
from wherry.node.pods.staticpods import MirrorWriter, insist_on_removing
from wherry.node.pods.view import PODS
from wherry.node.pods.voice import Voice
from wherry.node.pods.volumes import volumes as disk
from wherry.node.pods.volumes.mounting import KernelMounter
from wherry.node.pods.volumes.volumes import DiskVolumes, Volumes
from wherry.node.pods.workers.resizing import PENDING
from wherry.node.pods.workers.starting import pull_credentials
from wherry.node.pods.workers.tools import Tools
from wherry.node.pods.workers.worker import Birth, Worker

__all__ = ["Agent", "Parts"]
SERVICES = GroupVersionResource("", "v1", "services")
COMPONENT = "kubelet"
_SOON = Retry(base_seconds=0.05, maximum_seconds=30.0)
"""Of what pods refer to: the right to read it can be a moment behind the pod."""
_SWEEP_SECONDS = 1.0
logger = logging.getLogger(__name__)


class Agent:
    """Somebody runs it (:meth:`run`). It is a :class:`wherry.node.pods.lookup.PodLookup`."""

    def __init__(
        self, client: Client, runtime: PodRuntime, options: Options, clock: Clock, parts: Parts | None = None
    ) -> None:
        self._client = client
        self._runtime = runtime
        self._options = options
        self._clock = clock
        self._parts = parts or Parts()
        self._workers: dict[str, Worker] = {}
        self._owners: dict[str, str] = {}
        """Of sandboxes: the uid of the pod."""
        self._services: Iterable[Object] = ()
        self._is_shutting_down = self._is_halted = self._has_left = False
        self._sweeping: Timer | None = None
        self._machine = self._parts.machine or ThisMachine(options.directory)
        self._recorder: Recorder | None = None
        events = self._parts.events
        if events is None:
            events = self._recorder = Recorder(client, Source(COMPONENT, options.node), clock)
        self._events = events
        self._statics = self._make_statics()
        self._probes = Probes(self._parts.prober or NetworkProber(runtime), clock)
        self._pulls = Pulls(runtime, clock)
        self.ready = asyncio.Event()
        """Set when all pods that are here have their workers."""

    # What the kubelet's API asks

    def places(self) -> Sequence[PodPlace]:
        return [worker.place() for worker in self._workers.values()]

    def place(self, namespace: str, name: str, uid: str = "") -> PodPlace | None:
        """Of two of that name the newer: the other is ending."""
        found = None
        for worker in self._workers.values():
            meta = worker.pod["metadata"]
            if (meta.get("namespace"), meta["name"]) == (namespace, name) and uid in ("", worker.uid, meta.get("uid")):
                found = worker if found is None or found.is_ending else found
        return found.place() if found is not None else None

    async def known(self) -> None:
        """Until the API shows the node as it is."""
        await self.ready.wait()
        await self._keeper.reported.wait()

    async def spoken(self) -> None:
        """Until the API shows the pods as they are that were here, or should be, when this agent was :attr:`ready`."""
        await self.ready.wait()
        await asyncio.gather(*(worker.spoken.wait() for worker in self._workers.values()))

    # Running

    async def run(self) -> None:
        """Until cancelled. Then all is left as it is: pods go on, and the next agent finds them."""
        async with AsyncExitStack() as stack:
            informers = self._parts.informers
            if informers is None:
                informers = await stack.enter_async_context(Informers(self._client, self._clock))
            single = self._parts.referred
            if single is None:
                single = own = Informers(self._client, self._clock, retry=_SOON)
                await stack.enter_async_context(own)
            group = await stack.enter_async_context(asyncio.TaskGroup())
            self._offs = stack  # what is to be let go of at the end
            self._group = group
            try:
                await self._live(informers, References(single, self._referred), group)
                await asyncio.Event().wait()
            finally:
                await self._leave()

    async def _live(self, informers: Informers, references: References, group: asyncio.TaskGroup) -> None:
        volumes = await self._prepare(references)
        collector = collecting.Collector(
            collecting.Needs(self._runtime, self._clock, self._events, self._options, self._machine, self._pods)
        )
        self._evictor = Evictor(
            EvictorNeeds(
                self._runtime, self._clock, self._events, self._options, self._machine,
                lambda: list(self._workers.values()), lambda: self._keeper.tell(), self._sweep, collector.free,
            )
        )  # fmt: skip
        self._keeper = NodeKeeper(
            KeeperNeeds(
                self._parts.heart or self._client, self._clock, self._options, self._machine, self._events,
                self._standing,
            )
        )  # fmt: skip
        self._doubts = Doubts(self._clock, self._keeper.look, partial(self._take, is_sure=True))
        self._references = references
        self._tools = self._make_tools(volumes, references)
        if self._recorder is not None:
            group.create_task(self._recorder.run(), name="events")
        group.create_task(self._statics.follow(), name="static pods")
        group.create_task(self._keeper.run(), name="node")
        group.create_task(self._evictor.run(), name="eviction")
        group.create_task(collector.run(), name="images")
        await self._statics.read()
        self._offs.callback(self._runtime.subscribe(self._runtime_changed))
        self._statics.begin()  # they wait for nobody's word
        source = self._parts.pods or self._informer(informers, PODS, f"spec.nodeName={self._options.node}")
        if self._parts.has_services:
            services = self._informer(informers, SERVICES)
            self._services = services.cache
            await services.synced.wait()
        await source.synced.wait()
        self._adopt(source)
        self.ready.set()
        for uid in volumes.left_behind(self._workers):
            self._spawn(partial(volumes.tear_down, uid))

    def _informer(self, informers: Informers, resource: GroupVersionResource, fields: str = "") -> Informer:
        found = informers.of(resource, fields=fields)
        self._offs.callback(informers.release, found)
        return found

    def _make_statics(self) -> statics.Statics:
        directory, node = self._options.static_pods, self._options.node
        found = Manifests(directory, node) if directory is not None else None
        tenants = self._workers.values
        return statics.Statics(statics.Needs(found, self._clock, self._events, node, tenants, self._take))

    async def _prepare(self, references: References) -> Volumes:
        if self._parts.volumes is not None:
            return self._parts.volumes
        sources = disk.Sources(
            self._client, self._clock, references, self._ensure_image, self._options.node, self._labels
        )
        volumes = DiskVolumes(self._options.directory, sources, self._parts.mounter or KernelMounter())
        await asyncio.to_thread(volumes.prepare)
        return volumes

    def _make_tools(self, volumes: Volumes, references: References) -> Tools:
        return Tools(
            client=self._client,
            runtime=self._runtime,
            clock=self._clock,
            events=self._events,
            options=self._options,
            volumes=volumes,
            references=references,
            pulls=self._pulls,
            probes=self._probes,
            resolver=lambda: resolving.resolver(self._options),
            services=lambda: self._services,
            host_ips=lambda: self._options.addresses,
            allocatable=lambda: self._keeper.allocatable,
            memory_bytes=lambda: self._keeper.hardware.memory_bytes,
            free=self._free,
            owners=self._owners,
            drain=self._parts.drain,
            ready=self._parts.ready,
            turns=self._parts.turns,
        )

    async def _leave(self) -> None:
        self._has_left = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for worker in self._workers.values():
            worker.close()
        self._probes.close()
        await asyncio.gather(*(worker.closed() for worker in self._workers.values()))

    # Hearing

    def _adopt(self, source: PodSource) -> None:
        """What is here already first: it is not to be refused for what comes after it."""
        waiting: list[Object] = []
        here = self._by_uid(self._runtime.sandboxes())

        def told(old: Object | None, new: Object | None) -> None:
            if self.ready.is_set():
                self._told(old, new)
            elif new is not None:
                waiting.append(new)

        self._offs.callback(source.add_handler(told))
        waiting.sort(key=lambda pod: (view.uid(pod) not in here, pod["metadata"].get("creationTimestamp") or ""))
        for pod in waiting:
            self._told(None, pod)
        for uid, sandboxes in here.items():
            if uid not in self._workers:
                self._end_orphan(sandboxes)

    def _spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it beside all else; it may fail."""

        async def attempt() -> None:
            try:
                await work()
            except (WherryError, OSError) as error:
                logger.info("%s", error)

        self._group.create_task(attempt())

    # Ending

    async def shut_down(self, seconds: float, critical_seconds: float = 0.0) -> None:
        """The machine, or Wherry on it, is about to end: take no pod any more, and end all that are here: see
        :func:`wherry.node.pods.shutdown.end_all`."""
        self._is_shutting_down = True
        self._keeper.tell()
        await shutdown.end_all(tuple(self._workers.values()), self._clock, seconds, critical_seconds)

    async def halt(self, most_seconds: float) -> None:
        """Let nothing run any more until another agent does: see :func:`wherry.node.pods.shutdown.halt_all`."""
        self._is_halted = True
        await shutdown.halt_all(tuple(self._workers.values()), most_seconds)

    def _by_uid(self, sandboxes: Iterable[Sandbox]) -> dict[str, list[Sandbox]]:
        found: dict[str, list[Sandbox]] = {}
        for each in sorted(sandboxes, key=lambda each: each.spec.attempt):
            found.setdefault(each.spec.uid, []).append(each)
            self._owners[each.id] = each.spec.uid
        return found

    def _told(self, old: Object | None, new: Object | None) -> None:
        pod = new if new is not None else old
        assert pod is not None
        worker = self._workers.get(view.uid(pod))
        if self._doubts.told(view.uid(pod), new):
            return
        if new is None:
            if worker is not None:
                worker.vanish(old)
        elif worker is not None:
            worker.update(new)
        elif new["spec"].get("nodeName") == self._options.node and not view.is_mirror(new):
            self._take(new)
        if new is not None and view.is_mirror(new) and (worker is None or new["metadata"].get("deletionTimestamp")):
            self._group.create_task(
                insist_on_removing(self._client, self._clock, new)
            )  # what is wanted of it is made again

    def _take(self, pod: Object, is_sure: bool = False) -> None:
        """``is_sure``: that what is known of the node is true."""
        if self._has_left or self._is_halted:
            return  # it came while others were let go of
        uid = view.uid(pod)
        sandboxes = self._by_uid(self._runtime.sandboxes(uid)).get(uid, [])
        if view.leads_nowhere(pod, any(each.ready for each in sandboxes)):
            self._spawn(partial(self._parts.drain, pod))
        refusal = None
        is_known = bool(sandboxes) or bool((pod.get("status") or {}).get("startTime"))
        if not is_known and not pod["metadata"].get("deletionTimestamp"):
            refusal = admission.refuse(pod, self._house())
        if refusal is not None and refusal.is_doubtful and not is_sure and not view.is_static(pod):
            self._group.create_task(self._doubts.settle(pod))
            return
        if refusal is not None:
            Voice(self._events, pod).warn(refusal.reason, refusal.message)
        self._add(Birth(pod, sandboxes, refusal, self._mirror_writer(pod)))

    def _mirror_writer(self, pod: Object) -> MirrorWriter | None:
        if not view.is_static(pod):
            return None
        return MirrorWriter(self._client, self._clock, pod, lambda: self._keeper.node)

    def _add(self, birth: Birth) -> Worker:
        worker = Worker(self._tools, birth, self._over)
        self._workers[worker.uid] = worker
        worker.wake()
        return worker

    def _end_orphan(self, sandboxes: Sequence[Sandbox]) -> None:
        containers = [run for each in sandboxes for run in self._runtime.containers(each.id)]
        self._add(Birth(orphans.pod_of(sandboxes, containers), sandboxes)).vanish()

    def _runtime_changed(self, sandbox: str) -> None:
        worker = self._workers.get(self._owners.get(sandbox, ""))
        if worker is not None:
            worker.changed()
        if self._sweeping is None:
            self._sweeping = self._clock.call_later(_SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Tell workers of sandboxes that are not as they know them, and end what has no worker. Not at every change:
        a hundred pods that start at once change a thousand times."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._sweeping = None
        here = self._by_uid(self._runtime.sandboxes())
        for uid, worker in self._workers.items():
            worker.found(here.get(uid, ()))
        if not self.ready.is_set():
            return  # whose they are, the API has not said yet: as long as it does not, they go on
        for uid, sandboxes in here.items():
            if uid not in self._workers:
                self._end_orphan(sandboxes)

    def _referred(self, uid: str) -> None:
        worker = self._workers.get(uid)
        if worker is not None:
            worker.reconsider()

    def _over(self, worker: Worker) -> None:
        self._workers.pop(worker.uid, None)
        self._references.forget(worker.uid)
        self._pulls.forget(worker.uid)
        self._parts.gone(worker.pod)
        if isinstance(worker.writer, MirrorWriter) and worker.writer.mirror is not None:
            self._group.create_task(insist_on_removing(self._client, self._clock, worker.writer.mirror))
            self._statics.begin()
        for sandbox in [id for id, uid in self._owners.items() if uid == worker.uid]:
            del self._owners[sandbox]
        for other in self._workers.values():
            if any(each["type"] == PENDING for each in (other.pod.get("status") or {}).get("conditions") or ()):
                other.reconsider()

    # What others ask

    def _pods(self) -> list[Object]:
        return [worker.pod for worker in self._workers.values()]

    def _house(self) -> admission.House:
        keeper, pods = self._keeper, tuple(worker.pod for worker in self._workers.values() if worker.takes_room)
        pressures = tuple(sorted(self._evictor.pressures))
        return room.house(
            Household(self._options, keeper.hardware, keeper.node, pods, pressures, self._is_shutting_down)
        )

    def _labels(self) -> Mapping[str, str]:
        """Of the node, as the API had them last."""
        found: Mapping[str, str] = (self._keeper.node or {"metadata": {}})["metadata"].get("labels") or {}
        return found

    def _free(self, uid: str) -> Mapping[str, Quantity]:
        others = (each.pod for each in self._workers.values() if each.uid != uid and each.takes_room)
        return room.free(self._keeper.allocatable, others)

    def _standing(self) -> Standing:
        not_ready = "node is shutting down" if self._is_shutting_down else ""
        version = self._parts.runtime_version
        return Standing(self._evictor.pressures, self._runtime.images(), not_ready, version)

    async def _ensure_image(self, pod: Object, reference: str, policy: str) -> ImageStatus:
        voice = Voice(self._events, pod)
        credentials = pull_credentials(self._tools, pod, voice, reference)
        return await self._pulls.ensure(voice, reference, policy, credentials)
