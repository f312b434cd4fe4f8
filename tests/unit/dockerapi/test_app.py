"""Version, route, errors and headers."""

import stat
from pathlib import Path

import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine


async def test_ping(client: Client) -> None:
    answer = await client.ask("GET /_ping")
    assert (answer.status, answer.body) == (200, b"OK")
    for name, value in {
        "Api-Version": "1.51",
        "Ostype": "linux",
        "Docker-Experimental": "false",
        "Builder-Version": "1",
        "Swarm": "inactive",
        "Cache-Control": "no-cache, no-store, must-revalidate",
        "Pragma": "no-cache",
        "Content-Type": "text/plain; charset=utf-8",
    }.items():
        assert answer.headers[name] == value
    assert answer.headers["Server"].startswith("Docker/")
    assert answer.headers["Server"].endswith(" (linux)")
    head = await client.ask("HEAD /v1.24/_ping")
    assert (head.status, head.body, head.headers["Api-Version"]) == (200, b"", "1.51")


@pytest.mark.parametrize("prefix", ["", "/v1.24", "/v1.41", "/v1.51"])
async def test_paths_with_and_without_a_version(client: Client, prefix) -> None:
    assert (await client.ask(f"GET {prefix}/version")).json["ApiVersion"] == "1.51"


@pytest.mark.parametrize(
    ("operation", "status", "message"),
    [
        ("GET /v1.99/info", 400, "client version 1.99 is too new. Maximum supported API version is 1.51"),
        ("GET /nothing", 404, "page not found"),
        ("GET /v1.40", 404, "page not found"),
        ("GET /containers/absent/json", 404, "No such container: absent"),
        ("PUT /info", 405, "method PUT is not allowed for /info"),
        ("POST /containers/c1/kill", 409, "cannot kill container: c1: container c1 is not running"),
        ("POST /containers/c1/resize?h=x&w=1", 400, 'strconv.Atoi: parsing "x": invalid syntax'),
        ("POST /containers/c1/wait?condition=never", 400, 'invalid condition: "never"'),
        ("GET /containers/json?filters=%7B%22x%22%3A%5B%5D%7D", 400, "invalid filter 'x'"),
        ("GET /containers/json?filters=nonsense", 400, "invalid filter"),
        ("GET /containers/json?limit=%ff", 400, "query parameter is not UTF-8"),
        ("GET /containers/c1/logs", 400, "Bad parameters: you must choose at least one stream"),
        ("POST /swarm/init", 501, "POST /swarm/init is not available in this version of Wherry (swarm mode)"),
        ("POST /plugins/a/b:1/push", 501, "POST /plugins/{name}/push is not available"),
    ],
)
async def test_refusals_have_docker_s_form(client: Client, operation, status, message) -> None:
    answer = await client.ask(operation)
    assert answer.status == status
    assert answer.message.startswith(message)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Api-Version"] == "1.51"


async def test_a_fault_of_the_program_is_told_and_survived(client: Client, engine: Engine) -> None:
    engine.containers.create_error = ZeroDivisionError("division by zero")
    answer = await client.ask("POST /containers/create", {"Image": "x"})
    assert (answer.status, answer.message) == (500, "division by zero")
    assert (await client.ask("GET /_ping")).status == 200


async def test_the_socket_is_for_root_and_its_group(client: Client, tmp_path: Path) -> None:
    status = (tmp_path / "docker.sock").stat()
    assert stat.S_IMODE(status.st_mode) == 0o660
    assert status.st_uid == 0


async def test_info(client: Client) -> None:
    info = (await client.ask("GET /info")).json
    counts = [info[f"Containers{name}"] for name in ("", "Running", "Paused", "Stopped")]
    assert counts == [5, 2, 1, 2]
    assert info["Swarm"]["LocalNodeState"] == "inactive"
    assert "BridgeNfIptables" not in info
    assert "BridgeNfIptables" in (await client.ask("GET /v1.49/info")).json
    assert all(line.startswith("WARNING: ") for line in info["Warnings"] or ())


async def test_plugins_is_an_empty_list(client: Client) -> None:
    assert (await client.ask("GET /plugins")).json == []


async def test_no_plugin_is_found(client: Client) -> None:
    answer = await client.ask("GET /plugins/nope/json")
    assert (answer.status, answer.json) == (404, {"message": 'plugin "nope" not found'})
