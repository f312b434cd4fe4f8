"""Make a container: check what was asked for, merge it with the image's, write its row. Nothing half-made stays."""

import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from wherry.engine.containers import naming, resources, validate
from wherry.engine.containers.model import Config, HostConfig, NetworkingConfig
from wherry.engine.containers.mounts import Mounts
from wherry.engine.containers.registry import Registry
from wherry.engine.containers.row import Container, MountPoint
from wherry.engine.images import Image, Images
from wherry.engine.instance import Instance
from wherry.engine.volumes import Volumes
from wherry.kit.errors import Invalid

_NAME = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Created:
    id: str
    warnings: list[str] = field(default_factory=list)


class Creation:
    def __init__(
        self, instance: Instance, registry: Registry, images: Images, volumes: Volumes, now: Callable[[], int]
    ) -> None:
        self._instance = instance
        self._registry = registry
        self._images = images
        self._volumes = volumes
        self._mounts = Mounts(volumes, registry.get)
        self._now = now

    def create(
        self, name: str | None, config: Config, host: HostConfig, networking: NetworkingConfig | None
    ) -> tuple[Container, list[str]]:
        """The new container, its row and directory written; everything is undone when a step fails."""
        if name is not None:
            self.check_name(name)
        image = self._images.get(config.Image)
        warnings = validate.check(config, host)
        warnings += resources.check(host, os.cpu_count() or 1)
        merged = merge(config, image)
        entrypoint, command = _words(merged.Entrypoint), _words(merged.Cmd)
        arguments = [*entrypoint, *command]
        if not arguments:
            raise Invalid("no command specified")
        container_id = secrets.token_hex(32)
        before = {volume.name for volume in self._volumes.list()}
        points = self._mounts.resolve(merged, host, (image.config.config.volumes or {}) if image.config.config else ())
        container = Container(
            id=container_id,
            name=(name or naming.name(lambda taken: _is_free(self._registry, taken))).removeprefix("/"),
            created=self._now(),
            image=image.id,
            image_name=config.Image,
            config=_with_hostname(merged, container_id),
            host=host,
            networking=networking or NetworkingConfig(),
            path=arguments[0],
            args=arguments[1:],
            mounts=points,
            mapped=validate.is_mapped(host, self._registry.get),
        )
        directory = self._instance.containers / container_id
        try:
            directory.mkdir(0o710)
            self._registry.add(container)
        except BaseException:
            if directory.exists():
                directory.rmdir()
            self._forget_volumes(points, before)
            raise
        return container, warnings

    def check_name(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise Invalid(f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        self._registry.check_name(name.removeprefix("/"))

    def _forget_volumes(self, points: list[MountPoint], before: set[str]) -> None:
        for point in points:
            if point.name and point.name not in before:
                self._volumes.remove(point.name, force=True)


def _is_free(registry: Registry, name: str) -> bool:
    try:
        registry.check_name(name)
    except Exception:
        return False
    return True


def _words(given: list[str] | str | None) -> list[str]:
    return [given] if isinstance(given, str) else list(given or ())


def merge(config: Config, image: Image) -> Config:
    """What was asked for over what the image says: an own entrypoint drops the image's command (moby, runconfig)."""
    base = image.config.config
    if base is None:
        return config
    changes: dict[str, object] = {}
    if not config.User and base.user:
        changes["User"] = base.user
    if not config.WorkingDir and base.working_dir:
        changes["WorkingDir"] = base.working_dir
    if config.StopSignal is None and base.stop_signal:
        changes["StopSignal"] = base.stop_signal
    if not config.Entrypoint and config.Entrypoint != []:
        if not config.Cmd and base.cmd:
            changes["Cmd"] = list(base.cmd)
        if base.entrypoint:
            changes["Entrypoint"] = list(base.entrypoint)
    if config.Entrypoint == [""]:
        changes["Entrypoint"] = None
    changes["Labels"] = {**(base.labels or {}), **(config.Labels or {})}
    ports = {**({port: {} for port in base.exposed_ports or ()}), **(config.ExposedPorts or {})}
    if ports:
        changes["ExposedPorts"] = ports
    names = {item.partition("=")[0] for item in config.Env or ()}
    inherited = [item for item in base.env or () if item.partition("=")[0] not in names]
    changes["Env"] = [*(config.Env or ()), *inherited]
    return msgspec.structs.replace(config, **changes)


def _with_hostname(config: Config, container_id: str) -> Config:
    return config if config.Hostname else msgspec.structs.replace(config, Hostname=container_id[:12])
