"""What can be said against a request without looking further than itself; in Docker's words."""

import re
import signal as signals
from collections.abc import Callable

from wherry.engine.containers import devices, ports, sharing
from wherry.engine.containers.facts import full_name
from wherry.engine.containers.model import Config, HealthcheckConfig, HostConfig, RestartRule, Ulimit
from wherry.engine.containers.row import Container
from wherry.engine.containers.spec import options
from wherry.kit.errors import Invalid, NotFound, Unsupported
from wherry.linux import capabilities

_PART = r"(0|[1-9][0-9]{0,9}|[a-zA-Z_][a-zA-Z0-9_.-]*\$?)"
_USER = re.compile(rf"{_PART}(:{_PART})?")
_MAX_ID = 0xFFFFFFFE  # (uid_t)-1 means "unchanged" to the kernel
_LIMITS = {
    "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
    "rttime", "sigpending", "stack",
}  # fmt: skip
_RUNTIMES = {"": "wherry", "wherry": "wherry", "io.containerd.runc.v2": "wherry", "runc": "runc", "crun": "crun"}
_LOG_DRIVERS = {"", "json-file", "local", "none"}
_SECURITY = {"seccomp", "apparmor", "label", "no-new-privileges", "systempaths", "writable-cgroups"}
# Sysctls that belong to a namespace (moby, opts.ValidateSysctl).
_SYSCTL = re.compile(r"net\..+|fs\.mqueue\..+|kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)")
_POLICIES = ("", "no", "always", "on-failure", "unless-stopped")
_MILLISECOND = 1_000_000


def check(config: Config, host: HostConfig) -> list[str]:
    """Raise Invalid for what cannot be; return warnings. ``config`` includes what the image says: it is no friend."""
    _check_config(config)
    check_policy(host.RestartPolicy, host.AutoRemove)
    _check_modes(host)
    _check_security(host)
    for limit in host.Ulimits or ():
        _check_ulimit(limit)
    _check_sysctls(host)
    if host.LogConfig.Type not in _LOG_DRIVERS:
        raise Invalid(f"logger: no log driver named '{host.LogConfig.Type}' is registered")
    runtime(host)
    if host.CgroupParent and {".", "..", ""} & set(host.CgroupParent.strip("/").split("/")):
        raise Invalid(f"invalid cgroup parent '{host.CgroupParent}': it must not have empty, '.' or '..' parts")
    if host.DeviceRequests:
        raise Unsupported("device requests (--gpus) are not available in this version of Wherry")
    if host.StorageOpt:
        raise Unsupported("storage options (--storage-opt) are not available in this version of Wherry")
    if host.CpuRealtimePeriod or host.CpuRealtimeRuntime:
        raise Unsupported("real-time scheduling (--cpu-rt-period, --cpu-rt-runtime) is not available in this version")
    if host.ShmSize < 0:
        raise Invalid("SHM size can not be less than 0")
    if not -1000 <= host.OomScoreAdj <= 1000:
        raise Invalid(f"Invalid value {host.OomScoreAdj}, range for oom score adj is [-1000, 1000]")
    if host.Isolation not in ("", "default"):
        raise Invalid(f'invalid isolation "{host.Isolation}" on linux')
    for group in host.GroupAdd or ():
        check_user(group)
    devices.check(host.Devices or ())
    devices.rules(host.DeviceCgroupRules or ())
    ports.bindings(host, config)
    return _warnings(host)


def _check_sysctls(host: HostConfig) -> None:
    """Only those of namespaces that the container has for itself: others would be set for the host, or for others."""
    for name in host.Sysctls or ():
        if not _SYSCTL.fullmatch(name) or ".." in name or "/" in name:
            raise Invalid(f"sysctl '{name}' is not allowed: it is not one that a container has for itself")
        mode, what = (host.NetworkMode, "network") if name.startswith("net.") else (host.IpcMode, "IPC")
        if mode == "host" or mode.startswith(sharing.PREFIX):
            raise Invalid(f"sysctl '{name}' is not allowed: the {what} namespace is not the container's own")


def _check_config(config: Config) -> None:
    check_user(config.User)
    check_environment(config.Env)
    if config.WorkingDir and not config.WorkingDir.startswith("/"):
        raise Invalid(f"the working directory '{config.WorkingDir}' is invalid, it needs to be an absolute path")
    if "\0" in config.WorkingDir:
        raise Invalid("the working directory is invalid: it contains a null character")
    if config.StopSignal:
        signal_number(config.StopSignal)
    if len(config.Hostname) > 63 or len(config.Domainname) > 64 or set(config.Hostname) & set("\0\n "):
        raise Invalid(f"invalid hostname: {config.Hostname}")
    for text in config.ExposedPorts or ():
        ports.parse_exposed(text)
    if config.Healthcheck is not None:
        _check_health(config.Healthcheck)


def _check_health(health: HealthcheckConfig) -> None:
    """moby, daemon/container.go: validateHealthCheck. Durations are nanoseconds, 0 inherits."""
    for name in ("Interval", "Timeout", "StartPeriod", "StartInterval"):
        if getattr(health, name) != 0 and getattr(health, name) < _MILLISECOND:
            raise Invalid(f"{name} in Healthcheck cannot be less than 1ms")
    if health.Retries < 0:
        raise Invalid("Retries in Healthcheck cannot be negative")


def check_user(text: str) -> None:
    """Docker's user grammar, strictly: what is no id and can be no name is refused, never taken for root."""
    if not text:
        return
    if not _USER.fullmatch(text):
        raise Invalid(f'invalid user "{text}": expected name|uid[:group|gid]')
    for part in text.split(":"):
        if part.isascii() and part.isdigit() and int(part) > _MAX_ID:
            raise Invalid(f'invalid user "{text}": uids and gids must be in range 0-{_MAX_ID}')


def check_environment(items: list[str] | None) -> None:
    for item in items or ():
        if not item or item.startswith("="):
            raise Invalid(f"invalid environment variable: {item}")
        if "\0" in item:
            raise Invalid("invalid environment variable: it contains a null character")


def runtime(host: HostConfig) -> str:
    """The runtime of a container: "wherry", or the program of another."""
    found = _RUNTIMES.get(host.Runtime)
    if found is None:
        raise Invalid(f"unknown or invalid runtime name: {host.Runtime}")
    return found


def signal_number(text: str) -> int:
    """A signal by number or name, with or without SIG. Invalid when there is none."""
    name = text.upper().removeprefix("SIG")
    if name.isascii() and name.isdigit() and 0 < int(name) < 65:
        return int(name)
    if name.startswith(("RTMIN", "RTMAX")):
        base = int(signals.SIGRTMIN if name.startswith("RTMIN") else signals.SIGRTMAX)
        offset = name[5:] or "+0"
        if re.fullmatch(r"[+-]\d{1,2}", offset) and signals.SIGRTMIN <= base + int(offset) <= signals.SIGRTMAX:
            return base + int(offset)
    found = getattr(signals, f"SIG{name}", None)
    if not isinstance(found, signals.Signals):
        raise Invalid(f"invalid signal: {text}")
    return int(found)


def check_policy(policy: RestartRule, auto_remove: bool) -> None:
    """moby, api/types/container: ValidateRestartPolicy."""
    if policy.Name not in _POLICIES:
        raise Invalid(
            f"invalid restart policy: unknown policy '{policy.Name}'; "
            "use one of 'no', 'always', 'on-failure', or 'unless-stopped'"
        )
    if policy.Name == "on-failure" and policy.MaximumRetryCount < 0:
        raise Invalid("invalid restart policy: maximum retry count cannot be negative")
    if policy.Name != "on-failure" and policy.MaximumRetryCount:
        more = " and cannot be negative" if policy.MaximumRetryCount < 0 else ""
        raise Invalid(f"invalid restart policy: maximum retry count can only be used with 'on-failure'{more}")
    if auto_remove and policy.Name not in ("", "no"):
        raise Invalid("can't create 'AutoRemove' container with restart policy")


def check_asked(config: Config, host: HostConfig) -> None:
    """Options that contradict each other (moby, runconfig/hostconfig_unix.go). ``config`` is without the image's."""
    mode = host.NetworkMode
    if config.MacAddress and (mode == "host" or mode.startswith("container:")):
        raise Invalid("conflicting options: mac-address and the network mode")
    if host.UTSMode == "host" and config.Hostname:
        raise Invalid("conflicting options: hostname and the UTS mode")
    if not mode.startswith("container:"):
        return
    for given, what in (
        (config.Hostname, "hostname and the network mode"),
        (host.Dns, "dns and the network mode"),
        (host.ExtraHosts, "custom host-to-IP mapping and the network mode"),
        (host.PortBindings or host.PublishAllPorts, "port publishing and the container type network mode"),
        (config.ExposedPorts, "port exposing and the container type network mode"),
    ):
        if given:
            raise Invalid(f"conflicting options: {what}")


def _check_modes(host: HostConfig) -> None:
    for name, mode, allowed in (
        ("PID mode", host.PidMode, ("", "host", "private")),
        ("UTS mode", host.UTSMode, ("", "host")),
        ("IPC mode", host.IpcMode, ("", "host", "private", "shareable", "none")),
        ("cgroup namespace mode", host.CgroupnsMode, ("", "host", "private")),
        ("user namespace", host.UsernsMode, ("", "host", "private")),
    ):
        joins = name[:3] in ("PID", "IPC") and mode.startswith("container:") and mode != "container:"
        if mode not in allowed and not joins:
            raise Invalid(f"invalid {name}: {mode}")
    if host.NetworkMode == "container:":
        raise Invalid("invalid network mode: container: the name of a container is missing")


def _check_security(host: HostConfig) -> None:
    for item in host.SecurityOpt or ():
        separator = "=" if "=" in item else ":"
        name, found, value = item.partition(separator)
        if not found and name != "no-new-privileges":
            raise Invalid(f'invalid --security-opt 1: "{item}"')
        if name not in _SECURITY or (name == "no-new-privileges" and value not in ("", "true", "false")):
            raise Invalid(f'invalid --security-opt 2: "{item}"')
    for what, names in (("CapAdd", host.CapAdd), ("CapDrop", host.CapDrop)):
        for name in names or ():
            if full_name(name) not in (*capabilities.ALL, "CAP_ALL"):
                raise Invalid(f'invalid {what}: unknown capability: "{full_name(name)}"')


def _check_ulimit(limit: Ulimit) -> None:
    if limit.Name not in _LIMITS:
        raise Invalid(f"invalid ulimit type: {limit.Name}")
    if limit.Soft > limit.Hard != -1 or limit.Soft == -1 != limit.Hard:
        raise Invalid(f"ulimit soft limit must be less than or equal to hard limit: {limit.Soft} > {limit.Hard}")


def _warnings(host: HostConfig) -> list[str]:
    """What was asked for and is not done."""
    warnings = []
    if host.Links and host.NetworkMode in ("", "default", "bridge"):  # elsewhere they are names of the network's
        warnings.append("links on the default bridge are not available in this version of Wherry: ignored")
    given = options(host.SecurityOpt)
    if given.get("apparmor", "unconfined") != "unconfined":
        warnings.append(f"apparmor={given['apparmor']} is ignored: Wherry does not load AppArmor profiles")
    if given.get("label", "disable") != "disable":
        warnings.append(f"label={given['label']} is ignored: Wherry does not set SELinux labels")
    added = {full_name(name) for name in host.CapAdd or ()} & set(capabilities.ALL)
    if added and (missing := added - capabilities.bounding()):
        warnings.append(f"not given, because the engine does not have them itself: {', '.join(sorted(missing))}")
    return warnings


def is_mapped(host: HostConfig, find: Callable[[str], Container]) -> bool:
    """Whether a container has a user namespace of its own (or shares that of another container that has).

    Not when it is privileged, when it shares a namespace of the host's, or when the host's was asked for.
    """
    if host.Privileged or host.UsernsMode == "host":
        return False
    if "host" in (host.NetworkMode, host.PidMode, host.IpcMode):
        return False
    try:
        return all(find(ref).mapped for ref in sharing.donors_of(host))
    except NotFound as error:
        raise Invalid(error.message) from error
