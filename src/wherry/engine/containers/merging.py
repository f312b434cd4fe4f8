"""What was asked for over what the image says: pure (moby, runconfig.Merge)."""

from collections.abc import Iterable

import msgspec

from wherry.engine.containers.model import Config, HealthcheckConfig
from wherry.engine.images.model import Image
from wherry.oci.model import ContainerConfig, Empty, Healthcheck


def words(given: list[str] | str | None) -> list[str]:
    """A command: a string is one word."""
    return [given] if isinstance(given, str) else list(given or ())


def merge(config: Config, image: Image) -> Config:
    """A new container's configuration over its image's."""
    return merge_over(config, image.config.config)


def merge_over(config: Config, base: ContainerConfig) -> Config:
    """A new configuration. An own entrypoint drops the base's command; ``[""]`` drops its entrypoint, too."""
    merged = msgspec.structs.replace(config)
    _take_plain(merged, base)
    _take_command(merged, base)
    merged.Labels = {**(base.labels or {}), **(config.Labels or {})}
    merged.ExposedPorts = _union(base.exposed_ports, config.ExposedPorts) or None
    merged.Volumes = _union(base.volumes, config.Volumes) or None
    names = {item.partition("=")[0] for item in config.Env or ()}
    inherited = [item for item in base.env or () if item.partition("=")[0] not in names]
    merged.Env = [*(config.Env or ()), *inherited]
    if words(merged.Entrypoint) == [""]:
        merged.Entrypoint = None
    return merged


def _take_plain(merged: Config, base: ContainerConfig) -> None:
    merged.User = merged.User or base.user or ""
    merged.WorkingDir = merged.WorkingDir or base.working_dir or ""
    merged.StopSignal = merged.StopSignal or base.stop_signal or None
    if merged.Healthcheck is None and base.healthcheck is not None:
        merged.Healthcheck = _health(base.healthcheck)


def _take_command(merged: Config, base: ContainerConfig) -> None:
    if words(merged.Entrypoint):
        return
    if not words(merged.Cmd) and base.cmd:
        merged.Cmd = list(base.cmd)
    if merged.Entrypoint is None and base.entrypoint:
        merged.Entrypoint = list(base.entrypoint)


def _union(base: Iterable[str] | None, own: Iterable[str] | None) -> dict[str, object]:
    return {key: {} for key in (*(base or ()), *(own or ()))}


def _health(document: object) -> HealthcheckConfig:
    return msgspec.convert(msgspec.to_builtins(document), HealthcheckConfig)


def for_image(config: Config) -> ContainerConfig:
    """What of a container's configuration an image can have (moby, daemon/commit.go merge): not its name, streams and
    network."""
    return ContainerConfig(
        user=config.User,
        exposed_ports=msgspec.convert(config.ExposedPorts, dict[str, Empty | None] | None),
        env=config.Env,
        cmd=words(config.Cmd) or None,
        healthcheck=msgspec.convert(msgspec.to_builtins(config.Healthcheck), Healthcheck | None),
        volumes=msgspec.convert(config.Volumes, dict[str, Empty | None] | None),
        working_dir=config.WorkingDir,
        entrypoint=words(config.Entrypoint) or None,
        labels=config.Labels,
        stop_signal=config.StopSignal or "",
        shell=config.Shell,
    )
