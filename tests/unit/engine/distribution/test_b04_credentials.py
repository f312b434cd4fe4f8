"""CHECKS B04: what a user gave for one registry reaches no other server, whichever way it is sent there.

Two listeners: the registry, and a thief, who writes down what comes.
"""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.unit.engine.distribution.conftest import BLOBS, IMAGE, PACKED, USER, Client, here, index
from tests.unit.engine.distribution.peer import Peer, digest_of, refused, said
from tests.unit.engine.distribution.test_authorizer import with_basic, with_tokens
from tests.unit.engine.images.archives import descriptor
from wherry.engine.distribution.model import Credentials
from wherry.kit.errors import WherryError

SECRETS = ("authorization", "cookie", "proxy-authorization")


@pytest.fixture
async def thief() -> AsyncIterator[Peer]:
    """Another server, which has the image too and answers whatever it is asked."""
    async with Peer().serving() as thief:
        thief.add_image("demo", IMAGE, BLOBS, "1")
        yield thief
        for request, headers in zip(thief.seen, thief.headers, strict=True):
            assert not [name for name in headers if name.lower() in SECRETS], request
            assert "secret" not in request


async def attempt(client: Client, credentials: Credentials = USER) -> str:
    """Pull; what went wrong, or nothing."""
    try:
        await client.pull(credentials=credentials)
    except WherryError as error:
        return error.message
    return ""


@pytest.mark.parametrize("guarded", [with_basic, with_tokens])
@pytest.mark.parametrize("what", ["/manifests/", "/blobs/"])
async def test_b04_a_redirect(client: Client, peer: Peer, thief: Peer, what: str, guarded: object) -> None:
    guarded(peer)  # type: ignore[operator]

    async def elsewhere(request: web.BaseRequest) -> web.StreamResponse:
        refusal = peer.guard(request)
        return refusal or said(307, Location=thief.url + request.path_qs)

    peer.fault("GET", what, elsewhere)
    assert await attempt(client) == ""
    assert thief.seen


async def test_b04_a_challenge_behind_a_redirect(client: Client, peer: Peer, thief: Peer) -> None:
    with_basic(peer)

    async def elsewhere(request: web.BaseRequest) -> web.StreamResponse:
        return peer.guard(request) or said(307, Location=thief.url + request.path_qs)

    peer.fault("GET", "/manifests/", elsewhere)
    thief.fault("GET", "/", said(401, WWW_Authenticate='Basic realm="please"'))
    assert "unauthorized" in await attempt(client)
    assert len(thief.seen) == 1


@pytest.mark.parametrize("credentials", [USER, Credentials(identity_token="secret")])
async def test_b04_a_realm_elsewhere(client: Client, peer: Peer, thief: Peer, credentials: Credentials) -> None:
    peer.fault("GET", "/v2/demo", said(401, WWW_Authenticate=f'Bearer realm="{thief.url}/token",service="s"'))
    assert "credentials go there by https only" in await attempt(client, credentials)
    assert not thief.seen


async def test_b04_a_realm_with_a_users_name(client: Client, peer: Peer, thief: Peer) -> None:
    realm = f"http://{peer.host}@{thief.host}/token"
    peer.fault("GET", "/v2/demo", said(401, WWW_Authenticate=f'Bearer realm="{realm}"'))
    assert await attempt(client)
    assert not thief.seen


async def test_b04_a_token_server_that_redirects(client: Client, peer: Peer, thief: Peer) -> None:
    with_tokens(peer)
    peer.faults.clear()
    peer.fault("GET", "/token", said(307, Location=f"{thief.url}/token"))
    assert "307" in await attempt(client)
    assert not thief.seen


async def test_b04_a_challenge_for_a_realm_after_a_token(client: Client, peer: Peer, thief: Peer) -> None:
    """A registry that behaves first and asks for more at its blobs."""
    with_tokens(peer)
    peer.fault("GET", "/blobs/", said(401, WWW_Authenticate=f'Bearer realm="{thief.url}/token"'))
    assert "by https only" in await attempt(client)
    assert not thief.seen


async def test_b04_urls_of_a_layer_are_not_looked_at(client: Client, peer: Peer, thief: Peer) -> None:
    """CVE-2020-15157: a foreign layer is asked of its registry only."""
    with_basic(peer)
    foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    layer = {**descriptor(foreign, PACKED[0]), "urls": [f"{thief.url}/v2/demo/blobs/{digest_of(PACKED[0])}"]}
    import json

    document = json.loads(IMAGE)
    document["layers"][0] = layer
    data = json.dumps(document).encode()
    peer.add_manifest("demo", data, document["mediaType"], "1")
    del peer.blobs[digest_of(PACKED[0])]
    assert "blob unknown" in await attempt(client)
    assert not thief.seen


async def test_b04_an_index_with_urls(client: Client, peer: Peer, thief: Peer) -> None:
    entry = {**descriptor("application/vnd.oci.image.manifest.v1+json", IMAGE), "urls": [thief.url], "platform": here()}
    peer.add_manifest("demo", index(entry), "application/vnd.oci.image.index.v1+json", "1")
    assert await attempt(client) == ""
    assert not thief.seen


async def test_b04_a_mirror_gets_none(client: Client, peer: Peer, thief: Peer) -> None:
    with_basic(peer)
    client.mirrors = [f"{peer.host}={thief.url}"]
    thief.fault("GET", "/blobs/", said(401, WWW_Authenticate=f'Bearer realm="{thief.url}/token"'))
    thief.fault("GET", "/manifests/", refused(404, "MANIFEST_UNKNOWN", "no"), times=0)
    assert await attempt(client) == ""
    assert thief.seen


async def test_b04_a_next_page_elsewhere_is_asked_of_the_registry(client: Client, peer: Peer, thief: Peer) -> None:
    with_basic(peer)

    async def first(request: web.BaseRequest) -> web.StreamResponse:
        headers = {"Link": f'<{thief.url}/v2/demo/tags/list?last=1>; rel="next"'}
        return peer.guard(request) or web.json_response({"tags": ["1"]}, headers=headers)

    peer.fault("GET", "/tags/list$", first)
    await client.pull("demo", USER)
    assert not thief.seen
    assert peer.count("GET /v2/demo/tags/list?last=1") == 1


@pytest.mark.parametrize("guarded", [with_basic, with_tokens])
async def test_b04_an_upload_that_goes_on_elsewhere(client: Client, peer: Peer, thief: Peer, guarded: object) -> None:
    await client.pull()
    guarded(peer)  # type: ignore[operator]
    peer.blobs.clear()

    async def elsewhere(request: web.BaseRequest) -> web.StreamResponse:
        return peer.guard(request) or said(202, Location=f"{thief.url}/v2/demo/blobs/uploads/x")

    peer.fault("POST", "/uploads/", elsewhere)
    with pytest.raises(WherryError):
        await client.push(credentials=USER)
    assert any(request.startswith("PUT /v2/demo/blobs/uploads/x") for request in thief.seen)


async def test_b04_an_upload_is_not_redirected(client: Client, peer: Peer, thief: Peer) -> None:
    await client.pull()
    peer.blobs.clear()
    peer.fault("POST", "/uploads/", said(307, Location=thief.url))
    with pytest.raises(WherryError, match="not followed"):
        await client.push(credentials=USER)
    assert not thief.seen
