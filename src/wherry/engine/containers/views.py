"""Containers in Docker's JSON, in the form of the newest API version."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from wherry.engine.containers import ports
from wherry.engine.containers.facts import LOG_NAME
from wherry.engine.containers.health import Health, Status
from wherry.engine.containers.model import EndpointSettings, State
from wherry.engine.containers.row import Container, MountPoint
from wherry.engine.networks.model import Endpoint, PortBinding
from wherry.engine.runtime.model import ID_RANGE_SIZE

_NEVER = "0001-01-01T00:00:00Z"


def timestamp(nanoseconds: int) -> str:
    """RFC 3339 with nanoseconds, UTC; Go's zero time for 0."""
    if not nanoseconds:
        return _NEVER
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def ago(seconds: float) -> str:
    """Go's units.HumanDuration."""
    whole = int(seconds)
    if whole < 1:
        return "Less than a second"
    if whole == 1:
        return "1 second"
    if whole < 60:
        return f"{whole} seconds"
    minutes = whole // 60
    if minutes == 1:
        return "About a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    hours = int(seconds / 3600 + 0.5)
    if hours == 1:
        return "About an hour"
    if hours < 48:
        return f"{hours} hours"
    if hours < 24 * 7 * 2:
        return f"{hours // 24} days"
    if hours < 24 * 30 * 2:
        return f"{hours // 24 // 7} weeks"
    if hours < 24 * 365 * 2:
        return f"{hours // 24 // 30} months"
    return f"{hours // 24 // 365} years"


def status(container: Container, now: int) -> str:
    """The words of ``docker ps``."""
    up = ago((now - container.started) / 1e9)
    match container.state:
        case State.RUNNING:
            return f"Up {up}{_health_word(container)}"
        case State.PAUSED:
            return f"Up {up} (Paused)"
        case State.RESTARTING:
            return f"Restarting ({container.exit_code}) {ago((now - container.finished) / 1e9)} ago"
        case State.REMOVING:
            return "Removal In Progress"
        case State.DEAD:
            return "Dead"
        case State.CREATED:
            return "Created"
    return f"Exited ({container.exit_code}) {ago((now - container.finished) / 1e9)} ago"


def _health_word(container: Container) -> str:
    if container.health is None:
        return ""
    status = container.health.status
    return f" (health: {status})" if status is Status.STARTING else f" ({status})"


def state(container: Container) -> dict[str, Any]:
    document = {
        "Status": str(container.state),
        "Running": container.is_active,
        "Paused": container.state is State.PAUSED,
        "Restarting": container.state is State.RESTARTING,
        "OOMKilled": container.oom_killed,
        "Dead": container.state is State.DEAD,
        "Pid": container.pid,
        "ExitCode": container.exit_code,
        "Error": container.error,
        "StartedAt": timestamp(container.started),
        "FinishedAt": timestamp(container.finished),
    }
    return document if container.health is None else document | {"Health": _health(container.health)}


def _health(health: Health) -> dict[str, Any]:
    return {
        "Status": str(health.status),
        "FailingStreak": health.failing,
        "Log": [
            {
                "Start": timestamp(check.start),
                "End": timestamp(check.end),
                "ExitCode": check.code,
                "Output": check.output,
            }
            for check in health.checks
        ],
    }


def mount(point: MountPoint) -> dict[str, Any]:
    document: dict[str, Any] = {"Type": point.kind}
    if point.name:
        document |= {"Name": point.name, "Driver": "local"}
    return document | {
        "Source": point.source,
        "Destination": point.destination,
        "Mode": point.mode,
        "RW": point.writable,
        "Propagation": point.propagation,
    }


class Place(msgspec.Struct, frozen=True):
    """A network that a container is on, or will be when it runs (``endpoint`` None)."""

    name: str
    network_id: str
    endpoint: Endpoint | None = None
    settings: EndpointSettings | None = None
    names: Sequence[str] | None = None


def networks(places: Sequence[Place]) -> dict[str, Any]:
    """``NetworkSettings.Networks``."""
    return {place.name: _network(place) for place in places}


def _network(place: Place) -> dict[str, Any]:
    found, settings = place.endpoint, place.settings or EndpointSettings()
    return {
        "IPAMConfig": settings.IPAMConfig,
        "Links": settings.Links,
        "Aliases": settings.Aliases,
        "MacAddress": found.mac if found else settings.MacAddress,
        "DriverOpts": settings.DriverOpts,
        "GwPriority": settings.GwPriority,
        "NetworkID": place.network_id,
        "EndpointID": found.endpoint_id if found else "",
        "Gateway": found.gateway if found else "",
        "IPAddress": found.address if found else "",
        "IPPrefixLen": found.prefix if found else 0,
        "IPv6Gateway": found.gateway6 if found else "",
        "GlobalIPv6Address": found.address6 if found else "",
        "GlobalIPv6PrefixLen": found.prefix6 if found else 0,
        "DNSNames": place.names,
    }


def network_mode(container: Container) -> str:
    """The mode by its name: the default is the bridge. A pod's is said as Kubernetes' dockershim did."""
    if container.pod is not None:
        return f"container:{container.pod.sandbox}"
    mode = container.host.NetworkMode
    return "bridge" if mode in ("", "default") else mode


def host_config(container: Container) -> dict[str, Any]:
    host = container.host
    document: dict[str, Any] = msgspec.to_builtins(host)
    document["NetworkMode"] = network_mode(container)
    document["IpcMode"] = host.IpcMode or "private"
    document["PidsLimit"] = host.PidsLimit or None
    document["CgroupnsMode"] = host.CgroupnsMode or "private"
    document["RestartPolicy"]["Name"] = host.RestartPolicy.Name or "no"
    document["LogConfig"] = {"Type": host.LogConfig.Type or "json-file", "Config": host.LogConfig.Config or {}}
    document["Runtime"] = host.Runtime or "wherry"
    document["ShmSize"] = host.ShmSize or 64 << 20
    document["PortBindings"] = document["PortBindings"] or {}
    if host.Memory and not host.MemorySwap:
        document["MemorySwap"] = 2 * host.Memory
    return document


class Around(msgspec.Struct, frozen=True):
    """What inspect tells of a container besides its row; ``execs`` are the ids of running ones."""

    directory: Path
    places: Sequence[Place]
    published: Sequence[PortBinding]
    execs: Sequence[str] = ()


def inspect(container: Container, around: Around) -> dict[str, Any]:
    """``docker inspect``. Beside Docker's fields, ``Wherry`` says which user namespace the container has."""
    directory = around.directory
    config: dict[str, Any] = msgspec.to_builtins(container.config)
    return {
        "Id": container.id,
        "Created": timestamp(container.created),
        "Path": container.path,
        "Args": list(container.args),
        "State": state(container),
        "Image": container.image,
        "ResolvConfPath": str(directory / "resolv.conf"),
        "HostnamePath": str(directory / "hostname"),
        "HostsPath": str(directory / "hosts"),
        "LogPath": "" if container.host.LogConfig.Type == "none" else str(directory / LOG_NAME),
        "Name": f"/{container.name}",
        "RestartCount": container.restarts,
        "Driver": "overlayfs",
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": list(around.execs) or None,
        "HostConfig": host_config(container),
        "GraphDriver": {
            "Name": "overlayfs",
            "Data": {"UpperDir": str(directory / "upper"), "WorkDir": str(directory / "work")},
        },
        "Mounts": [mount(point) for point in container.mounts if point.shown],
        "Config": {key: value for key, value in config.items() if value is not None or key in _ALWAYS},
        "NetworkSettings": network_settings(container, around),
        "Wherry": {"UserNamespace": user_namespace(container)},
    }


def user_namespace(container: Container) -> dict[str, str]:
    """``Ids`` as first:count on the host; empty before the first start, which chooses them."""
    if not container.mapped:
        return {"Mode": "host", "Ids": ""}
    return {"Mode": "private", "Ids": "" if container.ids is None else f"{container.ids}:{ID_RANGE_SIZE}"}


def network_settings(container: Container, around: Around) -> dict[str, Any]:
    """The fields of the default bridge are there twice: once as in Docker's beginnings."""
    shown = networks(around.places)
    bridge = shown.get("bridge", {})
    return {
        "Bridge": "",
        "SandboxID": container.id if container.pid else "",
        "SandboxKey": f"/proc/{container.pid}/ns/net" if container.pid else "",
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        "Ports": ports.document(container.config.ExposedPorts, around.published) if container.is_active else {},
        **{key: bridge.get(key, default) for key, default in _OF_BRIDGE.items()},
        "Networks": shown,
    }


_OF_BRIDGE: dict[str, str | int] = {
    "EndpointID": "",
    "Gateway": "",
    "GlobalIPv6Address": "",
    "GlobalIPv6PrefixLen": 0,
    "IPAddress": "",
    "IPPrefixLen": 0,
    "IPv6Gateway": "",
    "MacAddress": "",
}
_ALWAYS = {"Cmd", "Entrypoint", "Env", "Labels", "OnBuild", "Volumes"}


def listed_ports(container: Container, published: Sequence[PortBinding]) -> list[dict[str, Any]]:
    """A running container's ports, published and exposed."""
    return ports.summary(container.config.ExposedPorts, published) if container.is_active else []


def summary(
    container: Container, places: Sequence[Place], published: Sequence[PortBinding], now: int
) -> dict[str, Any]:
    """One entry of ``docker ps``."""
    return {
        "Id": container.id,
        "Names": [f"/{container.name}"],
        "Image": container.image_name,
        "ImageID": container.image,
        "Command": " ".join([container.path, *(_quoted(word) for word in container.args)]),
        "Created": container.created // 1_000_000_000,
        "Ports": listed_ports(container, published),
        "Labels": container.config.Labels or {},
        "State": str(container.state),
        "Status": status(container, now),
        "HostConfig": {"NetworkMode": network_mode(container)},
        "NetworkSettings": {"Networks": networks(places)},
        "Mounts": [mount(point) for point in container.mounts if point.shown],
    }


def _quoted(word: str) -> str:
    return f"'{word}'" if " " in word else word
