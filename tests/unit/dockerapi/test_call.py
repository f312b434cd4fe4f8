"""A request as an endpoint sees it: over a real connection, for every kind of body and answer."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from wherry.dockerapi.app import serve
from wherry.dockerapi.call import MULTIPLEXED_STREAM, RAW_STREAM, Call
from wherry.dockerapi.parameters import Query
from wherry.http.hijack import TakenOver
from wherry.kit.errors import Invalid, WherryError

Answer = Callable[[Call], Awaitable[web.StreamResponse]]


class Options(msgspec.Struct):
    """What a body may say."""

    Tty: bool = False


@asynccontextmanager
async def answering(answer: Answer, path: Path) -> AsyncIterator[Path]:
    """A server all of whose requests ``answer`` answers, as version 1.44 of a path with one variable."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        target, _, query = request.raw_path.partition("?")
        call = Call(request, 44, target, Query.parse(query), {"id": "c1", "name": "a/b"})
        try:
            return await answer(call)
        except WherryError as error:
            return web.Response(status=400, body=error.message.encode())

    async with await serve(handler, path / "s"):
        yield path / "s"


async def exchange(socket: Path, head: str, body: bytes = b"", behind: bytes = b"") -> tuple[bytes, bytes]:
    """Head and rest of what comes back until the server ends the connection."""
    reader, writer = await asyncio.open_unix_connection(str(socket))
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    writer.write(f"{head}\r\nHost: x\r\n{length}\r\n".encode() + body + behind)
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    before, _, after = answer.partition(b"\r\n\r\n")
    return before, after


async def post(socket: Path, body: bytes, content_type: str = "application/json") -> tuple[bytes, bytes]:
    return await exchange(
        socket, f"POST /x?filters=1 HTTP/1.1\r\nConnection: close\r\nContent-Type: {content_type}", body
    )


@pytest.mark.parametrize(
    ("version", "tty", "expected"),
    [(41, False, RAW_STREAM), (41, True, RAW_STREAM), (42, False, MULTIPLEXED_STREAM), (51, True, RAW_STREAM)],
)
def test_framed_output_has_a_name_of_its_own_since_1_42(version: int, tty: bool, expected: str) -> None:
    request: Any = None  # is not asked
    assert Call(request, version, "/", Query({}), {}).output_type(tty) == expected


def test_the_paths_variables_and_filters_are_read() -> None:
    request: Any = None
    call = Call(request, 44, "/", Query({"filters": ['{"label":["a=b"]}']}), {"id": "c1", "name": "a/b"})
    assert (call.id, call.name) == ("c1", "a/b")
    assert call.filters({"label", "until"}) == {"label": ["a=b"]}
    with pytest.raises(Invalid, match="invalid filter 'label'"):
        call.filters({"until"})


@pytest.mark.parametrize(("body", "expected"), [(b'{"tty":true}', True), (b"{}", False), (b'{"Tty":null}', False)])
async def test_a_body_is_read_into_a_structure(tmp_path: Path, body: bytes, expected: bool) -> None:
    async def answer(call: Call) -> web.StreamResponse:
        return call.json((await call.body(Options)).Tty)

    async with answering(answer, tmp_path) as socket:
        assert json.loads((await post(socket, body))[1]) is expected


async def test_an_absent_body_is_an_empty_structure_and_no_document(tmp_path: Path) -> None:
    async def answer(call: Call) -> web.StreamResponse:
        return call.json([(await call.body(Options)).Tty, await call.document()], 201)

    async with answering(answer, tmp_path) as socket:
        head, body = await exchange(socket, "POST /x HTTP/1.1\r\nConnection: close")
        assert head.startswith(b"HTTP/1.1 201 ")
        assert b"Content-Type: application/json\r\n" in head + b"\r\n"
        assert body == b"[false,null]\n"


async def test_a_document_is_an_object(tmp_path: Path) -> None:
    async def answer(call: Call) -> web.StreamResponse:
        document = await call.document() or {}
        return call.json(call.convert(document["Options"], Options).Tty)

    async with answering(answer, tmp_path) as socket:
        assert (await post(socket, b'{"Options":{"tty":true}}'))[1] == b"true\n"
        assert (await post(socket, b"[1]"))[1] == b"invalid JSON: must be an object"
        assert b"Expected `bool`" in (await post(socket, b'{"Options":{"tty":1}}'))[1]
        assert (await post(socket, b"{}", "text/plain"))[1].startswith(b"unsupported Content-Type header (text/plain)")


async def test_a_body_comes_in_as_it_arrives(tmp_path: Path) -> None:
    async def answer(call: Call) -> web.StreamResponse:
        pieces = [len(piece) async for piece in call.chunks()]
        return call.json([sum(pieces), all(pieces)])

    async with answering(answer, tmp_path) as socket:
        assert (await post(socket, b"x" * 300_000, "application/x-tar"))[1] == b"[300000,true]\n"


async def test_done_has_no_body(tmp_path: Path) -> None:
    async def answer(call: Call) -> web.StreamResponse:
        return call.done()

    async with answering(answer, tmp_path) as socket:
        head, body = await exchange(socket, "POST /x HTTP/1.1\r\nConnection: close")
        assert (head.split(b"\r\n")[0], body) == (b"HTTP/1.1 204 No Content", b"")


async def test_a_stream_is_chunked_and_its_head_is_there_before_its_end(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def answer(call: Call) -> web.StreamResponse:
        stream = await call.stream("text/plain")
        await asked.wait()
        await stream.send(b"late")
        return stream.response

    async with answering(answer, tmp_path) as socket:
        reader, writer = await asyncio.open_unix_connection(str(socket))
        writer.write(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Transfer-Encoding: chunked" in head
        assert b"Content-Type: text/plain" in head
        asked.set()
        assert await reader.readuntil(b"0\r\n\r\n") == b"4\r\nlate\r\n0\r\n\r\n"
        writer.close()


@pytest.mark.parametrize(
    ("headers", "status", "upgrade"),
    [
        ("Connection: Upgrade\r\nUpgrade: tcp", b"HTTP/1.1 101 UPGRADED", True),
        ("Connection: close", b"HTTP/1.1 200 OK", False),
    ],
)
async def test_a_hijacked_socket_is_the_streams(tmp_path: Path, headers: str, status: bytes, upgrade: bool) -> None:
    async def answer(call: Call) -> web.StreamResponse:
        taken = await call.hijack(RAW_STREAM, read=True)
        os.write(taken.fd, b"early=" + taken.early)
        os.close(taken.fd)
        return TakenOver()

    async with answering(answer, tmp_path) as socket:
        head, body = await exchange(socket, f"POST /x HTTP/1.1\r\n{headers}", behind=b"in" if upgrade else b"")
        lines = head.split(b"\r\n")
        assert lines[0] == status
        assert f"Content-Type: {RAW_STREAM}".encode() in lines
        assert (b"Upgrade: tcp" in lines) is upgrade
        assert body == (b"early=in" if upgrade else b"early=")
