"""A node's proxy at work in a :class:`.netlab.Lab`: its API is a fake, its kernel is not."""

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Network
from typing import Any, TypeVar

from tests.kernel.netlab import Lab, Place
from tests.unit.node.proxy.objects import NODE
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.node.proxy.apply import KernelRules
from wherry.node.proxy.model import Node
from wherry.node.proxy.proxy import Options, Proxy

_T = TypeVar("_T")
_SECONDS = 60.0
GUARDED = Options()


class Complaints(logging.Handler):
    """Errors: what the kernel refused, though it is made good."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


class ProxyLab(Lab):
    """:meth:`running` it has a loop in a thread of its own, so that a test can wait for packets meanwhile."""

    def __init__(self, node: Node = NODE, options: Options = GUARDED) -> None:
        six = (each for each in node.pod_networks if isinstance(each, IPv6Network))
        super().__init__(range6=next(six, None))
        self.facts = node
        self.options = options
        self.client = FakeClient()
        self.proxy: Proxy
        self._complaints = Complaints()
        self._begun = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @contextmanager
    def running(self) -> Iterator["ProxyLab"]:
        logger = logging.getLogger("wherry.node.proxy")
        logger.addHandler(self._complaints)
        life = asyncio.run_coroutine_threadsafe(self._live(), self._loop)
        try:
            assert self._begun.wait(_SECONDS)
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._end.set)
            life.result(_SECONDS)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_SECONDS)
            logger.removeHandler(self._complaints)
        assert not self._complaints.said

    async def _live(self) -> None:
        self._end = asyncio.Event()
        rules = KernelRules(self.facts.table)
        async with Informers(self.client, SystemClock()) as informers:
            self.proxy = Proxy(informers, SystemClock(), self.facts, rules, self.options)
            task = asyncio.create_task(self.proxy.run())
            started = asyncio.create_task(self.proxy.started.wait())
            await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
            self._begun.set()
            await self._end.wait()
            task.cancel()
            await asyncio.wait({task})
        rules.close()

    def call(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """On the proxy's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_SECONDS)

    def put(self, *objects: Object) -> None:
        """Into the API."""

        async def put() -> None:
            self.client.put(*objects)

        self.call(put())

    def delete(self, resource: GroupVersionResource, name: str, namespace: str = "") -> None:
        async def delete() -> None:
            await self.client.delete(resource, name, namespace, options={"gracePeriodSeconds": 0})

        self.call(delete())

    def ready(self, pod: Object, place: Place) -> None:
        """What the agent does before the pod's first container."""
        self.call(self.proxy.ready_for(pod, [place.address]))
