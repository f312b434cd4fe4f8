"""The node's API: nothing for nobody, and what each may see."""

import json
import ssl

import aiohttp
import pytest

from tests.unit.node.api.clients import V5, exec_path, get, heard, websocket
from tests.unit.node.api.rig import READER, Rig
from wherry.kube.client.model import PatchType
from wherry.kube.machinery.model import GroupVersionResource

ROLES = GroupVersionResource("rbac.authorization.k8s.io", "v1", "clusterroles")
BINDINGS = GroupVersionResource("rbac.authorization.k8s.io", "v1", "clusterrolebindings")
PATHS = [
    "/healthz", "/healthz/ping", "/pods", "/configz", "/stats/summary", "/metrics", "/metrics/resource",
    "/metrics/cadvisor", "/containerLogs/default/p/c", "/nothing", "/run/default/p/c", "/checkpoint/default/p/c",
    exec_path("true", stdout=True), "/portForward/default/p",
]  # fmt: skip


async def grant(rig: Rig, *rules: tuple[str, str]) -> None:
    """Rights of the reader: verb and resource."""
    client = rig.server.client()
    role = {
        "metadata": {"name": "reading"},
        "rules": [{"apiGroups": [""], "verbs": [verb], "resources": [resource]} for verb, resource in rules],
    }
    binding = {
        "metadata": {"name": "reading"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reading"},
        "subjects": [{"kind": "User", "name": READER.user, "apiGroup": "rbac.authorization.k8s.io"}],
    }
    await client.create(ROLES, role)
    await client.create(BINDINGS, binding)


@pytest.mark.parametrize("path", PATHS)
async def test_k19_nobody_is_told_anything(joined: Rig, path: str) -> None:
    """K19: CVE-2025-0426 filled the disk by way of the read-only port."""
    joined.log_of().write_text("secret\n")
    assert await get(joined, path, file="") == (401, b"Unauthorized")
    headers = {"Authorization": "Bearer nonsense"}
    assert await get(joined, path, file="", headers=headers) == (401, b"Unauthorized")


@pytest.mark.parametrize("path", PATHS)
async def test_who_may_nothing_is_told_nothing(joined: Rig, path: str) -> None:
    code, said = await get(joined, path, READER.file)
    assert code == 403 and said.startswith(b"Forbidden (user=reader, verb=")


@pytest.mark.parametrize(
    ("right", "opens"),
    [
        ("nodes/metrics", {"/metrics", "/metrics/resource", "/metrics/cadvisor"}),
        ("nodes/stats", {"/stats/summary"}),
        ("nodes/pods", {"/pods"}),
        ("nodes/healthz", {"/healthz", "/healthz/ping"}),
        ("nodes/configz", {"/configz"}),
        ("nodes/proxy", {"/pods", "/healthz", "/healthz/ping", "/configz", "/containerLogs/default/p/c", "/nothing"}),
    ],
)
async def test_rights_open_what_they_name_and_no_more(joined: Rig, right: str, opens: set[str]) -> None:
    await grant(joined, ("get", right))
    opened = {path for path in PATHS if (await get(joined, path, READER.file))[0] != 403}
    assert opened == opens


async def test_reading_by_proxy_runs_nothing(joined: Rig) -> None:
    await grant(joined, ("get", "nodes/proxy"))
    for path in (exec_path("true", stdout=True), "/attach/default/p/c?output=1", "/portForward/default/p?port=1"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as error:
            async with websocket(joined, path, V5, file=READER.file):
                pass
        assert error.value.status == 403
    assert not joined.runtime.opened


async def test_creating_by_proxy_does(joined: Rig) -> None:
    await grant(joined, ("create", "nodes/proxy"))
    async with websocket(joined, exec_path("echo", stdout=True), V5, file=READER.file) as socket:
        assert (await heard(socket))[1] == b"\n"


async def test_a_service_account_is_known_by_its_token(joined: Rig) -> None:
    client = joined.server.client()
    accounts = GroupVersionResource("", "v1", "serviceaccounts")
    request = {"spec": {"expirationSeconds": 3600}}
    token = await client.create(accounts, request, "default", name="default", subresource="token")
    headers = {"Authorization": f"Bearer {token['status']['token']}"}
    code, said = await get(joined, "/pods", file="", headers=headers)
    assert code == 403 and b"user=system:serviceaccount:default:default" in said
    await grant(joined, ("get", "nodes/pods"))
    binding = {"subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "default"}]}
    await client.patch(BINDINGS, "reading", binding, type=PatchType.MERGE)
    code, _ = await get(joined, "/stats/summary", file="", headers=headers)
    assert code == 403


async def test_a_certificate_of_another_authority_ends_the_handshake(joined: Rig, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from tests.unit.certificates import make

    (tmp_path / "other").mkdir()
    files = make(tmp_path / "other")
    context = joined.tls("")
    context.load_cert_chain(files.certificate, files.key)
    async with aiohttp.ClientSession() as session:
        with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
            async with session.get(f"https://127.0.0.1:{joined.node_port}/healthz", ssl=context) as answer:
                await answer.read()


@pytest.mark.parametrize("file", ["node-n1", "super-admin"])
async def test_a_node_is_no_reader_of_itself(joined: Rig, file: str) -> None:
    code, _ = await get(joined, "/pods", file)
    assert code == (200 if file == "super-admin" else 403)


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("/run/default/p/c", 405, b"commands are run by exec"),
        ("/checkpoint/default/p/c", 405, b"containers are not checkpointed"),
        ("/logs/syslog", 405, b"logs endpoint is disabled."),
        ("/debug/pprof/", 405, b"profiling endpoint is disabled."),
        ("/nothing", 404, b"404 page not found"),
        ("/pods/../healthz", 400, b"invalid path"),
        ("/%2e%2e/healthz", 400, b"invalid path"),
        ("/containerLogs/default%2fp/c", 400, b"invalid path"),
    ],
)
async def test_what_is_not_offered(joined: Rig, path: str, code: int, said: bytes) -> None:
    from yarl import URL

    async with aiohttp.ClientSession() as session:
        url = URL(f"https://127.0.0.1:{joined.node_port}{path}", encoded=True)
        async with session.get(url, ssl=joined.tls()) as answer:
            found = answer.status, await answer.read()
    assert found[0] == code and found[1].startswith(said)


async def test_pods_are_shown_as_the_agent_sees_them(joined: Rig) -> None:
    code, said = await get(joined, "/pods")
    found = json.loads(said)
    assert code == 200 and found["kind"] == "PodList"
    assert [each["metadata"]["name"] for each in found["items"]] == ["p"]


async def test_figures_health_and_configuration(joined: Rig) -> None:
    assert await get(joined, "/healthz") == (200, b"ok")
    assert b"kubelet_running_pods 1" in (await get(joined, "/metrics"))[1]
    assert b'container="c"' in (await get(joined, "/metrics/resource"))[1]
    assert b'image="x:1"' in (await get(joined, "/metrics/cadvisor"))[1]
    assert json.loads((await get(joined, "/stats/summary"))[1])["pods"][0]["podRef"]["name"] == "p"
    assert json.loads((await get(joined, "/configz"))[1])["kubeletconfig"]["kind"] == "KubeletConfiguration"


async def test_nothing_is_there_until_there_is_an_agent(joined: Rig) -> None:
    from wherry.node.api.server import NoPods

    joined.kubelet.lookup = NoPods()
    assert json.loads((await get(joined, "/pods"))[1])["items"] == []
    assert (await get(joined, "/containerLogs/default/p/c"))[0] == 404


async def test_without_the_api_server_nobody_may_anything(joined: Rig) -> None:
    await joined.listeners[0].stop(0.1)
    code, said = await get(joined, "/pods", READER.file)
    assert code == 503 and said != b""
