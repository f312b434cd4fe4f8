"""Heads of requests that are known, and what is not taken for one."""

import asyncio
from collections.abc import Sequence

import pytest
from aiohttp.web_protocol import RequestHandler

from tests.unit.http.conftest import render_error
from tests.unit.http.test_direct import Answering, answers, get, post, slow
from wherry.http import plain
from wherry.http.connection import MAX_HEAD_BYTES
from wherry.http.direct import DirectConnection
from wherry.http.server import serve_tcp

TIMES = 5


class Watched:
    """A server, one connection to it, and what the parser was given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answering = Answering()
        self.parsed: list[bytes] = []
        feed = RequestHandler.data_received

        def watched(connection: RequestHandler, data: bytes) -> None:
            self.parsed.append(data)
            feed(connection, data)

        monkeypatch.setattr(RequestHandler, "data_received", watched)

    async def said(self, *pieces: bytes, counts: Sequence[int] = ()) -> list[str]:
        """What comes of them, each sent when so many answers to it have come (mostly one)."""
        async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=self.answering) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            found: list[str] = []
            for piece, count in zip(pieces, counts or [1] * len(pieces), strict=True):
                writer.write(piece)
                for _ in range(20):  # turns of the loop, in which the server reads it
                    await asyncio.sleep(0)
                found += await answers(reader, count)
            writer.close()
            return found


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


async def test_a_head_that_comes_again_is_not_read_again(watched: Watched) -> None:
    sent = [post("/direct", f"body {number}") for number in range(TIMES)]
    assert await watched.said(*sent) == [f"direct /directbody {number}" for number in range(TIMES)]
    assert watched.parsed == sent[:1]


async def test_it_is_known_to_other_connections_of_the_server(watched: Watched) -> None:
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=watched.answering) as server:
        for _ in range(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for _ in range(2):
                writer.write(get("/direct"))
                assert await answers(reader) == ["direct /direct"]
            writer.close()
    assert watched.parsed == [get("/direct")]


async def test_what_follows_from_a_head_stays_with_it() -> None:
    heads: list[plain.RequestHead] = []

    def direct(head: plain.RequestHead, body: bytes, _: object) -> bytes:
        heads.append(head)
        head.found = (head.found or 0) + 1
        text = f"{head.found}".encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text)

    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=direct) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for path, expected in (("/a", "1"), ("/a", "2"), ("/b", "1"), ("/a", "3")):
            writer.write(get(path))
            assert await answers(reader) == [expected]
        writer.close()
    assert heads[0] is heads[1] is heads[3]


async def test_what_is_declined_is_the_handlers_with_its_body(watched: Watched) -> None:
    sent = [post("/no", f"body {number}") for number in range(TIMES)]
    assert await watched.said(*sent) == [f"slow /nobody {number}" for number in range(TIMES)]


async def test_what_comes_while_the_handler_answers_is_answered_after_that(watched: Watched) -> None:
    known, declined = get("/direct"), get("/no")
    found = await watched.said(known, declined, known, known, counts=(1, 0, 2, 1))
    assert found[:2] == ["direct /direct", "slow /no"]
    assert [each.partition(" ")[2] for each in found[2:]] == ["/direct", "/direct"]


async def test_a_known_head_may_be_declined_later(watched: Watched) -> None:
    declines: list[bool] = []

    def direct(head: plain.RequestHead, body: bytes, connection: object) -> bytes | None:
        declines.append(len(declines) % 2 == 1)
        return None if declines[-1] else b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nd"

    watched.answering = direct  # type: ignore[assignment]
    sent = [post("/x", str(number)) for number in range(6)]
    assert await watched.said(*sent) == ["d", "slow /x1", "d", "slow /x3", "d", "slow /x5"]


@pytest.mark.parametrize(
    ("beginning", "expected"),
    [(b"GET /direct HT", "direct /direct"), (b"GET ", "400"), (b"x", "400"), (b"\0", "400")],
)
async def test_it_is_known_only_where_a_request_begins(watched: Watched, beginning: bytes, expected: str) -> None:
    """In the middle of another one the same bytes are part of that, whatever that comes to."""
    known = get("/direct")
    rest = b"TP/1.1\r\nHost: x\r\n\r\n" if expected != "400" else known
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=watched.answering) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for _ in range(2):
            writer.write(known)
            assert await answers(reader) == ["direct /direct"]
        writer.write(beginning)
        await asyncio.sleep(0.05)
        writer.write(rest)
        if expected == "400":
            assert b" 400 " in await reader.readuntil(b"\r\n")
        else:
            assert await answers(reader) == [expected]
        writer.close()
    assert len(watched.answering.asked) == (2 if expected == "400" else 3)


async def test_in_a_body_it_is_the_body(watched: Watched) -> None:
    known = get("/direct")
    length = len(known) + 1
    start = f"POST /direct HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()
    found = await watched.said(known, known, start, known, b"y", known, counts=(1, 1, 0, 0, 1, 1))
    assert [each.partition(" ")[2] for each in found] == ["/direct", "/direct", f"/direct{known.decode()}y", "/direct"]


async def test_the_end_of_a_head_is_no_head(watched: Watched) -> None:
    """A long one comes to the parser in pieces. Its last piece may be what others send as a whole: theirs stays
    theirs, whoever is first."""
    theirs = get("/direct/theirs")
    line = b"X: " + b"x" * 30_000 + b"\r\n"
    beginning = b"GET /direct/mine HTTP/1.1\r\n" + line * (MAX_HEAD_BYTES // len(line) + 1)
    end = b"Y: " + theirs
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=watched.answering) as server:
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", server.port)
        for cut in (3, 0):  # where the last piece begins: it is what they send; it is more
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            other_writer.write(theirs)
            assert await answers(other_reader) == ["direct /direct/theirs"]
            parsed = len(watched.parsed)
            writer.write(beginning + end[:cut])
            for _ in range(10_000):
                await asyncio.sleep(0)
                if b"".join(watched.parsed[parsed:]) == beginning + end[:cut]:
                    break
            writer.write(end[cut:])
            assert await answers(reader) == ["direct /direct/mine"]
            writer.close()
            other_writer.write(theirs)
            assert await answers(other_reader) == ["direct /direct/theirs"]
        other_writer.close()


async def test_what_comes_in_chunks_is_not_as_long_as_its_body(watched: Watched) -> None:
    head = b"POST /direct HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    found = await watched.said(head + b"4\r\nbody\r\n0\r\n\r\n", head + b"0\r\n\r", b"\n", counts=(1, 0, 1))
    assert [each.partition(" ")[2] for each in found] == ["/directbody", "/direct"]


@pytest.mark.parametrize(
    "data",
    [
        b"POST /direct HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        get("/direct", f"X: {'x' * plain.MOST_HEAD_BYTES}\r\n"),
    ],
)
async def test_what_is_not_kept(watched: Watched, data: bytes) -> None:
    found = await watched.said(data, data)
    assert found[0] == found[1] and watched.parsed == [data, data]


async def test_the_next_one_behind_it_goes_the_long_way(watched: Watched) -> None:
    one, two = post("/direct", "one"), post("/direct", "two")
    found = await watched.said(one, one + two, two + get("/no"), two, counts=(1, 2, 2, 1))
    said = [each.rpartition("/")[2] for each in found]
    assert said == ["directone", "directone", "directtwo", "directtwo", "no", "directtwo"]


async def test_what_has_begun_behind_it_goes_on(watched: Watched) -> None:
    one, known = post("/direct", "one"), get("/direct")
    found = await watched.said(known, one + known[:9], known[9:], known, counts=(1, 1, 1, 1))
    assert found == ["direct /direct", "direct /directone", "direct /direct", "direct /direct"]


async def test_what_comes_behind_the_last_request_is_not_done(watched: Watched) -> None:
    async with await serve_tcp(slow, "127.0.0.1", 0, render_error, direct=watched.answering) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/direct"))
        await answers(reader)
        writer.write(get("/later"))
        await asyncio.sleep(0.05)
        writer.write(get("/direct"))
        await asyncio.sleep(0.05)
        (task,) = [each.running for each in server._connections.connections if isinstance(each, DirectConnection)]
        assert task is not None
        task.cancel()  # there will be no answer, and the connection ends
        async with asyncio.timeout(60):
            assert await reader.read() == b""
        writer.close()
    assert watched.answering.asked == ["/direct", "/later"]


async def test_another_length_is_another_head(watched: Watched) -> None:
    short = b"POST /direct HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab"
    found = await watched.said(post("/direct", "abc"), short, b"c", counts=(1, 0, 1))
    assert [each.partition(" ")[2] for each in found] == ["/directabc", "/directabc"]


async def test_the_oldest_that_nobody_has_sent_again_is_forgotten(watched: Watched, monkeypatch) -> None:
    monkeypatch.setattr(plain, "MOST_HEADS", 2)
    a, b, c = (get(f"/direct/{name}") for name in "abc")
    await watched.said(a, b, a, c, a, b)
    assert watched.parsed == [a, b, c, b]
