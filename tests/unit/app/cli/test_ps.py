"""The row of a container, and its ports."""

import pytest

from wherry.app.cli.ps import row, shown_ports

CONTAINER = {
    "Id": "a" * 64,
    "Image": "demo:1",
    "Command": "httpd -f -p 80 -h /data/somewhere",
    "Created": 1000,
    "State": "running",
    "Status": "Up 2 minutes",
    "Ports": [],
    "Names": ["/web"],
    "Labels": {"a": "1"},
    "Mounts": [{"Name": "data", "Driver": "local"}],
    "NetworkSettings": {"Networks": {"bridge": {}}},
    "SizeRw": 10,
    "SizeRootFs": 2_000_000,
}


def test_a_row() -> None:
    shown = row(CONTAINER, 1120.0, False)
    assert shown["ID"] == "a" * 12
    assert shown["Command"] == '"httpd -f -p 80 -h /…"'
    assert shown["RunningFor"] == "2 minutes ago"
    assert shown["Names"] == "web"
    assert shown["Size"] == "10B (virtual 2MB)"
    assert shown["Label"]("a") == "1"
    assert shown["Networks"] == "bridge"
    assert row(CONTAINER, 1120.0, True)["Command"] == '"httpd -f -p 80 -h /data/somewhere"'


def _port(private: int, public: int = 0, address: str = "", kind: str = "tcp") -> dict[str, object]:
    return {"PrivatePort": private, "Type": kind, **({"PublicPort": public, "IP": address} if public else {})}


@pytest.mark.parametrize(
    ("ports", "shown"),
    [
        ([], ""),
        ([_port(80)], "80/tcp"),
        ([_port(80, 8080, "0.0.0.0")], "0.0.0.0:8080->80/tcp"),
        ([_port(80, 8080, "::")], "[::]:8080->80/tcp"),
        ([_port(80), _port(81), _port(90)], "80-81/tcp, 90/tcp"),
        ([_port(80, 8080, "0.0.0.0"), _port(81, 8081, "0.0.0.0")], "0.0.0.0:8080-8081->80-81/tcp"),
        ([_port(80, 8080, "0.0.0.0"), _port(81, 9000, "0.0.0.0")], "0.0.0.0:8080->80/tcp, 0.0.0.0:9000->81/tcp"),
        ([_port(53, 53, "0.0.0.0", "udp"), _port(53)], "0.0.0.0:53->53/udp, 53/tcp"),
    ],
)
def test_ports(ports: list[dict[str, object]], shown: str) -> None:
    assert shown_ports(ports) == shown
