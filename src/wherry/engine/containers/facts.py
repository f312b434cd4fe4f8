"""What a start must find out about this machine and this engine: capabilities, side channels, where the log is."""

from functools import lru_cache
from pathlib import Path

from wherry.engine.containers.model import HostConfig, LogSettings
from wherry.engine.containers.units import size_bytes
from wherry.engine.runtime.model import LogFile
from wherry.kit.errors import Invalid
from wherry.linux import capabilities

LOG_NAME = "container.log"
_MAX_BYTES, _MAX_FILES = "10m", "3"
# What json-file and local know (moby, daemon/logger); those that do nothing here are harmless.
_LOG_OPTIONS = {"max-size", "max-file", "compress", "labels", "labels-regex", "env", "env-regex", "tag"}
_ANY_DRIVER = {"mode", "max-buffer-size"}


@lru_cache(maxsize=1)
def thermal_files() -> tuple[str, ...]:
    """Each processor's thermal_throttle directory: a side channel (GHSA-6fw5)."""
    return tuple(sorted(str(path) for path in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/thermal_throttle")))


def full_name(capability: str) -> str:
    """``CAP_NET_RAW`` for any of the spellings that Docker takes."""
    upper = capability.upper()
    return upper if upper.startswith("CAP_") else f"CAP_{upper}"


def granted(host: HostConfig) -> list[str]:
    """Docker's capabilities with ``--cap-add`` and ``--cap-drop``; what we may not have ourselves, nobody gets."""
    ours = capabilities.bounding()
    if host.Privileged:
        return [name for name in capabilities.ALL if name in ours]
    add = {full_name(name) for name in host.CapAdd or ()}
    drop = {full_name(name) for name in host.CapDrop or ()}
    names = list(capabilities.ALL) if "CAP_ALL" in add else [*capabilities.DEFAULT]
    if "CAP_ALL" in drop:
        names = []
    names += [name for name in capabilities.ALL if name in add and name not in names]
    return [name for name in names if name in ours and (name not in drop or name in add)]


def log_file(settings: LogSettings, directory: Path) -> LogFile | None:
    """Where a container's log is and how it is rotated: three files of 10 MB unless asked otherwise.

    Invalid for options that nobody knows; None: there is no log.
    """
    if settings.Type == "none":
        return None
    given = settings.Config or {}
    for name in given:
        if name not in _LOG_OPTIONS | _ANY_DRIVER:
            raise Invalid(f"unknown log opt '{name}' for {settings.Type or 'json-file'} log driver")
    files = given.get("max-file", _MAX_FILES)
    if not (files.isascii() and files.isdigit() and int(files) > 0):
        raise Invalid(f"invalid value for max-file: {files}: it must be a number greater than 0")
    return LogFile(directory / LOG_NAME, size_bytes(given.get("max-size", _MAX_BYTES), "max-size"), int(files))
