"""Channels of a WebSocket: the handshake."""

import aiohttp
import pytest

from tests.unit.node.api.clients import V4, V5, exec_path, heard, websocket
from tests.unit.node.api.rig import Rig

PATH = exec_path("echo", "hi", stdout=True)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ((V5,), V5),
        ((V5, V4), V5),
        (("v6.channel.k8s.io", V4), V4),
        (("channel.k8s.io",), "channel.k8s.io"),
        (("v4.base64.channel.k8s.io",), "v4.base64.channel.k8s.io"),
        (("base64.channel.k8s.io",), "base64.channel.k8s.io"),
        ((), None),
    ],
)
async def test_the_first_protocol_that_both_know_is_spoken(
    joined: Rig, offered: tuple[str, ...], chosen: str | None
) -> None:
    async with websocket(joined, PATH, *offered) as socket:
        assert socket.protocol == chosen
        assert (await heard(socket))[1] == b"hi\n"


async def test_a_client_that_knows_none_is_told_so_before_anything_is_run(joined: Rig) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        async with websocket(joined, PATH, "v6.channel.k8s.io"):
            pass
    assert error.value.status == 400
    assert not joined.runtime.opened


async def test_a_handshake_that_is_none_is_refused(joined: Rig) -> None:
    from tests.unit.node.api.clients import raw

    head, wire = await raw(joined, "GET", PATH, [("Connection", "Upgrade"), ("Upgrade", "websocket")])
    assert head.status == 400
    wire.close()


async def test_what_is_compressed_is_not_asked_for(joined: Rig) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            f"wss://127.0.0.1:{joined.node_port}{PATH}", protocols=(V4,), ssl=joined.tls(), compress=15
        ) as socket,
    ):
        assert socket.compress == 0
        assert (await heard(socket))[1] == b"hi\n"
