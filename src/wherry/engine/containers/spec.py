"""From a container and its image to an OCI runtime configuration: pure. Docker's defaults are here, with their sources.

What the defaults are: moby/profiles and moby/daemon/pkg/oci (2026); the mount table is oci/defaults.go's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from wherry.engine.containers import resources
from wherry.engine.containers.model import Config
from wherry.engine.containers.row import Container

_DENY = ["nosuid", "noexec", "nodev"]
SHM_BYTES = 64 << 20
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

MASKED = (
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
    "/sys/devices/virtual/powercap", "/sys/firmware",
)  # fmt: skip
READONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
PORT_START, PING_GROUPS = "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range"


class Facts(msgspec.Struct, frozen=True):
    """What the configuration needs of its surroundings.

    ``capabilities`` are those granted. ``files`` are the host's paths of files by their places in the container.
    ``thermal`` are the processors' thermal files, which are masked. ``devices``, ``device_rules`` and ``throttles`` are
    documents of the runtime specification. ``shm``: "" for a /dev/shm of its own, None for none, else the path that is
    mounted there. ``mapped_files``: on the disk, the files and that path belong to the container's ids as they are.
    """

    cgroup: str
    hostname: str
    environment: Sequence[str]
    capabilities: Sequence[str]
    files: Mapping[str, str]
    thermal: Sequence[str] = ()
    devices: Sequence[dict[str, Any]] = ()
    device_rules: Sequence[dict[str, Any]] = ()
    throttles: Mapping[str, Any] = msgspec.field(default_factory=dict)
    shm: str | None = ""
    own_network: bool = True
    seccomp: dict[str, Any] | None = None
    groups: Sequence[int | str] = msgspec.field(default=())
    mapped_files: bool = True


def default_mounts(shm_bytes: int = SHM_BYTES, readonly: bool = True) -> list[dict[str, Any]]:
    sys_flag = ["ro"] if readonly else []
    return [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": list(_DENY)},
        {
            "destination": "/dev",
            "type": "tmpfs",
            "source": "tmpfs",
            "options": ["nosuid", "strictatime", "mode=755", "size=65536k"],
        },
        {
            "destination": "/dev/pts",
            "type": "devpts",
            "source": "devpts",
            "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        },
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*_DENY, *sys_flag]},
        {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": [*_DENY, *sys_flag]},
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": list(_DENY)},
        {
            "destination": "/dev/shm",
            "type": "tmpfs",
            "source": "shm",
            "options": [*_DENY, "mode=1777", f"size={shm_bytes}"],
        },
    ]


def ahead(thermal: Sequence[str] = ()) -> dict[str, Any]:
    """What most containers share: the runtime builds it before it is asked for."""
    return {
        "mounts": default_mounts(),
        "linux": {"maskedPaths": [*MASKED, *thermal], "readonlyPaths": list(READONLY)},
    }


def configuration(container: Container, facts: Facts) -> dict[str, Any]:
    """The OCI runtime configuration of a container's task."""
    host = container.host
    document: dict[str, Any] = {
        "ociVersion": "1.0.2",
        "process": process(container, facts),
        "root": {"path": "rootfs", "readonly": host.ReadonlyRootfs},
        "mounts": _mounts(container, facts),
        "annotations": dict(host.Annotations or {}),
        "linux": _linux(container, facts),
    }
    if host.UTSMode != "host":
        document |= {"hostname": facts.hostname, "domainname": container.config.Domainname}
    return document


def _linux(container: Container, facts: Facts) -> dict[str, Any]:
    host = container.host
    masked = [*MASKED, *facts.thermal] if host.MaskedPaths is None else host.MaskedPaths
    readonly = list(READONLY) if host.ReadonlyPaths is None else host.ReadonlyPaths
    document: dict[str, Any] = {
        "cgroupsPath": facts.cgroup,
        "resources": {
            **resources.limits(host, facts.throttles),
            "devices": resources.device_rules(host.Privileged, facts.device_rules),
        },
        "sysctl": _sysctls(container, facts),
        "devices": list(facts.devices),
        "maskedPaths": [] if host.Privileged else masked,
        "readonlyPaths": [] if host.Privileged else readonly,
    }
    if facts.seccomp is not None:
        document["seccomp"] = facts.seccomp
    if any(mount.propagation in ("shared", "rshared") for mount in container.mounts):
        document["rootfsPropagation"] = "rshared"
    elif any(mount.propagation in ("slave", "rslave") for mount in container.mounts):
        document["rootfsPropagation"] = "rslave"
    return document


def user(container: Container, name: str, groups: Sequence[int | str]) -> dict[str, Any]:
    """Of a process in it: as which user, and with which groups besides."""
    found: dict[str, Any] = {"username": name, "additionalGids": list(groups)}
    if container.pod is not None and name == container.config.User:
        found["groupsOfImage"] = container.pod.image_groups
    return found


def process(container: Container, facts: Facts) -> dict[str, Any]:
    """The program of a container; an exec changes some of it."""
    host, config = container.host, container.config
    names = list(facts.capabilities)
    return {
        "terminal": config.Tty,
        "user": user(container, config.User, facts.groups),
        "args": [container.path, *container.args],
        "env": list(facts.environment),
        "cwd": config.WorkingDir or "/",
        "capabilities": {"bounding": names, "effective": names, "permitted": names},
        "noNewPrivileges": "no-new-privileges" in options(host.SecurityOpt),
        "oomScoreAdj": host.OomScoreAdj,
        "rlimits": [
            {"type": f"RLIMIT_{limit.Name.upper()}", "soft": limit.Soft, "hard": limit.Hard}
            for limit in host.Ulimits or ()
        ],
    }


def options(given: Sequence[str] | None) -> dict[str, str]:
    """``--security-opt`` as name → value; ``name=value`` and the older ``name:value`` alike, a bare name is true."""
    result: dict[str, str] = {}
    for item in given or ():
        separator = "=" if "=" in item else ":"
        name, _, value = item.partition(separator)
        if value != "false":
            result[name] = value or "true"
    return result


def _mounts(container: Container, facts: Facts) -> list[dict[str, Any]]:
    """In the order they are made: the usual ones, the files of /etc, then what was asked for, from the root down."""
    host = container.host
    idmap = ["idmap"] if container.mapped else []
    own = idmap if facts.mapped_files else []
    wanted = {mount.destination for mount in container.mounts}
    mounts = _with_shm(default_mounts(host.ShmSize or SHM_BYTES, readonly=not host.Privileged), facts.shm, own)
    for destination, source in facts.files.items():
        options = ["rbind", "rprivate", *own]
        mounts.append({"destination": destination, "type": "bind", "source": source, "options": options})
    mounts = [mount for mount in mounts if mount["destination"] not in wanted]
    for mount in sorted(container.mounts, key=lambda one: one.destination.count("/")):
        entry: dict[str, Any] = {"destination": mount.destination, "type": "bind", "source": mount.source}
        if mount.kind == "tmpfs":
            entry |= {"type": "tmpfs", "source": "tmpfs", "options": list(mount.options)}
        elif mount.kind in ("tree", "image") or not mount.mapped:  # made for this container, with its own ids
            entry["options"] = list(mount.options)
        else:
            entry["options"] = [*mount.options, *idmap]
        mounts.append(entry)
    return mounts


def _with_shm(mounts: list[dict[str, Any]], shm: str | None, idmap: list[str]) -> list[dict[str, Any]]:
    if shm == "":
        return mounts
    others = [mount for mount in mounts if mount["destination"] != "/dev/shm"]
    if shm is not None:
        options = ["rbind", "rprivate", "nosuid", "nodev", "noexec", *idmap]
        others.append({"destination": "/dev/shm", "type": "bind", "source": shm, "options": options})
    return others


def _sysctls(container: Container, facts: Facts) -> dict[str, str]:
    """Docker's two where the network is its own. The group range ends at the last id that the user namespace has."""
    given = container.host.Sysctls or {}
    if not facts.own_network:
        return dict(given)
    last = 65535 if container.mapped else 2147483647
    return {PORT_START: "0", PING_GROUPS: f"0 {last}", **given}


def environment(config: Config, hostname: str) -> list[str]:
    """Docker's own defaults, then what was asked for over the image's; later ones win, ``NAME`` alone removes."""
    values: dict[str, str | None] = {"PATH": f"PATH={DEFAULT_PATH}", "HOSTNAME": f"HOSTNAME={hostname}"}
    if config.Tty:
        values["TERM"] = "TERM=xterm"
    for item in config.Env or ():
        name, equals, _ = item.partition("=")
        values[name] = item if equals else None
    return [item for item in values.values() if item is not None]
