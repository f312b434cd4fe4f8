"""Builds through the engine's own request, for tests."""

import json
from typing import Any

from tests.kernel.rig import Rig
from wherry.app.client import Client


class Failed(Exception):
    """A build that failed; ``events`` is all that was told of it."""

    def __init__(self, message: str, excerpt: str, events: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.excerpt = excerpt
        self.events = events


def build(rig: Rig, request: dict[str, Any], archive: bytes = b"") -> dict[str, Any]:
    """The result of a build, with what was told of it as ``events``. ``archive`` is the context unless one is named."""
    client = Client(str(rig.names.socket))
    line = json.dumps(request).encode() + b"\n"
    with client.upload("/wherry/build", None, [line, archive]) as response:
        events = list(response.json_stream())
    if "result" in events[-1]:
        return {**events[-1]["result"], "events": events}
    error = events[-1]["error"]
    raise Failed(error["message"], error.get("excerpt", ""), events)


def output(built: dict[str, Any]) -> str:
    """Everything that steps wrote."""
    return "".join(event["data"] for event in built["events"] if event.get("event") == "Output")


def cached(built: dict[str, Any]) -> list[bool]:
    """Of each step that was told of, in order: whether it came from the cache."""
    named = {event["vertex"] for event in built["events"] if event.get("event") == "Planned" and event["name"]}
    ended = [event for event in built["events"] if event.get("event") == "Ended" and event["vertex"] in named]
    return [event["cached"] for event in sorted(ended, key=lambda event: event["vertex"])]
