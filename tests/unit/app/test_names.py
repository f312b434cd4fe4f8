"""What a machine is called, and where things of its cluster are."""

import socket
from ipaddress import ip_address
from pathlib import Path

import pytest

from wherry.app.config import Settings, load
from wherry.app.names import dns_address, node_name, own_address, service_networks


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
