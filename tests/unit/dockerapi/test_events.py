"""Events: their form, and which a client wants."""

import json

import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine
from wherry.dockerapi.events import document, matches
from wherry.engine.events import Event

STARTED = Event(
    "container",
    "start",
    "c" * 64,
    1_700_000_000_123_456_789,
    {"image": "demo:1", "name": "web", "a": "b", "exitCode": "0"},
)


def test_the_form_of_a_message() -> None:
    assert document(STARTED) == {
        "status": "start",
        "id": "c" * 64,
        "from": "demo:1",
        "Type": "container",
        "Action": "start",
        "Actor": {"ID": "c" * 64, "Attributes": dict(STARTED.attributes)},
        "scope": "local",
        "time": 1_700_000_000,
        "timeNano": 1_700_000_000_123_456_789,
    }
    assert "status" not in document(Event("network", "connect", "n", 1))


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({}, True),
        ({"event": ["start"]}, True),
        ({"event": ["stop", "start"]}, True),
        ({"event": ["stop"]}, False),
        ({"type": ["container"]}, True),
        ({"type": ["image"]}, False),
        ({"container": ["web"]}, True),
        ({"container": ["c" * 12]}, True),
        ({"container": ["other"]}, False),
        ({"image": ["demo:1"]}, True),
        ({"image": ["demo"]}, True),
        ({"image": ["dem"]}, False),
        ({"label": ["a"]}, True),
        ({"label": ["a=b"]}, True),
        ({"label": ["a=b", "c"]}, False),
        ({"label": ["a=c"]}, False),
        ({"network": ["web"]}, False),
        ({"scope": ["local"]}, True),
        ({"scope": ["swarm"]}, False),
        ({"event": ["start"], "type": ["image"]}, False),
    ],
)
def test_filters(filters, wanted) -> None:
    assert matches(STARTED, filters) is wanted


def test_an_exec_event_matches_without_its_command() -> None:
    assert matches(Event("container", "exec_create: sh", "c", 1), {"event": ["exec_create"]})


async def test_the_stream_has_a_line_an_event(client: Client, engine: Engine) -> None:
    engine.events.events = [STARTED, Event("image", "tag", "i", 2)]
    answer = await client.ask('GET /events?until=1&filters={"type":["image"]}')
    assert answer.headers["Content-Type"] == "application/json"
    assert [json.loads(line)["Action"] for line in answer.body.splitlines()] == ["tag"]


async def test_headers_come_before_the_first_event(client: Client) -> None:
    async with client.session.get("http://docker/events") as answer:
        assert answer.status == 200
        assert answer.headers["Transfer-Encoding"] == "chunked"
