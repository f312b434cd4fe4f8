"""Attach takes the client's socket and tells on it what goes wrong."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine
from wherry.dockerapi.attach import frame
from wherry.kit.errors import Unavailable


async def attach(socket: Path, version: str, upgrade: bool) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    request = f"POST {version}/containers/c1/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: d\r\n"
    request += "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly" if upgrade else "\r\n"
    writer.write(request.encode())
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("version", "tty", "content_type"),
    [
        ("", False, "multiplexed-stream"),
        ("", True, "raw-stream"),
        ("/v1.42", False, "multiplexed-stream"),
        ("/v1.41", False, "raw-stream"),
    ],
)
async def test_the_upgrade_is_answered_exactly(client: Client, engine: Engine, version, tty, content_type) -> None:
    engine.containers.tty = tty
    answer = await attach(client.socket, version, upgrade=True)
    assert answer == (
        b"HTTP/1.1 101 UPGRADED\r\n"
        b"Content-Type: application/vnd.docker." + content_type.encode() + b"\r\n"
        b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\noutput"
    )
    _, options = engine.containers.calls[-1]
    assert options["early"] == b"early"
    assert (options["stdin"], options["stdout"], options["stderr"]) == (False, True, False)


async def test_without_an_upgrade_the_answer_is_200(client: Client) -> None:
    answer = await attach(client.socket, "/v1.41", upgrade=False)
    assert answer == b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\noutput"


async def test_a_missing_container_is_refused_before_the_upgrade(client: Client) -> None:
    reader, writer = await asyncio.open_unix_connection(str(client.socket))
    writer.write(b"POST /containers/x/attach HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 404")
    writer.close()


async def test_what_fails_later_is_told_on_the_stream(client: Client, engine: Engine) -> None:
    engine.containers.attach_error = Unavailable("the shim is gone")
    answer = await attach(client.socket, "", upgrade=True)
    assert answer.endswith(frame(b"the shim is gone\r\n", tty=False))


def test_frames() -> None:
    assert frame(b"1\n", tty=False) == bytes.fromhex("0100000000000002310a")
    assert frame(b"1\n", tty=False, stream=2) == bytes.fromhex("0200000000000002310a")
    assert frame(b"1\n", tty=True) == b"1\n"
