"""What pods may have together, and how classes of them share the processors: kept true as pods come and go
(pkg/kubelet/cm/node_container_manager_linux.go, enforceNodeAllocatable)."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from wherry.engine.sandboxes import PodSandbox
from wherry.kit.errors import WherryError
from wherry.node.pods.runtime import Limits, SandboxSpec
from wherry.node.runtime import limits, naming
from wherry.node.runtime.limits import Document
from wherry.node.runtime.needs import EngineSandboxes
from wherry.node.runtime.requests import Machine

_log = logging.getLogger(__name__)


class Weights:
    """Works beside its callers; the last word counts. ``spec`` is what a sandbox was made by."""

    def __init__(self, sandboxes: EngineSandboxes, spec: Callable[[PodSandbox], SandboxSpec], machine: Machine) -> None:
        self._sandboxes = sandboxes
        self._spec = spec
        self._machine = machine
        self._set: dict[str, Document] = {}
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Something may have changed."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while (changed := self._changed()) is not None:
                path, resources = changed
                self._set[path] = resources
                await self._sandboxes.limit_above(path, resources)
        except (OSError, WherryError) as error:
            self._set.clear()
            _log.warning("what pods may have together: %s", error)
        finally:
            self._task = None

    def _changed(self) -> tuple[str, Document] | None:
        ready = [self._spec(one) for one in self._sandboxes if self._sandboxes.is_ready(one)]
        wanted = shares(ready, self._machine)
        return next(((path, value) for path, value in wanted.items() if self._set.get(path) != value), None)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


def shares(pods: list[SandboxSpec], machine: Machine) -> Mapping[str, Document]:
    """Cgroup → its resources, of those that have pods: pure."""
    if not pods:
        return {}
    classes: dict[str, list[Limits]] = {}
    for pod in pods:
        classes.setdefault(pod.qos, []).append(pod.limits)
    reserved = machine.reserved
    whole: Document = {"cpu": {"shares": limits.machine_shares(machine.processors, reserved.millicpu)}}
    if reserved.memory_bytes:
        whole["memory"] = {"limit": max(machine.memory_bytes - reserved.memory_bytes, 0)}
    found: dict[str, Document] = {naming.TOP: whole}
    for qos, members in classes.items():
        found[naming.class_group(qos)] = {"cpu": {"shares": limits.class_shares(qos, members)}}
    return found
