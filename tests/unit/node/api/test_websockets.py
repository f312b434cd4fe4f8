"""Commands by WebSocket: every version and form, by a real client, in processes that are real."""

import asyncio
import base64
import json
from pathlib import Path

import aiohttp
import pytest

from tests.unit.node.api.clients import V4, V5, code_of, exec_path, heard, status_of, websocket
from tests.unit.node.api.rig import Rig, settled
from wherry.http import duplex

pytestmark = pytest.mark.parametrize("api", [False, True], ids=["node", "through"])


async def test_output_errors_and_the_code(joined: Rig, api: bool) -> None:
    path = exec_path("sh", "-c", "echo out; echo err >&2; exit 3", api=api, stdout=True, stderr=True)
    async with websocket(joined, path, V4, api=api) as socket:
        said = await heard(socket)
        assert (said[1], said[2]) == (b"out\n", b"err\n")
        assert code_of(said[3]) == 3
        assert socket.close_code == 1000


async def test_the_first_message_is_empty_and_says_that_we_are_here(joined: Rig, api: bool) -> None:
    async with websocket(joined, exec_path("sleep", "60", api=api, stdout=True, stderr=False), V4, api=api) as socket:
        assert await asyncio.wait_for(socket.receive_bytes(), 60) == b"\x01"


async def test_input_that_is_closed_ends_the_process(joined: Rig, api: bool) -> None:
    path = exec_path("cat", api=api, stdin=True, stdout=True, stderr=True)
    async with websocket(joined, path, V5, api=api) as socket:
        await socket.send_bytes(b"\0hello ")
        await socket.send_bytes(b"\0world")
        await socket.send_bytes(b"\xff\0")
        await socket.send_bytes(b"\0too late")
        said = await heard(socket)
        assert said[1] == b"hello world"
        assert status_of(said[3])["status"] == "Success"


async def test_before_the_fifth_version_nothing_closes_the_input(joined: Rig, api: bool) -> None:
    path = exec_path("sh", "-c", "head -c 5; exec cat", api=api, stdin=True, stdout=True, stderr=True)
    async with websocket(joined, path, V4, api=api) as socket:
        await socket.send_bytes(b"\xff\0")
        await socket.send_bytes(b"\0hello")
        said = b""
        while said != b"hello":
            said += (await asyncio.wait_for(socket.receive_bytes(), 60))[1:]
        assert joined.runtime.opened[0].process.poll() is None  # type: ignore[union-attr]


@pytest.mark.parametrize("protocol", ["v4.base64.channel.k8s.io", "base64.channel.k8s.io"])
async def test_base64_both_ways(joined: Rig, api: bool, protocol: str) -> None:
    content = bytes(range(256))
    path = exec_path("head", "-c", "256", api=api, stdin=True, stdout=True, stderr=True)
    async with websocket(joined, path, protocol, api=api) as socket:
        await socket.send_str("0" + base64.b64encode(content).decode())
        said = await heard(socket)
        assert said[1] == content
        assert ("status" in said.get(3, b"").decode()) is protocol.startswith("v4")


async def test_texts_will_do_where_bytes_are_meant(joined: Rig, api: bool) -> None:
    path = exec_path("head", "-c", "5", api=api, stdin=True, stdout=True, stderr=True)
    async with websocket(joined, path, V4, api=api) as socket:
        await socket.send_str("\0hello")
        assert (await heard(socket))[1] == b"hello"


async def test_a_failure_is_words_alone_in_the_first_version(joined: Rig, api: bool) -> None:
    async with websocket(joined, exec_path("/nonexistent", api=api, stdout=True), "channel.k8s.io", api=api) as socket:
        said = await heard(socket)
        assert said[3].startswith(b"Internal error occurred: error executing command in container: ")


async def test_a_terminal_has_one_output_and_a_size(joined: Rig, api: bool) -> None:
    path = exec_path("sh", "-c", "read x; stty size; echo err >&2", api=api, stdin=True, stdout=True, tty=True)
    async with websocket(joined, path, V5, api=api) as socket:
        await socket.send_bytes(b"\x04" + json.dumps({"Width": 100, "Height": 40}).encode())
        await settled(lambda: joined.runtime.opened and joined.runtime.opened[0].sizes)
        await socket.send_bytes(b"\0\n")
        said = await heard(socket)
        assert b"40 100\r\nerr\r\n" in said[1] and 2 not in said
        assert code_of(said[3]) == 0


async def test_pings_are_answered_while_the_process_runs(joined: Rig, api: bool) -> None:
    path = exec_path("sleep", "60", api=api, stdin=True, stdout=True)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            f"wss://127.0.0.1:{joined.api_port if api else joined.node_port}{path}", protocols=(V5,),
            ssl=joined.tls(), autoping=False,
        ) as socket,
    ):  # fmt: skip
        await socket.receive()
        await socket.ping(b"there?")
        answer = await asyncio.wait_for(socket.receive(), 60)
        assert (answer.type, answer.data) == (aiohttp.WSMsgType.PONG, b"there?")


async def test_much_output_comes_whole_and_in_order(joined: Rig, api: bool) -> None:
    path = exec_path("sh", "-c", "seq 1 300000", api=api, stdout=True, stderr=True)
    async with websocket(joined, path, V4, api=api) as socket:
        assert (await heard(socket))[1].split() == [str(number).encode() for number in range(1, 300_001)]


async def test_much_input_goes_whole(joined: Rig, api: bool) -> None:
    path = exec_path("sh", "-c", "sha256sum; exit 4", api=api, stdin=True, stdout=True, stderr=True)
    import hashlib

    content = bytes(range(256)) * 4096
    async with websocket(joined, path, V5, api=api) as socket:
        for _ in range(16):
            for at in range(0, len(content), 32768):
                await socket.send_bytes(b"\0" + content[at : at + 32768])
        await socket.send_bytes(b"\xff\0")
        said = await heard(socket)
        assert said[1].split()[0].decode() == hashlib.sha256(content * 16).hexdigest()
        assert code_of(said[3]) == 4


async def test_a_client_that_does_not_read_makes_the_process_wait(joined: Rig, api: bool) -> None:
    path = exec_path("sh", "-c", "dd if=/dev/zero bs=65536 count=4096 2>/dev/null", api=api, stdout=True)
    async with websocket(joined, path, V4, api=api):
        await settled(lambda: joined.runtime.opened and joined.runtime.opened[0].process)
        await asyncio.sleep(1.0)
        process = joined.runtime.opened[0].process
        assert process is not None and process.poll() is None  # 256 MB are nowhere


async def test_when_the_client_goes_the_process_ends(joined: Rig, api: bool) -> None:
    async with websocket(joined, exec_path("sleep", "600", api=api, stdin=True, stdout=True), V5, api=api) as socket:
        await socket.receive()
        process = joined.runtime.opened[0].process
        assert process is not None and process.poll() is None
        transport = socket._response.connection.transport  # type: ignore[union-attr]
        transport.abort()  # type: ignore[union-attr]
    await settled(lambda: process.poll() is not None)


@pytest.mark.parametrize("more", [{}, {"stdin": True, "tty": True}], ids=["no input", "a terminal"])
async def test_without_input_a_goodbye_is_the_end(joined: Rig, api: bool, more: dict[str, bool]) -> None:
    async with websocket(joined, exec_path("sleep", "600", api=api, stdout=True, **more), V5, api=api) as socket:
        await socket.receive()
        process = joined.runtime.opened[0].process
        assert process is not None and process.poll() is None
    await settled(lambda: process.poll() is not None)


@pytest.mark.parametrize("protocol", [V4, V5])
async def test_what_was_sent_before_a_goodbye_arrives(joined: Rig, api: bool, protocol: str, tmp_path: Path) -> None:
    """As programs send files that know no other way to end the input (client-python's examples, Ansible's k8s_cp)."""
    content = bytes(range(256)) * 8192
    command = f"sleep 0.3; tee {tmp_path}/part; mv {tmp_path}/part {tmp_path}/file"
    async with websocket(joined, exec_path("sh", "-c", command, api=api, stdin=True, stdout=True, stderr=True),
                         protocol, api=api) as socket:  # fmt: skip
        for at in range(0, len(content), 32768):
            await socket.send_bytes(b"\0" + content[at : at + 32768])
        await asyncio.wait_for(socket.close(), 60)
    await settled(lambda: (tmp_path / "file").exists())
    assert (tmp_path / "file").read_bytes() == content
    process = joined.runtime.opened[0].process
    await settled(lambda: process is not None and process.poll() is not None)


async def test_a_client_that_goes_while_the_process_takes_no_input_is_noticed(
    joined: Rig, api: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplex, "PEER_CHECK_SECONDS", 0.05)
    async with websocket(joined, exec_path("sleep", "600", api=api, stdin=True, stdout=True), V5, api=api) as socket:
        await socket.receive()
        process = joined.runtime.opened[0].process

        async def flood() -> None:
            while True:
                await socket.send_bytes(b"\0" + bytes(1 << 20))

        flooding = asyncio.create_task(flood())
        await asyncio.sleep(1.0)
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        duplex.abort(socket._response.connection.transport)  # type: ignore[union-attr, arg-type]
    await settled(lambda: process is not None and process.poll() is not None)


async def test_messages_that_make_no_sense_end_it_or_are_dropped(joined: Rig, api: bool) -> None:
    path = exec_path("head", "-c", "2", api=api, stdin=True, stdout=True, stderr=True)
    async with websocket(joined, path, V5, api=api) as socket:
        for message in (b"", b"\x07x", b"\x04{", b"\xff\x09", b"\xff", b"\x01out", b"\0ok"):
            await socket.send_bytes(message)
        assert (await heard(socket))[1] == b"ok"
