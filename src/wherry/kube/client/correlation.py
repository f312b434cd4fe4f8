"""Events that say the same are one event with a count: client-go's tools/record/events_cache.go, without its I/O.

Three steps. *Aggregation*: the tenth event within ten minutes that differs from the others in its message alone
becomes "(combined from similar events)". *Counting*: an event that was seen before is a higher count of that one.
*Spam*: of one source about one object 25 events are sent at once, and then one in five minutes; the others count.
Memory is bounded: of each step the 4,096 keys used last are kept.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339

Value = TypeVar("Value")

KEYS = 4096
SPAM_BURST = 25
SPAM_SECONDS_AN_EVENT = 300.0
SIMILAR = 10
SIMILAR_SECONDS = 600.0
COMBINED = "(combined from similar events): "


class Recent(Generic[Value]):
    """As many entries as it may hold; the ones least recently used go."""

    def __init__(self, make: Callable[[], Value], size: int = KEYS) -> None:
        self._make = make
        self._size = size
        self._entries: OrderedDict[tuple[str, ...], Value] = OrderedDict()

    def of(self, key: tuple[str, ...]) -> Value:
        """The entry of that key, a new one if there is none."""
        value = self._entries.pop(key, None)
        if value is None:
            value = self._make()
        self._entries[key] = value
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)
        return value

    def __len__(self) -> int:
        return len(self._entries)


class _Bucket(msgspec.Struct):
    tokens: float = SPAM_BURST
    at_seconds: float | None = None

    def take(self, now_seconds: float) -> bool:
        if self.at_seconds is not None:
            gained = (now_seconds - self.at_seconds) / SPAM_SECONDS_AN_EVENT
            self.tokens = min(self.tokens + gained, SPAM_BURST)
        self.at_seconds = now_seconds
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class _Similar(msgspec.Struct):
    messages: OrderedDict[str, None] = msgspec.field(default_factory=OrderedDict)
    at_seconds: float | None = None


class _Sent(msgspec.Struct):
    count: int = 0
    name: str = ""
    first: str = ""


class Correlated(msgspec.Struct, frozen=True):
    """What is to be sent: ``event`` as a new one, or (``patch`` is not None) a higher count of the one of its name."""

    event: Object
    patch: Object | None


class Correlator:
    """Of one recorder. ``seconds`` are monotonic."""

    def __init__(self) -> None:
        self._spam: Recent[_Bucket] = Recent(_Bucket)
        self._similar: Recent[_Similar] = Recent(_Similar)
        self._sent: Recent[_Sent] = Recent(_Sent)

    def correlate(self, event: Object, now: datetime, seconds: float) -> Correlated | None:
        """None: there are too many of them."""
        may_send = self._spam.of(_source(event) + _about(event)).take(seconds)
        message, key = self._aggregate(event, seconds)
        sent = self._sent.of(key)
        event = {**event, "message": message, "metadata": dict(event["metadata"])}
        if sent.count:
            event["metadata"]["name"] = sent.name
            event["firstTimestamp"] = sent.first
        sent.count += 1
        event["count"] = sent.count
        event["lastTimestamp"] = rfc3339(now)
        if sent.count == 1:
            sent.name, sent.first = event["metadata"]["name"], event["firstTimestamp"]
        if not may_send:
            return None
        if sent.count == 1:
            return Correlated(event, None)
        patch = {name: event[name] for name in ("count", "lastTimestamp", "message")}
        return Correlated(event, patch)

    def _aggregate(self, event: Object, seconds: float) -> tuple[str, tuple[str, ...]]:
        """The message, and what makes it the same event as another."""
        same, message = _same(event), event["message"]
        similar = self._similar.of(same)
        if similar.at_seconds is None or seconds - similar.at_seconds > SIMILAR_SECONDS:
            similar.messages.clear()
        similar.at_seconds = seconds
        similar.messages[message] = None
        if len(similar.messages) < SIMILAR:
            return message, (*same, event.get("involvedObject", {}).get("fieldPath", ""), message)
        similar.messages.popitem(last=False)
        return COMBINED + message, same


def _source(event: Object) -> tuple[str, ...]:
    source = event.get("source", {})
    return source.get("component", ""), source.get("host", "")


def _about(event: Object) -> tuple[str, ...]:
    """Containers of a pod are not told apart: they share its burst (getSpamKey, EventAggregatorByReasonFunc)."""
    involved = event.get("involvedObject", {})
    return tuple(involved.get(name, "") for name in ("kind", "namespace", "name", "uid", "apiVersion"))


def _same(event: Object) -> tuple[str, ...]:
    rest = tuple(event.get(name, "") for name in ("type", "reason", "reportingComponent", "reportingInstance"))
    return _source(event) + _about(event) + rest
