"""The three files of /etc that every container has of its own."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.containers.rows import row
from wherry.engine.containers import etcfiles
from wherry.engine.containers.model import Config, HostConfig
from wherry.engine.networks.model import Endpoint
from wherry.kit.errors import Invalid

ENDPOINT = Endpoint("n" * 64, "bridge", "e" * 64, "172.17.0.2", 16, "172.17.0.1", "02:42:ac:11:00:02")


def written(directory: Path, *endpoints: Endpoint, is_named: bool = False, **host: Any) -> dict[str, str]:
    """The texts of the files, by their names."""
    container = row(config=Config(Hostname="web", Domainname="example.org"), host=HostConfig(**host))
    places = etcfiles.write(directory, container, endpoints, is_named)
    return {place.removeprefix("/etc/"): Path(path).read_text() for place, path in places.items()}


def test_the_files_lie_in_the_containers_directory(tmp_path: Path) -> None:
    assert etcfiles.of_directory(tmp_path) == {
        "/etc/hosts": f"{tmp_path}/hosts",
        "/etc/hostname": f"{tmp_path}/hostname",
        "/etc/resolv.conf": f"{tmp_path}/resolv.conf",
    }
    assert set(written(tmp_path)) == {"hosts", "hostname", "resolv.conf"}
    assert {path.name for path in tmp_path.iterdir()} == {"hosts", "hostname", "resolv.conf"}


def test_a_container_knows_its_own_name_and_address(tmp_path: Path) -> None:
    texts = written(tmp_path, ENDPOINT, ExtraHosts=["db:10.0.0.7", "gate:host-gateway"])
    assert texts["hostname"] == "web\n"
    assert texts["hosts"].splitlines()[-3:] == [
        "10.0.0.7\tdb",
        "172.17.0.1\tgate",
        "172.17.0.2\tweb.example.org web",
    ]


def test_without_a_network_it_has_no_address(tmp_path: Path) -> None:
    texts = written(tmp_path, NetworkMode="none")
    assert "web" not in texts["hosts"]
    assert "127.0.0.1\tlocalhost" in texts["hosts"].splitlines()


def test_name_servers_that_are_asked_for_take_the_place_of_the_hosts(tmp_path: Path) -> None:
    texts = written(tmp_path, Dns=["10.0.0.53"], DnsSearch=["example.org"], DnsOptions=["ndots:2"])
    assert texts["resolv.conf"] == "nameserver 10.0.0.53\nsearch example.org\noptions ndots:2\n"


def test_on_several_networks_it_has_several_addresses(tmp_path: Path) -> None:
    other = Endpoint("m" * 64, "mine", "f" * 64, "10.0.0.5", 24, "10.0.0.1", "02:42:0a:00:00:05", "eth1")
    texts = written(tmp_path, ENDPOINT, other, ExtraHosts=["gate:host-gateway"])
    assert texts["hosts"].splitlines()[-3:] == [
        "172.17.0.1\tgate",
        "172.17.0.2\tweb.example.org web",
        "10.0.0.5\tweb.example.org web",
    ]


def test_who_has_neighbours_with_names_asks_the_engine(tmp_path: Path) -> None:
    texts = written(tmp_path, ENDPOINT, is_named=True, Dns=["10.0.0.53"], DnsSearch=["example.org"])
    assert texts["resolv.conf"] == "nameserver 127.0.0.11\nsearch example.org\noptions ndots:0\n"
    texts = written(tmp_path, ENDPOINT, is_named=True, DnsOptions=["ndots:2"], DnsSearch=["."])
    assert texts["resolv.conf"] == "nameserver 127.0.0.11\noptions ndots:2\n"


def test_on_the_hosts_network_the_hosts_files_are_right(tmp_path: Path) -> None:
    texts = written(tmp_path, NetworkMode="host")
    for name in ("hosts", "resolv.conf"):
        host = Path("/etc", name)
        assert texts[name] == (host.read_text() if host.exists() else "")
    assert texts["hostname"] == "web\n"


def test_also_there_one_may_ask_for_more(tmp_path: Path) -> None:
    texts = written(tmp_path, NetworkMode="host", ExtraHosts=["db:10.0.0.7", "me:host-gateway"], Dns=["::1"])
    assert texts["hosts"].splitlines()[-2:] == ["10.0.0.7\tdb", "127.0.0.1\tme"]
    assert texts["hosts"].count("127.0.0.1\tlocalhost") <= Path("/etc/hosts").read_text().count("localhost")
    assert texts["resolv.conf"].splitlines()[0] == "nameserver ::1"


@pytest.mark.parametrize("mode", ["", "host"])
def test_a_host_that_is_none_is_refused_and_nothing_written(tmp_path: Path, mode: str) -> None:
    with pytest.raises(Invalid, match='bad format for add-host: "db"'):
        written(tmp_path, NetworkMode=mode, ExtraHosts=["db"])
    assert list(tmp_path.iterdir()) == []


def test_they_are_readable_whatever_the_daemons_umask(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        written(tmp_path)
    finally:
        os.umask(old)
    assert {path.stat().st_mode & 0o7777 for path in tmp_path.iterdir()} == {0o644}


def test_they_are_written_anew_at_each_start_and_in_place(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("x" * 10_000)
    before = (tmp_path / "hosts").stat().st_ino
    assert written(tmp_path)["hosts"].startswith("127.0.0.1\tlocalhost\n")
    assert (tmp_path / "hosts").stat().st_ino == before  # who has it mounted sees what is new


def test_no_link_leads_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    (tmp_path / "hosts").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"):
        written(tmp_path)
    assert (tmp_path / "target").read_text() == "mine"
