"""Who may open a stream (K4), and what is proxied where."""

import asyncio
import json

import aiohttp
import pytest

from tests.unit.kube.apiserver.connecting.backends import backend
from tests.unit.kube.apiserver.connecting.test_forwarding import fake_node
from tests.unit.node.api.clients import V5, code_of, exec_path, get, heard, opened, raw, websocket
from tests.unit.node.api.rig import NODE, READER, Rig
from tests.unit.node.api.test_server import grant
from wherry.kube.apiserver.connecting import places
from wherry.kube.apiserver.connecting.nodes import Own
from wherry.kube.machinery.model import GroupVersionResource

POD = "/api/v1/namespaces/default/pods/p"
STREAMS = [exec_path("true", api=True, stdout=True), f"{POD}/attach?stdout=true", f"{POD}/portforward?ports=80"]
NODE_STREAM = "/api/v1/nodes/n1/proxy/exec/default/p/c?output=1&command=true"


async def refused(rig: Rig, path: str) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        async with websocket(rig, path, V5, file=READER.file, api=True):
            pass
    return error.value.status


@pytest.mark.parametrize("path", STREAMS)
async def test_getting_is_not_enough_to_open_a_stream(joined: Rig, path: str) -> None:
    name = path.partition("?")[0].rpartition("/")[2]
    assert await refused(joined, path) == 403
    await grant(joined, ("get", f"pods/{name}"), ("get", "pods"))
    assert await refused(joined, path) == 403
    assert not joined.runtime.opened


async def test_who_may_get_and_create_may_open_one(joined: Rig) -> None:
    await grant(joined, ("get", "pods/exec"), ("create", "pods/exec"))
    async with websocket(joined, STREAMS[0], V5, file=READER.file, api=True) as socket:
        assert code_of((await heard(socket))[3]) == 0


async def test_creating_alone_will_do_for_who_posts(joined: Rig) -> None:
    await grant(joined, ("create", "pods/exec"))
    fields = [("Connection", "Upgrade"), ("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "v4.channel.k8s.io")]
    head, wire = await raw(joined, "POST", STREAMS[0], fields, READER.file, api=True)
    assert head.status == 101
    wire.close()
    assert await refused(joined, STREAMS[0]) == 403


async def test_reading_a_nodes_proxy_opens_no_stream(joined: Rig) -> None:
    await grant(joined, ("get", "nodes/proxy"))
    assert await refused(joined, NODE_STREAM) == 403
    code, said = await get(joined, NODE_STREAM, READER.file, api=True)
    assert code == 400 and b"Upgrade request required" in said
    assert not joined.runtime.opened


async def test_creating_by_a_nodes_proxy_does(joined: Rig) -> None:
    await grant(joined, ("get", "nodes/proxy"), ("create", "nodes/proxy"))
    async with websocket(joined, NODE_STREAM, V5, file=READER.file, api=True) as socket:
        assert code_of((await heard(socket))[3]) == 0


@pytest.mark.parametrize("path", STREAMS)
async def test_without_an_upgrade_there_is_no_stream(joined: Rig, path: str) -> None:
    code, said = await get(joined, path, api=True)
    assert code == 400 and "Upgrade request required" in json.loads(said)["message"]
    async with opened(joined, path, "PUT", api=True) as answer:
        assert answer.status == 405


async def test_an_upgrade_with_a_body_is_refused(joined: Rig) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"}
    async with opened(joined, STREAMS[0], "POST", api=True, headers=headers, data=b"x") as answer:
        assert answer.status == 400


async def test_a_pod_that_runs_nowhere(joined: Rig) -> None:
    await joined.pod("q", node="")
    headers = {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"}
    code, said = await get(joined, STREAMS[0].replace("/p/", "/q/"), api=True, headers=headers)
    assert (code, json.loads(said)["message"]) == (400, "pod q does not have a host assigned")


async def test_a_node_that_is_not_there_any_more(joined: Rig) -> None:
    joined.connector._nodes._own = Own(0, {NODE: ("127.0.0.1", 1)})
    for path, word in ((STREAMS[0], "error dialing backend: dial tcp 127.0.0.1:1"), (f"{POD}/log", 'Get "https://')):
        headers = {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"} if "exec" in path else {}
        code, said = await get(joined, path, api=True, headers=headers)
        assert code == 500 and word in json.loads(said)["message"]
    code, said = await get(joined, "/api/v1/nodes/n1/proxy/pods", api=True)
    assert code == 500 and "error trying to reach node" in json.loads(said)["message"]


async def test_the_nodes_api_by_its_proxy(joined: Rig) -> None:
    assert await get(joined, "/api/v1/nodes/n1/proxy/healthz", api=True) == (200, b"ok")
    assert (await get(joined, f"/api/v1/nodes/n1:{joined.node_port - 1}/proxy/healthz", api=True))[0] == 400
    assert (await get(joined, "/api/v1/nodes/n9/proxy/healthz", api=True))[0] == 404
    path = f"/api/v1/nodes/https:n1:{joined.node_port}/proxy/healthz"
    assert await get(joined, path, api=True) == (200, b"ok")


async def test_options_of_writes_are_for_whoever_answers(joined: Rig) -> None:
    async with fake_node(joined) as node:
        path = "/api/v1/nodes/n1/proxy/x?dryRun=maybe&watch=true&resourceVersion=x&fieldValidation=no"
        async with opened(joined, path, "POST", api=True, data=b"{}") as answer:
            assert answer.status == 200
        assert node.head.startswith("POST /x?dryRun=maybe&watch=true")


@pytest.fixture
def local_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pods of this test are at 127.0.0.1, where pods never are."""
    monkeypatch.setattr(places, "allowed", lambda address: address)


@pytest.mark.usefixtures("local_pods")
async def test_a_pod_by_http(joined: Rig) -> None:
    await joined.pod("web", address="127.0.0.1")
    async with backend() as pod:
        pod.says = (
            b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 2\r\nAccess-Control-Allow-Origin: *\r\n"
            b"Set-Cookie: a=b\r\n\r\nhi"
        )
        path = f"/api/v1/namespaces/default/pods/web:{pod.port}/proxy"
        headers = {"Cookie": "secret=1", "X-Mine": "1"}
        async with opened(joined, f"{path}/a/b/?c=%20d", api=True, headers=headers) as answer:
            assert (answer.status, await answer.read()) == (302, b"hi")
            assert answer.headers["Location"] == f"{path}/login"
            assert answer.headers["Set-Cookie"] == "a=b" and "Access-Control-Allow-Origin" not in answer.headers
        lines = pod.head.split("\r\n")
        assert lines[0] == "GET /a/b/?c=%20d HTTP/1.1"
        assert f"Host: 127.0.0.1:{pod.port}" in lines and "X-Mine: 1" in lines and "secret" not in pod.head
        assert f"X-Forwarded-Uri: {path}/a/b/" in lines


@pytest.mark.usefixtures("local_pods")
async def test_a_pods_own_websocket(joined: Rig) -> None:
    await joined.pod("web", address="127.0.0.1")
    async with backend() as pod:
        pod.says = b"HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n"

        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.read(100)).upper())

        pod.talk = echo
        fields = [("Connection", "Upgrade"), ("Upgrade", "chat"), ("X-Mine", "1"), ("Cookie", "secret")]
        path = f"/api/v1/namespaces/default/pods/web:{pod.port}/proxy/ws"
        head, wire = await raw(joined, "GET", path, fields, api=True)
        assert head.status == 101
        await wire.write(b"hello")
        assert await wire.read() == b"HELLO"
        wire.close()
        assert "X-Mine: 1" in pod.head and "secret" not in pod.head


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", ""])
async def test_a_pod_that_says_it_is_here_is_not_believed(joined: Rig, address: str) -> None:
    await joined.pod("web", address=address)
    code, said = await get(joined, "/api/v1/namespaces/default/pods/web:80/proxy/", api=True)
    assert (code, json.loads(said)["message"]) == (400, "address not allowed")


@pytest.mark.usefixtures("local_pods")
async def test_a_service_by_http(joined: Rig) -> None:
    client = joined.server.client()
    async with backend() as pod:
        service = {"metadata": {"name": "web"}, "spec": {"ports": [{"name": "http", "port": 80}]}}
        await client.create(GroupVersionResource("", "v1", "services"), service, "default")
        path = "/api/v1/namespaces/default/services/web:http/proxy/x"
        code, said = await get(joined, path, api=True)
        assert (code, json.loads(said)["message"]) == (503, 'no endpoints available for service "web"')
        found = {
            "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": pod.port, "protocol": "TCP"}],
            "endpoints": [{"addresses": ["192.0.2.1"], "conditions": {"ready": True}}],
        }
        slices = GroupVersionResource("discovery.k8s.io", "v1", "endpointslices")
        await client.create(slices, found, "default")
        joined.connector._choose = lambda among: places.Place(among[0].scheme, "127.0.0.1", among[0].port)
        assert await get(joined, path, api=True) == (200, b"ok")
        assert pod.head.startswith("GET /x HTTP/1.1")


@pytest.mark.usefixtures("local_pods")
async def test_nobody_there(joined: Rig) -> None:
    await joined.pod("web", address="127.0.0.1")
    code, said = await get(joined, "/api/v1/namespaces/default/pods/web:1/proxy/", api=True)
    assert code == 503 and "error trying to reach service: dial tcp 127.0.0.1:1" in json.loads(said)["message"]
