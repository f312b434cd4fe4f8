"""Containers: parameters in, statuses and documents out."""

import asyncio

import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine
from wherry.kit.errors import NotFound


async def test_create_hands_on_what_it_read(client: Client, engine: Engine) -> None:
    body = {"Image": "demo:1", "Tty": True, "HostConfig": {"NetworkMode": "none"}, "NetworkingConfig": {}}
    answer = await client.ask("POST /containers/create?name=web", body)
    assert (answer.status, answer.json) == (201, {"Id": "c" * 64, "Warnings": ["careful"]})
    _, name, config, host, _, platform = engine.containers.calls[-1]
    assert (name, config.Image, config.Tty, host.NetworkMode, platform) == ("web", "demo:1", True, "none", None)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("No such image: demo:1"), 404),
        (NotFound("network backend not found"), 400),
        (NotFound("No such container: other"), 400),
    ],
)
async def test_create_is_not_found_only_for_an_image(client: Client, engine: Engine, error, status) -> None:
    engine.containers.create_error = error
    answer = await client.ask("POST /containers/create", {"Image": "demo:1"})
    assert (answer.status, answer.message) == (status, error.message)


@pytest.mark.parametrize(
    ("body", "headers", "message"),
    [
        (None, {}, "config cannot be empty in order to create a container"),
        (b"{}", {"Content-Type": "application/json"}, "config cannot be empty in order to create a container"),
        (b"{}", {"Content-Type": "text/plain"}, "unsupported Content-Type header (text/plain)"),
        (b'{"Image":"a","Image":"b"}', {"Content-Type": "application/json"}, 'invalid JSON: duplicate key "Image"'),
        (b'{"HostConfig":{},"hostconfig":{}}', {"Content-Type": "application/json"}, "invalid JSON: duplicate key"),
        (b'{"HostConfig":[]}', {"Content-Type": "application/json"}, "invalid JSON: HostConfig must be an object"),
        (b"[]", {"Content-Type": "application/json"}, "invalid JSON: must be an object"),
        (b'{"Tty":"yes"}', {"Content-Type": "application/json; charset=utf-8"}, "invalid JSON: Expected `bool`"),
        (b" " * (4 << 20) + b"{}", {"Content-Type": "application/json"}, "request body of 4194306 bytes is too large"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(client: Client, body, headers, message) -> None:
    answer = await client.ask("POST /containers/create", body, headers=headers)
    assert answer.status == 400
    assert answer.message.startswith(message)


async def test_a_chunked_body_has_the_same_limit(client: Client) -> None:
    async def much() -> object:
        for _ in range(5):
            yield b" " * (1 << 20)

    answer = await client.ask("POST /containers/create", data=much(), headers={"Content-Type": "application/json"})
    assert (answer.status, answer.message.startswith("request body is too large")) == (400, True)


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("POST /containers/c1/start", ("start", None)),
        ("POST /containers/c1/start?detachKeys=ctrl-a", ("start", "ctrl-a")),
        ("POST /containers/c1/stop?t=3&signal=INT", ("stop", 3, "INT")),
        ("POST /containers/c1/stop", ("stop", None, None)),
        ("DELETE /containers/c1?force=1&v=true", ("remove", True, True, False)),
    ],
)
async def test_changes_of_state(client: Client, engine: Engine, operation, call) -> None:
    assert (await client.ask(operation)).status == 204
    assert engine.containers.calls[-1] == call


async def test_list_parameters(client: Client, engine: Engine) -> None:
    answer = await client.ask('GET /v1.41/containers/json?all=1&limit=3&filters={"label":{"a":true}}')
    assert engine.containers.calls[-1] == (
        "list",
        {"all": True, "limit": 3, "size": False, "filters": {"label": ["a"]}},
    )
    assert "Annotations" not in answer.json[0]["HostConfig"]


async def test_wait_sends_its_headers_before_the_end(client: Client, engine: Engine) -> None:
    async with client.session.post("http://docker/containers/c1/wait?condition=removed") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert engine.containers.calls[-1] == ("wait", "removed")
        engine.containers.ended.set()
        assert await answer.json() == {"StatusCode": 7}


async def test_a_client_that_stops_waiting_is_forgotten(client: Client, engine: Engine) -> None:
    before = len(asyncio.all_tasks())
    for _ in range(5):
        answer = await client.session.post("http://docker/containers/c1/wait")
        answer.close()
    for _ in range(6000):
        if len(asyncio.all_tasks()) <= before + 1:
            break
        await asyncio.sleep(0.01)
    assert len(asyncio.all_tasks()) <= before + 1


async def test_inspect_for_older_clients(client: Client) -> None:
    assert "MacAddress" not in (await client.ask("GET /containers/c1/json")).json["Config"]
    old = (await client.ask("GET /v1.41/containers/c1/json")).json
    assert old["Config"]["MacAddress"] == "02:42"
    assert old["HostConfig"]["KernelMemory"] == 0
