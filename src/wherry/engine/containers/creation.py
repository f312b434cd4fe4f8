"""Make a container: check what was asked for, merge it with the image's, write its row. Nothing half-made stays."""

import os
import re
import secrets
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from wherry.engine.containers import facts, naming, resources, seccomp, sharing, validate
from wherry.engine.containers.merging import merge, words
from wherry.engine.containers.model import Config, HostConfig, NetworkingConfig
from wherry.engine.containers.mounts import Mounts
from wherry.engine.containers.row import Container, MountPoint, PodPart
from wherry.engine.containers.surroundings import Surroundings
from wherry.engine.images.model import Image
from wherry.kit.errors import Invalid, NotFound
from wherry.linux.cgroup import layout
from wherry.oci.platform import Platform

_NAME = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+")


class Created(msgspec.Struct, frozen=True):
    id: str
    warnings: list[str] = msgspec.field(default_factory=list)


class Request(msgspec.Struct, frozen=True):
    """What a client asks for. ``platform`` as ``os/architecture[/variant]``.

    ``pod``: it shares a sandbox, whatever ``host`` says of namespaces. ``mounts``: more mounts, resolved already.
    """

    config: Config
    host: HostConfig
    networking: NetworkingConfig
    name: str | None = None
    platform: str | None = None
    pod: PodPart | None = None
    mounts: Sequence[MountPoint] = ()


class Creation:
    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def create(self, request: Request) -> tuple[Container, list[str]]:
        """The new container and warnings; its row and directory are written, or nothing is."""
        around = self._around
        if request.name is not None:
            self.check_name(request.name)
        validate.check_asked(request.config, request.host)
        image = around.images.get(request.config.Image)
        _check_platform(image, request)
        config = merge(request.config, image)
        self._resolve_donors(request.host)
        warnings = self._check(config, request.host)
        container = self._container(request, config, image)
        directory = around.directory(container)
        mounts = Mounts(around.volumes, around.registry.get, lambda name: around.images.get(name).id)
        try:
            directory.mkdir(0o710)
            with around.registry.transaction():
                container.mounts = mounts.resolve(config, request.host, request.mounts)
                around.registry.insert(container)
        except BaseException:
            around.volumes.forget(mounts.made)
            if directory.exists():
                directory.rmdir()
            raise
        around.registry.add(container)
        return container, warnings

    def check_name(self, name: str) -> None:
        """Invalid and Conflict in Docker's words."""
        if not _NAME.fullmatch(name):
            raise Invalid(f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        self._around.registry.check_name(name.removeprefix("/"))

    def _container(self, request: Request, config: Config, image: Image) -> Container:
        arguments = [*words(config.Entrypoint), *words(config.Cmd)]
        if not arguments:
            raise Invalid("no command specified")
        container_id = _new_id(self._around.registry.exists)
        sandbox = self._around.sandboxes.get(request.pod.sandbox) if request.pod is not None else None
        if sandbox is not None:
            config.Hostname = sandbox.hostname
        if not config.Hostname:
            config.Hostname = os.uname().nodename if "host" in _names(request.host) else container_id[:12]
        return Container(
            id=container_id,
            name=(request.name or naming.name(self._around.registry.is_free)).removeprefix("/"),
            created=self._around.now(),
            image=image.id,
            image_name=request.config.Image,
            config=config,
            host=request.host,
            networking=request.networking,
            path=arguments[0],
            args=arguments[1:],
            mapped=sandbox.is_mapped if sandbox else validate.is_mapped(request.host, self._around.registry.get),
            pod=request.pod,
        )

    def _resolve_donors(self, host: HostConfig) -> None:
        """Containers that are joined are remembered by id: their names may change."""
        for field_name in ("NetworkMode", "PidMode", "IpcMode"):
            mode = getattr(host, field_name)
            if mode.startswith(sharing.PREFIX) and mode != sharing.PREFIX:
                try:
                    donor = self._around.registry.get(mode.removeprefix(sharing.PREFIX))
                except NotFound as error:
                    raise Invalid(error.message) from error
                setattr(host, field_name, sharing.PREFIX + donor.id)

    def _check(self, config: Config, host: HostConfig) -> list[str]:
        warnings = validate.check(config, host)
        resources.check(host, os.sched_getaffinity(0))
        facts.log_file(host.LogConfig, Path("/"))
        seccomp.compiled(host, facts.granted(host))
        if (host.BlkioWeight or host.BlkioWeightDevice) and not _weighs_block_io():
            host.BlkioWeight, host.BlkioWeightDevice = 0, None
            warnings.append(
                "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded."
            )
        return warnings


def _names(host: HostConfig) -> tuple[str, str]:
    """The modes that decide whose host name it is."""
    return host.NetworkMode, host.UTSMode


def _new_id(taken: Callable[[str], bool]) -> str:
    """Not one whose short form is a number: host names that are numbers confuse programs (moby, stringid)."""
    while True:
        new = secrets.token_hex(32)
        if not new[:12].isdigit() and not taken(new):
            return new


def _check_platform(image: Image, request: Request) -> None:
    """NotFound in Docker's words when the image is for another platform than the one asked for."""
    if not request.platform:
        return
    wanted, own = Platform.parse(request.platform), Platform.of(image.config)
    if image.config.architecture and not wanted.accepts(own):
        raise NotFound(
            f"image with reference {request.config.Image} was found but its platform ({own}) "
            f"does not match the specified platform ({request.platform})"
        )


@lru_cache(maxsize=1)
def _weighs_block_io() -> bool:
    """Version 1 has weights with the schedulers CFQ (to Linux 4.20) and BFQ only."""
    hierarchy = layout().find("blkio")
    if hierarchy is None or hierarchy.version == 2:
        return hierarchy is not None
    return any(Path(hierarchy.mount, name).exists() for name in ("blkio.weight", "blkio.bfq.weight"))
