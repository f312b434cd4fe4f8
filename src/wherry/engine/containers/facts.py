"""Gather what a start needs of its surroundings: capabilities, devices, the files of /etc, the seccomp filter."""

import json
import os
import stat
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from wherry.engine.containers import spec
from wherry.engine.containers.model import DeviceMapping, HostConfig
from wherry.engine.containers.row import Container
from wherry.engine.instance import Instance
from wherry.engine.networks.files import Resolver, hosts_file, resolv_conf
from wherry.engine.networks.model import Endpoint
from wherry.engine.runtime.model import LogFile
from wherry.kit.errors import Invalid
from wherry.linux import capabilities, seccomp

_FILE_MODE = 0o644


@lru_cache(maxsize=1)
def thermal_files() -> tuple[str, ...]:
    """Each processor's thermal_throttle directory: a side channel (GHSA-6fw5)."""
    return tuple(sorted(str(path) for path in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/thermal_throttle")))


def granted(host: HostConfig) -> list[str]:
    """Docker's capabilities with ``--cap-add`` and ``--cap-drop``; what we may not have ourselves, nobody gets."""
    ours = capabilities.bounding()
    if host.Privileged:
        return [name for name in capabilities.ALL if name in ours]
    add = {_full(name) for name in host.CapAdd or ()}
    drop = {_full(name) for name in host.CapDrop or ()}
    names = list(capabilities.ALL) if "CAP_ALL" in add else [*capabilities.DEFAULT]
    if "CAP_ALL" in drop:
        names = []
    names += [name for name in capabilities.ALL if name in add and name not in names]
    return [name for name in names if name in ours and (name not in drop or name in add)]


def _full(name: str) -> str:
    upper = name.upper()
    return upper if upper.startswith("CAP_") else f"CAP_{upper}"


@lru_cache(maxsize=64)
def _filter(profile: str | None, names: tuple[str, ...]) -> bytes:
    document = seccomp.default_profile() if profile is None else json.loads(profile)
    return seccomp.compile_filter(document, names)


def _profile(host: HostConfig) -> tuple[bool, str | None]:
    """(whether there is a filter, the JSON of an own profile)."""
    value = spec.options(host.SecurityOpt).get("seccomp", "")
    if (host.Privileged and not value) or value == "unconfined":
        return False, None
    return True, None if value in ("", "builtin", "true") else value


def seccomp_filter(host: HostConfig, names: Sequence[str]) -> bytes | None:
    """The compiled filter of a container; None: unconfined."""
    confined, profile = _profile(host)
    if not confined:
        return None
    try:
        return _filter(profile, tuple(names))
    except ValueError as error:
        raise Invalid(f"Decoding seccomp profile failed: {error}") from error


def seccomp_section(host: HostConfig, names: Sequence[str]) -> dict[str, Any] | None:
    confined, profile = _profile(host)
    if not confined:
        return None
    return seccomp.oci_seccomp(seccomp.default_profile() if profile is None else json.loads(profile), names)


def devices(mappings: Sequence[DeviceMapping]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The devices of ``--device`` (a directory gives all in it) and the rules that allow them."""
    found: list[dict[str, Any]] = []
    rules: list[dict[str, Any]] = []
    for mapping in mappings:
        source = Path(mapping.PathOnHost)
        paths = sorted(path for path in source.rglob("*") if is_device(path)) if source.is_dir() else [source]
        for path in paths:
            device = _device(path, mapping)
            found.append(device)
            access = mapping.CgroupPermissions or "rwm"
            rules.append(
                {
                    "allow": True,
                    "type": device["type"],
                    "major": device["major"],
                    "minor": device["minor"],
                    "access": access,
                }
            )
    return found, rules


def is_device(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode)


def _device(path: Path, mapping: DeviceMapping) -> dict[str, Any]:
    inside = mapping.PathInContainer or mapping.PathOnHost
    if path != Path(mapping.PathOnHost):
        inside = f"{inside}/{path.relative_to(mapping.PathOnHost)}"
    try:
        status = path.stat()
    except OSError as error:
        raise Invalid(
            f'error gathering device information while adding custom device "{mapping.PathOnHost}": {error.strerror}'
        ) from error
    if not (stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)):
        raise Invalid(
            f'error gathering device information while adding custom device "{mapping.PathOnHost}": not a device node'
        )
    return {
        "path": inside,
        "type": "c" if stat.S_ISCHR(status.st_mode) else "b",
        "major": os.major(status.st_rdev),
        "minor": os.minor(status.st_rdev),
        "fileMode": stat.S_IMODE(status.st_mode),
        "uid": status.st_uid,
        "gid": status.st_gid,
    }


def host_devices() -> list[dict[str, Any]]:
    """All devices of the host's /dev, for privileged containers; its terminals are not theirs."""
    skipped = ("/dev/pts/", "/dev/shm/", "/dev/mqueue/", "/dev/console", "/dev/ptmx")
    paths = [path for path in sorted(Path("/dev").rglob("*")) if not str(path).startswith(skipped) and is_device(path)]
    return [_device(path, DeviceMapping(PathOnHost=str(path))) for path in paths]


def device_cgroup_rules(texts: Sequence[str]) -> list[dict[str, Any]]:
    """``--device-cgroup-rule "c 1:3 rwm"``."""
    rules = []
    for text in texts:
        parts = text.split()
        numbers = parts[1].split(":") if len(parts) == 3 else []
        if len(numbers) != 2 or parts[0] not in ("a", "b", "c") or not set(parts[2]) <= set("rwm"):
            raise Invalid(f"invalid device cgroup rule format: '{text}'")
        rule: dict[str, Any] = {"allow": True, "type": parts[0], "access": parts[2]}
        for key, number in zip(("major", "minor"), numbers, strict=True):
            if number != "*":
                if not number.isdigit():
                    raise Invalid(f"invalid device cgroup rule format: '{text}'")
                rule[key] = int(number)
        rules.append(rule)
    return rules


def write_files(instance: Instance, container: Container, endpoint: Endpoint | None) -> dict[str, str]:
    """Write /etc/hosts, /etc/hostname and /etc/resolv.conf of a container; return where, by their place in it."""
    host, config = container.host, container.config
    directory = instance.containers / container.id
    if host.NetworkMode == "host":
        texts = {"hosts": Path("/etc/hosts").read_text(), "resolv.conf": _host_resolv()}
    else:
        try:
            hosts = hosts_file(
                endpoint.address if endpoint else None,
                config.Hostname,
                config.Domainname,
                host.ExtraHosts or (),
                endpoint.gateway if endpoint else None,
            )
        except ValueError as error:
            raise Invalid(str(error)) from error
        resolver = Resolver(tuple(host.Dns or ()), tuple(host.DnsSearch or ()), tuple(host.DnsOptions or ()))
        texts = {"hosts": hosts, "resolv.conf": resolv_conf(_host_resolv(), resolver)}
    texts["hostname"] = config.Hostname + "\n"
    for name, text in texts.items():
        path = directory / name
        path.write_text(text)
        path.chmod(_FILE_MODE)
    return {f"/etc/{name}": str(directory / name) for name in texts}


def _host_resolv() -> str:
    try:
        return Path("/etc/resolv.conf").read_text()
    except OSError:
        return ""


def log_file(instance: Instance, container: Container) -> LogFile | None:
    """Where a container's log is and how it is rotated: three files of 10 MB unless asked otherwise."""
    config = container.host.LogConfig
    if config.Type == "none":
        return None
    given = config.Config or {}
    path = instance.containers / container.id / "container.log"
    return LogFile(path, size_bytes(given.get("max-size", "10m")), int(given.get("max-file", "3")))


def size_bytes(text: str) -> int:
    """``10m`` and the like; -1 for no limit is 0 here."""
    units = {"k": 10**3, "m": 10**6, "g": 10**9}
    number, unit = (text[:-1], units[text[-1].lower()]) if text[-1:].lower() in units else (text, 1)
    try:
        return max(0, int(float(number) * unit))
    except ValueError as error:
        raise Invalid(f"invalid value for max-size: {text}") from error
