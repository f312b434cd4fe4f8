"""Redirects and refusals, without a network: what is sent where."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.unit.engine.distribution.conftest import USER
from wherry.engine.distribution.authorizer import Authorizer
from wherry.engine.distribution.connection import Call, Connection
from wherry.engine.distribution.endpoints import Endpoint
from wherry.engine.distribution.refusals import Refused
from wherry.http.client import Answer, HttpClient, Request
from wherry.kit.errors import Forbidden, Invalid

REGISTRY = "https://registry.lan"


class Script:
    """An HTTP client that answers from a list and remembers what it was sent."""

    def __init__(self, *answers: tuple[int, dict[str, str]]) -> None:
        self.answers = list(answers)
        self.sent: list[Request] = []

    @asynccontextmanager
    async def send(self, request: Request) -> AsyncIterator[Answer]:
        self.sent.append(request)
        status, headers = self.answers.pop(0)

        async def nothing() -> AsyncIterator[bytes]:
            return
            yield b""

        response = SimpleNamespace(
            status=status,
            headers=Headers(headers),
            reason="Reason",
            content_length=0,
            content=SimpleNamespace(iter_any=nothing),
        )
        yield Answer(request, cast(Any, response))


class Headers(dict[str, str]):
    def getall(self, name: str, default: list[str]) -> list[str]:
        return [self[name]] if name in self else default


def connection(script: Script) -> Connection:
    http = cast(HttpClient, script)
    endpoint = Endpoint(REGISTRY)
    return Connection(http, endpoint, Authorizer(http, endpoint.origin, USER, lambda: 0))


BASIC = (401, {"WWW-Authenticate": 'Basic realm="x"'})


async def send(script: Script, call: Call, *accepted: int) -> int:
    async with connection(script).send(call, *accepted) as answer:
        return answer.status


async def test_from_https_nobody_is_followed_to_http() -> None:
    script = Script((307, {"Location": "http://registry.lan/x"}))
    with pytest.raises(Forbidden, match=r"redirected from https to http://registry\.lan"):
        await send(script, Call("GET", "/v2/"))
    assert len(script.sent) == 1


async def test_elsewhere_goes_neither_proof_nor_certificate() -> None:
    script = Script(BASIC, (307, {"Location": "https://cdn.lan/x?signature=s"}), (200, {}))
    assert await send(script, Call("GET", "/v2/a", headers={"Range": "bytes=1-"})) == 200
    first, second, third = script.sent
    assert "Authorization" not in first.headers
    assert "Authorization" in second.headers
    assert third.url == "https://cdn.lan/x?signature=s"
    assert third.headers == {"Range": "bytes=1-"}
    assert third.tls is not None


async def test_back_at_the_registry_the_proof_is_shown_again() -> None:
    script = Script((307, {"Location": "https://cdn.lan/x"}), (307, {"Location": f"{REGISTRY}/y"}), BASIC, (200, {}))
    assert await send(script, Call("GET", "/v2/a")) == 200
    assert ["Authorization" in request.headers for request in script.sent] == [False, False, False, True]


async def test_another_port_is_another_server() -> None:
    script = Script(BASIC, (307, {"Location": "https://registry.lan:8443/x"}), (200, {}))
    await send(script, Call("GET", "/v2/a"))
    assert "Authorization" not in script.sent[-1].headers


async def test_what_is_sent_is_not_sent_elsewhere() -> None:
    script = Script((307, {"Location": "https://cdn.lan/x"}))
    with pytest.raises(Invalid, match="not followed with what is sent"):
        await send(script, Call("PUT", "/v2/a", body=b"x"))


async def test_a_circle_ends() -> None:
    script = Script(*[(302, {"Location": "/v2/a"})] * 9)
    with pytest.raises(Invalid, match="redirected more than 5 times"):
        await send(script, Call("GET", "/v2/a"))
    assert len(script.sent) == 6


async def test_a_status_that_is_expected_is_an_answer() -> None:
    assert await send(Script((404, {})), Call("GET", "/v2/a"), 404) == 404
    with pytest.raises(Refused, match="unexpected HTTP status: 404 Reason"):
        await send(Script((404, {})), Call("GET", "/v2/a"))


async def test_an_upload_elsewhere_gets_no_proof_and_no_second_try() -> None:
    script = Script(BASIC, (202, {}), (401, {"WWW-Authenticate": 'Basic realm="x"'}))
    link = connection(script)
    async with link.send(Call("POST", "/v2/a/blobs/uploads/")):
        pass
    with pytest.raises(Refused):
        async with link.send(Call("PUT", "https://storage.lan/x", body=b"x")):
            pass
    assert "Authorization" not in script.sent[-1].headers
