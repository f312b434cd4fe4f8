"""Devices of the host that a container gets (``--device``, ``--device-cgroup-rule``, ``--privileged``)."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wherry.engine.containers.model import DeviceMapping, Resources, ThrottleDevice
from wherry.kit.errors import Invalid

# The host's terminals and IPC file systems are not a container's.
_NOT_OF_HOST = ("/dev/pts/", "/dev/shm/", "/dev/mqueue/", "/dev/console", "/dev/ptmx")
Documents = list[dict[str, Any]]


def asked(mappings: Sequence[DeviceMapping]) -> tuple[Documents, Documents]:
    """The devices (a directory gives all in it) and the rules that allow them, as the runtime specification has them.

    Invalid, in Docker's words, for what is no device.
    """
    found: Documents = []
    allowed: Documents = []
    for mapping in mappings:
        access = mapping.CgroupPermissions or "rwm"
        for path in _paths(Path(mapping.PathOnHost)):
            device = _device(path, mapping)
            found.append(device)
            numbers = {key: device[key] for key in ("type", "major", "minor")}
            allowed.append({"allow": True, **numbers, "access": access})
    return found, allowed


def check(mappings: Sequence[DeviceMapping]) -> None:
    """What can be said against them without looking at the host."""
    for mapping in mappings:
        access = mapping.CgroupPermissions
        if not set(access) <= set("rwm"):
            raise Invalid(f"invalid device mode: {access}")
        for path in (mapping.PathOnHost, mapping.PathInContainer or mapping.PathOnHost):
            if not path.startswith("/"):
                raise Invalid(f"invalid device path '{path}': it must be absolute")


def _paths(source: Path) -> list[Path]:
    return sorted(path for path in source.rglob("*") if is_device(path)) if source.is_dir() else [source]


def is_device(path: Path) -> bool:
    """A device itself, not a link to one."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode)


def _device(path: Path, mapping: DeviceMapping) -> dict[str, Any]:
    inside = mapping.PathInContainer or mapping.PathOnHost
    if path != Path(mapping.PathOnHost):
        inside = f"{inside}/{path.relative_to(mapping.PathOnHost)}"
    trouble = f'error gathering device information while adding custom device "{mapping.PathOnHost}"'
    try:
        status = path.stat()
    except OSError as error:
        raise Invalid(f"{trouble}: {(error.strerror or str(error)).lower()}") from error
    if not (stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)):
        raise Invalid(f"{trouble}: not a device node")
    return {
        "path": inside,
        "type": "c" if stat.S_ISCHR(status.st_mode) else "b",
        "major": os.major(status.st_rdev),
        "minor": os.minor(status.st_rdev),
        "fileMode": stat.S_IMODE(status.st_mode),
        "uid": status.st_uid,
        "gid": status.st_gid,
    }


def of_host() -> Documents:
    """All devices of the host's /dev, for privileged containers."""
    paths = [path for path in sorted(Path("/dev").rglob("*")) if not str(path).startswith(_NOT_OF_HOST)]
    return [_device(path, DeviceMapping(PathOnHost=str(path))) for path in paths if is_device(path)]


def rules(texts: Sequence[str]) -> Documents:
    """``c 1:3 rwm``, with ``*`` for any number (moby, oci.AppendDevicePermissionsFromCgroupRules)."""
    return [_rule(text) for text in texts]


def _rule(text: str) -> dict[str, Any]:
    refusal = f"invalid device cgroup rule format: '{text}'"
    parts = text.split(" ")
    numbers = parts[1].split(":") if len(parts) == 3 else []
    if len(numbers) != 2 or parts[0] not in ("a", "b", "c") or not parts[2] or not set(parts[2]) <= set("rwm"):
        raise Invalid(refusal)
    rule: dict[str, Any] = {"allow": True, "type": parts[0], "access": parts[2]}
    for key, number in zip(("major", "minor"), numbers, strict=True):
        if number != "*":
            if not (number.isascii() and number.isdigit()):
                raise Invalid(refusal)
            rule[key] = int(number)
    return rule


def throttles(host: Resources) -> dict[str, Any]:
    """The limits of single block devices, by device number (``linux.resources.blockIO``)."""
    lists = {
        "throttleReadBpsDevice": host.BlkioDeviceReadBps,
        "throttleWriteBpsDevice": host.BlkioDeviceWriteBps,
        "throttleReadIOPSDevice": host.BlkioDeviceReadIOps,
        "throttleWriteIOPSDevice": host.BlkioDeviceWriteIOps,
    }
    found: dict[str, Any] = {
        name: [_throttle(one, "rate", one.Rate) for one in given] for name, given in lists.items() if given
    }
    if host.BlkioWeightDevice:
        found["weightDevice"] = [_throttle(one, "weight", one.Weight) for one in host.BlkioWeightDevice]
    return found


def _throttle(device: ThrottleDevice, what: str, value: int) -> dict[str, int]:
    try:
        number = os.stat(device.Path).st_rdev
    except OSError as error:
        raise Invalid(f"cannot limit the device {device.Path}: {(error.strerror or str(error)).lower()}") from error
    return {"major": os.major(number), "minor": os.minor(number), what: value}
