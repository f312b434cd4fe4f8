"""``RUN --mount`` resolved: what each mount of a step is made of, and what of it counts for the cache."""

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from wherry.engine.build.caches import cache_volume
from wherry.engine.build.digests import digest_of
from wherry.engine.build.mounts import AgentSocket, BoundTree, SecretFile, Trees
from wherry.engine.build.relay import relayed
from wherry.engine.build.sources import Files, directories, files_of, looking_into
from wherry.engine.build.stepping import Step
from wherry.engine.containers.row import MountPoint
from wherry.engine.dockerfile.model import Mount, MountType, Run
from wherry.engine.dockerfile.settings import absolute
from wherry.engine.images.threads import in_thread
from wherry.engine.runtime.model import ID_RANGE_SIZE
from wherry.kit.errors import Invalid, NotFound, WherryError

_SECRETS = "/run/secrets"
_AGENT = "/run/buildkit/ssh_agent"


@dataclass(frozen=True, slots=True)
class Mounted:
    """``marks`` are for the cache's key. ``points`` are the mounts; ``trees`` makes those that have no path.

    ``bound``: what of contexts is mounted, and its digest: it may change while the step runs.
    """

    trees: Trees
    marks: tuple[object, ...] = ()
    points: tuple[MountPoint, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    bound: tuple[tuple[Files, str, object], ...] = ()

    def plus(
        self, mark: object, point: MountPoint | None = None, environment: Mapping[str, str] | None = None
    ) -> "Mounted":
        points = (*self.points, point) if point is not None else self.points
        return replace(
            self, marks=(*self.marks, mark), points=points, environment={**self.environment, **(environment or {})}
        )


async def still_holds(step: Step, made: Mounted) -> bool:
    """Whether what was mounted of contexts is still what it was."""
    try:
        return all([await _bound_digest(step, files, source) == digest for files, source, digest in made.bound])
    except WherryError:
        return False  # gone


async def mounted(step: Step, one: Run, stack: AsyncExitStack) -> Mounted:
    """What a RUN mounts, in its order. ``stack`` ends what holds only as long as the step. Invalid, NotFound."""
    needs_place = one.mounts or one.heredocs  # a script of a here-document is a file in memory, mounted too
    scratch = await in_thread(stack.enter_context, step.job.engine.scratch()) if needs_place else Path()
    made = Mounted(Trees(scratch))
    for number, mount in enumerate(one.mounts):
        match mount.type:
            case MountType.BIND:
                made = await _bind(step, mount, made, scratch / f"cover{number}")
            case MountType.CACHE:
                made = await _cache(step, mount, made, stack)
            case MountType.TMPFS:
                made = made.plus(["tmpfs", _target(step, mount), mount.size_bytes], _tmpfs(step, mount))
            case MountType.SECRET:
                made = _secret(step, mount, made)
            case MountType.SSH:
                made = await _agent(step, mount, made, stack, number)
    return made


def _target(step: Step, mount: Mount) -> str:
    if not mount.target:
        raise Invalid(f"{mount.type.value} mount: target is required")
    target = absolute(mount.target, step.state.config.working_dir or "/")
    clean = os.path.normpath("/" + target.lstrip("/"))
    if clean == "/":
        raise Invalid(f"invalid mount target {mount.target!r}: the root directory cannot be mounted over")
    return clean


def _owner(mount: Mount) -> tuple[int, int]:
    """uid and gid: of a step's own range, because others are of other containers."""
    for name, number in (("uid", mount.uid), ("gid", mount.gid)):
        if number is not None and number >= ID_RANGE_SIZE:
            raise Invalid(f"invalid {name} {number} of a {mount.type.value} mount: the last one is {ID_RANGE_SIZE - 1}")
    return mount.uid or 0, mount.gid or 0


# Binds


async def _bind(step: Step, mount: Mount, made: Mounted, cover: Path) -> Mounted:
    names = step.job.setting.names
    files = await files_of(step.job, names.source(mount.from_) if mount.from_ else None)
    digest = await _bound_digest(step, files, mount.source)
    target = _target(step, mount)
    layers = await in_thread(_directories, step, files, cover)
    bind = BoundTree(target, layers, mount.source or "/", writable=not mount.read_only)
    made = replace(made, trees=replace(made.trees, binds=(*made.trees.binds, bind)))
    if files.context is not None:
        made = replace(made, bound=(*made.bound, (files, mount.source, digest)))
    point = MountPoint(kind="tree", destination=target, source=f"build {mount.from_ or 'context'}", options=["bind"])
    return made.plus(["bind", target, mount.read_only, digest], point)


def _directories(step: Step, files: Files, cover: Path) -> list[Path]:
    cover.mkdir(mode=0o755)
    return directories(step.job, files, cover)


async def _bound_digest(step: Step, files: Files, source: str) -> object:
    """What is bound, by content: of layers their chain, of a context the files."""
    if files.identity is not None:
        return [files.identity, source]
    async with looking_into(step.job, files) as (tree, digests):
        top = tree.find(source)
        if top is None:
            raise NotFound(f'failed to compute cache key: "/{source.strip("/")}": not found')

        def digest() -> str:
            below = tree.walk(top.path) if top.is_directory else ()
            return digest_of([("", top), *((entry.path, entry) for entry in below)], digests, with_owners=True)

        return await in_thread(digest)


# Caches and memory


async def _cache(step: Step, mount: Mount, made: Mounted, stack: AsyncExitStack) -> Mounted:
    """What is in a cache does not count, but which one it is, and what it began with."""
    _owner(mount)
    target = _target(step, mount)
    origin = step.job.setting.names.source(mount.from_) if mount.from_ else None
    volume = await cache_volume(step.job, replace(mount, target=target), stack)
    access = ["ro"] if mount.read_only else ["rw"]
    point = MountPoint(
        kind="volume", name=volume.name, source=str(volume.path), destination=target, options=["rbind", *access]
    )
    begins = await _bound_digest(step, await files_of(step.job, origin), mount.source) if origin else None
    return made.plus(["cache", mount.id or target, target, mount.read_only, begins], point)


def _tmpfs(step: Step, mount: Mount) -> MountPoint:
    size = [f"size={mount.size_bytes}"] if mount.size_bytes else []
    options = ["nosuid", "nodev", "mode=1777", *size]
    return MountPoint(kind="tmpfs", destination=_target(step, mount), options=options)


# Secrets and agents


def _secret(step: Step, mount: Mount, made: Mounted) -> Mounted:
    name = mount.id or mount.source or os.path.basename(mount.target)
    content = step.job.options.secrets.get(name)
    mark = ["secret", name, mount.target, mount.env]
    if content is None:
        if mount.required:
            raise NotFound(f"secret {name}: not found: give it with --secret id={name},src=FILE")
        return made.plus(mark)
    if mount.env is not None:
        made = made.plus(mark, environment={mount.env: content.decode("utf-8", "surrogateescape")})
        if not mount.target:
            return made
    target = _target(step, mount) if mount.target else f"{_SECRETS}/{name}"
    mode = 0o400 if mount.mode is None else mount.mode
    file = SecretFile(target, content, *_owner(mount), mode)
    return replace(made, trees=made.trees.with_file(file)).plus(mark, file.point)


async def _agent(step: Step, mount: Mount, made: Mounted, stack: AsyncExitStack, number: int) -> Mounted:
    name = mount.id or "default"
    agent = step.job.options.ssh.get(name)
    mark = ["ssh", name, mount.target]
    if agent is None:
        if mount.required:
            raise NotFound(f"ssh agent {name}: not found: give it with --ssh {name}")
        return made.plus(mark)
    target = _target(step, mount) if mount.target else f"{_AGENT}.{number}"
    path = await stack.enter_async_context(relayed(made.trees.scratch / f"agent{number}", agent))
    mode = 0o600 if mount.mode is None else mount.mode
    listening = AgentSocket(target, path, *_owner(mount), mode)
    made = replace(made, trees=replace(made.trees, sockets=(*made.trees.sockets, listening)))
    return made.plus(mark, listening.point, {"SSH_AUTH_SOCK": target})
