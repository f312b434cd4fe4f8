"""What every answer has in its head."""

import asyncio
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


async def test_a_stream_has_no_body_when_only_its_head_was_asked_for(tmp_path: Path) -> None:
    """Else its pieces are taken for the next answer on the connection."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"X-Path": request.path})
        await response.prepare(request)
        await response.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Path: forged\r\n\r\n")
        await response.write_eof()
        return response

    async with serving(handler, tmp_path / "sock"):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "sock"))
        for path in (b"/one", b"/two", b"/three"):
            writer.write(b"HEAD %b HTTP/1.1\r\nHost: x\r\n\r\n" % path)
            assert b"X-Path: %b\r\n" % path in await reader.readuntil(b"\r\n\r\n")
        writer.close()
