"""Published ports: Docker's PortBindings in the network's terms, and back. Pure."""

import re
from collections.abc import Sequence
from typing import Any, cast

from wherry.engine.containers.model import Config, HostConfig, HostPlace
from wherry.engine.networks.model import PortBinding, Protocol
from wherry.kit.errors import Invalid

_PORT = re.compile(r"([0-9]{1,5})(?:/(tcp|udp|sctp))?", re.IGNORECASE)
_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(/[a-z]+)?", re.IGNORECASE)
Port = tuple[int, Protocol]


def parse(text: str) -> Port:
    """``80/tcp``; tcp when it does not say."""
    match = _PORT.fullmatch(text)
    if match is None or not 0 < int(match[1]) < 65536:
        raise Invalid(f'invalid port specification: "{text}"')
    return int(match[1]), cast(Protocol, (match[2] or "tcp").lower())


def parse_exposed(text: str) -> list[Port]:
    """A key of ExposedPorts: a port, or a range of them (``8000-8010/tcp``)."""
    match = _RANGE.fullmatch(text)
    if match is None or not match[2]:
        return [parse(text)]
    protocol = match[3] or ""
    ends = parse(match[1] + protocol)[0], parse(match[2] + protocol)[0]
    return [parse(f"{number}{protocol}") for number in range(ends[0], ends[1] + 1)]


def bindings(host: HostConfig, config: Config) -> list[PortBinding]:
    """What is to be published, in the order of the container's ports. Invalid for what is no port."""
    result = []
    for text, places in (host.PortBindings or {}).items():
        port = parse(text)
        result += [_binding(port, place) for place in places or (HostPlace(),)]
    published = {(one.container_port, one.protocol) for one in result}
    if host.PublishAllPorts:
        exposed = {port for text in config.ExposedPorts or () for port in parse_exposed(text)}
        result += [PortBinding(*port) for port in exposed - published]
    return sorted(result, key=lambda one: (one.container_port, one.protocol))


def _binding(port: Port, place: HostPlace) -> PortBinding:
    match = _RANGE.fullmatch(place.HostPort or "0")
    first, last = (int(match[1]), int(match[2] or 0)) if match and not match[3] else (65536, 0)
    if max(first, last) > 65535 or 0 < last < first:
        raise Invalid(f'invalid port specification: "{place.HostPort}"')
    return PortBinding(*port, place.HostIp, first, last)


def document(exposed: dict[str, Any] | None, published: Sequence[PortBinding]) -> dict[str, Any]:
    """``NetworkSettings.Ports``."""
    ports: dict[str, Any] = dict.fromkeys(exposed or (), None)
    for one in published:
        key = f"{one.container_port}/{one.protocol}"
        ports[key] = [*(ports.get(key) or ()), {"HostIp": one.host_address, "HostPort": str(one.host_port)}]
    return ports


def summary(exposed: dict[str, Any] | None, published: Sequence[PortBinding]) -> list[dict[str, Any]]:
    """``Ports`` of a list entry: what is published, and what could be."""
    listed: list[dict[str, Any]] = [
        {"IP": one.host_address, "PrivatePort": one.container_port, "PublicPort": one.host_port, "Type": one.protocol}
        for one in published
    ]
    known = {(one.container_port, one.protocol) for one in published}
    for text in exposed or ():
        listed += [{"PrivatePort": port[0], "Type": port[1]} for port in parse_exposed(text) if port not in known]
    return listed
