"""Proofs: basic, and tokens of every kind; each for what it was asked for, and no longer than it lasts."""

import base64
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from tests.unit.engine.distribution.conftest import USER, Client
from tests.unit.engine.distribution.peer import Peer, refused, said
from wherry.engine.distribution.authorizer import Authorizer
from wherry.engine.distribution.challenge import Challenge
from wherry.engine.distribution.model import ANONYMOUS, Credentials
from wherry.http.client import HttpClient
from wherry.http.urls import Origin
from wherry.kit.errors import Forbidden, Unauthenticated

BASIC = "Basic " + base64.b64encode(b"me:secret").decode()
PULL = frozenset({"repository:demo:pull"})


def with_basic(peer: Peer) -> None:
    """The registry wants me:secret."""

    def guard(request: web.BaseRequest) -> web.Response | None:
        if request.headers.get("Authorization") == BASIC:
            return None
        return refused(401, "UNAUTHORIZED", "authentication required", **{"WWW-Authenticate": 'Basic realm="r"'})

    peer.guard = guard


def with_tokens(peer: Peer, life: int = 300) -> list[str]:
    """The registry wants tokens, which itself gives to me:secret. Answers what scopes were asked for, as it grows."""
    asked: list[str] = []
    given: set[str] = set()

    async def give(request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "POST":
            form = parse_qs((await request.read()).decode())
            allowed, scopes = form.get("refresh_token") == ["kept"], form["scope"][0].split()
        else:
            allowed, scopes = request.headers.get("Authorization") == BASIC, request.query.getall("scope", [])
        if not allowed:
            return web.json_response({"details": "incorrect username or password"}, status=401)
        asked.append(" ".join(scopes))
        token = f"t{len(asked)}"
        given.add(f"Bearer {token}")
        more = {"refresh_token": "kept"} if request.query.get("offline_token") else {}
        return web.json_response({"token": token, "expires_in": life, **more})

    def guard(request: web.BaseRequest) -> web.Response | None:
        if request.headers.get("Authorization") in given:
            return None
        challenge = f'Bearer realm="{peer.url}/token",service="registry",scope="repository:demo:pull"'
        return refused(401, "UNAUTHORIZED", "authentication required", **{"WWW-Authenticate": challenge})

    peer.fault("GET", "^/token", give)
    peer.fault("POST", "^/token", give)
    peer.guard = guard
    return asked


async def test_basic(client: Client, peer: Peer) -> None:
    with_basic(peer)
    await client.pull(credentials=USER)
    assert client.shelf.images.count() == 1


async def test_basic_without_credentials(client: Client, peer: Peer) -> None:
    with_basic(peer)
    with pytest.raises(Unauthenticated) as caught:
        await client.pull()
    assert caught.value.message == f'Get "{peer.url}/v2/demo/manifests/1": no basic auth credentials'


async def test_basic_with_wrong_credentials(client: Client, peer: Peer) -> None:
    with_basic(peer)
    with pytest.raises(Unauthenticated, match="unauthorized: authentication required"):
        await client.pull(credentials=Credentials("me", "wrong"))
    assert peer.count("/manifests/") == 2


async def test_one_token_serves_all_requests_of_a_pull(client: Client, peer: Peer) -> None:
    asked = with_tokens(peer)
    await client.pull(credentials=USER)
    assert asked == ["repository:demo:pull"]


async def test_a_push_asks_for_more_and_for_what_it_mounts(client: Client, peer: Peer) -> None:
    await client.pull()
    client.shelf.images.tag(f"{peer.host}/demo:1", f"{peer.host}/mine/app", "2")
    asked = with_tokens(peer)
    await client.push("mine/app:2", USER)
    assert "repository:mine/app:pull,push" in " ".join(asked)
    assert any(scopes == "repository:demo:pull repository:mine/app:pull,push" for scopes in asked)


async def test_a_wrong_password_is_told(client: Client, peer: Peer) -> None:
    with_tokens(peer)
    with pytest.raises(Unauthenticated, match="unauthorized: incorrect username or password"):
        await client.pull(credentials=Credentials("me", "wrong"))


async def test_an_identity_token_is_exchanged(client: Client, peer: Peer) -> None:
    asked = with_tokens(peer)
    await client.pull(credentials=Credentials(identity_token="kept"))
    assert asked == ["repository:demo:pull"]
    assert "POST /token" in peer.seen


async def test_a_registry_token_is_sent_as_it_is(client: Client, peer: Peer) -> None:
    await client.pull(credentials=Credentials(registry_token="mine"))
    index = peer.seen.index("GET /v2/demo/manifests/1")
    assert peer.headers[index]["Authorization"] == "Bearer mine"


async def test_a_revoked_token_is_fetched_anew_but_not_for_ever(client: Client, peer: Peer) -> None:
    asked = with_tokens(peer)

    async def revoked(request: web.BaseRequest) -> web.StreamResponse:
        challenge = f'Bearer realm="{peer.url}/token",service="registry",scope="repository:demo:pull"'
        return said(401, WWW_Authenticate=challenge)

    peer.fault("GET", "/manifests/", revoked)
    with pytest.raises(Unauthenticated):
        await client.pull(credentials=USER)
    assert len(asked) == 2
    assert peer.count("/manifests/") == 3


async def test_a_token_lasts_as_long_as_it_says(peer: Peer) -> None:
    asked = with_tokens(peer, life=60)
    clock = [0.0]
    async with HttpClient("test") as http:
        authorizer = Authorizer(http, Origin.of(peer.url), USER, lambda: clock[0])
        assert await authorizer.header(PULL) is None
        assert authorizer.challenged([Challenge("bearer", {"realm": f"{peer.url}/token"})], None, PULL)
        assert await authorizer.header(PULL) == "Bearer t1"
        clock[0] = 50
        assert await authorizer.header(PULL) == "Bearer t1"
        clock[0] = 56
        assert await authorizer.header(PULL) == "Bearer t2"
        assert await authorizer.header(frozenset({"repository:b:pull"})) == "Bearer t3"
    assert asked == ["repository:demo:pull", "repository:demo:pull", "repository:b:pull"]


@pytest.mark.parametrize(
    "answer",
    [web.Response(text="{}"), web.Response(text="[]"), web.Response(text='{"token": "a\\r\\nHost: b"}'),
     web.Response(text="no"), web.Response(status=503), web.Response(text='{"token": 1}')],
)  # fmt: skip
async def test_a_token_server_that_makes_no_sense(client: Client, peer: Peer, answer: web.Response) -> None:
    with_tokens(peer)
    peer.faults.clear()
    peer.fault("GET", "^/token", answer)
    with pytest.raises(Exception, match="token"):
        await client.pull(credentials=USER)
    client.assert_nothing_is_stored()


@pytest.mark.parametrize(
    ("realm", "registry", "credentials", "allowed"),
    [
        ("https://auth.docker.io/token", "https://registry-1.docker.io", USER, True),
        ("https://auth.lan/token", "http://registry.lan:5000", USER, True),
        ("http://registry.lan:5000/token", "http://registry.lan:5000", USER, True),
        ("http://registry.lan:5001/token", "http://registry.lan:5000", USER, False),
        ("http://registry.lan/token", "https://registry.lan", USER, False),
        ("http://registry.lan/token", "https://registry.lan", ANONYMOUS, False),
        ("http://auth.lan/token", "http://registry.lan:5000", ANONYMOUS, True),
    ],
)
async def test_where_credentials_may_go(realm: str, registry: str, credentials: Credentials, allowed: bool) -> None:
    """A request that is allowed fails for want of a server, or of a name."""
    async with HttpClient("test") as http:
        authorizer = Authorizer(http, Origin.of(registry), credentials, lambda: 0)
        authorizer.challenged([Challenge("bearer", {"realm": realm})], None, PULL)
        if allowed:
            request = authorizer._request({"realm": realm}, PULL)
            assert request.url.startswith(realm)
            assert ("Authorization" in request.headers) != credentials.is_anonymous
        else:
            with pytest.raises(Forbidden):
                await authorizer.header(PULL)
