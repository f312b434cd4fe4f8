"""Whatever clients send, and in whatever pieces: who answers directly says what the handler would say."""

import asyncio
import re
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.unit.http.conftest import render_error
from tests.unit.http.test_direct import said
from wherry.http.body import read_body
from wherry.http.direct import Direct, DirectConnection
from wherry.http.plain import RequestHead
from wherry.http.server import serve_tcp

LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
BODIES = some.sampled_from(
    [b"", b"body", b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n", b"0\r\n\r\n", b"\r\n\r\n0", b"\n", b"x" * 700]
)


def echo(method: str, target: str, body: bytes) -> str:
    return f"{method} {target} {body!r}"


def direct(head: RequestHead, body: bytes, connection: DirectConnection) -> bytes | Coroutine[Any, Any, bytes] | None:
    """Declines some, answers some at once, and some later."""
    if "no" in head.message.path:
        return None
    answer = said(echo(head.message.method, head.message.path, body))
    return _later(answer) if "later" in head.message.path else answer


async def _later(answer: bytes) -> bytes:
    for _ in range(3):
        await asyncio.sleep(0)
    return answer


async def handler(request: web.BaseRequest) -> web.StreamResponse:
    await asyncio.sleep(0)
    return web.Response(body=echo(request.method, request.raw_path, await read_body(request)).encode())


@some.composite
def requests(draw: some.DrawFn) -> bytes:
    target = draw(some.sampled_from(["/at-once", "/later", "/no", "http://x/at-once", "/later?a=b#c", "/%zz"]))
    method = draw(some.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS"]))
    version, more = draw(some.sampled_from([("1.1", ""), ("1.1", ""), ("1.1", "Expect: x\r\n"), ("1.1", "a: é\r\n")]))
    body = draw(BODIES)
    if draw(some.booleans()):
        head, sent = f"Content-Length: {len(body)}\r\n", body
    else:
        cut = draw(some.integers(0, len(body)))
        pieces = [piece for piece in (body[:cut], body[cut:], b"") if piece] + [b""]
        head, sent = "Transfer-Encoding: chunked\r\n", b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces)
    return f"{method} {target} HTTP/{version}\r\nHost: x\r\n{more}{head}\r\n".encode() + sent


async def answers(direct: Direct | None, pieces: list[bytes], pauses: list[int]) -> list[tuple[bytes, bytes]]:
    """Codes and bodies, to the end of the connection."""
    async with await serve_tcp(handler, "127.0.0.1", 0, render_error, direct=direct) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for piece, pause in zip(pieces, pauses, strict=True):
            writer.write(piece)
            for _ in range(pause):
                await asyncio.sleep(0)
        found = []
        async with asyncio.timeout(60):
            while head := (await reader.read(1)):
                head += await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"Content-Length: (\d+)", head)
                assert length is not None
                found.append((head.split()[1], await reader.readexactly(int(length[1]))))
        writer.close()
        return found


@settings(max_examples=60, deadline=None)
@given(some.lists(requests(), min_size=1, max_size=6), some.data())
def test_the_answers_are_the_same(some_requests: list[bytes], data: some.DataObject) -> None:
    asked = some_requests
    if data.draw(some.booleans()):  # the same again and again
        asked = data.draw(some.lists(some.sampled_from(some_requests), min_size=1, max_size=12))
    whole = b"".join(asked) + LAST
    cuts = [0, *data.draw(some.lists(some.integers(1, len(whole) - 1), max_size=8, unique=True)), len(whole)]
    if data.draw(some.booleans()):  # each alone, as most clients send them
        cuts = [sum(map(len, asked[:count])) for count in range(len(asked) + 1)] + [len(whole)]
    pieces = [whole[start:end] for start, end in pairwise(sorted(set(cuts)))]
    pauses = data.draw(some.lists(some.sampled_from([0, 1, 2, 12]), min_size=len(pieces), max_size=len(pieces)))
    mine = asyncio.run(answers(direct, pieces, pauses))
    assert len(mine) == len(asked) + 1
    assert mine == asyncio.run(answers(None, pieces, pauses))
