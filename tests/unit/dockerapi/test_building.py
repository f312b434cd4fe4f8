"""``POST /build``: Docker's parameters, and the classic builder's answer."""

import asyncio
import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakebuilds import FakeBuilder
from tests.unit.dockerapi.fakes import Engine
from wherry.dockerapi.building import network_of, options_of, tag_of, tags_of
from wherry.dockerapi.parameters import Query
from wherry.engine.build.model import Began, BuildFailed, CachePlace, Ended, Limits, Options, Output, Planned
from wherry.kit.errors import Invalid, Unavailable


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeBuilder:
    """In the engine of the ``client`` fixture; its context has a Dockerfile."""
    (tmp_path / "context").mkdir()
    (tmp_path / "context/Dockerfile").write_text("FROM a\n")
    fake = FakeBuilder(tmp_path / "context")
    services = Engine.services
    assert isinstance(services, property)
    getter: Any = services.fget
    monkeypatch.setattr(Engine, "services", property(lambda self: replace(getter(self), builds=fake)))
    return fake


@pytest.fixture
def engine(builder: FakeBuilder) -> Engine:
    return Engine()


def lines(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.splitlines()]


def query(**parameters: Any) -> Query:
    pairs = [
        f"{name}={quote(one if isinstance(one, str) else json.dumps(one))}"
        for name, value in parameters.items()
        for one in (value if isinstance(value, list) and name in ("t", "extrahosts") else [value])
    ]
    return Query.parse("&".join(pairs))


def plain(options: Options) -> dict[str, Any]:
    """To compare, whatever kinds of sequences there are."""
    document = {**asdict(options), **asdict(options.limits), "limits": None}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in document.items()}


def test_nothing_said_is_nothing_asked() -> None:
    assert plain(options_of(query())) == plain(Options())


def test_everything_that_docker_can_say() -> None:
    asked = options_of(
        query(
            buildargs={"A": "1", "B": None},
            labels={"l": "2", "n": None},
            target="t",
            platform="linux/amd64",
            networkmode="none",
            extrahosts=["a:1.2.3.4,b:2.3.4.5", "c:1.1.1.1"],
            pull="1",
            nocache="true",
            squash="1",
            memory="5",
            memswap="-1",
            cpushares="6",
            cpuperiod="7",
            cpuquota="8",
            cpusetcpus="0",
            cpusetmems="1",
            shmsize="9",
            ulimits=[{"Name": "nofile", "Soft": 1, "Hard": 2}],
            cachefrom=["x", "y"],
        )
    )
    assert (asked.build_args, asked.labels) == ({"A": "1"}, {"l": "2"})
    assert (asked.target, asked.platform, asked.network) == ("t", "linux/amd64", "none")
    assert list(asked.extra_hosts) == ["a:1.2.3.4", "b:2.3.4.5", "c:1.1.1.1"]
    assert (asked.pull, asked.no_cache, asked.squash) == (True, True, True)
    assert asked.limits == Limits(5, -1, 6, 7, 8, "0", "1", 9, [("nofile", 1, 2)])
    assert list(asked.cache_from) == [CachePlace("registry", "x"), CachePlace("registry", "y")]


def test_credentials_and_the_inline_cache() -> None:
    said = base64.urlsafe_b64encode(json.dumps({"h": {"username": "u", "password": "p"}}).encode()).decode()
    assert list(options_of(query(), said).credentials) == ["h"]
    assert options_of(query(buildargs={"BUILDKIT_INLINE_CACHE": "1"})).inline_cache


@pytest.mark.parametrize(
    "parameters",
    [
        {"buildargs": "{"},
        {"buildargs": [1]},
        {"buildargs": {"a": 1}},
        {"labels": "x"},
        {"ulimits": "x"},
        {"ulimits": [{}]},
        {"ulimits": [{"Name": "n", "Soft": "x", "Hard": 1}]},
        {"ulimits": 5},
        {"cachefrom": {"a": 1}},
        {"cachefrom": [1]},
        {"memory": "lots"},
    ],
)
def test_parameters_that_make_no_sense(parameters: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        options_of(query(**parameters))


def test_null_is_nothing() -> None:
    assert plain(options_of(query(buildargs=None, labels=None, ulimits=None, cachefrom=None))) == plain(Options())


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("", "default"), ("default", "default"), ("bridge", "default"), ("none", "none"), ("mine", "mine")],
)
def test_networks(mode: str, expected: str) -> None:
    assert network_of(mode) == expected


def test_names() -> None:
    assert [str(tag) for tag in tags_of(query(t=["a", "b:2", ""]))] == [
        "docker.io/library/a:latest",
        "docker.io/library/b:2",
    ]
    for wrong in ("UPPER", f"a@sha256:{'0' * 64}", "a:b:c"):
        with pytest.raises(Invalid):
            tag_of(wrong)


async def test_a_build_and_its_story(client: Client, builder: FakeBuilder) -> None:
    builder.events = [Planned(0, "x", "FROM a", 1, 1), Began(0), Output(0, 1, b"said"), Ended(0, False, "abc", 1.0)]
    answer = await client.ask("POST /build?t=x:1&buildargs=%7B%22A%22%3A%22b%22%7D", b"the context")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    told = lines(answer.body)
    assert [message.get("stream") for message in told[:2]] == ["Step 1/1 : FROM a", "\n"]
    assert told[-1] == {"stream": "Successfully tagged x:1\n"}
    assert (builder.received, builder.options[0].build_args) == (b"the context", {"A": "b"})
    assert (builder.sources[0].dockerfile, builder.sources[0].is_passing) == ("FROM a\n", True)
    assert builder.tags == [["docker.io/library/x:1"]]


async def test_another_dockerfile(client: Client, builder: FakeBuilder) -> None:
    (builder.directory / "other").write_text("FROM b\n")
    await client.ask("POST /build?dockerfile=other", b"")
    assert builder.sources[0].dockerfile == "FROM b\n"
    answer = await client.ask("POST /build?dockerfile=missing", b"")
    assert "Cannot locate specified Dockerfile: missing" in lines(answer.body)[-1]["error"]


@pytest.mark.parametrize(
    ("error", "message", "code"),
    [
        (BuildFailed("no", "", "/bin/x", 7), "The command '/bin/x' returned a non-zero code: 7", 7),
        (BuildFailed("no"), "no", 1),
        (Unavailable("no room"), "no room", 1),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device", 1),
    ],
)
async def test_failures_are_messages(
    client: Client, builder: FakeBuilder, error: Exception, message: str, code: int
) -> None:
    builder.error = error
    answer = await client.ask("POST /build", b"")
    assert answer.status == 200
    assert lines(answer.body)[-1] == {"errorDetail": {"code": code, "message": message}, "error": message}


@pytest.mark.parametrize(
    ("parameters", "status"),
    [("t=UPPER", 400), ("buildargs=x", 400), ("outputs=x", 501)],
)
async def test_refusals_have_a_status(client: Client, builder: FakeBuilder, parameters: str, status: int) -> None:
    assert (await client.ask(f"POST /build?{parameters}", b"")).status == status
    assert not builder.sources


async def test_only_the_id(client: Client, builder: FakeBuilder) -> None:
    builder.events = [Planned(0, "x", "FROM a", 1, 1), Began(0)]
    told = lines((await client.ask("POST /build?q=1&t=x", b"")).body)
    assert [set(message) for message in told] == [{"stream"}]
    assert told[0]["stream"].startswith("sha256:")


async def test_a_client_that_goes_ends_the_build(client: Client, builder: FakeBuilder) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.set()
            raise

    builder.go = wait
    asking = asyncio.ensure_future(client.ask("POST /build", b""))
    await asyncio.wait_for(begun.wait(), 60)
    asking.cancel()
    await asyncio.wait_for(ended.wait(), 60)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("", (False, 0, 0)),
        ("all=1", (True, 0, 0)),
        ("keep-storage=7", (False, 7, 0)),
        ("reserved-space=8", (False, 8, 0)),
        ('filters={"until":["2h"]}', (False, 0, 7_200_000_000_000)),
        ('filters={"until":{"1m":true}}', (False, 0, 60_000_000_000)),
    ],
)
async def test_pruning(client: Client, builder: FakeBuilder, parameters: str, expected: tuple[bool, int, int]) -> None:
    answer = await client.ask(f"POST /build/prune?{parameters}")
    assert answer.json == {"CachesDeleted": ["key"], "SpaceReclaimed": 5}
    assert builder.pruned == [expected]


async def test_filters_that_are_none(client: Client, builder: FakeBuilder) -> None:
    for parameters in ('filters={"x":["y"]}', 'filters={"until":["yesterday"]}', "keep-storage=x"):
        assert (await client.ask(f"POST /build/prune?{parameters}")).status == 400
    assert not builder.pruned
