"""From a container and its image to an OCI runtime configuration: pure. Docker's defaults are here, with their sources.

What the defaults are: moby/profiles and moby/daemon/pkg/oci (2026); the mount table is oci/defaults.go's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wherry.engine.containers import resources
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
SYSCTLS = {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 65535"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the configuration needs of its surroundings. ``cpus`` are the machine's processors, whose thermal files are
    masked; ``capabilities`` those this engine itself may have."""

    cgroup: str
    hostname: str
    environment: Sequence[str]
    capabilities: Sequence[str]
    files: Mapping[str, str]
    thermal: Sequence[str] = ()
    host_devices: Sequence[dict[str, Any]] = ()
    devices: Sequence[dict[str, Any]] = ()
    device_rules: Sequence[dict[str, Any]] = ()
    own_network: bool = True
    seccomp: dict[str, Any] | None = None
    groups: Sequence[int | str] = field(default=())


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
    host, config = container.host, container.config
    privileged = host.Privileged
    masked = [*MASKED, *facts.thermal] if host.MaskedPaths is None else host.MaskedPaths
    readonly = list(READONLY) if host.ReadonlyPaths is None else host.ReadonlyPaths
    document: dict[str, Any] = {
        "ociVersion": "1.0.2",
        "process": process(container, facts),
        "root": {"path": "rootfs", "readonly": host.ReadonlyRootfs},
        "hostname": facts.hostname,
        "domainname": config.Domainname,
        "mounts": _mounts(container, facts),
        "annotations": dict(host.Annotations or {}),
        "linux": {
            "cgroupsPath": facts.cgroup,
            "resources": resources.oci(host, facts.devices, facts.device_rules),
            "sysctl": _sysctls(container, facts),
            "devices": [*facts.devices, *(facts.host_devices if privileged else ())],
            "maskedPaths": [] if privileged else masked,
            "readonlyPaths": [] if privileged else readonly,
        },
    }
    if facts.seccomp is not None:
        document["linux"]["seccomp"] = facts.seccomp
    if any(mount.propagation in ("shared", "rshared") for mount in container.mounts):
        document["linux"]["rootfsPropagation"] = "rshared"
    return document


def process(container: Container, facts: Facts) -> dict[str, Any]:
    host, config = container.host, container.config
    names = list(facts.capabilities)
    return {
        "terminal": config.Tty,
        "user": {"username": config.User, "additionalGids": list(facts.groups)},
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
    host = container.host
    mounts = default_mounts(host.ShmSize or SHM_BYTES, readonly=not host.Privileged)
    wanted = {mount.destination for mount in container.mounts}
    mounts = [mount for mount in mounts if mount["destination"] not in wanted]
    idmap = ["idmap"] if container.mapped else []
    for destination, source in facts.files.items():
        if destination not in wanted:
            mounts.append(
                {"destination": destination, "type": "bind", "source": source, "options": ["rbind", "rprivate", *idmap]}
            )
    for mount in sorted(container.mounts, key=lambda one: one.destination.count("/")):
        entry: dict[str, Any] = {"destination": mount.destination, "type": mount.kind, "source": mount.source}
        if mount.kind == "tmpfs":
            entry["source"], entry["options"] = "tmpfs", list(mount.options)
        else:
            entry["type"] = "bind"
            entry["options"] = [*mount.options, *idmap]
        mounts.append(entry)
    return mounts


def _sysctls(container: Container, facts: Facts) -> dict[str, str]:
    defaults = SYSCTLS if facts.own_network and container.mapped else {}
    if facts.own_network and not container.mapped:
        defaults = {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647"}
    return {**defaults, **(container.host.Sysctls or {})}


def environment(container: Container, image: Sequence[str], hostname: str) -> list[str]:
    """Docker's order: its own defaults, the image's, then what was asked for; later ones win."""
    values: dict[str, str | None] = {"PATH": f"PATH={DEFAULT_PATH}", "HOSTNAME": f"HOSTNAME={hostname}"}
    if container.config.Tty:
        values["TERM"] = "TERM=xterm"
    for item in (*image, *(container.config.Env or ())):
        name, equals, _ = item.partition("=")
        values[name] = item if equals else None
    return [item for item in values.values() if item is not None]
