"""Events for people: ``kubectl describe`` shows them below an object.

A recorder never waits and never fails: what cannot be sent is dropped, with a line in the log.
"""

import asyncio
import copy
import itertools
import logging
from dataclasses import dataclass
from typing import Literal

from wherry.kit.errors import WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.client.correlation import Correlated, Correlator
from wherry.kube.client.model import Client, PatchType
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import rfc3339

logger = logging.getLogger(__name__)

EVENTS = GroupVersionResource("", "v1", "events")
QUEUED = 1000
ATTEMPTS = 12
RETRY_SECONDS = 10.0
_REFERENCE = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")


@dataclass(frozen=True, slots=True)
class Source:
    """Who reports: a component, on a machine or on none."""

    component: str
    host: str = ""


def reference(obj: Object, field_path: str = "") -> Object:
    """An ObjectReference to it. It needs apiVersion, kind and metadata."""
    meta = obj.get("metadata", {})
    found = {
        "kind": obj.get("kind", ""),
        "namespace": meta.get("namespace", ""),
        "name": meta.get("name", ""),
        "uid": meta.get("uid", ""),
        "apiVersion": obj.get("apiVersion", ""),
        "resourceVersion": meta.get("resourceVersion", ""),
        "fieldPath": field_path,
    }
    return {name: value for name, value in found.items() if value}


class Recorder:
    """Of one source. Somebody runs it (:meth:`run`)."""

    def __init__(self, client: Client, source: Source, clock: Clock) -> None:
        self._client = client
        self._source = source
        self._clock = clock
        self._correlator = Correlator()
        self._queue: asyncio.Queue[Object] = asyncio.Queue(QUEUED)
        self._dropped = 0
        self._marks = itertools.count(int(clock.now().timestamp() * 1_000_000) * 1000)

    def by(self, component: str) -> "Recorder":
        """One for a part of this process that reports in its own name. What it is told goes the way of this one, which
        must run."""
        other = copy.copy(self)
        other._source = Source(component, self._source.host)
        return other

    def event(
        self, about: Object, reason: str, message: str, *, type: Literal["Normal", "Warning"] = "Normal",
        action: str = "",
    ) -> None:  # fmt: skip
        """Report it. ``about`` is an object, or a reference to one; ``reason`` one word for programs to read."""
        involved = reference(about) if "metadata" in about else {k: about[k] for k in _REFERENCE if k in about}
        event = self._event(involved, {"reason": reason, "message": message, "type": type})
        if action:
            event["action"] = action
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self._dropped += 1
            if self._dropped % QUEUED == 1:  # not a line for each: there are many where there is one
                told = reason, involved.get("name"), self._dropped
                logger.warning("too many events: dropped %s about %s; %d so far", *told)

    def _event(self, involved: Object, said: Object) -> Object:
        now = self._clock.now()
        source = {"component": self._source.component}
        if self._source.host:
            source["host"] = self._source.host
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{involved.get('name', '')}.{next(self._marks):x}",
                "namespace": involved.get("namespace") or "default",
            },
            "involvedObject": involved,
            **said,
            "firstTimestamp": rfc3339(now),
            "lastTimestamp": rfc3339(now),
            "count": 1,
            "source": source,
            "reportingComponent": self._source.component,
            "reportingInstance": self._source.host,
            "eventTime": None,
        }

    async def run(self) -> None:
        """Send, until cancelled."""
        while True:
            event = await self._queue.get()
            found = self._correlator.correlate(event, self._clock.now(), self._clock.monotonic())
            if found is not None:
                await self._send(found)
            self._queue.task_done()

    async def flush(self) -> None:
        """Until all that was reported has been sent or dropped."""
        await self._queue.join()

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
