"""Which static pods a node has, and when each begins and ends."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from wherry.kube.client.clock import Clock
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import rfc3339
from wherry.node.pods import view
from wherry.node.pods.machine import nodes
from wherry.node.pods.manifests import CHECK_SECONDS, Manifests
from wherry.node.pods.voice import Events


class Tenant(Protocol):
    """A pod that is here: a worker."""

    @property
    def uid(self) -> str: ...

    @property
    def pod(self) -> Object: ...

    def vanish(self, last: Object | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class Needs:
    """``manifests`` None: the node has none. ``tenants`` gives all pods that are here; ``take`` begins one."""

    manifests: Manifests | None
    clock: Clock
    events: Events
    node: str
    tenants: Callable[[], Iterable[Tenant]]
    take: Callable[[Object], None]


class Statics:
    """Of one node. Somebody follows them (:meth:`follow`)."""

    def __init__(self, needs: Needs) -> None:
        self._needs = needs
        self._wanted: Mapping[str, Object] = {}

    async def read(self) -> None:
        """Once, before any begins."""
        needs = self._needs
        if needs.manifests is None:
            return
        pods, faults = await asyncio.to_thread(needs.manifests.read, rfc3339(needs.clock.now()))
        for each in faults:
            needs.events.event(nodes.about(needs.node), "InvalidManifest", each, type="Warning")
        self._wanted = {view.uid(pod): pod for pod in pods}

    async def follow(self) -> None:
        """Until cancelled: begin what is new in the directory, end what is not there any more. A pod that is another
        now waits for the end of the one before it, whose ports it may need."""
        needs = self._needs
        while needs.manifests is not None:
            await needs.clock.sleep(CHECK_SECONDS)
            if needs.manifests.has_changed():
                await self.read()
            for each in tuple(needs.tenants()):
                if view.is_static(each.pod) and each.uid not in self._wanted:
                    each.vanish()
            self.begin()

    def begin(self) -> None:
        """Those that are not here, and whose predecessors are not either."""
        here = tuple(self._needs.tenants())
        uids, names = {each.uid for each in here}, {_name(each.pod) for each in here}
        for uid, pod in self._wanted.items():
            if uid not in uids and _name(pod) not in names:
                self._needs.take(pod)


def _name(pod: Object) -> tuple[str, str]:
    return pod["metadata"].get("namespace", ""), pod["metadata"]["name"]
