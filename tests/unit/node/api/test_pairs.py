"""Streams that find each other."""

import asyncio

import pytest

from tests.unit.http.spdy.pipes import pipes
from tests.unit.node.api.clients import whole
from tests.unit.node.api.test_joining import echo, port, ports
from wherry.http.spdy.session import Session, Stream
from wherry.node.api import pairs
from wherry.node.api.pairs import is_good, request_id


class Both:
    """A client's session, whose server forwards ports."""

    def __init__(self) -> None:
        one, two = pipes()
        self.client, self._server = Session(one, is_client=True), Session(two)
        self._pipe = one
        work = (self.client.run(), self._server.run(), pairs.serve(self._server, ports()))
        self._tasks = [asyncio.create_task(each) for each in work]

    async def pair(self, number: int, name: str) -> tuple[Stream, Stream]:
        """Error and data, as kubectl opens them."""
        error, data = [
            await self.client.open({"streamType": kind, "port": str(number), "requestID": name})
            for kind in ("error", "data")
        ]
        await error.finish()
        return error, data

    async def close(self) -> None:
        await self._pipe.close()
        for task in self._tasks:
            await asyncio.wait_for(task, 60)


async def test_a_pair_is_a_connection() -> None:
    async with port(echo) as number:
        both = Both()
        error, data = await both.pair(number, "0")
        await data.write(b"hello")
        await data.finish()
        assert await whole(data) == b"hello." and await whole(error) == b""
        await both.close()


async def test_many_at_once_do_not_mix() -> None:
    async with port(echo) as number:
        both = Both()

        async def one(name: str) -> bytes:
            _, data = await both.pair(number, name)
            for _ in range(20):
                await data.write(name.encode() * 1000)
            await data.finish()
            return await whole(data)

        names = [str(each) for each in range(20)]
        found = await asyncio.gather(*(one(name) for name in names))
        assert found == [name.encode() * 20_000 + b"." for name in names]
        await both.close()


async def test_nobody_at_the_port_is_said_on_the_error_stream() -> None:
    both = Both()
    error, data = await both.pair(1, "0")
    assert (await whole(error)).startswith(b"error forwarding port 1 to pod p, uid u: ")
    assert await whole(data) == b""
    await both.close()


async def test_clients_of_long_ago_give_no_names() -> None:
    async with port(echo) as number:
        both = Both()
        error = await both.client.open({"streamType": "error", "port": str(number)})
        data = await both.client.open({"streamType": "data", "port": str(number)})
        await data.finish()
        assert await whole(data) == b"." and await whole(error) == b""
        await both.close()


async def test_two_of_a_kind_are_refused() -> None:
    both = Both()
    for _ in range(2):
        error = await both.client.open({"streamType": "error", "port": "80", "requestID": "0"})
    assert await whole(error) == b"error processing stream for request 0: error stream already assigned"
    await both.close()


async def test_one_alone_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wherry.node.api.pairs.STREAM_SECONDS", 0.01)
    both = Both()
    error = await both.client.open({"streamType": "error", "port": "80", "requestID": "0"})
    assert await whole(error) == b"request 0: timed out waiting for streams"
    await both.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"streamtype": "data"}, {"streamtype": "data", "port": "0"}, {"streamtype": "data", "port": "65536"},
        {"streamtype": "data", "port": "x"}, {"streamtype": "stdin", "port": "80"}, {"port": "80"},
        {"streamtype": "data", "port": "9" * 5000},
    ],
)  # fmt: skip
async def test_streams_that_make_no_sense_are_reset(headers: dict[str, str]) -> None:
    assert not is_good(headers)
    both = Both()
    stream = await both.client.open(headers)
    with pytest.raises(ConnectionResetError):
        await stream.read()
    await both.close()


async def test_when_the_client_goes_the_connections_end() -> None:
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"here")
        await reader.read()
        ended.set()

    async with port(talk) as number:
        both = Both()
        _, data = await both.pair(number, "0")
        assert await data.read() == b"here"
        await both.close()
        await asyncio.wait_for(ended.wait(), 60)


async def test_names_are_the_clients_or_numbers() -> None:
    session = Session(pipes()[0])
    assert request_id(Stream(session, 5, {"requestid": "7", "streamtype": "data"})) == "7"
    assert request_id(Stream(session, 5, {"streamtype": "data"})) == "3"
    assert request_id(Stream(session, 3, {"streamtype": "error"})) == "3"
