"""How the processors are shared between classes of pods: kept true as pods come and go."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from wherry.engine.sandboxes import PodSandbox
from wherry.kit.errors import WherryError
from wherry.node.pods.runtime import Limits, SandboxSpec
from wherry.node.runtime import limits, naming
from wherry.node.runtime.needs import EngineSandboxes

_log = logging.getLogger(__name__)


class Weights:
    """Works beside its callers; the last word counts. ``spec`` is what a sandbox was made by."""

    def __init__(self, sandboxes: EngineSandboxes, spec: Callable[[PodSandbox], SandboxSpec], processors: int) -> None:
        self._sandboxes = sandboxes
        self._spec = spec
        self._processors = processors
        self._set: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Something may have changed."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while (changed := self._changed()) is not None:
                path, shares = changed
                self._set[path] = shares
                await self._sandboxes.limit_above(path, {"cpu": {"shares": shares}})
        except (OSError, WherryError) as error:
            self._set.clear()
            _log.warning("sharing processors between classes of pods: %s", error)
        finally:
            self._task = None

    def _changed(self) -> tuple[str, int] | None:
        ready = [self._spec(one) for one in self._sandboxes if self._sandboxes.is_ready(one)]
        wanted = shares(ready, self._processors)
        return next(((path, value) for path, value in wanted.items() if self._set.get(path) != value), None)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


def shares(pods: list[SandboxSpec], processors: int) -> Mapping[str, int]:
    """Cgroup → its processor shares, of those that have pods: pure."""
    if not pods:
        return {}
    classes: dict[str, list[Limits]] = {}
    for pod in pods:
        classes.setdefault(pod.qos, []).append(pod.limits)
    found = {naming.class_group(qos): limits.class_shares(qos, members) for qos, members in classes.items()}
    return {naming.TOP: limits.machine_shares(processors), **found}
