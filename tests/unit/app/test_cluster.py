"""The cluster's process, wired: on a real file, real keys, a real port of loopback."""

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from wherry.app.cluster import Cluster
from wherry.app.config import load
from wherry.kit.errors import Conflict, Invalid
from wherry.kube.pki.contexts import client_context
from wherry.kube.pki.directory import read_pair

Start = Callable[..., Awaitable[Cluster]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts one on ``tmp_path``; all are stopped at the end."""
    running: list[Cluster] = []

    async def make(**flags: Any) -> Cluster:
        cluster = await Cluster.start(load({"root": str(tmp_path), **flags}, {}))
        running.append(cluster)
        return cluster

    yield make
    for cluster in running:
        await cluster.stop()


async def get(root: Path, path: str, who: str = "admin") -> tuple[int, Any]:
    address = (root / "run" / "api").read_text().strip()
    pki = root / "cluster" / "pki"
    context = client_context((pki / "ca.crt").read_text(), read_pair(pki / f"{who}.pem") if who else None)
    async with aiohttp.ClientSession() as session, session.get(address + path, ssl=context) as answer:
        content = await answer.read()
        return answer.status, json.loads(content) if content[:1] == b"{" else content


async def post(root: Path, path: str, body: Any) -> int:
    address = (root / "run" / "api").read_text().strip()
    pki = root / "cluster" / "pki"
    context = client_context((pki / "ca.crt").read_text(), read_pair(pki / "admin.pem"))
    async with aiohttp.ClientSession() as session, session.post(address + path, json=body, ssl=context) as answer:
        return answer.status


async def test_it_answers_with_what_a_cluster_begins_with(start: Start, tmp_path: Path) -> None:
    await start()
    assert (await get(tmp_path, "/readyz", who=""))[1] == b"ok"
    code, spaces = await get(tmp_path, "/api/v1/namespaces")
    assert code == 200
    names = [each["metadata"]["name"] for each in spaces["items"]]
    assert names == ["default", "kube-node-lease", "kube-public", "kube-system"]


async def test_who_shows_nothing_gets_no_further_than_health_and_version(start: Start, tmp_path: Path) -> None:
    await start()
    assert (await get(tmp_path, "/version", who=""))[0] == 200
    assert (await get(tmp_path, "/api/v1/namespaces", who=""))[0] == 401


async def test_the_kubeconfig_is_its_owner_s_and_stays_good(start: Start, tmp_path: Path) -> None:
    first = await start()
    path, address = tmp_path / "kubeconfig", first.address
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    await first.stop()
    assert not (tmp_path / "run" / "api").exists()
    second = await start()
    assert (second.address, path.read_text()) == (address, before), "the port is remembered"


async def test_a_port_that_was_taken_meanwhile_is_changed(start: Start, tmp_path: Path) -> None:
    first = await start()
    await first.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", int(first.address.rpartition(":")[2])))
        other.listen()
        second = await start()
    assert second.address != first.address
    assert (await get(tmp_path, "/readyz"))[0] == 200


async def test_its_pages_say_where_it_is(start: Start, tmp_path: Path) -> None:
    """Not where it was told to be: a free port was to be found, or the one of the last time was taken."""
    cluster = await start()
    _, issuer = await get(tmp_path, "/.well-known/openid-configuration")
    assert issuer["jwks_uri"] == f"{cluster.address}/openid/v1/jwks"
    _, versions = await get(tmp_path, "/api")
    assert f"https://{versions['serverAddressByClientCIDRs'][0]['serverAddress']}" == cluster.address


async def test_a_port_that_was_asked_for_and_is_taken_is_refused(start: Start) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(Conflict, match="another program listens there"):
            await start(**{"api.listen": f"127.0.0.1:{other.getsockname()[1]}"})


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("api.listen", "nowhere", "is not HOST:PORT"),
        ("api.service_cidr", "10.0.0.0/33", "api.service_cidr"),
        ("api.service_cidr", "10.1.0.0/16,10.2.0.0/16", "two ranges of different families"),
        ("api.service_cidr", "fd00:9::/112,10.1.0.0/16", "set ip_family to dual"),
        ("api.node_ports", "40000-30000", "needs a network"),
    ],
)
async def test_settings_that_make_no_sense_are_refused(start: Start, setting: str, value: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        await start(**{setting: value})


async def test_external_addresses_of_services_are_a_setting(start: Start, tmp_path: Path) -> None:
    """K16: denied, unless the one who starts the cluster says otherwise (CVE-2020-8554)."""
    body = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}], "externalIPs": ["203.0.113.7"]}}
    first = await start()
    assert await post(tmp_path, "/api/v1/namespaces/default/services", body) == 403
    await first.stop()
    await start(**{"api.external_ips": True})
    assert await post(tmp_path, "/api/v1/namespaces/default/services", body) == 201


async def test_a_cluster_in_etcd_is_not_begun_anew_in_a_file(start: Start, tmp_path: Path) -> None:
    """Who forgets --store would have all pods ended: nobody has them in an empty state."""
    note = tmp_path / "cluster" / "store"
    note.parent.mkdir()
    note.write_text("etcd://one/x?ca=a&cert=b&key=c")
    with pytest.raises(Conflict, match="start it with --store 'etcd://one/x"):
        await start()
    assert not list(note.parent.glob("state.sqlite*"))
    note.unlink()
    await (await start()).stop()
    with pytest.raises(Conflict, match=r"the cluster's state is in .*state\.sqlite"):
        await start(store="etcd://127.0.0.1:1/x?ca=a&cert=b&key=c")


async def test_how_many_events_were_dropped_can_be_seen(start: Start, tmp_path: Path) -> None:
    await start()
    async with asyncio.timeout(60):
        while b"\nwherry_events_dropped 0\n" not in (await get(tmp_path, "/metrics"))[1]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
