"""Ports over channels of a WebSocket."""

import asyncio

import pytest

from tests.unit.node.api.clients import V4, get, heard, websocket
from tests.unit.node.api.rig import Rig
from tests.unit.node.api.test_joining import echo, port
from wherry.kit.errors import Invalid
from wherry.node.api.portchannels import MAX_PORTS, parsed

pytestmark = pytest.mark.parametrize("api", [False, True], ids=["node", "through"])


def path(api: bool, *numbers: int) -> str:
    if api:
        return "/api/v1/namespaces/default/pods/p/portforward?" + "&".join(f"ports={each}" for each in numbers)
    return "/portForward/default/p?port=" + ",".join(str(each) for each in numbers)


async def test_each_channel_begins_with_its_port_and_then_there_are_bytes(joined: Rig, api: bool) -> None:
    async with port(echo) as one, port(echo) as two, websocket(joined, path(api, one, two), V4, api=api) as socket:
        await socket.send_bytes(b"\0first")
        await socket.send_bytes(b"\2second")
        found = dict.fromkeys(range(4), b"")
        while len(found[0]) < 7 or len(found[2]) < 8:
            message = await asyncio.wait_for(socket.receive_bytes(), 60)
            found[message[0]] += message[1:]
        first, second = one.to_bytes(2, "little"), two.to_bytes(2, "little")
        assert found == {0: first + b"first", 1: first, 2: second + b"second", 3: second}


async def test_nobody_at_the_port_is_said_on_its_error_channel(joined: Rig, api: bool) -> None:
    async with websocket(joined, path(api, 1), V4, api=api) as socket:
        said = await heard(socket)
        assert said[0] == b"\1\0" and said[1].startswith(b"\1\0error forwarding port 1 to pod p, uid ")


async def test_base64(joined: Rig, api: bool) -> None:
    async with (
        port(echo) as number,
        websocket(joined, path(api, number), "v4.base64.channel.k8s.io", api=api) as socket,
    ):
        await socket.send_str("0aGVsbG8=")
        found = ""
        while "aGVsbG8=" not in found:
            found += await asyncio.wait_for(socket.receive_str(), 60)


async def test_without_ports_there_is_nothing_to_forward(joined: Rig, api: bool) -> None:
    base = path(api).partition("?")[0]
    headers = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": V4,
    }  # fmt: skip
    code, said = await get(joined, base, api=api, headers=headers)
    assert code == 400 and b'query parameter "port" is required' in said


async def test_when_the_client_goes_the_connection_ends(joined: Rig, api: bool) -> None:
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        ended.set()

    async with port(talk) as number:
        async with websocket(joined, path(api, number), V4, api=api) as socket:
            await socket.receive_bytes()
        await asyncio.wait_for(ended.wait(), 60)


def test_ports_of_a_query(api: bool) -> None:
    assert parsed(["80", "90,100"]) == (80, 90, 100)
    for wrong in ([], [""], ["x"], ["0"], ["65536"], ["80,"], ["-1"], ["9" * 5000], ["1"] * (MAX_PORTS + 1)):
        with pytest.raises(Invalid):
            parsed(wrong)
