"""What a machine is called, and where things of its cluster are."""

import socket
from ipaddress import ip_address
from pathlib import Path

import pytest

from wherry.app.config import Settings, load
from wherry.app.names import (
    dns_address,
    endpoint_address,
    is_dual,
    node_name,
    own_address,
    own_address6,
    service_networks,
)


def settings(tmp_path: Path, **given: str) -> Settings:
    lines = [f'{name.replace("api_", "")} = "{value}"' for name, value in given.items() if name.startswith("api_")]
    (tmp_path / "wherry.toml").write_text("[api]\n" + "\n".join(lines) + "\n")
    return load({"root": str(tmp_path)}, {})


@pytest.mark.parametrize(
    ("host", "name"),
    [("box", "box"), ("Box_1.Example.ORG", "box-1.example.org"), ("-x-", "x"), ("...", "node")],
)
def test_a_host_is_a_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, name: str) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    assert node_name(settings(tmp_path)) == name


@pytest.mark.parametrize(
    ("ranges", "address"),
    [("10.96.0.0/12", "10.96.0.10"), ("10.1.2.0/29", "10.1.2.6"), ("fd00::/112, 10.96.0.0/12", "fd00::a")],
)
def test_the_name_server_is_the_tenth_of_the_first_range(tmp_path: Path, ranges: str, address: str) -> None:
    found = settings(tmp_path, api_service_cidr=ranges)
    assert dns_address(found) == address
    assert ip_address(address) in service_networks(found)[0]


def test_our_own_address_is_one() -> None:
    assert ip_address(own_address()).version == 4


@pytest.mark.parametrize(
    ("flags", "services", "dual"),
    [
        ({}, ["10.96.0.0/12"], False),
        ({"ip_family": "dual"}, ["10.96.0.0/12", "fd00:10:96::/112"], True),
        ({"node.pod_cidr": "10.1.0.0/16,fd00:1::/64"}, ["10.96.0.0/12", "fd00:10:96::/112"], True),
        ({"node.pod_cidr": "10.1.0.0/16"}, ["10.96.0.0/12"], False),
        ({"ip_family": "dual", "api.service_cidr": "fd00:9::/112"}, ["fd00:9::/112", "10.96.0.0/16"], True),
        ({"api.service_cidr": "10.1.0.0/16,fd00:9::/112"}, ["10.1.0.0/16", "fd00:9::/112"], False),
    ],
)
def test_services_have_the_families_that_pods_have_or_that_they_are_given(
    tmp_path: Path, flags: dict[str, str], services: list[str], dual: bool
) -> None:
    found = load({"root": str(tmp_path), **flags}, {})
    assert [str(each) for each in service_networks(found)] == services
    assert is_dual(found) is dual


@pytest.mark.parametrize(
    ("ranges", "why"),
    [
        ("10.1.0.0/16,10.2.0.0/16", "expected two ranges of different families"),
        ("10.1.0.0/16,fd00:9::/112,10.2.0.0/16", "expected at most two ranges"),
    ],
)
def test_services_have_one_range_a_family(tmp_path: Path, ranges: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        service_networks(settings(tmp_path, api_service_cidr=ranges))


def test_what_is_behind_the_service_of_the_api_is_never_loopback() -> None:
    for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "::"):
        assert endpoint_address(host) == own_address()
    assert endpoint_address("192.0.2.7") == "192.0.2.7"


def test_our_own_address_of_ipv6_is_one_or_none() -> None:
    found = own_address6()
    assert not found or ip_address(found).version == 6
