"""What every answer has in its head."""

from pathlib import Path

import aiohttp
from aiohttp import web
from multidict import CIMultiDictProxy

from tests.unit.http.conftest import serving
from wherry.http.request import ANSWER_HEADERS
from wherry.http.server import Handler


async def _heads(path: Path, handler: Handler) -> list[CIMultiDictProxy[str]]:
    async with serving(handler, path), aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as session:
        found = []
        for where in ("whole", "stream", "own"):
            async with session.get(f"http://x/{where}") as answer:
                await answer.read()
                found.append(answer.headers)
        return found


async def test_answers_tell_no_versions_and_have_what_the_face_wants(tmp_path: Path) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        request[ANSWER_HEADERS] = {"Audit-Id": f"for {request.path}"}
        if request.path == "/stream":
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"x")
            return response
        return web.Response(headers={"Server": "Docker/x"} if request.path == "/own" else {})

    whole, stream, own = await _heads(tmp_path / "sock", handler)
    assert [each["Audit-Id"] for each in (whole, stream, own)] == ["for /whole", "for /stream", "for /own"]
    assert "Server" not in whole and "Server" not in stream
    assert own["Server"] == "Docker/x"


async def test_without_any_the_answer_is_as_it_was(tmp_path: Path) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        raise RuntimeError("x")

    for head in await _heads(tmp_path / "sock", handler):
        assert "Server" not in head and "Audit-Id" not in head
