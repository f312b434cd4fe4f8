"""The ports of EXPOSE. Pure.

Grammar and wording are BuildKit's (frontend/dockerfile/dockerfile2llb/convert_expose.go).
"""

import ipaddress
import re
from dataclasses import dataclass

from wherry.engine.dockerfile.words import quoted
from wherry.kit.errors import Invalid

_PROTOCOLS = ("tcp", "udp", "sctp")
_LAST = 65535


@dataclass(frozen=True, slots=True)
class Specification:
    """``[[address:]host:]port[-port][/protocol]`` in its parts, unchecked and as written; empty is not given."""

    address: str
    host: str
    ports: str
    protocol: str

    @classmethod
    def of(cls, text: str) -> "Specification":
        """Whatever it is."""
        *address, host, container = ["", *text.rsplit(":", 2)] if text.count(":") < 2 else text.rsplit(":", 2)
        ports, _, protocol = container.partition("/")
        return cls("".join(address), host, ports, protocol)


def exposed_ports(text: str) -> list[str]:
    """Each port of a specification as ``port/protocol``. Where it would be published is checked and dropped."""
    said = Specification.of(text)
    if not said.ports:
        raise Invalid(f"invalid port: {quoted(text)}: no port specified")
    protocol = said.protocol.lower() or "tcp"
    if protocol not in _PROTOCOLS:
        raise Invalid(f"invalid port: {quoted(text)}: invalid proto: {said.protocol}")
    _check_address(said.address)
    first, last = _range(said.ports, "containerPort")
    _check_host(said, last - first)
    return [f"{port}/{protocol}" for port in range(first, last + 1)]


def _check_address(address: str) -> None:
    try:
        if address:
            ipaddress.ip_address(address.removeprefix("[").removesuffix("]"))
    except ValueError as error:
        raise Invalid(f"invalid IP address: {address}") from error


def _check_host(said: Specification, others: int) -> None:
    if not said.host:
        return
    first, last = _range(said.host, "hostPort")
    if others and last - first != others:
        raise Invalid(f"invalid ranges specified for container and host Ports: {said.ports} and {said.host}")


def _range(text: str, what: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not first <= last <= _LAST:
        raise Invalid(f"invalid {what}: {text}")
    return first, last
