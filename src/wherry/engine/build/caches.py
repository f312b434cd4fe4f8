"""Cache mounts: volumes with a label, so that they can be listed, exported, and used by ``run``."""

import hashlib
import os
import re
from contextlib import AsyncExitStack
from pathlib import Path

from wherry.engine.build.job import Job
from wherry.engine.build.selection import Request, select
from wherry.engine.build.sources import files_of, looking_into
from wherry.engine.build.writing import Looks, Writer
from wherry.engine.dockerfile.model import Mount, Sharing
from wherry.engine.images.threads import in_thread
from wherry.engine.volumes import Volume

LABEL = "wherry.build.cache"
"""The label's value is the cache's id."""

_KEPT = re.compile(r"[^a-zA-Z0-9_.-]+")


def volume_name(cache_id: str, number: int = 0) -> str:
    """The volume of a cache: readable, and different for different ids. ``number``: of a private one in use twice."""
    digest = hashlib.sha256(cache_id.encode()).hexdigest()[:8]
    readable = _KEPT.sub("-", cache_id).strip("-.")[:40] or "root"
    return f"buildcache-{readable}-{digest}" + (f"-{number}" if number else "")


async def cache_volume(job: Job, mount: Mount, stack: AsyncExitStack) -> Volume:
    """The volume of a cache mount; held until ``stack`` ends when it is not shared."""
    cache_id = mount.id or mount.target
    name = volume_name(cache_id)
    if mount.sharing is Sharing.LOCKED:
        await stack.enter_async_context(job.engine.turns.of(name))
    elif mount.sharing is Sharing.PRIVATE:
        name = await _free(job, cache_id, stack)
    is_new = not job.engine.volumes.exists(name)
    volume = job.engine.volumes.create(name, "local", {LABEL: cache_id}, {})
    if is_new:
        await _begin(job, mount, volume.path)
    return volume


async def _free(job: Job, cache_id: str, stack: AsyncExitStack) -> str:
    """The first volume of the cache that no step has at the moment."""
    number = 0
    while (turn := job.engine.turns.of(volume_name(cache_id, number))).locked():
        number += 1
    await stack.enter_async_context(turn)
    return volume_name(cache_id, number)


async def _begin(job: Job, mount: Mount, path: Path) -> None:
    """A new cache has the mount's owner and mode, and what ``from`` and ``source`` say it begins with."""
    if mount.from_:
        files = await files_of(job, job.setting.names.source(mount.from_))
        async with looking_into(job, files) as (tree, _):

            def fill() -> None:
                root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                try:
                    Writer(root, Looks(owner=None)).copy(tree, select(tree, Request([mount.source or "/"])), "/", True)
                finally:
                    os.close(root)

            await in_thread(fill)
    os.chown(path, mount.uid or 0, mount.gid or 0)
    os.chmod(path, 0o755 if mount.mode is None else mount.mode)
