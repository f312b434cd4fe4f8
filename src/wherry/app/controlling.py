"""What runs beside the API server in ``control``: the objects a cluster begins with, and the controllers."""

import asyncio
import importlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from wherry.app.rights import roles
from wherry.kit.errors import Unavailable, WherryError
from wherry.kit.tasks import end_if_cancelled, first_cause
from wherry.kube.apiserver.assembly import ApiServer
from wherry.kube.apiserver.authz.aggregation import aggregate
from wherry.kube.apiserver.authz.bootstrap import defaults
from wherry.kube.apiserver.authz.bootstrap.reconcile import reconcile
from wherry.kube.apiserver.components import CONTROLLERS, SCHEDULER, STORE, Components
from wherry.kube.apiserver.discovery import priorities
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.discovery import ResourceType
from wherry.kube.controllers import bootstrap
from wherry.kube.machinery.model import GroupVersion, GroupVersionResource

if TYPE_CHECKING:
    from wherry.kube.scheduler.options import Options as SchedulerOptions

log = logging.getLogger("wherry.cluster")
_AGAIN_SECONDS = 1.0
_LATE = ("every", "running", "apiservices", "servicenetworks")
_LOADED_LATE = tuple(f"wherry.kube.controllers.{name}" for name in _LATE)


class ServedResources:
    """A :class:`wherry.kube.client.discovery.Discovery` of the server in this process."""

    def __init__(self, server: ApiServer) -> None:
        self._kinds = server.kinds
        self._listeners: list[Callable[[], None]] = []
        server.kinds.listeners.append(self._changed)

    def _changed(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    async def resources(self) -> Sequence[ResourceType]:
        return [
            ResourceType(
                GroupVersionResource(kind.group, kind.versions[0].name, kind.plural),
                kind.kind,
                kind.namespaced,
                frozenset(kind.verbs),
            )
            for kind in self._kinds.all()
            if kind.stored_as is None
        ]

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)


class LateAuthority:
    """The authority that signs, made when it is first asked to sign something: its library takes 100 ms to load."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: Any = None  # wherry.kube.pki.making.Authority, whose module is not loaded before

    def __getattr__(self, name: str) -> Any:  # whatever an Authority has
        if self._made is None:
            from wherry.kube.pki.making import Authority

            self._made = Authority(self._path.read_text())
        return getattr(self._made, name)


class Faults:
    """Of controllers that have failed and are about to be started again: by name, what they said."""

    def __init__(self) -> None:
        self.told: dict[str, str] = {}

    async def scheduler(self) -> None:
        """Raises Unavailable for one of the scheduler's."""
        if SCHEDULER in self.told:
            raise Unavailable(self.told[SCHEDULER])

    async def controllers(self) -> None:
        """Raises Unavailable for one of anybody else's."""
        for name, said in self.told.items():
            if name != SCHEDULER:
                raise Unavailable(f"{name}: {said}")


async def begin(server: ApiServer, address: bootstrap.Address) -> None:
    """Make what a cluster begins with, where it is missing."""
    await bootstrap.ensure(server.client(), bootstrap.wanted(address, (*defaults(), *roles()), reconcile))


async def run(
    server: ApiServer, authority: Path, authority_pem: str, scheduling: "SchedulerOptions | None" = None
) -> None:
    """The controllers, until cancelled. They are loaded when the server answers already, and while it goes on.
    ``scheduling``: None is the usual."""
    for name in _LOADED_LATE:
        await asyncio.to_thread(importlib.import_module, name)
    from wherry.kube.client.events import Recorder, Source
    from wherry.kube.client.informers import Informers
    from wherry.kube.controllers.apiservices import ApiServices, Place
    from wherry.kube.controllers.every import Given, controllers
    from wherry.kube.controllers.frame import Needs
    from wherry.kube.controllers.running import running
    from wherry.kube.controllers.servicenetworks import ServiceNetworks
    from wherry.kube.scheduler.scheduler import USUAL

    # managed fields name them as upstream's: people tell tools to leave out what belongs to "kube-controller-manager"
    client, scheduler = server.client(agent="kube-controller-manager"), server.client(agent="kube-scheduler")
    clock = SystemClock()
    recorder = Recorder(client, Source("controller-manager"), clock)
    server.measures.gauges["wherry_events_dropped"] = lambda: recorder.dropped
    issuer = server.authentication.issuer
    given = Given(LateAuthority(authority), authority_pem, issuer.legacy_token, aggregate)  # type: ignore[arg-type]  # it acts as one

    def served() -> dict[GroupVersion, Place]:
        return {version: Place(*priority) for version, priority in priorities(server.kinds.all()).items()}

    faults = Faults()
    checks = {STORE: server.ready_checks["etcd"], CONTROLLERS: faults.controllers, SCHEDULER: faults.scheduler}
    async with Informers(client, clock) as informers, asyncio.TaskGroup() as group:
        needs = Needs(client, informers, ServedResources(server), recorder, clock)
        group.create_task(kept(recorder.run, "events", faults))
        ours = msgspec.structs.replace(needs, client=server.client())
        own = ApiServices(ours, served), ServiceNetworks(ours, [str(each) for each in server.options.ranges.networks])
        for each in (*controllers(needs, given), *running(needs, scheduler, scheduling or USUAL), *own):
            group.create_task(kept(each.run, each.name, faults), name=each.name)
        group.create_task(Components(server.caches, checks).run())


async def kept(run: Callable[[], Any], name: str, faults: Faults) -> None:
    """A controller that fails is told of and started again; it reads its state anew."""
    while True:
        try:
            await run()
            return
        except Exception as error:
            end_if_cancelled(error)
            if (known := _known(error)) is not None:
                log.warning("controller %s: %s; starting it again", name, known)
            else:
                log.exception("controller %s failed; starting it again", name)
            faults.told[name] = str(error) or type(error).__name__
            await asyncio.sleep(_AGAIN_SECONDS)
            del faults.told[name]


def _known(error: Exception) -> WherryError | None:
    """What is known to go wrong (the store does not answer), where it is nothing else: then a line says all."""
    if isinstance(error, ExceptionGroup):
        found, others = error.split(WherryError)
        cause = first_cause(found) if found is not None and others is None else None
        return cause if isinstance(cause, WherryError) else None
    return error if isinstance(error, WherryError) else None
