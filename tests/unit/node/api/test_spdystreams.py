"""Commands by SPDY, as kubectl before 1.30 speaks it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.unit.node.api.clients import code_of, exec_path, spdy, upgraded, whole
from tests.unit.node.api.rig import Rig, settled
from wherry.http import duplex
from wherry.http.spdy.frames import ProtocolError
from wherry.http.spdy.session import Session, Stream

pytestmark = pytest.mark.parametrize("api", [False, True], ids=["node", "through"])
VERSION = "X-Stream-Protocol-Version"
V4 = "v4.channel.k8s.io"


@asynccontextmanager
async def command(
    rig: Rig, path: str, *names: str, protocol: str = V4, api: bool = False
) -> AsyncIterator[tuple[Session, dict[str, Stream]]]:
    """A command with these streams, besides the one for its result."""
    head, wire = await upgraded(rig, path, [(VERSION, protocol)] if protocol else [], api=api)
    assert head.status == 101 and head.get("upgrade") == "SPDY/3.1"
    assert head.get(VERSION.lower()) == protocol
    async with spdy(wire) as session:
        yield session, {name: await session.open({"streamType": name}) for name in ("error", *names)}
    wire.close()


async def test_output_errors_and_the_code(joined: Rig, api: bool) -> None:
    path = exec_path("sh", "-c", "echo out; echo err >&2; exit 3", api=api, stdout=True, stderr=True)
    async with command(joined, path, "stdout", "stderr", api=api) as (_, streams):
        found = await asyncio.gather(*(whole(streams[name]) for name in ("stdout", "stderr", "error")))
        assert found[:2] == [b"out\n", b"err\n"] and code_of(found[2]) == 3


async def test_input_is_closed_by_half(joined: Rig, api: bool) -> None:
    path = exec_path("cat", api=api, stdin=True, stdout=True, stderr=True)
    async with command(joined, path, "stdin", "stdout", "stderr", api=api) as (_, streams):
        await streams["stdin"].write(b"hello")
        await streams["stdin"].finish()
        assert await whole(streams["stdout"]) == b"hello"
        assert code_of(await whole(streams["error"])) == 0


async def test_streams_of_any_order_and_no_others(joined: Rig, api: bool) -> None:
    path = exec_path("echo", "hi", api=api, stdout=True, stderr=True)
    _, wire = await upgraded(joined, path, [(VERSION, V4)], api=api)
    async with spdy(wire) as session:
        odd = await session.open({"streamType": "nonsense"})
        with pytest.raises(ConnectionResetError):
            await odd.read()
        twice = [await session.open({"streamType": name}) for name in ("stderr", "stderr", "stdout", "error")]
        with pytest.raises(ConnectionResetError):
            await twice[1].read()
        assert await whole(twice[2]) == b"hi\n"
    wire.close()


@pytest.mark.parametrize(("protocol", "structured"), [(V4, True), ("v3.channel.k8s.io", False), ("", False)])
async def test_a_failure_as_each_version_tells_it(joined: Rig, api: bool, protocol: str, structured: bool) -> None:
    path = exec_path("/nonexistent", api=api, stdout=True, stderr=True)
    async with command(joined, path, "stdout", "stderr", protocol=protocol, api=api) as (_, streams):
        said = await whole(streams["error"])
        assert said.startswith(b"{" if structured else b"Internal error occurred")


async def test_a_terminal_has_a_size(joined: Rig, api: bool) -> None:
    path = exec_path("sh", "-c", "read x; stty size", api=api, stdin=True, stdout=True, stderr=False, tty=True)
    async with command(joined, path, "stdin", "stdout", "resize", api=api) as (_, streams):
        await streams["resize"].write(json.dumps({"Width": 100, "Height": 40}).encode())
        await settled(lambda: joined.runtime.opened and joined.runtime.opened[0].sizes)
        await streams["stdin"].write(b"\n")
        assert b"40 100" in await whole(streams["stdout"])


async def test_the_first_of_the_clients_protocols_that_is_known(joined: Rig, api: bool) -> None:
    path = exec_path("echo", api=api, stdout=True, stderr=True)
    fields = [(VERSION, "v9.channel.k8s.io"), (VERSION, "v2.channel.k8s.io"), (VERSION, V4)]
    head, wire = await upgraded(joined, path, fields, api=api)
    assert (head.status, head.get(VERSION.lower())) == (101, "v2.channel.k8s.io")
    wire.close()
    head, wire = await upgraded(joined, path, [(VERSION, "v9.channel.k8s.io")], api=api)
    assert head.status == 403
    assert b"unable to negotiate protocol" in await wire.read()
    wire.close()


async def test_much_goes_both_ways(joined: Rig, api: bool) -> None:
    content = bytes(range(256)) * 20_000
    path = exec_path("cat", api=api, stdin=True, stdout=True, stderr=True)
    async with command(joined, path, "stdin", "stdout", "stderr", api=api) as (_, streams):

        async def say() -> None:
            await streams["stdin"].write(content)
            await streams["stdin"].finish()

        _, back = await asyncio.gather(say(), whole(streams["stdout"]))
        assert back == content


async def test_output_is_not_lost_when_the_process_ends_before_it_has_read_its_input(joined: Rig, api: bool) -> None:
    path = exec_path("sh", "-c", "seq 1 100000; exit 5", api=api, stdin=True, stdout=True, stderr=True)
    async with command(joined, path, "stdin", "stdout", "stderr", api=api) as (_, streams):

        async def flood() -> None:
            while True:
                await streams["stdin"].write(bytes(1 << 16))

        flooding = asyncio.create_task(flood())
        await asyncio.sleep(0.3)
        said, result = await asyncio.gather(whole(streams["stdout"]), whole(streams["error"]))
        assert said.split()[-1] == b"100000" and code_of(result) == 5
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)


async def test_when_the_client_goes_the_process_ends(joined: Rig, api: bool) -> None:
    path = exec_path("sleep", "600", api=api, stdin=True, stdout=True, stderr=True)
    async with command(joined, path, "stdin", "stdout", "stderr", api=api):
        await settled(lambda: joined.runtime.opened)
        process = joined.runtime.opened[0].process
    await settled(lambda: process is not None and process.poll() is not None)


async def test_a_client_that_goes_while_the_process_takes_no_input_is_noticed(
    joined: Rig, api: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplex, "PEER_CHECK_SECONDS", 0.05)
    path = exec_path("sleep", "600", api=api, stdin=True, stdout=True, stderr=True)
    _, wire = await upgraded(joined, path, [(VERSION, V4)], api=api)
    async with spdy(wire) as session:
        streams = [await session.open({"streamType": name}) for name in ("error", "stdin", "stdout", "stderr")]
        flooding = asyncio.create_task(streams[1].write(bytes(64 << 20)))
        await settled(lambda: joined.runtime.opened and joined.runtime.opened[0].process)
        await asyncio.sleep(1.0)
        process = joined.runtime.opened[0].process
        flooding.cancel()
        wire.abort()
        await asyncio.gather(flooding, return_exceptions=True)
    await settled(lambda: process is not None and process.poll() is not None)


async def test_a_client_that_opens_no_streams_does_not_wait_for_ever(
    joined: Rig, api: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wherry.node.api.spdystreams.STREAM_SECONDS", 0.1)
    _, wire = await upgraded(joined, exec_path("echo", api=api, stdout=True), [(VERSION, V4)], api=api)
    while await asyncio.wait_for(wire.read(), 60):
        pass
    assert not joined.runtime.opened
    wire.close()


async def test_a_client_that_speaks_no_spdy_is_let_go(joined: Rig, api: bool) -> None:
    _, wire = await upgraded(joined, exec_path("echo", api=api, stdout=True), [(VERSION, V4)], api=api)
    await wire.write(b"\x80GET / HTTP/1.1\r\n\r\n")
    said = b""
    while data := await asyncio.wait_for(wire.read(), 60):
        said += data
    client = Session(wire, is_client=True)
    with pytest.raises(ProtocolError):
        client.connection.receive(b"\x80\x01")
        client.connection.receive(b"\0" * 8)
    assert said[:4] == b"\x80\x03\x00\x07"  # GOAWAY
    wire.close()
