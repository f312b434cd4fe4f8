"""Published ports: Docker's PortBindings in the network's terms, and back."""

import re
from typing import Any, cast

from wherry.engine.containers.row import Container
from wherry.engine.networks.model import PortBinding, Protocol
from wherry.kit.errors import Invalid

_PORT = re.compile(r"(\d+)(?:-(\d+))?(?:/(tcp|udp|sctp))?")


def parse(text: str) -> tuple[int, Protocol]:
    """``80/tcp``."""
    match = _PORT.fullmatch(text.lower())
    if match is None or match[2] or not 0 < int(match[1]) < 65536:
        raise Invalid(f"invalid port specification: {text!r}")
    return int(match[1]), cast(Protocol, match[3] or "tcp")


def bindings(container: Container) -> list[PortBinding]:
    """What is to be published, in the order of the container's ports."""
    result = []
    published = set()
    for text, places in (container.host.PortBindings or {}).items():
        number, protocol = parse(text)
        published.add((number, protocol))
        for place in places or ():
            first, _, last = place.HostPort.partition("-")
            if any(part and not (part.isdigit() and int(part) < 65536) for part in (first, last)):
                raise Invalid(f"invalid port specification: {place.HostPort!r}")
            result.append(PortBinding(number, protocol, place.HostIp, int(first or 0), int(last or 0)))
        if not places:
            result.append(PortBinding(number, protocol))
    if container.host.PublishAllPorts:
        for text in container.config.ExposedPorts or {}:
            number, protocol = parse(text)
            if (number, protocol) not in published:
                result.append(PortBinding(number, protocol))
    return sorted(result, key=lambda one: (one.container_port, one.protocol))


def document(exposed: dict[str, Any] | None, published: list[PortBinding]) -> dict[str, Any]:
    """``NetworkSettings.Ports``."""
    ports: dict[str, Any] = dict.fromkeys(exposed or (), None)
    for one in published:
        key = f"{one.container_port}/{one.protocol}"
        ports[key] = [*(ports.get(key) or ()), {"HostIp": one.host_address, "HostPort": str(one.host_port)}]
    return ports
