"""K19: what a stranger finds open on a machine with a cluster, and what is behind it: nothing that acts or tells."""

import http.client
import os
import socket
import ssl
import stat
import struct
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest

from tests.conformance.kube.faultlab import FaultLab, fault_lab
from tests.unit.kube.kubectl import kubectls
from wherry.app import status

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not kubectls(), reason="there is no kubectl"),
]
LISTENS = "0A"
PUBLIC = {"/livez", "/readyz", "/healthz", "/version"}
"""Of the API, for everybody (K26)."""
ASKED = [
    ("GET", "/"), ("GET", "/healthz"), ("GET", "/livez"), ("GET", "/readyz"), ("GET", "/version"), ("GET", "/metrics"),
    ("GET", "/pods"), ("GET", "/runningpods/"), ("GET", "/configz"), ("GET", "/stats/summary"), ("GET", "/spec/"),
    ("GET", "/logs/"), ("GET", "/debug/pprof/"), ("GET", "/containerLogs/default/web/c"), ("GET", "/api/v1/pods"),
    ("POST", "/checkpoint/default/web/c"), ("POST", "/run/default/web/c?cmd=id"), ("POST", "/exec/default/web/c"),
    ("POST", "/api/v1/namespaces"), ("PUT", "/debug/flags/v"),
]  # fmt: skip


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultLab]:
    with fault_lab(tmp_path_factory.mktemp("home")) as made:
        yield made


def doors(lab: FaultLab, kind: str) -> Iterator[tuple[str, str, int]]:
    """Role, address and port of each socket of this kind (``tcp``: those that listen) that a process of ours has."""
    for process in status.report(lab.instance).processes:
        if process.role in ("shim", "sandbox"):
            continue
        mine = set()
        for each in os.listdir(f"/proc/{process.pid}/fd"):
            with suppress(FileNotFoundError):  # closed meanwhile
                mine.add(os.readlink(f"/proc/{process.pid}/fd/{each}"))
        for family in ("", "6"):
            for line in Path(f"/proc/{process.pid}/net/{kind}{family}").read_text().splitlines()[1:]:
                words = line.split()
                if f"socket:[{words[9]}]" in mine and (kind != "tcp" or words[3] == LISTENS):
                    yield process.role, *_place(words[1])


def _place(text: str) -> tuple[str, int]:
    """proc_pid_net(5): the address in words of the host's order, the port as a number."""
    address, _, port = text.partition(":")
    words = [struct.pack("=I", int(address[at : at + 8], 16)) for at in range(0, len(address), 8)]
    return str(ip_address(b"".join(words))), int(port, 16)


def places_of_http(lab: FaultLab) -> list[tuple[str, int]]:
    """What listens, but for names: these are asked for by UDP as well."""
    listening, names = ({(host, port) for _, host, port in doors(lab, kind)} for kind in ("tcp", "udp"))
    return sorted(listening - names)


def answer(address: str, port: int, method: str, path: str) -> int:
    """Over TLS, by nobody."""
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(address, port, context=anybody, timeout=120)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def test_k19_who_is_not_known_is_told_nothing_and_does_nothing(lab: FaultLab) -> None:
    served: dict[tuple[str, int], dict[str, int]] = {}
    for address, port in places_of_http(lab):
        served[address, port] = {f"{verb} {path}": answer(address, port, verb, path) for verb, path in ASKED}
    apis = {place for place, codes in served.items() if codes["GET /version"] == 200}
    host, node = lab.instance.node_address.read_text().split()
    assert (host, int(node)) in served.keys() - apis
    for place, codes in served.items():
        for what, code in codes.items():
            is_public = place in apis and what.removeprefix("GET ") in PUBLIC
            assert code == 200 if is_public else code in (401, 403), f"{place} answers {code} to {what}"


def test_k19_nobody_from_elsewhere_reaches_the_node_or_the_engine(lab: FaultLab) -> None:
    """All of it is on loopback or on the bridge; there is no plain port, and the engine's socket is its group's."""
    places = {(role, address) for kind in ("tcp", "udp") for role, address, _ in doors(lab, kind)}
    bridge = lab.kubectl("get", "service", "kube-dns", "-n", "kube-system", "-o", "name")
    assert bridge and places
    for role, address in places:
        parsed = IPv4Address(address)
        assert parsed.is_loopback or _is_on_bridge(lab, address), f"{role} listens at {address}"
    found = lab.instance.socket.stat()
    assert (found.st_uid, stat.S_IMODE(found.st_mode) & 0o007) == (0, 0)


def _is_on_bridge(lab: FaultLab, address: str) -> bool:
    """An address of the instance's bridge: can it be bound there and nowhere else?"""
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, lab.instance.bridge.encode())
        bound.bind((address, 0))
    return address != "0.0.0.0"


def test_k19_with_plain_http_there_is_nothing(lab: FaultLab) -> None:
    for address, port in places_of_http(lab):
        connection = http.client.HTTPConnection(address, port, timeout=120)
        try:
            connection.request("GET", "/pods")
            assert connection.getresponse().status >= 400
        except (ConnectionError, http.client.HTTPException):
            pass
        finally:
            connection.close()
