"""Events for people: ``kubectl describe`` shows them below an object.

A recorder never waits and never fails. What says the same again raises a count, and what is too much is not sent
(:mod:`wherry.kube.client.correlation`); the rest waits to be sent (:mod:`wherry.kube.client.outbox`).
"""

import copy
import itertools
from typing import Literal

import msgspec

from wherry.kube.client.clock import Clock
from wherry.kube.client.correlation import Correlator
from wherry.kube.client.model import Client
from wherry.kube.client.outbox import EVENTS, Outbox
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339

_REFERENCE = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")


class Source(msgspec.Struct, frozen=True):
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
        self._source = source
        self._clock = clock
        self._correlator = Correlator()
        self._outbox = Outbox(client, clock)
        self._marks = itertools.count(int(clock.now().timestamp() * 1_000_000) * 1000)

    @property
    def dropped(self) -> int:
        """How many events have been dropped because too many waited to be sent; of all parts of a process together."""
        return self._outbox.dropped

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
        found = self._correlator.correlate(event, self._clock.now(), self._clock.monotonic())
        if found is not None:
            self._outbox.put(found)

    def _event(self, involved: Object, said: Object) -> Object:
        now = rfc3339(self._clock.now())
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
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "source": source,
            "reportingComponent": self._source.component,
            "reportingInstance": self._source.host,
            "eventTime": None,
        }

    async def run(self) -> None:
        """Send, until cancelled."""
        await self._outbox.run()

    async def flush(self) -> None:
        """Until all that was reported has been sent or dropped."""
        await self._outbox.flush()


__all__ = ["EVENTS", "Recorder", "Source", "reference"]
