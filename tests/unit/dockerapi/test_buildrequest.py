"""``POST /wherry/build``: all that Docker's interface has no word for."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakebuilds import FakeBuilder
from tests.unit.dockerapi.test_building import builder, engine, lines, plain  # noqa: F401  # fixtures
from wherry.dockerapi.buildrequest import BuildRequest, encoded
from wherry.engine.build.model import Began, BuildFailed, CachePlace, Limits, Options, Output, Planned, Said, Warned
from wherry.engine.dockerfile.model import Location
from wherry.kit.errors import Invalid, Unavailable

pytestmark = pytest.mark.usefixtures("builder", "engine")


async def ask(client: Client, request: dict[str, Any], archive: bytes = b"") -> list[dict[str, Any]]:
    answer = await client.ask("POST /wherry/build", json.dumps(request).encode() + b"\n" + archive)
    assert answer.status == 200, answer.body
    return lines(answer.body)


def test_nothing_said_is_nothing_asked() -> None:
    assert plain(BuildRequest().options()) == plain(Options())


def test_secrets_are_base64() -> None:
    secret = base64.b64encode(b"\xff\0").decode()
    assert BuildRequest(secrets={"k": secret}).options().secrets == {"k": b"\xff\0"}
    with pytest.raises(Invalid, match="secrets must be base64"):
        BuildRequest(secrets={"k": "?"}).options()


def test_a_cache_goes_to_a_name() -> None:
    with pytest.raises(Invalid):
        BuildRequest(cache_to=[CachePlace("registry", "UPPER")]).options()


async def test_a_directory_of_this_machine(client: Client, builder: FakeBuilder) -> None:  # noqa: F811
    (builder.directory / ".dockerignore").write_text("x\n")
    told = await ask(client, {"context": str(builder.directory), "tags": ["a"], "limits": {"memory_bytes": 5}})
    result = told[-1]["result"]
    assert (result["tags"], result["warnings"]) == (["docker.io/library/a:latest"], ["a warning"])
    assert result["id"].startswith("sha256:")
    (source,) = builder.sources
    assert (source.context, source.dockerfile, source.ignore, source.is_passing) == (
        builder.directory, "FROM a\n", "x\n", False
    )  # fmt: skip
    assert builder.options[0].limits == Limits(memory_bytes=5)


async def test_an_archive_behind_the_line(client: Client, builder: FakeBuilder) -> None:  # noqa: F811
    await ask(client, {"dockerfile_name": "Dockerfile"}, b"arch\nive" * 100_000)
    assert builder.received == b"arch\nive" * 100_000
    assert builder.sources[0].is_passing


async def test_a_dockerfile_alone(client: Client, builder: FakeBuilder) -> None:  # noqa: F811
    await ask(client, {"dockerfile": "FROM x\n", "has_context": False})
    (source,) = builder.sources
    assert (source.dockerfile, source.context, source.ignore) == ("FROM x\n", None, "")


async def test_a_dockerfile_and_its_own_rules(client: Client, builder: FakeBuilder) -> None:  # noqa: F811
    (builder.directory / ".dockerignore").write_text("general\n")
    context = {"context": str(builder.directory), "dockerfile": "FROM x\n"}
    await ask(client, context)
    await ask(client, {**context, "ignore": "own\n", "dockerfile_name": "My"})
    assert [(source.ignore, source.dockerfile_name) for source in builder.sources] == [
        ("general\n", "Dockerfile"),
        ("own\n", "My"),
    ]


async def test_failures(client: Client, builder: FakeBuilder) -> None:  # noqa: F811
    request = {"dockerfile": "FROM x\n", "has_context": False}
    builder.error = BuildFailed("no", "where", "what", 3)
    assert (await ask(client, request))[-1] == {
        "error": {"message": "no", "excerpt": "where", "command": "what", "code": 3}
    }
    builder.error = Unavailable("full")
    assert (await ask(client, request))[-1] == {"error": {"message": "full"}}


async def test_contexts_that_are_none(client: Client, builder: FakeBuilder, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "file").touch()
    for wrong in (str(tmp_path / "missing"), str(tmp_path / "file")):
        told = await ask(client, {"context": wrong})
        assert "is not a directory of this machine" in told[-1]["error"]["message"]
    assert "needs a Dockerfile" in (await ask(client, {"has_context": False}))[-1]["error"]["message"]
    assert not builder.sources


async def test_a_context_from_elsewhere(client: Client, builder: FakeBuilder) -> None:  # noqa: F811
    told = await ask(client, {"context": "https://x/y.git", "build_args": {"BUILDKIT_CONTEXT_KEEP_GIT_DIR": "1"}})
    assert "result" in told[-1]
    assert builder.fetched_from == [("https://x/y.git", True)]
    assert builder.sources[0].is_passing


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]\n", b'{"x":1}\n', b'{"tags":[1]}\n', b'{"tags":["UPPER"]}\n', b"\xff\n"],
)
async def test_requests_that_make_no_sense(client: Client, builder: FakeBuilder, body: bytes) -> None:  # noqa: F811
    assert (await client.ask("POST /wherry/build", body)).status in (400, 501)
    assert not builder.sources


async def test_a_line_without_an_end(client: Client, builder: FakeBuilder) -> None:  # noqa: F811
    answer = await client.ask("POST /wherry/build", b'{"dockerfile":"' + b"x" * (17 << 20))
    assert answer.status == 400
    assert "at most 16777216 bytes" in answer.message


def test_events() -> None:
    location = Location(1, 2, "FROM a")
    for event, expected in [
        (Began(1), {"event": "Began", "vertex": 1}),
        (Output(1, 2, b"a\xff"), {"event": "Output", "vertex": 1, "stream": 2, "data": "a\ufffd"}),
        (Said(1, {"status": "x"}), {"event": "Said", "vertex": 1, "document": {"status": "x"}}),
        (
            Planned(0, "n", "t", 1, 2),
            {"event": "Planned", "vertex": 0, "name": "n", "text": "t", "position": 1, "total": 2},
        ),
    ]:
        assert encoded(event) == expected
    warned: Any = encoded(Warned("R", "m", "u", location))
    assert warned["location"] == {"first_line": 1, "last_line": 2, "text": "FROM a"}
