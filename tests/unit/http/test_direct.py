"""Requests that are answered directly, those that are not, and both on one connection."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aiohttp import web

from tests.unit.http.conftest import ask_and_never_read, render_error
from wherry.http import server as http_server
from wherry.http.body import read_body
from wherry.http.connection import MAX_EARLY_BYTES
from wherry.http.direct import DirectConnection
from wherry.http.plain import RequestHead
from wherry.http.server import serve_tcp

Answer = bytes | Coroutine[Any, Any, bytes] | None
SHUTDOWN_SECONDS = 0.1


def said(text: str) -> bytes:
    body = text.encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def get(path: str, head: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode()


def post(path: str, body: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


class Answering:
    """Answers what lies below /direct at once, what lies below /later when it is let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = asyncio.Event()
        self.went = 0

    def __call__(self, head: RequestHead, body: bytes, connection: DirectConnection) -> Answer:
        self.asked.append(head.message.path)
        if head.message.path.startswith("/direct"):
            return said(f"direct {head.message.path}{body.decode()}")
        if head.message.path.startswith("/later"):
            return self._later(f"later {head.message.path}{body.decode()}")
        return None

    async def _later(self, text: str) -> bytes:
        try:
            await self.go.wait()
        finally:
            self.went += 1
        return said(text)


async def until(fact: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not fact():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def slow(request: web.BaseRequest) -> web.StreamResponse:
    """Answers everything, a little later."""
    await asyncio.sleep(0.01)
    return web.Response(body=f"slow {request.raw_path}".encode() + await read_body(request))


async def answers(reader: asyncio.StreamReader, count: int = 1) -> list[str]:
    found = []
    async with asyncio.timeout(60):
        for _ in range(count):
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            assert length is not None
            found.append((await reader.readexactly(int(length[1]))).decode())
    return found


def test_what_needs_no_waiting_is_answered_in_its_turn(run) -> None:
    async def scenario() -> None:
        direct = Answering()
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            paths = ["/direct/1", "/other/2", "/direct/3", "/direct/4", "/other/5"]
            for path in paths:
                writer.write(get(path))
                kind = "direct" if path.startswith("/direct") else "slow"
                assert await answers(reader) == [f"{kind} {path}"]
            assert direct.asked == paths
            writer.close()

    run(scenario())


def test_bodies_are_there(run) -> None:
    async def scenario() -> None:
        direct = Answering()
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for path in ("/direct", "/other", "/direct"):
                writer.write(post(path, "body"))
                assert await answers(reader) == [f"{'slow' if path == '/other' else 'direct'} {path}body"]
            direct.asked.clear()
            for piece in (post("/direct", "body")[:-2], b"dy"):  # it is not all there when it is asked
                writer.write(piece)
                await asyncio.sleep(0.01)
            assert await answers(reader) == ["slow /directbody"] and direct.asked == []
            chunked = b"POST /direct HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
            writer.write(chunked)
            assert await answers(reader) == ["direct /directab"]
            writer.close()

    run(scenario())


def test_a_body_that_is_more_than_chunks_is_refused(run) -> None:
    async def scenario() -> None:
        direct = Answering()
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            head = b"POST /direct HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
            writer.write(head + b"2\r\nab\r\n0\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 501 ")  # and no more comes
            assert direct.asked == []
            writer.close()

    run(scenario())


def test_requests_that_come_together_are_answered_in_order(run) -> None:
    async def scenario() -> None:
        direct = Answering()
        direct.go.set()
        begun, go = asyncio.Event(), asyncio.Event()

        async def held(request: web.BaseRequest) -> web.StreamResponse:
            begun.set()
            await go.wait()
            return await slow(request)

        async with await serve_tcp(held, "127.0.0.1", 0, render_error, direct=direct) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(get("/other/1"))
            await begun.wait()
            writer.write(get("/direct/2"))
            await asyncio.sleep(0.01)  # it is there, and the loop has looked
            go.set()
            assert await answers(reader, 2) == ["slow /other/1", "slow /direct/2"]
            paths = ["/other/1", "/direct/2", "/later/3", "/direct/4", "/other/5"]
            for start in range(5):
                writer.write(b"".join(get(each) for each in paths[start:]))
                found = await answers(reader, len(paths[start:]))
                assert [each.split()[1] for each in found] == paths[start:]
            writer.close()

    run(scenario())


def test_what_comes_while_an_answer_is_made_is_read_afterwards(run) -> None:
    async def scenario() -> None:
        direct = Answering()
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(post("/later/1", "x"))
            await until(lambda: direct.asked)
            second = post("/direct/2", "y")
            for piece in (second[:9], second[9:], get("/other/3")):
                writer.write(piece)
                await asyncio.sleep(0.01)
            assert direct.asked == ["/later/1"]
            direct.go.set()
            assert await answers(reader, 3) == ["later /later/1x", "direct /direct/2y", "slow /other/3"]
            writer.close()

    run(scenario())


def test_who_sends_on_and_on_meanwhile_is_not_read_from(run) -> None:
    async def scenario() -> None:
        direct = Answering()
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(get("/later"))
            await until(lambda: direct.asked)
            body = "z" * (12 * MAX_EARLY_BYTES)
            writer.write(post("/other", body))
            held = [each for each in server._connections.connections if isinstance(each, DirectConnection)]
            await until(lambda: held[0]._behind_bytes > MAX_EARLY_BYTES)
            await asyncio.sleep(0.2)
            assert held[0]._behind_bytes < 8 * MAX_EARLY_BYTES
            direct.go.set()
            assert await answers(reader, 2) == ["later /later", f"slow /other{body}"]
            writer.close()

    run(scenario())


@pytest.mark.parametrize(
    "head", ["Connection: close\r\n", "Upgrade: tcp\r\nConnection: Upgrade\r\n"], ids=["closing", "upgrade"]
)
def test_what_is_not_plain_is_for_the_handler(run, head) -> None:
    async def scenario() -> None:
        direct = Answering()
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(get("/direct", head))
            assert await answers(reader) == ["slow /direct"]
            assert direct.asked == []
            writer.close()

    run(scenario())


def test_what_comes_behind_an_upgrade_that_is_none_is_answered(run) -> None:
    async def scenario() -> None:
        direct = Answering()
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(get("/direct/1", "Upgrade: SPDY/3.1\r\n") + get("/direct/2") + get("/direct/3"))
            found = await answers(reader, 3)
            assert [each.split()[1] for each in found] == ["/direct/1", "/direct/2", "/direct/3"]
            writer.close()

    run(scenario())


def test_bytes_in_pieces_and_bytes_that_are_no_request(run) -> None:
    async def scenario() -> None:
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=Answering()) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for piece in (b"GET /dir", b"ect HTTP/1.1\r\nHo", b"st: x\r\n\r", b"\n"):
                writer.write(piece)
                await asyncio.sleep(0.01)
            assert await answers(reader) == ["direct /direct"]
            writer.write(b"GET /direct HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n")
            assert (await reader.readuntil(b"\r\n")).startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))
            writer.close()

    run(scenario())


@pytest.mark.parametrize("left", range(1, 9))
def test_a_head_may_end_after_the_answer_to_the_last_request(run, left) -> None:
    async def scenario() -> None:
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=Answering()) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for first in ("/direct", "/other"):
                both = get(first) + get("/other/2")
                writer.write(both[:-left])
                assert (await answers(reader))[0].endswith(first)
                for piece in (both[-left:-1], both[-1:]):
                    writer.write(piece)
                    await asyncio.sleep(0.002)
                assert await answers(reader) == ["slow /other/2"]
            writer.close()

    run(scenario())


def test_a_client_that_reads_nothing_does_not_fill_the_memory(run) -> None:
    async def scenario() -> None:
        made = 0

        def direct(head: RequestHead, body: bytes, connection: DirectConnection) -> bytes:
            nonlocal made
            made += 1
            return said("x" * 1_000_000)

        async def stuck(request: web.BaseRequest) -> web.StreamResponse:
            return web.Response(body=b"y" * 1_000_000)

        async with await serve_tcp(stuck, "127.0.0.1", 0, render_error, direct=direct) as server:
            await ask_and_never_read(server.port, 100)
            assert made < 50

    run(scenario())


def test_a_client_that_says_no_more_is_let_go(run, monkeypatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(http_server, "KEEPALIVE_SECONDS", 1.5)
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=Answering()) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for _ in range(3):
                writer.write(get("/direct"))
                assert await answers(reader) == ["direct /direct"]
                await asyncio.sleep(0.6)
            assert await reader.read() == b""
            writer.close()

    run(scenario())


def test_an_answer_is_made_to_its_end_though_its_client_has_gone(run) -> None:
    async def scenario() -> None:
        direct = Answering()
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(get("/later"))
            await until(lambda: direct.asked)
            writer.transport.abort()
            await asyncio.sleep(0.05)
            assert direct.went == 0
            direct.go.set()
            await until(lambda: direct.went)

    run(scenario())


def test_a_client_that_has_said_all_still_gets_its_answer(run) -> None:
    async def scenario() -> None:
        direct = Answering()
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(get("/later"))
            await until(lambda: direct.asked)
            writer.write_eof()
            await asyncio.sleep(0.02)
            direct.go.set()
            assert (await asyncio.wait_for(reader.read(), 60)).endswith(b"later /later")
            writer.close()

    run(scenario())


def test_the_end_of_the_server_waits_for_answers(run) -> None:
    async def scenario() -> None:
        direct = Answering()
        server = await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/later"))
        await until(lambda: direct.asked)
        stopping = asyncio.ensure_future(server.stop(200))
        await asyncio.sleep(0.05)
        assert not stopping.done()
        direct.go.set()
        assert (await asyncio.wait_for(reader.read(), 10)).endswith(b"later /later")
        await asyncio.wait_for(stopping, 60)
        writer.close()

    run(scenario())


def test_the_end_of_the_server_does_not_wait_for_ever(run) -> None:
    async def scenario() -> None:
        direct = Answering()
        server = await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/later"))
        await until(lambda: direct.asked)
        await asyncio.wait_for(server.stop(SHUTDOWN_SECONDS), 60)
        assert await asyncio.wait_for(reader.read(), 10) == b""
        await asyncio.sleep(0)
        assert direct.went == 1
        writer.close()

    run(scenario())


def test_many_clients_get_what_is_theirs(run) -> None:
    async def scenario() -> None:
        direct = Answering()
        direct.go.set()
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:

            async def client(number: int) -> None:
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                for turn in range(20):
                    kind = ("direct", "later", "other")[(number + turn) % 3]
                    writer.write(post(f"/{kind}/{number}", f"-{turn}"))
                    said = kind if kind != "other" else "slow"
                    assert await answers(reader) == [f"{said} /{kind}/{number}-{turn}"]
                writer.close()

            await asyncio.gather(*map(client, range(30)))

    run(scenario())
