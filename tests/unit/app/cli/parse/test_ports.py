"""Published and exposed ports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.app.cli.parse.ports import exposed, published


def _binding(address: str, port: str) -> list[dict[str, str]]:
    return [{"HostIp": address, "HostPort": port}]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("80", {"80/tcp": _binding("", "")}),
        ("8080:80", {"80/tcp": _binding("", "8080")}),
        ("8080:80/udp", {"80/udp": _binding("", "8080")}),
        ("127.0.0.1:8080:80", {"80/tcp": _binding("127.0.0.1", "8080")}),
        ("127.0.0.1::80", {"80/tcp": _binding("127.0.0.1", "")}),
        ("[::1]:8080:80", {"80/tcp": _binding("::1", "8080")}),
        ("8000-8001:80-81", {"80/tcp": _binding("", "8000"), "81/tcp": _binding("", "8001")}),
        ("8000-8010:80", {"80/tcp": _binding("", "8000-8010")}),
        ("80-81", {"80/tcp": _binding("", ""), "81/tcp": _binding("", "")}),
        ("published=8080,target=80,protocol=udp,mode=host", {"80/udp": _binding("", "8080")}),
    ],
)
def test_publish(spec: str, expected: dict[str, list[dict[str, str]]]) -> None:
    assert published([spec]) == expected


def test_one_port_at_two_places() -> None:
    assert len(published(["1:80", "2:80"])["80/tcp"]) == 2


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("", "no port specified"),
        ("a", "invalid port"),
        ("8080:", "no port specified"),
        ("0:80", "ports are 1 to 65535"),
        ("8080:70000", "ports are 1 to 65535"),
        ("81-80:80", "invalid range"),
        ("1-3:80-81", "invalid ranges"),
        ("80/icmp", "invalid proto"),
        ("1.2.3:80:80", "invalid IP address"),
        ("published=80", "no target"),
    ],
)
def test_faults(spec: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        published([spec])


def test_expose() -> None:
    assert exposed(["80", "8000-8001/udp"]) == ["80/tcp", "8000/udp", "8001/udp"]


@given(st.text(max_size=20))
def test_any_text_is_a_port_or_a_fault(spec: str) -> None:
    try:
        published([spec])
    except ValueError:
        pass
