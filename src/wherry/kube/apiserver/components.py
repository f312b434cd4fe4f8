"""``ComponentStatus``: how the parts of the control plane are. They are looked at again and again, and what is found
becomes objects in the server's memory.

Deprecated for years, and still what many ask first. The names are upstream's (pkg/registry/core/rest/storage_core.go:
``componentStatusStorage``), whose server asks at every request.
"""

import asyncio
from collections.abc import Mapping

from wherry.kube.apiserver.caches import Caches
from wherry.kube.apiserver.pages import Check
from wherry.kube.apiserver.stored import value_of
from wherry.kube.machinery.model import GroupResource, Object
from wherry.store.model import Event

ROUND_SECONDS = 10.0
STORE, CONTROLLERS, SCHEDULER = "etcd-0", "controller-manager", "scheduler"
_RESOURCE = GroupResource("", "componentstatuses")


class Components:
    """``checks``: by a component's name, what raises when it is not well."""

    def __init__(self, caches: Caches, checks: Mapping[str, Check]) -> None:
        self._caches = caches
        self._checks = checks

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(ROUND_SECONDS)

    async def look(self) -> None:
        """Once, at all of them."""
        for name, check in self._checks.items():
            try:
                await check()
                found = component(name)
            except Exception as error:  # whatever it is, it is what is told
                found = component(name, str(error) or type(error).__name__)
            revision = max(self._caches.revision, 1)
            self._caches.of(_RESOURCE).apply([(f"/{name}", Event(f"/{name}", revision, value_of(found), revision))])


def component(name: str, fault: str = "") -> Object:
    """One that is well, or has a fault."""
    condition = {"type": "Healthy", "status": "False" if fault else "True", "message": fault or "ok"}
    return {"apiVersion": "v1", "kind": "ComponentStatus", "metadata": {"name": name}, "conditions": [condition]}
