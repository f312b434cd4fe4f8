"""What containers use, now and every second."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from wherry.engine.containers import stats
from wherry.engine.containers.row import Container
from wherry.engine.containers.surroundings import Surroundings
from wherry.kit.errors import Conflict

_SECOND = 1.0


class Figures:
    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def pids(self, container: Container) -> set[int]:
        """Host pids of a running container's processes; Conflict when it does not run."""
        if not container.pid:
            raise Conflict(f"container {container.id} is not running")
        return set(self._around.group(self._around.cgroup(container)).pids())

    async def sample(self, container: Container, one_shot: bool) -> dict[str, Any]:
        """One sample, with a second's use of processors before it unless it is to be had at once."""
        first = self._take(container, None)
        if one_shot or not container.pid:
            return first
        await asyncio.sleep(_SECOND)
        return self._take(container, first)

    async def samples(self, container: Container) -> AsyncIterator[dict[str, Any]]:
        before: dict[str, Any] | None = None
        while self._around.registry.exists(container.id):
            before = self._take(container, before)
            yield before
            await asyncio.sleep(_SECOND)

    def _take(self, container: Container, before: dict[str, Any] | None) -> dict[str, Any]:
        figures = None
        if container.pid:
            try:
                figures = self._around.group(self._around.cgroup(container)).stats()
            except OSError:
                pass  # it has just ended
        return stats.document(container, figures, self._around.now(), before)
