"""Events on their way to the server (client-go's tools/record: the broadcaster and recordToSink).

Several are sent at once, those of one name one after the other: an event exists before its count is raised. One that
waits and comes again is sent once, as it is then. What waits is bounded: beyond that, events are dropped, counted, and
told of in the log.
"""

import asyncio
import logging
from typing import NamedTuple

from wherry.kit.errors import WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.client.correlation import Correlated
from wherry.kube.client.model import Client, PatchType
from wherry.kube.client.workqueue import WorkQueue
from wherry.kube.machinery.model import GroupVersionResource
from wherry.kube.machinery.status import StatusError

logger = logging.getLogger(__name__)

EVENTS = GroupVersionResource("", "v1", "events")
QUEUED = 5000
"""Of some 2 KB each. (Upstream has two queues of 1,000, maxQueuedEvents, and one sender.)"""
AT_ONCE = 32
"""So many wait for one commit together; a server's priority and fairness lets as many in."""
ATTEMPTS = 12  # maxTriesPerEvent
RETRY_SECONDS = 10.0  # defaultSleepDuration
TELL_SECONDS = 60.0
"""Between two lines of the log about what is dropped: there are many where there is one."""


class _Key(NamedTuple):
    namespace: str
    name: str


class Outbox:
    """Somebody runs it (:meth:`run`)."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._queue: WorkQueue[_Key] = WorkQueue(clock)
        self._waiting: dict[_Key, Correlated] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._told_seconds: float | None = None
        self.dropped = 0
        """So many since the beginning."""

    def put(self, found: Correlated) -> None:
        """Have it sent. Never waits, never fails."""
        meta = found.event["metadata"]
        key = _Key(meta["namespace"], meta["name"])
        before = self._waiting.get(key)
        if before is None and len(self._waiting) >= QUEUED:
            self._drop(found)
            return
        if before is not None and before.patch is None:
            found = Correlated(found.event, None)  # it is not there yet
        self._waiting[key] = found
        self._queue.add(key)
        self._idle.clear()

    def _drop(self, found: Correlated) -> None:
        self.dropped += 1
        now = self._clock.monotonic()
        if self._told_seconds is None or now - self._told_seconds >= TELL_SECONDS:
            self._told_seconds = now
            about = found.event["involvedObject"].get("name", "")
            told = found.event["reason"], about, QUEUED, self.dropped
            logger.warning("dropped the event %s about %s: %d wait to be sent already; %d dropped so far", *told)

    async def run(self) -> None:
        """Send, until cancelled; what is under way then is lost."""
        room = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            while True:
                await room.acquire()
                group.create_task(self._deliver(await self._queue.get(), room))

    async def flush(self) -> None:
        """Until nothing waits and nothing is under way."""
        await self._idle.wait()

    async def _deliver(self, key: _Key, room: asyncio.Semaphore) -> None:
        try:
            found = self._waiting.pop(key, None)
            if found is not None:  # else what came between the queue and here has gone with the one before
                await self._send(found)
        finally:
            self._queue.done(key)
            room.release()
            if self._queue.is_idle:
                self._idle.set()

    async def _send(self, found: Correlated) -> None:
        for _ in range(ATTEMPTS):
            try:
                await self._write(found)
                return
            except StatusError as error:
                # The server has decided; asking again would not change its mind (a namespace that is ending, say).
                logger.info("event %s: %s", found.event["reason"], error)
                return
            except (WherryError, OSError) as error:
                logger.warning("event %s: %s; trying again", found.event["reason"], error)
                await self._clock.sleep(RETRY_SECONDS)

    async def _write(self, found: Correlated) -> None:
        meta = found.event["metadata"]
        if found.patch is not None:
            try:
                await self._client.patch(EVENTS, meta["name"], found.patch, meta["namespace"], type=PatchType.MERGE)
                return
            except StatusError as error:
                if error.code != 404:
                    raise
        await self._client.create(EVENTS, found.event, meta["namespace"])
