"""The event stream."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from aiohttp import web

from wherry.dockerapi.call import Call
from wherry.dockerapi.endpoint import endpoint
from wherry.dockerapi.services import EventSource
from wherry.engine.events import Event

FILTERS = frozenset(
    (
        "config", "container", "daemon", "event", "image", "label", "network", "node", "plugin", "scope", "secret",
        "service", "type", "volume",
    )
)  # fmt: skip
_encode = msgspec.json.Encoder().encode


class EventEndpoints:
    """``GET /events``."""

    def __init__(self, events: EventSource) -> None:
        self._events = events

    @endpoint("GET /events")
    async def events(self, call: Call) -> web.StreamResponse:
        filters = call.filters(FILTERS)
        since, until = call.query.time_nanoseconds("since"), call.query.time_nanoseconds("until")
        # Subscribed before the headers go out, so that nothing is missed after them.
        events = self._events.subscribe(since, until)
        stream = await call.stream()
        return await stream.send_all(_lines(events, filters, call.version))


async def _lines(events: AsyncIterator[Event], filters: dict[str, list[str]], version: int) -> AsyncIterator[bytes]:
    async for event in events:
        if matches(event, filters):
            yield _encode(document(event)) + b"\n"


def document(event: Event) -> dict[str, Any]:
    """Docker's message. ``status``, ``id`` and ``from`` are the old form that clients below 1.52 may still read."""
    attributes = dict(event.attributes)
    message: dict[str, Any] = {}
    if event.kind in ("container", "image"):
        message = {"status": event.action, "id": event.actor}
        if "image" in attributes:
            message["from"] = attributes["image"]
    return {
        **message,
        "Type": event.kind,
        "Action": event.action,
        "Actor": {"ID": event.actor, "Attributes": attributes},
        "scope": "local",
        "time": event.time_nanoseconds // 1_000_000_000,
        "timeNano": event.time_nanoseconds,
    }


def matches(event: Event, filters: dict[str, list[str]]) -> bool:
    """All filter names must match; of one name's values any may (labels: all)."""
    return all(_matches_one(event, name, values) for name, values in filters.items() if values)


def _matches_one(event: Event, name: str, values: list[str]) -> bool:
    if name == "event":
        # "exec_create" matches "exec_create: sh"
        return event.action in values or event.action.partition(":")[0] in values
    if name == "type":
        return event.kind in values
    if name == "scope":
        return "local" in values
    if name == "label":
        return all(_has_label(event, label) for label in values)
    if name == "image":
        return _is_image(event, values)
    return event.kind == name and any(
        event.actor == value
        or event.attributes.get("name") == value
        or (len(value) >= 4 and event.actor.startswith(value))
        for value in values
    )


def _has_label(event: Event, label: str) -> bool:
    key, separator, wanted = label.partition("=")
    value = event.attributes.get(key)
    return value is not None and (not separator or value == wanted)


def _is_image(event: Event, values: list[str]) -> bool:
    """An image's own events, and those of containers made from it; a name without a tag means every tag."""
    names = {event.actor, event.attributes.get("name", "")} if event.kind == "image" else set()
    names.add(event.attributes.get("image", ""))
    names |= {name.rpartition(":")[0] for name in names if ":" in name.rpartition("/")[2]}
    return any(value in names for value in values if value)
