"""Exec: made, started with and without a client, and told about."""

import asyncio

import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine
from wherry.dockerapi.attach import frame
from wherry.kit.errors import Invalid


async def start(client: Client, body: bytes, version: str = "", behind: bytes = b"", exec_id: str = "e1") -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(client.socket))
    head = (
        f"POST {version}/exec/{exec_id}/start HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
        f"Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body + behind)
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return answer


async def test_create(client: Client, engine: Engine) -> None:
    answer = await client.ask("POST /containers/c1/exec", {"Cmd": ["sh"], "Tty": True})
    assert (answer.status, answer.json) == (201, {"Id": "e1"})
    assert engine.containers.calls[-1][1].Cmd == ["sh"]
    empty = await client.ask("POST /containers/c1/exec", {"Cmd": []})
    assert (empty.status, empty.message) == (400, "No exec command specified")


async def test_start_detached(client: Client, engine: Engine) -> None:
    assert (await client.ask("POST /exec/e1/start", {"Detach": True})).status == 200
    assert engine.containers.calls[-1] == ("exec_start", "e1", True, {"size": None})


async def test_start_hands_the_socket_over(client: Client, engine: Engine) -> None:
    answer = await start(client, b'{"Detach":false,"Tty":false}', behind=b"typed ahead")
    assert answer.startswith(b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n")
    assert answer.endswith(b"\r\n\r\noutput")
    assert engine.containers.calls[-1] == (
        "exec_start",
        "e1",
        False,
        {"early": b"typed ahead", "size": None, "framed": True},
    )


async def test_the_start_says_whether_output_is_framed(client: Client, engine: Engine) -> None:
    engine.containers.tty = True
    answer = await start(client, b'{"Tty":false}')
    assert b"Content-Type: application/vnd.docker.multiplexed-stream\r\n" in answer
    assert engine.containers.calls[-1][-1]["framed"] is True
    engine.containers.tty = False
    answer = await start(client, b'{"Tty":true}')
    assert b"Content-Type: application/vnd.docker.raw-stream\r\n" in answer
    assert engine.containers.calls[-1][-1]["framed"] is False


async def test_what_cannot_start_is_told_on_the_stream(client: Client, engine: Engine) -> None:
    engine.containers.attach_error = Invalid('exec: "x": executable file not found in $PATH')
    answer = await start(client, b"{}")
    assert answer.endswith(frame(b'exec: "x": executable file not found in $PATH\r\n', tty=False))


async def test_a_missing_exec_is_refused_before_the_upgrade(client: Client) -> None:
    assert (await start(client, b"{}", exec_id="e2")).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize(
    ("version", "body", "size"),
    [
        ("", b'{"Tty":true,"ConsoleSize":[30,100]}', (30, 100)),
        ("/v1.41", b'{"Tty":true,"ConsoleSize":[30,100]}', None),
        ("/v1.41", b'{"ConsoleSize":[30,100]}', None),
    ],
)
async def test_the_size_of_the_terminal(client: Client, engine: Engine, version, body, size) -> None:
    await start(client, body, version)
    assert engine.containers.calls[-1][3]["size"] == size


async def test_a_size_needs_a_terminal(client: Client) -> None:
    answer = await client.ask("POST /exec/e1/start", {"ConsoleSize": [1, 2]})
    assert (answer.status, answer.message) == (400, "console size is only supported when TTY is enabled")


async def test_inspect(client: Client) -> None:
    assert (await client.ask("GET /exec/e1/json")).json["ID"] == "e1"
    assert (await client.ask("GET /exec/e2/json")).message == "No such exec instance: e2"
