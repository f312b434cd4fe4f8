"""What the agent says about a pod, for people: events."""

from typing import Literal, Protocol

from wherry.kube.machinery.model import Object
from wherry.node.pods.view import Member


class Events(Protocol):
    """A :class:`wherry.kube.client.events.Recorder`, or :class:`Silence`."""

    def event(
        self, about: Object, reason: str, message: str, *, type: Literal["Normal", "Warning"] = "Normal",
        action: str = "",
    ) -> None: ...  # fmt: skip


class Silence:
    """For simulated nodes."""

    def event(
        self, about: Object, reason: str, message: str, *, type: Literal["Normal", "Warning"] = "Normal",
        action: str = "",
    ) -> None:  # fmt: skip
        """Nothing."""


class Voice:
    """Of one pod."""

    def __init__(self, events: Events, pod: Object) -> None:
        self._events = events
        self.pod = pod

    def say(self, reason: str, message: str, member: Member | None = None) -> None:
        self._events.event(self._about(member), reason, message)

    def warn(self, reason: str, message: str, member: Member | None = None) -> None:
        self._events.event(self._about(member), reason, message, type="Warning")

    def _about(self, member: Member | None) -> Object:
        meta = self.pod["metadata"]
        about = {
            "kind": "Pod", "apiVersion": "v1", "name": meta["name"], "namespace": meta["namespace"],
            "uid": meta["uid"], "resourceVersion": meta.get("resourceVersion", ""),
        }  # fmt: skip
        return {**about, "fieldPath": member.field_path} if member is not None else about
