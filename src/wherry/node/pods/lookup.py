"""What the kubelet's API asks of the agent about the pods that are here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wherry.kube.machinery.model import Object


@dataclass(frozen=True, slots=True)
class ContainerPlace:
    """A container of a pod, by its name. ``id``: of its newest run, empty when there was none; ``log``: the file of
    that run in CRI's format. ``previous_id`` and ``previous_log``: of the run before it, empty when it is not kept."""

    name: str
    id: str = ""
    running: bool = False
    log: str = ""
    previous_id: str = ""
    previous_log: str = ""
    waiting: str = ""
    """Why it does not run, in one word (``CrashLoopBackOff``); empty when it does, or has ended."""


@dataclass(frozen=True, slots=True)
class PodPlace:
    """A pod on this node. ``pod`` has the status that the agent sees, which may be newer than the API's. ``sandbox``
    is empty when there is none (yet)."""

    pod: Object
    uid: str
    sandbox: str
    containers: Mapping[str, ContainerPlace]


class PodLookup(Protocol):
    """Answers from memory."""

    def places(self) -> Sequence[PodPlace]:
        """Of all pods here, those that are ending among them."""

    def place(self, namespace: str, name: str, uid: str = "") -> PodPlace | None:
        """The pod of that name; with ``uid`` only if it is that one."""
