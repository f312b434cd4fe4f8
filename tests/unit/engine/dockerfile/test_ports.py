"""Ports of EXPOSE."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.dockerfile.ports import Specification, exposed_ports
from wherry.kit.errors import Invalid


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("80", ["80/tcp"]),
        ("53/UDP", ["53/udp"]),
        ("8000-8002/sctp", ["8000/sctp", "8001/sctp", "8002/sctp"]),
        ("80-80", ["80/tcp"]),
        ("8080:80", ["80/tcp"]),
        ("8080-8090:80", ["80/tcp"]),
        ("127.0.0.1:8080:80/tcp", ["80/tcp"]),
        ("[::1]:8080:80", ["80/tcp"]),
        ("127.0.0.1::80", ["80/tcp"]),
        ("80/", ["80/tcp"]),
        ("0", ["0/tcp"]),
    ],
)
def test_a_specification_is_ports(text: str, ports: list[str]) -> None:
    assert exposed_ports(text) == ports


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'invalid port: "": no port specified'),
        ("/tcp", 'invalid port: "/tcp": no port specified'),
        ("80/icmp", 'invalid port: "80/icmp": invalid proto: icmp'),
        ("x", "invalid containerPort: x"),
        ("70000", "invalid containerPort: 70000"),
        ("9-8", "invalid containerPort: 9-8"),
        ("1-2-3", "invalid containerPort: 1-2-3"),
        ("-1", "invalid containerPort: -1"),
        ("x:80", "invalid hostPort: x"),
        ("1.2.3:80:80", "invalid IP address: 1.2.3"),
        ("80-81:1-3", "invalid ranges specified for container and host Ports: 1-3 and 80-81"),
    ],
)
def test_nonsense_is_refused(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        exposed_ports(text)
    assert refused.value.message == message


def test_a_specification_has_parts() -> None:
    assert Specification.of("[::1]:1:2/UDP") == Specification("[::1]", "1", "2", "UDP")


@given(st.integers(0, 65535), st.integers(0, 200))
def test_a_range_is_every_port_in_it(first: int, count: int) -> None:
    last = min(first + count, 65535)
    assert len(exposed_ports(f"{first}-{last}")) == last - first + 1


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        exposed_ports(text)
    except Invalid:
        pass
