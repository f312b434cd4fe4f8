"""Containers' files: parameters in, archives and documents out."""

import base64
import json

import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine
from wherry.kit.errors import Conflict, Forbidden, Invalid

FACTS = {"name": "file", "size": 5, "mode": 420, "mtime": "2026-01-01T00:00:00.5Z", "linkTarget": ""}


def facts(header: str) -> dict[str, object]:
    return dict(json.loads(base64.b64decode(header)))


async def test_a_path_s_facts(client: Client) -> None:
    answer = await client.ask("HEAD /containers/c1/archive?path=/etc/file")
    assert answer.status == 200
    assert facts(answer.headers["X-Docker-Container-Path-Stat"]) == FACTS


@pytest.mark.parametrize("method", ["HEAD", "GET"])
async def test_a_path_that_is_not_there(client: Client, method: str) -> None:
    answer = await client.ask(f"{method} /containers/c1/archive?path=/missing")
    assert answer.status == 404


async def test_an_archive_is_streamed_behind_its_facts(client: Client, engine: Engine) -> None:
    answer = await client.ask("GET /containers/c1/archive?path=/etc/file")
    assert (answer.status, answer.body) == (200, b"an archive")
    assert answer.headers["Content-Type"] == "application/x-tar"
    assert facts(answer.headers["X-Docker-Container-Path-Stat"]) == FACTS
    assert engine.containers.calls[-2:] == [("archive", "/etc/file"), ("archive ended",)]


async def test_an_upload_is_handed_on(client: Client, engine: Engine) -> None:
    answer = await client.ask("PUT /containers/c1/archive?path=/etc&noOverwriteDirNonDir=1&copyUIDGID=true", b"tar")
    assert (answer.status, answer.body) == (200, b"")
    name, wanted, data = engine.containers.calls[-1]
    assert (name, wanted.path, wanted.keep_kinds, wanted.copy_owner, data) == ("extract", "/etc", True, True, b"tar")


@pytest.mark.parametrize(
    ("error", "status"), [(Invalid("no directory"), 400), (Forbidden("read-only"), 403), (Conflict("busy"), 409)]
)
async def test_an_upload_that_is_refused(client: Client, engine: Engine, error: Exception, status: int) -> None:
    engine.containers.files.error = error
    answer = await client.ask("PUT /containers/c1/archive?path=/etc", b"tar")
    assert (answer.status, answer.message) == (status, str(error))


async def test_changes(client: Client) -> None:
    answer = await client.ask("GET /containers/c1/changes")
    assert answer.json == [{"Path": "/etc", "Kind": 0}, {"Path": "/new", "Kind": 1}]


async def test_an_export(client: Client) -> None:
    answer = await client.ask("GET /containers/c1/export")
    assert (answer.status, answer.body) == (200, b"everything")
    assert answer.headers["Content-Type"] == "application/octet-stream"


async def test_a_commit(client: Client, engine: Engine) -> None:
    query = "container=c1&repo=demo&tag=2&comment=why&author=me&changes=CMD+a&changes=ENV+b=c&pause=0"
    answer = await client.ask(f"POST /commit?{query}", {"User": "bob"})
    assert (answer.status, answer.json) == (201, {"Id": "sha256:new"})
    wanted = engine.containers.calls[-1][1]
    assert (wanted.repository, wanted.tag, wanted.comment, wanted.author) == ("demo", "2", "why", "me")
    assert (list(wanted.changes), wanted.pause, wanted.config.User) == (["CMD a", "ENV b=c"], False, "bob")


async def test_a_commit_without_more(client: Client, engine: Engine) -> None:
    answer = await client.ask("POST /commit?container=c1", b"null", headers={"Content-Type": "application/json"})
    assert answer.status == 201
    wanted = engine.containers.calls[-1][1]
    assert (wanted.repository, wanted.pause, wanted.config) == ("", True, None)


async def test_a_commit_of_nothing(client: Client) -> None:
    answer = await client.ask("POST /commit")
    assert (answer.status, answer.message) == (400, "container: the container to make an image of must be named")


@pytest.mark.parametrize(
    "operation", ["GET /containers/other/changes", "GET /containers/other/export", "POST /commit?container=other"]
)
async def test_a_container_that_is_not_there(client: Client, operation: str) -> None:
    answer = await client.ask(operation)
    assert (answer.status, answer.message) == (404, "No such container: other")
