"""Attach through a WebSocket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine
from wherry.dockerapi.attach import frame
from wherry.dockerapi.websocket import Deframer


async def test_output_arrives_as_binary_messages(client: Client, engine: Engine) -> None:
    engine.containers.tty = True
    async with client.session.ws_connect("http://d/containers/c1/attach/ws?stream=1&stdout=1&stdin=1") as messages:
        assert await messages.receive_bytes() == b"output"
        assert (await messages.receive()).type.name in ("CLOSE", "CLOSED")


async def test_a_page_may_not_attach(client: Client) -> None:
    answer = await client.ask("GET /containers/c1/attach/ws", headers={"Origin": "http://evil.example"})
    assert answer.status == 403


async def test_without_a_handshake_it_is_refused(client: Client) -> None:
    answer = await client.ask("GET /containers/c1/attach/ws")
    assert answer.status == 400
    assert "WebSocket handshake" in answer.message


async def test_a_missing_container_is_not_found(client: Client) -> None:
    assert (await client.ask("GET /containers/x/attach/ws")).status == 404


@given(st.lists(st.binary(min_size=1)), st.integers(min_value=1, max_value=9))
def test_frames_are_taken_off_wherever_the_stream_is_cut(payloads, size) -> None:
    stream = b"".join(frame(payload, tty=False, stream=2) for payload in payloads)
    deframer = Deframer()
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert b"".join(payload for piece in pieces for payload in deframer.feed(piece)) == b"".join(payloads)


@pytest.mark.parametrize("payload", [b"", b"x"])
def test_an_empty_frame_is_nothing(payload) -> None:
    deframer = Deframer()
    assert b"".join(deframer.feed(frame(payload, tty=False) + frame(b"y", tty=False))) == payload + b"y"
