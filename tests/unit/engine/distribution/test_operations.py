"""Logging in, looking, searching; and which server serves."""

import pytest
from aiohttp import web

from tests.ports import quiet_port
from tests.unit.engine.distribution.conftest import IMAGE, USER, Client, here, index
from tests.unit.engine.distribution.peer import Peer, digest_of, refused
from tests.unit.engine.distribution.test_authorizer import with_basic, with_tokens
from tests.unit.engine.images.archives import descriptor
from wherry.engine.distribution.model import ANONYMOUS, Credentials, Login
from wherry.engine.distribution.operations import registry_of
from wherry.kit.errors import Unauthenticated, Unavailable, Unsupported
from wherry.oci.digest import Digest
from wherry.oci.platform import Platform

OCI = "application/vnd.oci.image.manifest.v1+json"


async def test_a_login_with_a_password(client: Client, peer: Peer) -> None:
    with_basic(peer)
    assert await client.operations.login(peer.host, USER) == Login("Login Succeeded")
    with pytest.raises(Unauthenticated, match="failed with status: 401"):
        await client.operations.login(f"http://{peer.host}/", Credentials("me", "wrong"))


async def test_a_login_that_is_kept_as_a_token(client: Client, peer: Peer) -> None:
    with_tokens(peer)
    assert await client.operations.login(peer.host, USER) == Login("Login Succeeded", "kept")
    with pytest.raises(Unauthenticated, match="unauthorized: incorrect username or password"):
        await client.operations.login(peer.host, Credentials("me", "wrong"))


@pytest.mark.parametrize(
    ("server", "domain"),
    [
        ("", "docker.io"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("docker.io", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("localhost:5000", "localhost:5000"),
        ("https://registry.lan/v2/", "registry.lan"),
    ],
)
def test_what_clients_call_a_registry(server: str, domain: str) -> None:
    assert registry_of(server) == domain


async def test_an_image_is_looked_at(client: Client, peer: Peer) -> None:
    found = await client.operations.inspect(client.reference("demo:1"), ANONYMOUS)
    assert found.descriptor.digest == digest_of(IMAGE)
    assert found.platforms == [Platform("linux", "amd64")]
    client.assert_nothing_is_stored()


async def test_an_index_is_looked_at(client: Client, peer: Peer) -> None:
    arm = descriptor(OCI, IMAGE, platform={"os": "linux", "architecture": "arm", "variant": "v7"})
    data = index(descriptor(OCI, IMAGE, platform=here()), arm)
    peer.add_manifest("demo", data, "application/vnd.oci.image.index.v1+json", "multi")
    found = await client.operations.inspect(client.reference("demo:multi"), ANONYMOUS)
    assert Digest.parse(found.descriptor.digest) == Digest.of(data)
    assert found.platforms == [Platform("linux", here()["architecture"]), Platform("linux", "arm", "v7")]
    assert peer.count("GET /v2/demo/") == 1


async def test_a_search_of_a_registry(client: Client, peer: Peer) -> None:
    results = [
        {"name": "demo", "description": None, "star_count": 3, "is_official": True},
        {"name": "other", "description": "x", "star_count": 1},
    ]
    peer.fault("GET", "/v1/search", web.json_response({"results": results}))
    found = await client.operations.search(f"{peer.host}/demo", 5, {"stars": ["2"]})
    assert [one.name for one in found] == ["demo"]
    assert peer.seen[-1] == "GET /v1/search?q=demo&n=5"


async def test_a_registry_without_search(client: Client, peer: Peer) -> None:
    with pytest.raises(Unsupported, match="offers no search"):
        await client.operations.search(f"{peer.host}/demo", 0, {})
    peer.fault("GET", "/v1/search", refused(500, "UNKNOWN", "x"))
    with pytest.raises(Unavailable, match="Unexpected status code 500"):
        await client.operations.search(f"{peer.host}/demo", 0, {})


async def test_a_registry_that_does_not_answer(client: Client) -> None:
    port = quiet_port()
    client.peer.host = f"127.0.0.1:{port}"
    with pytest.raises(Unavailable, match="connection refused"):
        await client.pull()
    with pytest.raises(Unavailable, match="connection refused"):
        await client.operations.login(client.peer.host, USER)
