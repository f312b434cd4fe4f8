"""gRPC's health protocol, against a server that speaks HTTP/2."""

import asyncio
import socket
import struct
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.node.pods.probes.servers import Talk, serving, silent
from wherry.node.pods.probes import grpchealth
from wherry.node.pods.probes.grpchealth import Unhealthy, check, encode_request, parse_response

h2_connection = pytest.importorskip("h2.connection")


def asked_for(data: bytes) -> str:
    """The service that a request names: behind gRPC's five bytes, a tag and a length."""
    body, place = data[5:], 1
    while body and body[place] & 0x80:
        place += 1
    return body[place + 1 :].decode()


def answering(status: int, code: str = "0", message: str = "", services: Mapping[str, int] | None = None) -> Talk:
    """A health service."""
    from h2 import events
    from h2.config import H2Configuration

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h2_connection.H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        asked = b""
        while data := await reader.read(65536):
            for event in connection.receive_data(data):
                if isinstance(event, events.RequestReceived):
                    assert dict(event.headers)[":path"] == "/grpc.health.v1.Health/Check"
                elif isinstance(event, events.DataReceived):
                    asked += event.data
                elif isinstance(event, events.StreamEnded):
                    name = asked_for(asked)
                    reply = status if services is None else services.get(name, 3)
                    head = [(":status", "200"), ("content-type", "application/grpc")]
                    connection.send_headers(event.stream_id, head)
                    if code == "0":
                        connection.send_data(event.stream_id, struct.pack(">BI", 0, 2) + bytes([8, reply]))
                    trailers = [("grpc-status", code), ("grpc-message", message)]
                    connection.send_headers(event.stream_id, trailers, end_stream=True)
            writer.write(connection.data_to_send())

    return talk


async def said(talk: Talk, service: str = "", seconds: float = 5.0) -> str:
    """What a check complains of; nothing when it is content."""
    async with serving(talk) as port:
        try:
            await check("127.0.0.1", port, service, seconds)
        except Unhealthy as error:
            return str(error).replace(str(port), "PORT")
    return ""


async def test_who_serves() -> None:
    assert await said(answering(1)) == ""


@pytest.mark.parametrize(("status", "word"), [(0, "UNKNOWN"), (2, "NOT_SERVING"), (3, "SERVICE_UNKNOWN")])
async def test_who_does_not(status: int, word: str) -> None:
    assert await said(answering(status)) == f'service unhealthy (responded with "{word}")'


async def test_each_service_may_answer_otherwise() -> None:
    services = {"": 1, "shop": 2, "a" * 200: 1}
    assert await said(answering(0, services=services), "a" * 200) == ""
    assert "NOT_SERVING" in await said(answering(0, services=services), "shop")
    assert "SERVICE_UNKNOWN" in await said(answering(0, services=services), "none")


async def test_who_does_not_know_the_protocol() -> None:
    assert "does not implement the grpc health protocol" in await said(answering(0, code="12"))
    assert await said(answering(0, code="5", message="unknown service")) == (
        "error: health rpc failed: rpc error: code = 5 desc = unknown service"
    )


async def test_who_says_nothing() -> None:
    assert await said(silent, seconds=0.05) == (
        'timeout: failed to connect service "127.0.0.1:PORT" within 0.05s: context deadline exceeded'
    )


async def test_who_does_not_speak_http_2() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    assert "error: health rpc failed" in await said(talk)


async def test_who_does_not_listen() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Unhealthy, match="connection refused"):
            await check("127.0.0.1", unused.getsockname()[1], "", 5)


def test_a_request() -> None:
    assert encode_request("") == b"\0\0\0\0\0"
    assert encode_request("ab") == b"\0\0\0\0\x04\x0a\x02ab"


@given(st.binary(max_size=20))
def test_any_answer_can_be_read(data: bytes) -> None:
    assert parse_response(data) in ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")


def test_the_default_is_not_written() -> None:
    assert parse_response(b"\0\0\0\0\0") == "UNKNOWN"
    assert parse_response(b"\0\0\0\0\x02\x08\x01") == grpchealth.SERVING
