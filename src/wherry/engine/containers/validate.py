"""What can be said against a request without looking further than itself; in Docker's words."""

import re
from collections.abc import Callable

from wherry.engine.containers.model import Config, HostConfig
from wherry.engine.containers.row import Container
from wherry.engine.containers.spec import options
from wherry.kit.errors import Invalid, NotFound, Unsupported
from wherry.linux import capabilities

_USER = re.compile(
    r"(0|[1-9][0-9]{0,9}|[a-zA-Z_][a-zA-Z0-9_.-]*\$?)(:(0|[1-9][0-9]{0,9}|[a-zA-Z_][a-zA-Z0-9_.-]*\$?))?"
)
_MAX_ID = 0xFFFFFFFE
_LIMITS = {
    "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
    "rttime", "sigpending", "stack",
}  # fmt: skip
_RUNTIMES = {"": "wherry", "wherry": "wherry", "io.containerd.runc.v2": "wherry", "runc": "runc", "crun": "crun"}
_LOG_DRIVERS = {"", "json-file", "local", "none"}
_SECURITY = {"seccomp", "apparmor", "label", "no-new-privileges", "systempaths", "writable-cgroups"}
# Namespaced sysctls (sysctl of moby's opts.ValidateSysctl).
_SYSCTL = re.compile(r"net\..+|fs\.mqueue\..+|kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)")


def check(config: Config, host: HostConfig) -> list[str]:
    """Raise Invalid for what cannot be; return warnings."""
    check_user(config.User)
    check_environment(config.Env)
    if config.WorkingDir and not config.WorkingDir.startswith("/"):
        raise Invalid(f"the working directory '{config.WorkingDir}' is invalid, it needs to be an absolute path")
    if config.StopSignal:
        signal_number(config.StopSignal)
    if len(config.Hostname) > 63:
        raise Invalid(f"invalid hostname: {config.Hostname}")
    _check_policy(host)
    _check_modes(host)
    _check_security(host)
    for limit in host.Ulimits or ():
        if limit.Name not in _LIMITS:
            raise Invalid(f"invalid ulimit type: {limit.Name}")
        if limit.Soft > limit.Hard != -1:
            raise Invalid(f"ulimit soft limit must be less than or equal to hard limit: {limit.Soft} > {limit.Hard}")
    for name in host.Sysctls or ():
        if not _SYSCTL.fullmatch(name) or ".." in name or "/" in name:
            raise Invalid(f"sysctl '{name}' is not allowed: it is not one that a container has for itself")
    if host.LogConfig.Type not in _LOG_DRIVERS:
        raise Invalid(f"logger: no log driver named '{host.LogConfig.Type}' is registered")
    runtime(host)
    if {".", "..", ""} & set(host.CgroupParent.strip("/").split("/")) and host.CgroupParent:
        raise Invalid(f"invalid cgroup parent '{host.CgroupParent}': it must not have empty, '.' or '..' parts")
    if host.DeviceRequests:
        raise Unsupported("device requests (--gpus) are not available in this version of Wherry")
    if host.ShmSize < 0:
        raise Invalid("SHM size can not be less than 0")
    if not -1000 <= host.OomScoreAdj <= 1000:
        raise Invalid(f"Invalid value {host.OomScoreAdj}, range for oom score adj is [-1000, 1000]")
    warnings = []
    if host.Links:
        warnings.append("links are not available in this version of Wherry: ignored")
    return warnings


def check_user(text: str) -> None:
    """Docker's user grammar, strictly: what is no id and can be no name is refused, never taken for root."""
    match = _USER.fullmatch(text) if text else None
    if text and match is None:
        raise Invalid(f'invalid user "{text}": expected name|uid[:group|gid]')
    for part in text.split(":") if text else ():
        if part.isdigit() and int(part) > _MAX_ID:
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
    import signal

    name = text.upper().removeprefix("SIG")
    if name.isdigit() and 0 < int(name) < 65:
        return int(name)
    if name.startswith(("RTMIN", "RTMAX")):
        base = int(signal.SIGRTMIN if name.startswith("RTMIN") else signal.SIGRTMAX)
        offset = name[5:] or "+0"
        if re.fullmatch(r"[+-]\d+", offset) and int(signal.SIGRTMIN) <= base + int(offset) <= int(signal.SIGRTMAX):
            return base + int(offset)
    found = getattr(signal, f"SIG{name}", None)
    if not isinstance(found, signal.Signals):
        raise Invalid(f"invalid signal: {text}")
    return int(found)


def _check_policy(host: HostConfig) -> None:
    policy = host.RestartPolicy
    if policy.Name not in ("", "no", "always", "unless-stopped", "on-failure"):
        raise Invalid(
            f"invalid restart policy: unknown policy '{policy.Name}'; "
            "use one of 'no', 'always', 'on-failure', or 'unless-stopped'"
        )
    if policy.MaximumRetryCount and policy.Name != "on-failure":
        raise Invalid(
            "invalid restart policy: maximum retry count can only be used with 'on-failure'"
            if policy.MaximumRetryCount > 0
            else "invalid restart policy: maximum retry count cannot be negative"
        )
    if policy.MaximumRetryCount < 0:
        raise Invalid("invalid restart policy: maximum retry count cannot be negative")
    if host.AutoRemove and policy.Name not in ("", "no"):
        raise Invalid("can't create 'AutoRemove' container with restart policy")


def _check_modes(host: HostConfig) -> None:
    for name, mode, allowed in (
        ("PID mode", host.PidMode, ("", "host", "private")),
        ("UTS mode", host.UTSMode, ("", "host")),
        ("IPC mode", host.IpcMode, ("", "host", "private", "shareable", "none")),
        ("cgroup namespace mode", host.CgroupnsMode, ("", "host", "private")),
        ("user namespace", host.UsernsMode, ("", "host", "private")),
    ):
        if mode not in allowed and not (
            mode.startswith("container:") and len(mode) > 10 and name[:3] in ("PID", "IPC")
        ):
            raise Invalid(f"invalid {name}: {mode}")
    mode = host.NetworkMode
    if mode.startswith("container:"):
        if host.PortBindings or host.PublishAllPorts:
            raise Invalid("conflicting options: port publishing and the container type network mode")
        if host.ExtraHosts:
            raise Invalid("conflicting options: custom host-to-IP mapping and the network mode")
        if host.Dns:
            raise Invalid("conflicting options: dns and the network mode")


def _check_security(host: HostConfig) -> None:
    for name in options(host.SecurityOpt):
        if name not in _SECURITY:
            raise Invalid(f'invalid --security-opt 2: "{name}"')
    for name in (*(host.CapAdd or ()), *(host.CapDrop or ())):
        full = name.upper() if name.upper().startswith("CAP_") else f"CAP_{name.upper()}"
        if name.upper() != "ALL" and full not in capabilities.ALL:
            raise Invalid(f'invalid capability: "{name}"')


def is_mapped(host: HostConfig, find: Callable[[str], Container]) -> bool:
    """Whether a container has a user namespace of its own (or shares that of another container that has).

    Not when it is privileged, when it shares a namespace of the host's, or when the host's was asked for.
    """
    if host.Privileged or host.UsernsMode == "host":
        return False
    for mode in (host.NetworkMode, host.PidMode, host.IpcMode):
        if mode == "host":
            return False
        if mode.startswith("container:"):
            try:
                return find(mode.partition(":")[2]).mapped
            except NotFound as error:
                raise Invalid(error.message) from error
    return True
