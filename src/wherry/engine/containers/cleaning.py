"""What a run had in the kernel, let go of when it has ended."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wherry.engine.containers.row import Container
from wherry.engine.containers.shm import unmount_shm
from wherry.engine.containers.surroundings import Surroundings
from wherry.kit.errors import WherryError

_log = logging.getLogger(__name__)


async def let_go(around: Surroundings, container: Container) -> bool:
    """Of cgroups, mounts and endpoint: whether all are gone. A failure is told and keeps nobody waiting. Idempotent."""
    failures: list[Exception] = []
    async with _noting(failures):  # writes a row: the disk may be full
        await around.networks.disconnect(container.id)
    async with _noting(failures):
        await around.runtime.clean(container.id, around.directory(container), around.cgroup(container))
    async with _noting(failures):
        unmount_shm(around.directory(container))
    for error in failures:
        _log.warning("container %s: cleaning up after its end: %s", container.id[:12], error)
    return not failures


@asynccontextmanager
async def _noting(failures: list[Exception]) -> AsyncIterator[None]:
    try:
        yield
    except (OSError, WherryError) as error:
        failures.append(error)
