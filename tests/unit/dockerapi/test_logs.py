"""Logs: framed or raw, stamped or not, and faults on the way."""

import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine
from wherry.dockerapi.attach import frame
from wherry.engine.containers.logs import LogLine
from wherry.kit.errors import Unavailable

LINES = [LogLine("stdout", 1_700_000_000_000_000_001, b"one\n"), LogLine("stderr", 1_700_000_001_000_000_000, b"two\n")]


@pytest.fixture
def engine() -> Engine:
    engine = Engine()
    engine.containers.lines = LINES
    return engine


async def test_streams_are_told_apart(client: Client) -> None:
    answer = await client.ask("GET /containers/c1/logs?stdout=1&stderr=1")
    assert answer.headers["Content-Type"] == "application/vnd.docker.multiplexed-stream"
    assert answer.body == frame(b"one\n", tty=False) + frame(b"two\n", tty=False, stream=2)


async def test_older_clients_get_the_older_type(client: Client) -> None:
    answer = await client.ask("GET /v1.41/containers/c1/logs?stdout=1")
    assert answer.headers["Content-Type"] == "application/vnd.docker.raw-stream"


async def test_a_terminal_has_one_raw_stream(client: Client, engine: Engine) -> None:
    engine.containers.tty = True
    answer = await client.ask("GET /containers/c1/logs?stdout=1")
    assert answer.headers["Content-Type"] == "application/vnd.docker.raw-stream"
    assert answer.body == b"one\ntwo\n"


async def test_timestamps_have_nine_digits(client: Client, engine: Engine) -> None:
    engine.containers.tty = True
    answer = await client.ask("GET /containers/c1/logs?stdout=1&timestamps=1")
    assert answer.body.startswith(b"2023-11-14T22:13:20.000000001Z one\n")


async def test_details_are_none_but_their_place_is_kept(client: Client, engine: Engine) -> None:
    engine.containers.tty = True
    answer = await client.ask("GET /containers/c1/logs?stdout=1&details=1&timestamps=1")
    assert answer.body.startswith(b"2023-11-14T22:13:20.000000001Z  one\n")


async def test_options_are_handed_on(client: Client, engine: Engine) -> None:
    await client.ask("GET /containers/c1/logs?stderr=1&follow=1&since=5&until=6.5&tail=3")
    _, options = engine.containers.calls[-1]
    assert (options.stdout, options.stderr, options.follow, options.tail) == (False, True, True, 3)
    assert (options.since_nanoseconds, options.until_nanoseconds) == (5_000_000_000, 6_500_000_000)


@pytest.mark.parametrize("tail", ["", "all", "-1", "x"])
async def test_any_other_tail_is_all(client: Client, engine: Engine, tail) -> None:
    await client.ask(f"GET /containers/c1/logs?stdout=1&tail={tail}")
    assert engine.containers.calls[-1][1].tail is None


async def test_a_fault_on_the_way_is_told_on_standard_error(client: Client, engine: Engine) -> None:
    engine.containers.lines = [LINES[0], Unavailable("the disk is gone")]
    answer = await client.ask("GET /containers/c1/logs?stdout=1")
    assert answer.body.endswith(frame(b"Error grabbing logs: the disk is gone\n", tty=False, stream=2))
