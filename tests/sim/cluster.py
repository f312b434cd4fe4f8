"""The real API server in this process, with controllers as its clients."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

from wherry.kube.apiserver.assembly import LOOPBACK, ApiServer
from wherry.kube.apiserver.authz.bootstrap import defaults
from wherry.kube.apiserver.authz.bootstrap.reconcile import reconcile
from wherry.kube.apiserver.local import LocalClient
from wherry.kube.apiserver.options import Options
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.discovery import FakeDiscovery
from wherry.kube.client.events import Recorder, Source
from wherry.kube.client.informers import Informers
from wherry.kube.controllers.bootstrap import Address, ensure, wanted
from wherry.kube.controllers.frame import Needs, Runnable
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.pki import directory
from wherry.kube.pki.model import Wanted
from wherry.store.memory import MemoryStore

ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")
TURNS = 100
Make = Callable[[Needs], Iterable[Runnable]]


class Cluster:
    """``client`` may do everything. Time moves by :meth:`advance` alone; :meth:`until` waits for a state."""

    def __init__(self, server: ApiServer, client: LocalClient, clock: FakeClock) -> None:
        self.server = server
        self.client = client
        self.clock = clock
        self.tasks: list[asyncio.Task[None]] = []

    async def all(self, resource: GroupVersionResource, namespace: str = "default") -> list[Object]:
        return (await self.client.list(resource, namespace)).items

    async def until(self, condition: Callable[[], "asyncio.Future[bool] | object"], seconds: float = 60.0) -> None:
        """Until the condition, a coroutine function, holds; meanwhile time passes as somebody waits for it."""
        give_up = time.monotonic() + seconds
        while not await condition():  # type: ignore[misc]
            self._check()
            assert time.monotonic() < give_up, "it never came"
            await asyncio.sleep(0.001)
            due = self.clock.next_due
            if due is not None and due < 1.0:
                await self.clock.advance(due)

    async def advance(self, seconds: float, steps: int = 10) -> None:
        """Let time pass, with turns for everything in between."""
        for _ in range(steps):
            await self.clock.advance(seconds / steps)
            for _ in range(TURNS):  # by number: of a time, another process may have most
                await asyncio.sleep(0)
            await asyncio.sleep(0.002)
        self._check()

    def _check(self) -> None:
        for task in self.tasks:
            if task.done():
                task.result()


@contextlib.asynccontextmanager
async def cluster(place: Path, make: Make = lambda needs: ()) -> AsyncIterator[Cluster]:
    """With a default account, and what ``make`` makes running."""
    pki = directory.ensure(place, Wanted(), time.time())
    clock = FakeClock()
    server = ApiServer(MemoryStore(), Options(pki.signing_keys, clock=clock.now))
    await server.start()
    client = LocalClient(server.api, server.kinds, server.authorizer, LOOPBACK, clock.now)
    await ensure(client, wanted(Address("10.96.0.1", "192.0.2.1", 6443), defaults(), reconcile))
    account: Object = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    await client.create(ACCOUNTS, account, "default")
    found = Cluster(server, client, clock)
    try:
        async with Informers(client, clock) as informers:
            recorder = Recorder(client, Source("sim"), clock)
            needs = Needs(client, informers, FakeDiscovery(), recorder, clock)
            runs = [recorder.run(), *(each.run() for each in make(needs))]
            found.tasks = [asyncio.ensure_future(run) for run in runs]
            try:
                yield found
            finally:
                for task in found.tasks:
                    task.cancel()
                await asyncio.gather(*found.tasks, return_exceptions=True)
    finally:
        await server.stop()
