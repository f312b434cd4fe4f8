"""The HTTP client towards servers that behave and servers that do not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.ports import quiet_port
from wherry.http.client import BrokenOff, HttpClient, NoAnswer, Request, Timeouts, proxy_for
from wherry.http.urls import Origin
from wherry.kit.errors import Invalid

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[str]:
    """A server that says what ``talk`` writes; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        listening.close()


def answering(answer: bytes, seen: list[bytes] | None = None) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if seen is not None:
            seen.append(head)
        writer.write(answer)
        await writer.drain()

    return talk


PATIENT, HASTY = Timeouts(5, 5), Timeouts(5, 0.05)


async def get(url: str, timeouts: Timeouts = PATIENT, limit: int = 1 << 20) -> tuple[int, bytes]:
    async with HttpClient("wherry/test", timeouts) as client, client.send(Request("GET", url, {})) as answer:
        return answer.status, await answer.read(limit)


async def test_an_answer_is_read() -> None:
    seen: list[bytes] = []
    async with server(answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone", seen)) as url:
        assert await get(url + "/v2/a%2Fb?x=%3D") == (404, b"none")
    assert seen[0].startswith(b"GET /v2/a%2Fb?x=%3D HTTP/1.1\r\n")
    assert b"User-Agent: wherry/test" in seen[0]
    assert b"Accept-Encoding: identity" in seen[0]


async def test_a_redirect_is_not_followed() -> None:
    answer = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
    async with (
        server(answering(answer)) as url,
        HttpClient("a") as client,
        client.send(Request("GET", url + "/here", {})) as found,
    ):
        assert found.status == 307
        assert found.location() == url + "/there"


async def test_a_redirect_needs_a_location() -> None:
    answer = b"HTTP/1.1 307 Elsewhere\r\nContent-Length: 0\r\n\r\n"
    async with (
        server(answering(answer)) as url,
        HttpClient("a") as client,
        client.send(Request("GET", url, {})) as found,
    ):
        with pytest.raises(Invalid, match="307 Elsewhere without a Location"):
            found.location()


async def test_a_body_over_the_limit_is_not_read() -> None:
    async with server(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world")) as url:
        with pytest.raises(Invalid, match="more than 10 bytes"):
            await get(url, limit=10)


async def test_an_encoded_body_stays_encoded() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"
    async with server(answering(answer)) as url:
        assert await get(url) == (200, b"abc")


async def test_a_body_is_sent_in_pieces_of_an_announced_length() -> None:
    received: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n\r\n"))
        received.append(await reader.readexactly(6))
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"abc"
        yield b"def"

    async with server(talk) as url, HttpClient("a") as client:
        request = Request("PUT", url, {"Content-Length": "6"}, pieces())
        async with client.send(request) as answer:
            assert answer.status == 201
    assert b"chunked" not in received[0]
    assert received[1] == b"abcdef"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
    ],
)
async def test_a_truncated_answer_broke_off(answer: bytes) -> None:
    async with server(answering(answer)) as url:
        with pytest.raises(BrokenOff, match="broke off"):
            await get(url)


async def test_an_answer_that_stands_still_broke_off() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nand then")
        await reader.read(1 << 20)
        await reader.read(1)

    async with server(talk) as url:
        with pytest.raises(BrokenOff, match="timeout"):
            await get(url, HASTY)


async def test_no_answer_at_all() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.read(1)

    async with server(silent) as url:
        with pytest.raises(NoAnswer, match="timeout"):
            await get(url, HASTY)


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 99_000 + b"\r\n\r\n"]
)
async def test_nonsense_is_no_answer(answer: bytes) -> None:
    async with server(answering(answer)) as url:
        with pytest.raises(NoAnswer):
            await get(url)


async def test_nobody_listens() -> None:
    unused_port = quiet_port()
    with pytest.raises(NoAnswer) as caught:
        await get(f"http://127.0.0.1:{unused_port}/v2/?secret=1")
    assert caught.value.message == (
        f'Get "http://127.0.0.1:{unused_port}/v2/": dial tcp 127.0.0.1:{unused_port}: connect: connection refused'
    )


async def test_a_plain_server_is_told_from_a_secure_one() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async with server(talk) as url:
        with pytest.raises(NoAnswer, match="server gave HTTP response to HTTPS client"):
            await get(url.replace("http:", "https:"))


def test_the_environments_proxies_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    assert proxy_for(Origin("https", "a.example", 443)) is None
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "b.example,127.0.0.1")
    assert proxy_for(Origin("https", "a.example", 443)) == "http://proxy:3128"
    assert proxy_for(Origin("https", "b.example", 443)) is None
    assert proxy_for(Origin("http", "a.example", 80)) is None
