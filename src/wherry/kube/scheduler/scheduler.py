"""The loop: one pod after the other is decided about; what follows from it goes on beside.

A decision blocks the event loop for as long as it takes; between two of them everybody else gets a turn.
"""

import asyncio
import logging
from collections.abc import Coroutine
from random import Random
from typing import Any

import msgspec

from wherry.kit.errors import WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.client.events import Recorder
from wherry.kube.client.informers import Informers
from wherry.kube.client.leader import Election
from wherry.kube.client.model import Client
from wherry.kube.machinery.status import StatusError
from wherry.kube.scheduler.binding import Binder
from wherry.kube.scheduler.decision import Nominated, Placed, Refused, message
from wherry.kube.scheduler.evicting import Evictor
from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.options import Options
from wherry.kube.scheduler.plan import Chance, Facts, decide
from wherry.kube.scheduler.preemption import WAITING
from wherry.kube.scheduler.queue import SchedulingQueue
from wherry.kube.scheduler.telling import ERROR, UNSCHEDULABLE, Teller, Verdict
from wherry.kube.scheduler.watching import Kept, Watching

logger = logging.getLogger(__name__)

USUAL = Options()
Effect = Coroutine[Any, Any, None]


class Scheduler:
    """A Runnable (:mod:`wherry.kube.controllers.frame`): :meth:`run` until cancelled, and again if need be."""

    name = "scheduler"

    def __init__(
        self, client: Client, informers: Informers, recorder: Recorder, clock: Clock, options: Options = USUAL
    ) -> None:
        self._client = client
        self._informers = informers
        self._clock = clock
        self._options = options
        self._profiles = {profile.name: profile for profile in options.profiles}
        self._teller = Teller(client, recorder, clock)
        self._random = Random(options.random_seed)
        self._start = 0
        self._begin()

    def _begin(self) -> None:
        """Know nothing."""
        self.facts = Facts()
        self.queue = SchedulingQueue(self._clock, self._options, self.facts.cluster.labels_of)
        self._watching = Watching(self._informers, Kept(self.facts, self.queue, self._profiles.keys()))
        self._binder = Binder(self._client, self.facts.volumes, self._clock, self._options.volume_timeout)
        self._evictor = Evictor(self._client, self._teller, self._clock)
        self._room = asyncio.Semaphore(self._options.bindings)

    async def run(self) -> None:
        """Until cancelled. With a lease: whenever it is this one's turn."""
        if self._options.lease is None:
            await self._work()
        else:
            await Election(self._client, self._options.lease, self._clock).run(self._work)

    async def _work(self) -> None:
        self._begin()
        try:
            await self._watching.start()
            async with asyncio.TaskGroup() as group:
                group.create_task(self.queue.run())
                while True:
                    uid = (await self.queue.pop()).uid
                    await self._room.acquire()
                    pod = self.queue.pod(uid)  # as it is now; None: it is gone
                    effect = self._decide(pod) if pod is not None else None
                    if effect is None:
                        self._room.release()
                    else:
                        group.create_task(self._finish(effect))
                    await asyncio.sleep(0)
        finally:
            self._watching.stop()
            self.queue.close()

    async def _finish(self, effect: Effect) -> None:
        try:
            await effect
        finally:
            self._room.release()

    def _decide(self, pod: Pod) -> Effect | None:
        """Decide, assume, and return what is to be done about it."""
        if pod.is_ending:
            self.queue.remove(pod.uid)
            self._teller.failed(pod, f"skip schedule deleting pod: {pod}")
            return None
        profile = self._profiles[pod.shape.scheduler]
        try:
            decision = decide(pod, self.facts, profile, Chance(self._start, self._random))
        except Exception as error:  # a mistake of ours must not end the scheduling of all others
            logger.exception("deciding about %s", pod)
            self.queue.fail(pod.uid)
            return self._tell(pod, Verdict(ERROR, f"{type(error).__name__}: {error}"))
        self._start += decision.examined
        if isinstance(decision, Placed):
            self._assume(pod, decision)
            return self._bind(pod, decision)
        return self._refuse(pod, decision)

    # A node was found

    def _assume(self, pod: Pod, placed: Placed) -> None:
        """``resource_version`` is empty until the API tells of it."""
        self.facts.cluster.set_pod(msgspec.structs.replace(pod, node=placed.node, resource_version=""))
        self.facts.volumes.assume(placed.volumes, placed.node)

    async def _bind(self, pod: Pod, placed: Placed) -> None:
        try:
            if not placed.volumes.is_nothing:
                await self._bind_volumes(pod, placed)
            await self._binder.bind(pod, placed)
        except (WherryError, OSError) as error:
            await self._unbind(pod, placed, error)
            return
        self.queue.remove(pod.uid)
        self._teller.scheduled(pod, placed.node)

    async def _bind_volumes(self, pod: Pod, placed: Placed) -> None:
        """Which takes as long as it takes: others are placed meanwhile."""
        self._room.release()
        try:
            await self._binder.bind_volumes(placed, lambda: pod.uid in self.facts.cluster.pods)
        finally:
            await self._room.acquire()

    async def _unbind(self, pod: Pod, placed: Placed, error: Exception) -> None:
        """It does not come to that: take back what was assumed, unless the API knows better by now."""
        known = self.facts.cluster.pods.get(pod.uid)
        if known is not None and known.resource_version:
            return
        self.facts.volumes.forget(placed.volumes)
        if known is None:
            return
        self.facts.cluster.remove_pod(pod.uid)
        if isinstance(error, StatusError) and error.code == 404:
            self.queue.remove(pod.uid)
            return
        logger.warning("binding %s to %s: %s", pod, placed.node, error)
        self.queue.fail(pod.uid)
        await self._tell(pod, Verdict(ERROR, f"binding rejected: {error}"))

    # None was found

    def _refuse(self, pod: Pod, refused: Refused) -> Effect:
        self.queue.refuse(pod.uid, refused.plugins)
        text, nominated = message(refused), refused.nominated
        cluster = self.facts.cluster
        if nominated is not None:
            cluster.nominate(pod, nominated.node)
            return self._preempt(pod, nominated, Verdict(UNSCHEDULABLE, text, nominated.node))
        kept = cluster.nomination(pod.uid) if _still_waits(refused) else ""
        if not kept:
            cluster.denominate(pod.uid)
        return self._tell(pod, Verdict(UNSCHEDULABLE, text, kept))

    async def _preempt(self, pod: Pod, nominated: Nominated, verdict: Verdict) -> None:
        await self._tell(pod, verdict)
        await self._attempt(pod, self._give_way(pod, nominated))
        try:
            await self._evictor.make_room(pod, nominated)
        except (WherryError, OSError) as error:
            logger.warning("preempting for %s on %s: %s", pod, nominated.node, error)
            self.queue.try_again(pod.uid)

    async def _give_way(self, pod: Pod, nominated: Nominated) -> None:
        """Who is less important and was to get the node must look for another."""
        cluster = self.facts.cluster
        for other in list(cluster.nominated.get(nominated.node, {}).values()):
            if other.shape.priority < pod.shape.priority:
                cluster.denominate(other.uid)
                self.queue.try_again(other.uid)
                await self._teller.patch(other, {"nominatedNodeName": None})

    async def _tell(self, pod: Pod, verdict: Verdict) -> None:
        obj = self._watching.object_of(pod)
        if obj is None or (obj.get("spec") or {}).get("nodeName"):
            return
        self._teller.failed(pod, verdict.message)
        await self._attempt(pod, self._teller.write(pod, obj, verdict))

    async def _attempt(self, pod: Pod, effect: Effect) -> None:
        """What is only told may be lost: it is told again at the next attempt."""
        try:
            await effect
        except (WherryError, OSError) as error:
            logger.warning("telling about %s: %s", pod, error)


def _still_waits(refused: Refused) -> bool:
    """Its victims are on the way out."""
    return refused.preemption == WAITING
