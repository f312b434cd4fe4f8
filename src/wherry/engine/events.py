"""What happened, told as it happens: the engine's event stream (Docker's ``/events``)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Event:
    """``kind`` is Docker's Type (container, image, network, volume, daemon); ``actor`` is an id or name."""

    kind: str
    action: str
    actor: str
    time_nanoseconds: int
    attributes: Mapping[str, str] = field(default_factory=dict)


class EventSink(Protocol):
    """Where a part of the engine reports what it did. Called on the event loop's thread; never blocks."""

    def publish(self, kind: str, action: str, actor: str, attributes: Mapping[str, str] | None = None) -> None: ...
