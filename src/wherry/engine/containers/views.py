"""Containers in Docker's JSON, in the form of the newest API version."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from wherry.engine.containers import ports
from wherry.engine.containers.model import State
from wherry.engine.containers.row import Container, MountPoint
from wherry.engine.instance import Instance
from wherry.engine.networks.model import Endpoint, PortBinding

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
            return f"Up {up}"
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


def state(container: Container) -> dict[str, Any]:
    return {
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


def networks(container: Container, endpoint: Endpoint | None, network_id: str) -> dict[str, Any]:
    """``NetworkSettings.Networks``: the one network of this version."""
    mode = container.host.NetworkMode
    if mode.startswith("container:"):
        return {}
    name = "bridge" if mode in ("", "default") else mode
    found = endpoint
    return {
        name: {
            "IPAMConfig": None,
            "Links": None,
            "Aliases": None,
            "MacAddress": found.mac if found else "",
            "DriverOpts": None,
            "GwPriority": 0,
            "NetworkID": network_id,
            "EndpointID": found.endpoint_id if found else "",
            "Gateway": found.gateway if found else "",
            "IPAddress": found.address if found else "",
            "IPPrefixLen": found.prefix if found else 0,
            "IPv6Gateway": "",
            "GlobalIPv6Address": "",
            "GlobalIPv6PrefixLen": 0,
            "DNSNames": None,
        }
    }


def host_config(container: Container) -> dict[str, Any]:
    host = container.host
    document: dict[str, Any] = msgspec.to_builtins(host)
    document["NetworkMode"] = "bridge" if host.NetworkMode in ("", "default") else host.NetworkMode
    document["IpcMode"] = host.IpcMode or "private"
    document["CgroupnsMode"] = host.CgroupnsMode or "private"
    document["RestartPolicy"]["Name"] = host.RestartPolicy.Name or "no"
    document["LogConfig"] = {"Type": host.LogConfig.Type or "json-file", "Config": host.LogConfig.Config or {}}
    document["Runtime"] = host.Runtime or "wherry"
    document["ShmSize"] = host.ShmSize or 64 << 20
    document["PortBindings"] = document["PortBindings"] or {}
    if host.Memory and not host.MemorySwap:
        document["MemorySwap"] = 2 * host.Memory
    return document


def inspect(
    container: Container,
    instance: Instance,
    endpoint: Endpoint | None,
    network_id: str,
    published: Sequence[PortBinding],
    execs: Sequence[str],
) -> dict[str, Any]:
    """``docker inspect``. Beside Docker's fields, ``Wherry`` says which user namespace the container has."""
    directory = instance.containers / container.id
    config: dict[str, Any] = msgspec.to_builtins(container.config)
    ids = "" if container.ids is None or not container.mapped else f"{container.ids}:65536"
    mode = ("private" if ids else "private (ids are chosen at the first start)") if container.mapped else "host"
    bridge = networks(container, endpoint, network_id)
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
        "LogPath": str(directory / "container.log"),
        "Name": f"/{container.name}",
        "RestartCount": container.restarts,
        "Driver": "overlay2",
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": list(execs) or None,
        "HostConfig": host_config(container),
        "GraphDriver": {
            "Name": "overlay2",
            "Data": {"UpperDir": str(directory / "upper"), "WorkDir": str(directory / "work")},
        },
        "Mounts": [mount(point) for point in container.mounts],
        "Config": {key: value for key, value in config.items() if value is not None or key in _ALWAYS},
        "NetworkSettings": {
            "Bridge": "",
            "SandboxID": container.id if container.is_active else "",
            "SandboxKey": f"/proc/{container.pid}/ns/net" if container.pid else "",
            "HairpinMode": False,
            "LinkLocalIPv6Address": "",
            "LinkLocalIPv6PrefixLen": 0,
            "SecondaryIPAddresses": None,
            "SecondaryIPv6Addresses": None,
            "Ports": ports.document(container.config.ExposedPorts, list(published)) if container.is_active else {},
            **{
                key: bridge.get("bridge", {}).get(key, default)
                for key, default in (
                    ("EndpointID", ""),
                    ("Gateway", ""),
                    ("GlobalIPv6Address", ""),
                    ("GlobalIPv6PrefixLen", 0),
                    ("IPAddress", ""),
                    ("IPPrefixLen", 0),
                    ("IPv6Gateway", ""),
                    ("MacAddress", ""),
                )
            },
            "Networks": bridge,
        },
        "Wherry": {"UserNamespace": {"Mode": mode, "Ids": ids}},
    }


_ALWAYS = {"Cmd", "Entrypoint", "Env", "Labels", "OnBuild", "Volumes"}


def summary(
    container: Container, endpoint: Endpoint | None, network_id: str, published: Sequence[PortBinding], now: int
) -> dict[str, Any]:
    """One entry of ``docker ps``."""
    listed: list[dict[str, Any]] = [
        {"IP": one.host_address, "PrivatePort": one.container_port, "PublicPort": one.host_port, "Type": one.protocol}
        for one in published
    ]
    known = {(one.container_port, one.protocol) for one in published}
    if container.is_active:
        for text in container.config.ExposedPorts or ():
            number, protocol = ports.parse(text)
            if (number, protocol) not in known:
                listed.append({"PrivatePort": number, "Type": protocol})
    return {
        "Id": container.id,
        "Names": [f"/{container.name}"],
        "Image": container.image_name,
        "ImageID": container.image,
        "Command": " ".join([container.path, *(_quoted(word) for word in container.args)]),
        "Created": container.created // 1_000_000_000,
        "Ports": listed,
        "Labels": container.config.Labels or {},
        "State": str(container.state),
        "Status": status(container, now),
        "HostConfig": {"NetworkMode": host_config(container)["NetworkMode"]},
        "NetworkSettings": {"Networks": networks(container, endpoint, network_id)},
        "Mounts": [mount(point) for point in container.mounts],
    }


def _quoted(word: str) -> str:
    return f"'{word}'" if " " in word else word
