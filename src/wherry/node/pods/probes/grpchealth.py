"""One call of ``grpc.health.v1.Health/Check`` (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).

One unary call over HTTP/2 without TLS, with the ``h2`` package: grpcio would be a hundred times as much code.
"""

import asyncio
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wherry.node.pods.probes.httpget import words
from wherry.node.pods.probes.targets import AGENT, authority

if TYPE_CHECKING:
    from h2.connection import H2Connection

_PATH = "/grpc.health.v1.Health/Check"
SERVING = "SERVING"
_STATUSES = {0: "UNKNOWN", 1: SERVING, 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
_UNIMPLEMENTED = "12"
_LARGEST_BYTES = 64 << 10


class Unhealthy(Exception):
    """It did not say that it is serving; the text is as the kubelet says it."""


@dataclass(slots=True)
class _Call:
    """What has arrived of the answer."""

    headers: dict[str, str] = field(default_factory=dict)
    data: bytearray = field(default_factory=bytearray)
    ended: bool = False
    broken: str = ""


async def check(host: str, port: int, service: str, timeout_seconds: float) -> None:
    """Raises Unhealthy."""
    where = f'service "{authority(host, port)}"'
    try:
        async with asyncio.timeout(timeout_seconds):
            call = await _call(host, port, service)
    except TimeoutError:
        said = f"timeout: failed to connect {where} within {timeout_seconds:g}s: context deadline exceeded"
        raise Unhealthy(said) from None
    except OSError as error:
        raise Unhealthy(f"error: failed to connect {where}: {words(error)}") from error
    _judge(call, where)


def _judge(call: _Call, where: str) -> None:
    if call.broken:
        raise Unhealthy(f"error: health rpc failed: {call.broken}")
    code = call.headers.get("grpc-status", "")
    if code == _UNIMPLEMENTED:
        raise Unhealthy("error: this server does not implement the grpc health protocol (grpc.health.v1.Health)")
    if code != "0":
        message = call.headers.get("grpc-message", "")
        raise Unhealthy(f"error: health rpc failed: rpc error: code = {code or 'Unknown'} desc = {message}")
    status = parse_response(bytes(call.data))
    if status != SERVING:
        raise Unhealthy(f'service unhealthy (responded with "{status}")')


def encode_request(service: str) -> bytes:
    """HealthCheckRequest: field 1, a string; in gRPC's frame: not compressed, length."""
    name = service.encode()
    body = b"\x0a" + _varint(len(name)) + name if name else b""
    return struct.pack(">BI", 0, len(body)) + body


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def parse_response(data: bytes) -> str:
    """HealthCheckResponse: field 1, an enum. What is no such message is UNKNOWN."""
    if len(data) < 5 or data[0] != 0:
        return _STATUSES[0]
    length = struct.unpack_from(">I", data, 1)[0]
    body = data[5 : 5 + length]
    if not body:
        return _STATUSES[0]  # the default is not written
    if body[0] != 0x08 or len(body) < 2:
        return _STATUSES[0]
    return _STATUSES.get(body[1], _STATUSES[0])


async def _call(host: str, port: int, service: str) -> _Call:
    from h2.config import H2Configuration
    from h2.connection import H2Connection

    reader, writer = await asyncio.open_connection(host, port)
    try:
        connection = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        connection.initiate_connection()
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, _headers(host, port))
        connection.send_data(stream, encode_request(service), end_stream=True)
        writer.write(connection.data_to_send())
        call = _Call()
        while not call.ended:
            data = await reader.read(65536)
            if not data:
                call.broken = call.broken or "rpc error: code = Unavailable desc = connection closed"
                break
            _take(connection, data, call)
            writer.write(connection.data_to_send())
        return call
    finally:
        writer.transport.abort()


def _headers(host: str, port: int) -> list[tuple[str, str]]:
    return [
        (":method", "POST"), (":scheme", "http"), (":path", _PATH), (":authority", authority(host, port)),
        ("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", AGENT),
    ]  # fmt: skip


def _take(connection: "H2Connection", data: bytes, call: _Call) -> None:
    from h2 import events
    from h2.exceptions import ProtocolError

    try:
        found = connection.receive_data(data)
    except ProtocolError as error:
        call.broken, call.ended = f"rpc error: code = Unavailable desc = {error}", True
        return
    for event in found:
        if isinstance(event, events.ResponseReceived | events.TrailersReceived):
            call.headers.update({str(name): str(value) for name, value in event.headers or ()})
        elif isinstance(event, events.DataReceived):
            call.data += event.data or b""
            connection.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 1)
            if len(call.data) > _LARGEST_BYTES:
                call.broken, call.ended = "rpc error: code = ResourceExhausted desc = message too large", True
        elif isinstance(event, events.StreamEnded):
            call.ended = True
        elif isinstance(event, events.StreamReset | events.ConnectionTerminated):
            call.broken, call.ended = "rpc error: code = Unavailable desc = stream was reset", True
